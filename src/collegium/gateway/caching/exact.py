"""What makes two requests the same: everything in them that can change the answer."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

# How an answer is sent, to whom, and what is noted with it. What is not named here is part of the
# request, unknown fields too: better an answer made twice than a wrong one given.
_BESIDE_THE_ANSWER = frozenset(
    """
    stream stream_options user metadata session session_id safety_identifier prompt_cache_key
    prompt_cache_retention store service_tier collegium
    """.split()
)
_HOUSE_BESIDE_THE_ANSWER = frozenset(("cache", "explain", "session", "session_id"))
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request without what is beside the answer, and with one spelling for what has two."""
    kept = {
        name: _one_spelling(value)
        for name, value in body.items()
        if name not in _BESIDE_THE_ANSWER and value is not None and (name, value) != ("n", 1)
    }
    house: object = body.get("collegium")
    if is_object(house):
        wishes = {name: house[name] for name in house if name not in _HOUSE_BESIDE_THE_ANSWER}
        if wishes:
            kept["collegium"] = wishes
    messages: object = body.get("messages")
    if is_array(messages):
        kept["messages"] = [_message(one) if is_object(one) else one for one in messages]
    return kept


def digest(value: object) -> bytes:
    """Thirty-two bytes that stand for a JSON value, whatever the order of its fields.

    Raises:
        ValueError: it is no JSON value, or nested too deep.
    """
    try:
        return blake2b(_ENCODER.encode(value), digest_size=32).digest()
    except (RecursionError, TypeError, UnicodeEncodeError) as error:
        raise ValueError(f"the request is no JSON that can be compared: {error}") from error


def _one_spelling(value: object) -> object:
    """0.0 is 0 and 1.0 is 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message whose only part is text is a message of that text."""
    kept = {name: value for name, value in message.items() if value is not None}
    content: object = kept.get("content")
    if is_array(content) and len(content) == 1 and is_object(content[0]):
        part = content[0]
        if part.keys() == {"type", "text"} and part["type"] == "text":
            kept["content"] = part["text"]
    return kept
