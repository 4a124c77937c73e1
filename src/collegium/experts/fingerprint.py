"""A few bytes in place of a query, to know it by when it comes again."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from collegium.types import Message, Query


def fingerprint(query: Query) -> bytes:
    """Sixteen bytes, the same for queries that are read alike.

    They stand for the text and the role of every turn, the kinds of its other parts, the form that
    the answer must have, and whether there are tools; not for who asks, how soon and at what price.
    """
    said = [repr((_form(query), bool(query.tools)))]
    for message in query.messages:
        text = message.text
        # Lengths, so that no text passes for the end of one turn and the beginning of another.
        said += (f"\n{message.role!r}{_other_parts(message)}{len(text)}:", text)
    return blake2b("".join(said).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _form(query: Query) -> tuple[object, ...]:
    """What there is to know of the form: never all of it, which may be a schema of any depth."""
    form: Any = query.sampling.get("response_format")
    choice: Any = query.sampling.get("tool_choice")
    kind = _word(form.get("type")) if is_object(form) else ""
    return bool(form), form == {"type": "text"}, kind, choice is None or _word(choice)


def _other_parts(message: Message) -> str:
    if message.content is None or isinstance(message.content, str):
        return ""
    kinds = (part.get("type") for part in message.content)
    return repr([_word(kind) for kind in kinds if kind != "text"])


def _word(value: object) -> str:
    """A name that was given; '' for anything else that came in its place."""
    return value if isinstance(value, str) else ""
