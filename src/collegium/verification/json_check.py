"""Whether an answer is the JSON that was asked for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_array, is_object
from collegium.types import Verdict
from collegium.verification.jsontext import json_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.types import Query

WANTED = re.compile(
    r"(?:^|[.!?:]\s|\bplease |\bonly |\bmust |\band )"
    r"(?:return|respond|reply|answer|output|provide|produce|give)\b[^.\n]{0,60}\bjson\b",
    re.IGNORECASE | re.MULTILINE,
)
# A schema is other people's data: what could take long in it, or reach out, is not followed.
UNBOUNDED = ("pattern", "patternProperties", "format")
LARGEST_SCHEMA = 50_000
LARGEST_VALUE = 100_000
DEEPEST = 50


class JsonCheck:
    """Parses the answer, and validates it where a schema was given."""

    name = "json"

    def fits(self, query: Query, text: str) -> bool:
        """Where JSON is wanted, by response_format or in so many words."""
        del text
        if _response_format(query).get("type") in {"json_object", "json_schema"}:
            return True
        return (query.task is not None and query.task.form == "json") or bool(
            WANTED.search(query.text[:20_000])
        )

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where it does not parse or breaks the schema, passed where it keeps it."""
        strict = _response_format(query).get("type") in {"json_object", "json_schema"}
        problem, value = _parsed(text, strict=strict)
        if problem:
            return Verdict("failed", problem, self.name)
        schema = _schema(query)
        if schema is None:
            outcome = "passed" if strict else "unknown"
            return Verdict(outcome, "it is JSON, no schema was given", self.name)
        return self._validated(schema, value)

    def _validated(self, schema: dict[str, Any], value: Any) -> Verdict:
        if len(json.dumps(schema)) > LARGEST_SCHEMA or _remote(schema):
            return Verdict("unknown", "the schema is too large or refers elsewhere", self.name)
        if len(json.dumps(value)) > LARGEST_VALUE:
            return Verdict("unknown", "the JSON is too large to validate", self.name)
        problem = _violation(_bounded(schema), value)
        if problem is None:
            return Verdict("passed", "it is JSON and keeps the schema", self.name)
        known, said = problem
        return Verdict("failed" if known else "unknown", said, self.name)


def _response_format(query: Query) -> Mapping[str, Any]:
    wanted = query.sampling.get("response_format")
    return wanted if is_object(wanted) else {}


def _schema(query: Query) -> dict[str, Any] | None:
    described = _response_format(query).get("json_schema")
    schema = described.get("schema", described) if is_object(described) else None
    return schema if is_object(schema) else None


def _parsed(text: str, *, strict: bool) -> tuple[str, Any]:
    """What is wrong with the answer as JSON, or '' and its value."""
    if not strict:
        value = json_value(text)
        return ("", value) if value is not None else ("there is no JSON in it", None)
    try:
        return "", json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        value = json_value(text)
        return ("", value) if value is not None else (f"it is no JSON: {error}"[:200], None)


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _remote(schema: Any, depth: int = 0) -> bool:
    """Whether a schema refers to anything outside itself, or is nested too deep to tell."""
    if depth > DEEPEST:
        return True
    if is_array(schema):
        return any(_remote(item, depth + 1) for item in schema)
    if not is_object(schema):
        return False
    refers = (schema.get(name, "#") for name in ("$ref", "$dynamicRef", "$recursiveRef"))
    if any(isinstance(target, str) and not target.startswith("#") for target in refers):
        return True
    return any(_remote(item, depth + 1) for item in schema.values())


def _bounded(schema: Any) -> Any:
    """The schema without the words whose checking may take for ever."""
    if is_array(schema):
        return [_bounded(item) for item in schema]
    if not is_object(schema):
        return schema
    properties = {"properties", "$defs", "definitions", "dependentSchemas"}
    return {
        name: {key: _bounded(item) for key, item in value.items()}
        if name in properties and is_object(value)
        else value
        if name in {"enum", "const", "default", "examples"}
        else _bounded(value)
        for name, value in schema.items()
        if name not in UNBOUNDED
    }


def _violation(schema: Any, value: Any) -> tuple[bool, str] | None:
    """None where the schema is kept; else whether that is certain, and what is wrong."""
    try:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 -- an optional dependency, needed only here
        from jsonschema.validators import validator_for  # noqa: PLC0415 -- as above
    except ImportError:
        return False, "jsonschema is not installed, the schema was not checked"
    try:
        validator = validator_for(schema, default=Draft202012Validator)
        validator.check_schema(schema)
        error = next(iter(validator(schema).iter_errors(value)), None)
    except SchemaError as broken:
        return False, f"the schema is broken: {broken.message}"[:200]
    except Exception as broken:  # noqa: BLE001 -- an unresolvable or endless reference, of any kind
        return False, f"the schema cannot be followed: {broken}"[:200]
    if error is None:
        return None
    where = "".join(f"[{part!r}]" for part in error.absolute_path)
    return True, f"it breaks the schema at {where or 'the top'}: {error.message}"[:300]
