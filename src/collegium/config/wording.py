"""What pydantic finds wrong, said in plain words with what would be right.

Places and expectations are taken from the JSON schema, which knows every key and its limits.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from collegium.config.document import Problem, YamlPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_SECRETS = "secrets are never in the YAML: put the variable's name in api_key_env"
_SECRETS = {"api_key", "apikey", "api-key", "key", "token", "password", "secret", "authorization"}


def in_plain_words(errors: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> list[Problem]:
    """Every error of a pydantic `ValidationError`, as a problem."""
    return [_problem(error, schema) for error in errors]


def near(name: str, known: Iterable[str], *, label: str = "known") -> str:
    """`; did you mean 'x'? (known: x, y)`, the question only where a name is near."""
    names = list(known)
    close = get_close_matches(name.lower(), names, n=1)
    close = close or [one for one in names if len(name) > 1 and one.startswith(name.lower())]
    question = f"; did you mean {close[0]!r}?" if close else ""
    return f"{question} ({label}: {', '.join(names) or 'none'})"


def _problem(error: Mapping[str, Any], schema: Mapping[str, Any]) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    path, node = _place(error["loc"], schema)
    if kind == "extra_forbidden":
        around = _place(error["loc"][:-1], schema)[1]
        return Problem(path, _unknown_key(str(path[-1]), around))
    if kind.startswith("union_tag"):
        return Problem((*path, "kind"), _unknown_kind(context.get("tag"), node))
    if kind == "value_error":
        return Problem(path, str(context["error"]))
    if kind == "missing":
        return Problem(path, f"missing; {_expected(node, schema)}")
    value = error["input"]
    shown = "this" if path[-1:] == ("api_key_env",) else _shown(value)
    wrong = _WRONG.get(kind) or _sort(value, node)
    if kind == "string_pattern_mismatch" and not value.strip():
        wrong = "empty"
    return Problem(path, f"{shown} is {wrong}; {_expected(node, schema)}{_quotes(value, node)}")


_WRONG = {
    "greater_than": "too small",
    "greater_than_equal": "too small",
    "less_than_equal": "too large",
    "finite_number": "not finite",
    "string_pattern_mismatch": "not right",
}


def _unknown_key(key: str, around: Mapping[str, Any]) -> str:
    known = list(around.get("properties", {}))
    if key.lower() in _SECRETS and "api_key_env" in known:
        return NO_SECRETS
    return f"unknown key{near(key, known)}"


def _unknown_kind(kind: str | None, node: Mapping[str, Any]) -> str:
    kinds = node["discriminator"]["mapping"]
    if kind is None:
        return f"missing; one of {', '.join(kinds)}"
    return f"{kind!r} is no kind of backend{near(kind, kinds)}"


def _place(
    loc: tuple[str | int, ...], schema: Mapping[str, Any]
) -> tuple[YamlPath, Mapping[str, Any]]:
    """The YAML path of a pydantic location, and what the schema says about that place."""
    path: list[str | int] = []
    node: Mapping[str, Any] = schema
    for step in loc:
        kinds = node.get("discriminator", {}).get("mapping", {})
        if step == "[key]":
            node = {"type": "string", "patternErrorMessage": "a name that is not empty"}
        elif step in kinds:  # pydantic names the kind it tried, which is no key of the YAML
            node = _resolved({"$ref": kinds[step]}, schema)
        else:
            path.append(step)
            node = _resolved(_inside(node, step), schema)
    return tuple(path), node


def _inside(node: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    if isinstance(step, int):
        return node.get("items") or {}
    named = node.get("properties", {}).get(step)
    any_name = next(iter(node.get("patternProperties", {}).values()), None)
    return named or any_name or node.get("additionalProperties") or {}


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without the reference and without the "or null" around it."""
    if "$ref" in node:
        return _resolved(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    return _resolved(node["anyOf"][0], schema) if "anyOf" in node else node


def _expected(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a place takes, in words."""
    if "enum" in node or "const" in node:
        return f"one of {', '.join(node.get('enum', [node.get('const')]))}"
    if "discriminator" in node:
        return f"a backend: kind ({', '.join(node['discriminator']['mapping'])}) and its keys"
    kind = node.get("type")
    if kind == "array":
        items = _resolved(node["items"], schema)
        of_text = items.get("type") == "string"
        return "a list of text" if of_text else f"a list, each with {_expected(items, schema)}"
    if kind == "object":
        keys = ", ".join(node.get("properties", {}))
        return f"the keys {keys}" if keys else "names, each with its value"
    if kind == "string":
        return str(node.get("patternErrorMessage", "text"))
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return words.get(str(kind), "another value") + _limits(node)


def _limits(node: Mapping[str, Any]) -> str:
    low, high, above = (node.get(key) for key in ("minimum", "maximum", "exclusiveMinimum"))
    if above is not None:
        below = node.get("exclusiveMaximum")
        return f" above {above:g}" + (f" and below {below:g}" if below is not None else "")
    if low is None:
        return ""
    return f" from {low:g}" + (f" to {high:g}" if high is not None else "")


def _shown(value: Any) -> str:
    """A value as the YAML has it, on one line and not too long."""
    if isinstance(value, dict | list):
        return "this"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _quotes(value: Any, node: Mapping[str, Any]) -> str:
    """What to do about quotes, where they are what is wrong."""
    if node.get("type") == "string" and isinstance(value, bool | int | float):
        return ", in quotes"
    number = isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d*)?", value)
    return ", without quotes" if number and node.get("type") in {"integer", "number"} else ""


def _sort(value: Any, node: Mapping[str, Any]) -> str:
    """What a value is, where something else belongs."""
    if value is None:
        return "given"
    if isinstance(value, bool):
        return "a switch"
    if isinstance(value, int | float):
        if node.get("type") == "integer" and isinstance(value, float):
            return "not a whole number"
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a group of keys"
