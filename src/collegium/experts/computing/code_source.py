"""Python as it is asked about: whether it is whole, and whether it says the same every time."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

MAX_CHARS = 8_000

# Modules whose results depend on their arguments alone.
MODULES = frozenset(
    "__future__ abc bisect cmath collections copy dataclasses datetime decimal enum fractions"
    " functools heapq itertools json math numbers operator re statistics string textwrap"
    " typing".split()
)
# What asks for the world outside, for an address in memory, or for this very interpreter.
_WORLDLY = frozenset(
    "breakpoint compile copyright credits dir eval exec exit globals hash help id input license"
    " locals memoryview open quit vars MemoryError RecursionError SystemExit"
    " KeyboardInterrupt".split()
)
_WORLDLY_ATTRIBUTES = frozenset(
    "now today utcnow fromtimestamp timestamp astimezone samples f_back gi_frame tb_frame"
    " __subclasses__ __globals__ __builtins__ __code__ __sizeof__ __del__ __loader__ __spec__"
    " __reduce__ __traceback__".split()
)
_SPECIAL = frozenset({"__name__", "__debug__", "__build_class__"})
_KNOWN = frozenset(
    name for name in dir(builtins) if not name.startswith("_") and name not in _WORLDLY
) | (_SPECIAL - {"__build_class__"})
_LEFT_OUT = re.compile(
    r"#\s*(?:\.\.\.|…|todo\b|fixme\b|(?:the )?rest\b|your code|(?:code )?omitted|and so on|etc\b)",
    re.IGNORECASE,
)
# Every repeat is bounded, so that no text takes long.
_PYTHONIC = re.compile(
    r"^[ \t]{0,60}(?:>>> |def \w{1,60}\(.{0,200}\).{0,60}:|class \w.{0,100}:|import \w"
    r"|from [\w.]{1,60} import|for .{1,100} in .{1,100}:|(?:if|while|with) .{1,120}:[ \t]*$"
    r"|assert |elif |else:|try:|@\w)|\bprint\(|\blambda\b[^:\n]{0,60}:|\bf['\"]"
    r"|\[[^\]\n]{0,40}:-?\d{0,9}:"
    r"|\b(?:True|False|None)\b| for \w{1,30}(?:, ?\w{1,30}){0,5} in "
    r"|\b(?:len|range|sorted|enumerate|zip|isinstance|str|int|list|dict|tuple|sum|any|all|map)\(",
    re.MULTILINE,
)


def parsed(source: str) -> ast.Module | None:
    """Return the tree of `source`; None where it isn't Python, or is too long to be looked at."""
    if len(source) > MAX_CHARS or _LEFT_OUT.search(source):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an odd escape; the program will run all the same
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def expression(source: str) -> ast.expr | None:
    """Return the tree of one expression; None where `source` is anything else."""
    tree = parsed(source.strip())
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    return tree.body[0].value


def pythonic(source: str) -> bool:
    """Whether something in `source` is written as in Python rather than in most languages."""
    return _PYTHONIC.search(source) is not None


def determined(*trees: ast.AST) -> bool:
    """Whether the trees together define all that they use, and use only what is always the same."""
    bound, used = set[str](), set[str]()
    for tree in trees:
        for node in ast.walk(tree):
            if _is_worldly(node):
                return False
            bound.update(_bound(node))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
    return used <= bound | _KNOWN | _forgotten(trees)


def _forgotten(trees: tuple[ast.AST, ...]) -> Set[str]:
    """Modules that may be used without having been imported, if the use is never reached.

    If it is, there is a NameError, which is no answer; code that catches it would hide that.
    """
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset() if any(isinstance(node, ast.Try) for node in nodes) else MODULES


def fickle(*trees: ast.AST) -> bool:
    """Whether an order in it may hang on the hashes of strings, which differ from run to run."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    views = any(
        isinstance(node, ast.Attribute) and node.attr in {"keys", "items"} for node in nodes
    )
    return any(
        isinstance(node, ast.Set | ast.SetComp)
        or (isinstance(node, ast.Name) and node.id in {"set", "frozenset"})
        or (isinstance(node, ast.FunctionDef) and node.name == "__hash__")
        or (isinstance(node, ast.Attribute) and node.attr in {"__hash__", "Set", "FrozenSet"})
        or (
            views
            and isinstance(node, ast.BinOp | ast.AugAssign)
            and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor | ast.Sub)
        )
        for node in nodes
    )


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node gives a meaning to."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.alias(name=name, asname=alias):
            yield alias or name.split(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            pass


def _is_worldly(node: ast.AST) -> bool:
    worldly = isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith | ast.AsyncFunctionDef)
    match node:
        case ast.Import(names=names):
            worldly = any(name.name.split(".")[0] not in MODULES for name in names)
        case ast.ImportFrom(module=module, level=level, names=names):
            stars = any(name.name == "*" for name in names)
            worldly = stars or level > 0 or (module or "").split(".")[0] not in MODULES
        case ast.Attribute(attr=attribute):
            worldly = attribute in _WORLDLY_ATTRIBUTES
        case ast.FunctionDef(name=name):
            worldly = name == "__del__"
        case ast.Constant(value=value):
            worldly = value is ...  # stands for what was left out
        case _:
            pass
    return worldly
