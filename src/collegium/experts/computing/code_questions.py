"""A question about what Python does, read whole into a plan of what to run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from collegium.experts.computing import code_source
from collegium.experts.computing.blocks import Block, Parts, parts
from collegium.experts.computing.code_apart import splits, unmasked, unprompted
from collegium.experts.computing.code_inputs import call_of
from collegium.experts.computing.code_phrases import AIMS, asks, closer, opener, signed
from collegium.experts.computing.phrases import MAX_PROSE, readings
from collegium.experts.computing.wishes import is_wished_bare

_ASKING = re.compile(
    r"\b(?:outputs?|prints?|printed|displays?|displayed|returns?|returned|evaluates?|assert(?:ion)?"
    r"|value|what|result|error|exception|show|get)\b|-> ?\?|= ?\?",
    re.IGNORECASE,
)
_LANGUAGES = frozenset({"", "python", "py", "python3", "pycon", "text", "plaintext"})


@dataclass(frozen=True, slots=True)
class CodePlan:
    """What to run: a program, and the expression asked about after it, or none.

    `aim` says which of the run's outcomes is the answer: the `value` of the expression, what is
    `shown` by it (printed, or else its value), the program's `output`, its `result` (the value of
    its last line, or else its output), the `error` it ends with, or the right side of an
    `assertion`. `fickle` marks what may come out in another order in another run, `bare` what is
    to be said alone.
    """

    program: str
    expression: str
    aim: str
    fickle: bool
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked; `program` where only a part of the code is to run before."""

    aim: str
    expression: str = ""
    program: str | None = None


def read(text: str) -> CodePlan | None:
    """Read a question; None where it isn't wholly about what given Python does when it runs."""
    taken = parts(text) if _ASKING.search(text) else None
    if taken is None or not _mentions_python(text) or len(taken.blocks) > 1:
        return None
    if taken.blocks:
        return _about(taken.prose, taken.blocks[0])
    return next((plan for split in splits(text) if (plan := _planned(split))), None)


def _planned(split: Parts) -> CodePlan | None:
    return _about(split.prose, split.blocks[0] if split.blocks else None)


def _about(prose: str, block: Block | None) -> CodePlan | None:
    if len(prose) > MAX_PROSE or (block and block.language not in _LANGUAGES):
        return None
    program, masked = unmasked(unprompted(block.source)) if block else ("", None)
    tree = code_source.parsed(program)
    if tree is None or (block and not tree.body and masked is None):
        return None
    question = signed(prose)
    if question is None:
        return None
    bare = is_wished_bare(prose)
    for reading in readings(question, opener(), closer()):
        asked = _asked(reading or ("output" if bare else ""), tree, masked)
        plan = _plan(asked, program, tree) if asked and _is_python(prose, block, asked) else None
        if plan:
            return replace(plan, bare=bare)
    return None


def _mentions_python(text: str) -> bool:
    return "python" in text.lower() or "```py" in text or code_source.pythonic(text)


def _is_python(prose: str, block: Block | None, asked: _Asked) -> bool:
    if block and block.language.startswith("py"):
        return True
    source = f"{block.source if block else ''}\n{asked.expression}"
    return "python" in prose.lower() or code_source.pythonic(source)


def _asked(reading: str, tree: ast.Module, masked: str | None) -> _Asked | None:
    """What a reading of the prose asks, by the first phrase that fits and makes sense."""
    for aim in AIMS:
        for pattern in asks(aim):
            found = pattern.fullmatch(reading)
            asked = _sense(aim, found.groupdict(), tree, masked) if found else None
            if asked:
                return replace(asked, aim=_aim(asked.aim, reading))
    return None


def _aim(aim: str, reading: str) -> str:
    """The aim, where a call's `value` is meant only if the question speaks of returning."""
    returns = "return" in reading.lower() or "evaluate" in reading.lower()
    return "shown" if aim == "value" and not returns else aim


def _sense(
    aim: str, caught: dict[str, str | None], tree: ast.Module, masked: str | None
) -> _Asked | None:
    """What a phrase means beside this code; None where it has no one meaning."""
    sense: _Asked | None = None
    match "masked" if masked is not None else aim:
        case "masked" if aim in {"assertion", "result", "output"}:
            sense = _Asked("assertion", masked or "")
        case "output" | "error" if _does_something(tree):
            sense = _Asked(aim)
        case "result":
            sense = _shown_call(tree)
        case "inputs" if call := call_of(tree, caught.get("name") or "", caught["args"] or ""):
            sense = _Asked("value", call)
        case "variable" if caught["expr"] in _assigned(tree):
            sense = _Asked("value", caught["expr"] or "")
        case "value" | "shown" | "bare":
            sense = _expression(aim, caught["expr"] or "", tree)
        case _:
            pass
    return sense


def _does_something(tree: ast.Module) -> bool:
    """Whether the code does more than define: there is something that runs."""
    still = (
        ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign
    )
    return any(not isinstance(statement, still) for statement in tree.body)


def _shown_call(tree: ast.Module) -> _Asked | None:
    """What "this returns" means: the value of the last line, or of what it prints."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    if sum(isinstance(statement, ast.Expr) for statement in tree.body) > 1:
        return None
    match tree.body[-1].value:
        case ast.Call(func=ast.Name(id="print"), args=[ast.Call() as call], keywords=[]):
            before = ast.Module(tree.body[:-1], type_ignores=[])
            return _Asked("value", ast.unparse(call), ast.unparse(before))
        case ast.Call(func=ast.Name(id="print")):
            return _Asked("output")
        case _:
            return _Asked("result")


def _expression(aim: str, source: str, tree: ast.Module) -> _Asked | None:
    node = code_source.expression(source)
    if aim == "bare":
        aim = "shown" if tree.body or isinstance(node, ast.Call | ast.Subscript) else ""
    if node is None or not aim or (isinstance(node, ast.Name) and node.id not in _assigned(tree)):
        return None
    if isinstance(node, ast.Constant | ast.Yield) or (not tree.body and _is_mention(node)):
        return None  # a word, a number, a function's name: something else is asked about it
    return _Asked(aim, source.strip())


def _is_mention(node: ast.expr) -> bool:
    """Whether this names a function, as `sorted()` and `list.sort()` do, rather than calls it."""
    return (
        isinstance(node, ast.Call)
        and not node.args
        and not node.keywords
        and (
            isinstance(node.func, ast.Name)
            or (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name))
        )
    )


def _assigned(tree: ast.Module) -> set[str]:
    """The names that the program itself, not a function in it, gives a value."""
    return {
        node.id
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _plan(asked: _Asked, program: str, tree: ast.Module) -> CodePlan | None:
    expression = code_source.parsed(asked.expression)
    if expression is None or not code_source.determined(tree, expression):
        return None
    if asked.expression and not _is_whole(tree):
        return None
    before = program if asked.program is None else asked.program
    return CodePlan(before, asked.expression, asked.aim, code_source.fickle(tree, expression))


def _is_whole(tree: ast.Module) -> bool:
    """Whether no function is left empty, to be thought of by the reader."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return not any(_is_empty(function.body) for function in functions)


def _is_empty(body: list[ast.stmt]) -> bool:
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
