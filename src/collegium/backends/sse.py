"""Server-sent events out of bytes, whatever way the bytes are cut (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collegium.errors import BackendGarbled

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """Takes the bytes of a stream as they come and gives the data of each event that is complete."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False
        self._max = max_event_bytes

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that this piece completes.

        Raises:
            BackendGarbled: an event is larger than allowed, or is not UTF-8.
        """
        buffer = self._rest + piece
        if not self._begun:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._rest = buffer
                return []
            self._begun = True
            buffer = buffer.removeprefix(_BOM)
        # A CR at the end may be half of a CRLF: it waits for what follows.
        held = b"\r" if buffer.endswith(b"\r") else b""
        text = buffer[: len(buffer) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = text.split(b"\n")
        self._rest = rest + held
        events = [data for line in lines if (data := self._line(line)) is not None]
        if self._size + len(self._rest) > self._max:
            raise BackendGarbled(f"an event of the stream is larger than {self._max:,} bytes")
        return events

    def _line(self, line: bytes) -> str | None:
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value)
            return None
        if not self._data:
            return None
        data = b"\n".join(self._data)
        self._data, self._size = [], 0
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BackendGarbled(f"an event of the stream is not UTF-8: {error}") from error
