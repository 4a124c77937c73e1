"""The events of a stream as the bytes they came in, looked at no more than is needed."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec

from collegium.backends.sse import MAX_EVENT_BYTES
from collegium.errors import BackendGarbled

END = b"\n\n"
DONE = b"data: [DONE]\n\n"
_BOM = b"\xef\xbb\xbf"
_DATA = b"data: {"


class WholeEvents:
    """Takes the bytes of a stream as they come, and gives those of whole events; keeps the rest."""

    def __init__(self, *, where: str = "a stream", max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._where, self._max = where, max_event_bytes
        self._held: list[bytes] = []  # joined once: a long event must not be copied often
        self._size = 0
        self._after_cr = self._begun = False

    @property
    def rest(self) -> bytes:
        """What has come of an event that is not whole."""
        return b"".join(self._held)

    def feed(self, piece: bytes) -> bytes:
        """The events that this piece completes, one after the other, each with its empty line.

        Raises:
            BackendGarbled: an event is larger than allowed.
        """
        if not self._begun:
            self._begun, piece = True, piece.removeprefix(_BOM)
        if self._after_cr or b"\r" in piece:
            piece = self._with_plain_ends(piece)
        if not self._held and piece.endswith(END):
            return piece
        end = piece.rfind(END) + len(END)
        if end < len(END):  # there is none in the piece, but there may be one where it begins
            end = int(piece.startswith(b"\n") and self._held[-1:] != [] and self._ends_a_line())
        if not end:
            self._hold(piece)
            return b""
        whole = b"".join((*self._held, piece[:end]))
        self._held, self._size = [], 0
        self._hold(piece[end:])
        return whole

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._held.append(piece)
            self._size += len(piece)
        if self._size > self._max:
            raise BackendGarbled(f"an event of {self._where} is larger than {self._max:,} bytes")

    def _ends_a_line(self) -> bool:
        return self._held[-1].endswith(b"\n")

    def _with_plain_ends(self, piece: bytes) -> bytes:
        # A CR ends its line at once; the LF of a CRLF cut in two ends nothing more.
        plain = piece.removeprefix(b"\n") if self._after_cr else piece
        self._after_cr = piece.endswith(b"\r") if piece else self._after_cr
        return plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class _Choice(msgspec.Struct, gc=False):
    finish_reason: Any = None


class Seen(msgspec.Struct, gc=False):
    """What one looks for in an event."""

    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


_seen = msgspec.json.Decoder(Seen)


def look(event: bytes, where: str) -> Seen | None:
    """What an event says; None where it has no data, as a comment has not, or says `[DONE]`.

    Raises:
        BackendGarbled: it is not a JSON object, or not UTF-8.
    """
    data = event[6:] if event.startswith(_DATA) else data_of(event)
    if not data or data == b"[DONE]":
        return None
    try:
        return _seen.decode(data)
    except (ValueError, RecursionError):
        return _look_leniently(data_of(event), where)


def _look_leniently(data: bytes, where: str) -> Seen:
    """The same for JSON that is a little too free, or has parts that are not what they should be.

    Half a surrogate pair, which a model may well say in two events, is no JSON to a strict reader.
    """
    try:
        row: Any = json.loads(data)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise BackendGarbled(f"{where} sent what is no event of a chat: {data[:200]!r}")
    there = cast("dict[str, Any]", row)
    usage: Any = there.get("usage")
    return Seen(
        _choices_in(there.get("choices")),
        cast("dict[str, Any]", usage) if isinstance(usage, dict) else None,
        there.get("error"),
    )


def _choices_in(rows: Any) -> list[_Choice]:
    if not isinstance(rows, list):
        return [_Choice()]
    found = cast("list[object]", rows)
    objects = [cast("dict[str, Any]", row) if isinstance(row, dict) else {} for row in found]
    return [_Choice(row.get("finish_reason")) for row in objects]


def data_of(event: bytes) -> bytes:
    """An event's data, its lines joined."""
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line[:5] == b"data:"]
    return b"\n".join(lines).strip()


def is_done(event: bytes) -> bool:
    """Whether an event says that the stream is complete."""
    return b"[DONE]" in event[:32] and data_of(event) == b"[DONE]"
