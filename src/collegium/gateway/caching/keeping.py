"""Which requests may have their answers kept, and what the caller wishes about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})")
# Answers that come from outside the conversation, and of which the next may be another.
_ASKS_THE_WORLD = ("web_search_options", "plugins", "previous_response_id", "conversation")


@dataclass(frozen=True, slots=True)
class CacheWish:
    """What a caller wishes: to be given kept answers, to have answers kept.

    `sampled` says that one drawn at a temperature above 0 will do for all, `max_age_s` how old in
    seconds an answer may be.
    """

    reads: bool = True
    keeps: bool = True
    sampled: bool = False
    max_age_s: float | None = None

    @classmethod
    def of(cls, cache_control: str | None = None, wish: object = None) -> CacheWish:
        """The wish in a `cache-control` header and in the `cache` of a request's `collegium`.

        `no-store` and `false` mean neither give nor keep; `no-cache` and `"refresh"` mean answer
        afresh and keep that; `true` also asks for the cache where the temperature is above 0.
        """
        told = (cache_control or "").lower()
        silent = wish is False or "no-store" in told
        afresh = wish == "refresh" or "no-cache" in told
        age = _MAX_AGE.search(told)
        return cls(
            reads=not silent and not afresh,
            keeps=not silent,
            sampled=wish is True,
            max_age_s=float(age.group(1)) if age else None,
        )


def may_be_kept(body: Mapping[str, Any], *, sampled: bool = False) -> bool:
    """Whether the answer to a request is good for the same request later.

    Not where several answers are wanted (`n` above 1), or the probabilities of tokens; where a
    temperature above 0 is stated without a seed, which is a wish for variety, unless `sampled`; in
    a tool loop, whose tools look at a world that changes; where something is looked up outside, be
    it an image by its address.
    """
    if body.get("logprobs") or body.get("top_logprobs"):
        return False
    messages: object = body.get("messages")
    if not is_array(messages) or not messages:
        return False
    if body.get("n", 1) not in (1, None) or any(body.get(name) for name in _ASKS_THE_WORLD):
        return False
    if not sampled and _wants_variety(body):
        return False
    return all(is_object(message) and _stands_alone(message) for message in messages)


def worth_keeping(completion: Mapping[str, Any]) -> bool:
    """Whether an answer is whole, and says the same whenever it is read.

    One choice that ended by itself (not cut at a length, not filtered), of text, calling no tool.
    """
    choices: object = completion.get("choices")
    choice = choices[0] if is_array(choices) and len(choices) == 1 else None
    message: object = choice.get("message") if is_object(choice) else None
    if not is_object(choice) or not is_object(message) or choice.get("finish_reason") != "stop":
        return False
    content: object = message.get("content")
    calls = message.get("tool_calls") or message.get("function_call")
    return not calls and isinstance(content, str) and bool(content)


def _wants_variety(body: Mapping[str, Any]) -> bool:
    temperature: object = body.get("temperature")
    stated = isinstance(temperature, int | float) and temperature > 0
    return stated and body.get("seed") is None


def _stands_alone(message: Mapping[str, Any]) -> bool:
    """Whether a message is all there: no tool spoke or is called, no part is elsewhere."""
    if message.get("role") in ("tool", "function"):
        return False
    if message.get("tool_calls") or message.get("function_call"):
        return False
    content: object = message.get("content")
    return not is_array(content) or all(is_object(part) and _is_here(part) for part in content)


def _is_here(part: Mapping[str, Any]) -> bool:
    if part.get("type") != "image_url":
        return part.get("type") == "text"
    image: object = part.get("image_url")
    address: object = image.get("url") if is_object(image) else None
    return isinstance(address, str) and address.startswith("data:")
