"""The kinds of value that the configuration knows, each checking itself.

Beside a `pattern` stands what a message says would have been right; editors show the same words.
"""

import re
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

if TYPE_CHECKING:
    from collections.abc import Sequence


# The built-in experts' words mostly weigh 2 to 4, and a plain query speaks two or three of them.
LISTED_WEIGHT = 8.0


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, login, _ = parts.hostname, parts.username or parts.password, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is not an address: {error}") from error
    if login:
        raise ValueError(
            "secrets are never in the YAML, nor in an address: put the variable's name in "
            "api_key_env"
        )
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError(
            f"{url!r} is not an http or https address, such as 'http://127.0.0.1:11434/v1'"
        )
    if parts.query or parts.fragment:
        raise ValueError("a base address has no '?' and no '#', since paths are added to its end")
    return url.rstrip("/")


def _record(url: Any) -> Any:
    # YAML reads a bare `off` as false.
    if url is False:
        return "off"
    if isinstance(url, str) and "://" in url:
        try:
            login = urlsplit(url).password
        except ValueError as error:
            raise ValueError(f"{url!r} is not an address: {error}") from error
        if login:
            raise ValueError(
                "secrets are never in the YAML, nor in an address: put the variable's name in "
                "password_env"
            )
    return url


def _variable(name: str) -> str:
    # The common mistake is to paste the key itself, so the value is not repeated.
    if not re.fullmatch(r"(?!(?:sk|pk|hf|gsk|xai)_)[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "this is not the name of an environment variable; secrets are never in the YAML: put "
            "the key into a variable, and the variable's name here"
        )
    return name


def _weighted(words: Any) -> Any:
    if not isinstance(words, list):
        return words
    listed = cast("Sequence[Any]", words)
    for place, word in enumerate(listed):
        if not isinstance(word, str) or not word.strip():
            raise ValueError(f"number {place + 1} is {word!r}, which is not a word or a phrase")
    return dict.fromkeys(listed, LISTED_WEIGHT)


def _followed(aliases: dict[str, str]) -> dict[str, str]:
    ends: dict[str, str] = {}
    for name in aliases:
        way: dict[str, str] = {}
        step = name
        while step in aliases and step not in way:
            way[step] = aliases[step]
            step = ends.get(step, aliases[step])
        ends |= way if step in way else dict.fromkeys(way, step)
    return {name: ends[name] for name in aliases}


def _pattern(pattern: str, right: str) -> Any:
    return Field(pattern=pattern, json_schema_extra={"patternErrorMessage": right})


Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Risk: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
AtLeastOne: TypeAlias = Annotated[int, Field(ge=1)]
Positive: TypeAlias = Annotated[float, Field(gt=0)]
NotNegative: TypeAlias = Annotated[float, Field(ge=0)]
Text: TypeAlias = Annotated[str, _pattern(r"\S", "some text")]
Key: TypeAlias = Annotated[
    str, _pattern(r"^[a-z][a-z0-9_]*$", "a key of a-z, 0-9 and '_', a letter first")
]
Sha256: TypeAlias = Annotated[
    str,
    _pattern(r"^[0-9a-fA-F]{64}$", "a SHA-256: 64 hexadecimal digits"),
    AfterValidator(str.lower),
]
Source: TypeAlias = Annotated[
    str,
    _pattern(
        r"^(file:.+|hf:[^/\s]+/[^/\s]+/\S+|pypi:[^=#\s]+==[^=#\s]+#\S+)$",
        "a source: file:PATH, hf:OWNER/REPO/FILE or pypi:DIST==VERSION#MEMBER",
    ),
]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
Record: TypeAlias = Annotated[Text, BeforeValidator(_record)]
Variable: TypeAlias = Annotated[str, AfterValidator(_variable)]
# A list of words is taken as the same words, each weighing so much that it decides a plain query.
Words: TypeAlias = Annotated[
    dict[Text, float],
    BeforeValidator(_weighted),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "number"}},
                {"type": "array", "items": {"type": "string", "pattern": r"\S"}},
            ]
        }
    ),
]
# Aliases of aliases lead straight to their end; those that go in a circle stay as they are.
Aliases: TypeAlias = Annotated[dict[Text, Text], AfterValidator(_followed)]
