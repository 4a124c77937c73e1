"""What runs beside a program in the sandbox, and tells what became of it.

This file is sent there as text: it imports nothing of ours, and `main` is called at its end.
"""

from __future__ import annotations

import ast
import io
import json
import sys
import types
import warnings
from typing import Any

MAX_PRINTED = 20_000


class Flood(BaseException):
    """The program prints more than anybody wants to read."""


class Page(io.StringIO):
    """Standard output, as far as it is read."""

    def write(self, text: str, /) -> int:
        """Write, or raise Flood."""
        if self.tell() + len(text) > MAX_PRINTED:
            raise Flood
        return super().write(text)


def main() -> None:
    """Read a job of one line, do it, and write the reply between two copies of its nonce."""
    warnings.simplefilter("ignore")
    job = json.loads(sys.stdin.readline())
    out, sys.stdout = sys.stdout, Page()
    reply = json.dumps(perform(job["program"], job["expression"]))
    out.write(f"{job['nonce']}{reply}{job['nonce']}")
    out.flush()


def perform(program: str, expression: str) -> dict[str, Any]:
    """Run `program`, then evaluate `expression`, or the program's own last line if that is one.

    The reply holds what was printed before (`printed`) and meanwhile (`said`), the `value` as a
    literal, and what was `raised`, in the program or, where `late`, by the expression.
    """
    page, identity = Page(), Identity()
    sys.stdout = page
    reply: dict[str, Any] = {
        "printed": "", "said": "", "value": None, "raised": None, "late": False,
        "doubts": 0,
        "hash": hash("a string's hash tells the runs apart"),
    }  # fmt: skip
    try:
        body = identity.visit(ast.parse(program))
        last = ast.parse(expression.strip(), mode="eval") if expression else last_line(body)
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        vars(module)[Identity.NAME] = identity.same
        execute(compile(body, "program", "exec"), module.__dict__)
        reply["printed"] = page.getvalue()
        page = sys.stdout = Page()
        reply["late"] = True
        if last is not None:
            value = evaluate(compile(last, "program", "eval"), module.__dict__)
            reply["value"] = None if value is None and not expression else literal(value)
    except BaseException as error:  # noqa: BLE001 -- whatever the program raises is the answer
        reply["raised"] = said(error)
    reply["doubts"] = identity.doubts
    reply["said" if reply["late"] else "printed"] = page.getvalue()
    return reply


class Identity(ast.NodeTransformer):
    """Counts how often `is` was asked of equal numbers, strings or tuples.

    Whether these are one object is up to the interpreter, so that the answer is doubtful.
    """

    NAME = "__same__"
    VALUES = (int, float, complex, str, bytes, tuple, frozenset)

    def __init__(self) -> None:
        self.doubts = 0

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Let `same` answer every `is`."""
        self.generic_visit(node)
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Is | ast.IsNot):
            return node
        name = ast.Name(self.NAME, ast.Load())
        asked: ast.expr = ast.Call(name, [node.left, *node.comparators], [])
        if isinstance(node.ops[0], ast.IsNot):
            asked = ast.UnaryOp(ast.Not(), asked)
        return ast.fix_missing_locations(ast.copy_location(asked, node))

    def same(self, left: object, right: object) -> bool:
        """Return whether the two are one object, and count a doubt if that means little."""
        if type(left) is type(right) and type(left) in self.VALUES and left == right:
            self.doubts += 1
        return left is right


execute, evaluate = exec, eval  # running what we were sent is what this file is for


def last_line(body: ast.Module) -> ast.Expression | None:
    """Take the last statement off `body` if it is an expression, as a prompt would show it."""
    if body.body and isinstance(body.body[-1], ast.Expr):
        last = body.body.pop()
        return ast.Expression(last.value) if isinstance(last, ast.Expr) else None
    return None


def literal(value: Any) -> str:
    """The literal of a value. Sets, which have no order, are written in order where they can be."""
    kind = value.__class__
    if kind in {set, frozenset} and value:
        inside = ", ".join(sorted_literals(value))
        return f"{{{inside}}}" if kind is set else f"frozenset({{{inside}}})"
    if kind is list:
        return f"[{', '.join(map(literal, value))}]"
    if kind is tuple:
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if kind is dict:
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    return repr(value)


def sorted_literals(values: set[Any] | frozenset[Any]) -> list[str]:
    """The literals of a set's elements, smallest first, or else in the order of the alphabet."""
    try:
        return [literal(value) for value in sorted(values)]
    except TypeError:
        return sorted(map(literal, values))


def said(error: BaseException) -> str:
    """An exception as the last line of a traceback has it."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
