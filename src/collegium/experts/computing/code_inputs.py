"""Inputs as people write them ("for a=1 and b=2", "with the list [1, 2]"), made into a call."""

from __future__ import annotations

import ast
import re

from collegium.experts.computing import code_source

_INPUT_NOUN = re.compile(
    r"(?:(?:the|an?) )?(?:(?:inputs?|arguments?|list|string|integer|number|values?|tuple|dictionary"
    r"|dict)\b)?(?: of)? ?(?=[-\[({'\"\w])",
    re.IGNORECASE,
)


def call_of(tree: ast.Module, name: str, inputs: str) -> str | None:
    """Return the call of the one function in a program, or the named one, with inputs as written.

    None where there is no such function, or the inputs aren't a literal for each parameter.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if name:
        function = functions.get(name.removesuffix("()"))
    else:
        function = next(iter(functions.values())) if len(functions) == 1 else None
    if function is None:
        return None
    given = inputs.strip()
    if noun := _INPUT_NOUN.match(given):
        given = given[noun.end() :]
    if "'" not in given and '"' not in given:
        given = re.sub(r",? and ", ", ", given)
    node = code_source.expression(f"{function.name}({given})")
    if not isinstance(node, ast.Call) or not _binds(function, node):
        return None
    return ast.unparse(node)


def _binds(function: ast.FunctionDef, call: ast.Call) -> bool:
    """Whether the call gives the function's parameters, all and only, a literal each."""
    spec = function.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    keywords = [keyword.arg for keyword in call.keywords]
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    if spec.vararg or spec.kwarg or spec.kwonlyargs or not all(map(_is_literal, values)):
        return False
    given = (*names[: len(call.args)], *keywords)
    if len(call.args) > len(names) or len(set(given)) != len(given):
        return False
    required = names[: len(names) - len(spec.defaults)]
    return set(required) <= set(given) <= set(names)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
