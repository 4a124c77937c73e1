"""Server-sent events out of bytes, whatever way the bytes are cut (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collegium.errors import BackendGarbled

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """Takes the bytes of a stream as they come, and gives the data of each complete event."""

    def __init__(self, *, where: str = "a stream", max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._where = where
        self._max = max_event_bytes
        self._head: bytes | None = b""  # the first bytes, until they are known to be a BOM or not
        self._after_cr = False
        self._line: list[bytes] = []  # pieces, joined once: a long line must not be copied often
        self._line_size = 0
        self._data: list[bytes] = []
        self._data_size = 0

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that this piece completes.

        Raises:
            BackendGarbled: an event is larger than allowed, or is not UTF-8.
        """
        if self._head is not None:
            piece = self._head + piece
            if len(piece) < len(_BOM) and _BOM.startswith(piece):
                self._head = piece
                return []
            self._head = None
            piece = piece.removeprefix(_BOM)
        if not piece:
            return []
        # A CR ends its line at once; the LF of a CRLF cut in two ends nothing more.
        text = piece.removeprefix(b"\n") if self._after_cr else piece
        self._after_cr = piece.endswith(b"\r")
        *lines, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events: list[str] = []
        for line in lines:
            whole, self._line, self._line_size = b"".join([*self._line, line]), [], 0
            events += self._end_of(whole)
        self._line.append(rest)
        self._line_size += len(rest)
        self._check_size()
        return events

    def _end_of(self, line: bytes) -> list[str]:
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
                self._data_size += len(self._data[-1]) + 1
                self._check_size()
            return []
        if not self._data:
            return []
        data = b"\n".join(self._data)
        self._data, self._data_size = [], 0
        try:
            return [data.decode("utf-8")]
        except UnicodeDecodeError as error:
            raise BackendGarbled(f"an event of {self._where} is not UTF-8: {error}") from error

    def _check_size(self) -> None:
        if self._data_size + self._line_size > self._max:
            raise BackendGarbled(f"an event of {self._where} is larger than {self._max:,} bytes")
