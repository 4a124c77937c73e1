"""What is refused at the door: queries that nobody could answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.errors import EmptyQuery, QueryError, QueryTooLarge

if TYPE_CHECKING:
    from collegium.types import Message, Query


def check(query: Query, *, max_chars: int) -> None:
    """Let a query pass, or say why it cannot be answered.

    Raises:
        EmptyQuery: no message says anything.
        QueryTooLarge: its texts have more than `max_chars` characters together.
        QueryError: a text holds what is not text: a NUL, or half of a surrogate pair.
    """
    if not any(says_something(message) for message in query.messages):
        raise EmptyQuery("the query is empty; it needs a question or a task")
    length = sum(len(message.text) for message in query.messages)
    if length > max_chars:
        raise QueryTooLarge(
            f"the query has {length:,} characters; at most {max_chars:,} can be taken, "
            "so send the part that matters"
        )
    for message in query.messages:
        _check_text(message.text)


def says_something(message: Message) -> bool:
    """Whether a message has words, or parts that are not words."""
    if message.text.strip():
        return True
    parts = message.content
    if parts is None or isinstance(parts, str):
        return False
    return any(part.get("type") != "text" for part in parts)


def _check_text(text: str) -> None:
    place = text.find("\0")
    if place >= 0:
        raise QueryError(
            f"the query has a NUL character at position {place}; it seems to be binary, send text"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            f"the query has half of a surrogate pair, U+{ord(text[error.start]):04X}, at position "
            f"{error.start}; it was not UTF-8 where it came from"
        ) from error
