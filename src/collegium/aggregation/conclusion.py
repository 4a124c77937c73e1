"""What an answer comes to: its conclusion in normal form, and what checking found."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from collegium.aggregation.quoting import plain
from collegium.verification import equivalence, extract

if TYPE_CHECKING:
    from collegium.aggregation.panel import Panel
    from collegium.types import Answer

# Longer programs are compared as they are written.
CODE_CHARS = 20_000


def conclusion_of(answer: Answer, form: str) -> str | None:
    """An answer's conclusion in normal form: its tool calls, or else its final answer."""
    if answer.tool_calls:
        return equivalence.tool_calls_key(answer.tool_calls)
    final = extract.final_answer(plain(answer.text), form)
    return None if final is None else equivalence.key(final, form)


def position(panel: Panel, answer: Answer) -> str | None:
    """The conclusion by which an answer is grouped; code that passed its check is one with any."""
    if panel.task.form != "code" or answer.tool_calls:
        return panel.conclusion(answer)
    if outcome_of(answer) == "passed":
        return "code that passed"
    blocks = extract.code_blocks(plain(answer.text))
    source = blocks[-1].source if blocks else extract.final_answer(plain(answer.text), "code")
    return source and (_syntax(source) or equivalence.key(source, "code"))


def outcome_of(answer: Answer) -> str:
    """What checking an answer came to; 'unknown' where it was not checked."""
    return "unknown" if answer.verdict is None else answer.verdict.outcome


def _syntax(source: str) -> str | None:
    """The syntax tree of Python code without its docstrings; None of what is not Python."""
    if len(source) > CODE_CHARS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    node.body = node.body[ast.get_docstring(node) is not None :] or [ast.Pass()]
            return f"python {ast.dump(tree)}"
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
