"""What of a text an encoder reads: all of a short one, the two ends of a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collegium.encoders.wordpiece import WordPiece

# What people ask stands at the beginning or at the end of what they paste.
_HEAD_CHARS = 1500
_TAIL_CHARS = 700
_TAIL_SHARE = 3


def ends_of(text: str) -> tuple[str, str]:
    """The beginning and the end of a text; all of it and '' where it is short."""
    if len(text) <= _HEAD_CHARS + _TAIL_CHARS:
        return text, ""
    return text[:_HEAD_CHARS], text[-_TAIL_CHARS:]


def token_numbers(pieces: WordPiece, text: str, limit: int) -> list[int]:
    """At most `limit` token numbers: [CLS] text [SEP], or [CLS] head [SEP] tail [SEP].

    A third of a long text's room goes to its end.
    """
    head_text, tail_text = ends_of(text)
    head = pieces.numbers(head_text)
    if not tail_text and len(head) <= limit - 2:
        return [pieces.first, *head, pieces.separator]
    tail = pieces.numbers(tail_text) if tail_text else head
    for_tail = (limit - 3) // _TAIL_SHARE
    for_head = limit - 3 - for_tail
    return [
        pieces.first,
        *head[:for_head],
        pieces.separator,
        *tail[-for_tail:],
        pieces.separator,
    ]
