"""A chat completion, or a chunk of one, read tolerantly.

What is not as it should be counts as not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer took, in tokens; `prompt` includes those `cached` and those `written`."""

    prompt: int
    completion: int
    cached: int
    written: int
    reasoning: int


def tokens_of(usage: Mapping[str, Any]) -> Tokens:
    """The tokens that a chat usage tells; what it does not tell is 0."""
    taken = object_of(usage.get("prompt_tokens_details"))
    given = object_of(usage.get("completion_tokens_details"))
    prompt = count_of(usage.get("prompt_tokens"))
    cached = min(count_of(taken.get("cached_tokens")), prompt)
    return Tokens(
        prompt=prompt,
        completion=count_of(usage.get("completion_tokens")),
        cached=cached,
        written=min(count_of(taken.get("cache_write_tokens")), prompt - cached),
        reasoning=count_of(given.get("reasoning_tokens")),
    )


def choice_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The first choice; the other formats have only one."""
    for choice in objects_of(row.get("choices")):
        if choice.get("index") in (0, None):
            return choice
    return {}


def object_of(value: object) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if is_object(value) else {}


def array_of(value: object) -> list[Any]:
    """A list, or an empty one."""
    return value if is_array(value) else []


def objects_of(value: object) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in array_of(value) if is_object(one)]


def text_of(value: object) -> str:
    """A text, or an empty one."""
    return value if isinstance(value, str) else ""


def words_of(content: object) -> str:
    """The text of a message's content, be it a text or parts."""
    if isinstance(content, str):
        return content
    return "".join(text_of(part.get("text")) for part in objects_of(content))


def count_of(value: object) -> int:
    """A number of tokens, or 0."""
    return value if isinstance(value, int) and value > 0 else 0
