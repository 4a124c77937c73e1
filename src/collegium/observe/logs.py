"""Logs: written by a thread of their own, so that nobody waits for a slow reader."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Self, TextIO, TypeAlias

from collegium.observe.lines import LINE_CHARS, Handled, JsonLines, Lines, TextLines
from collegium.observe.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# So many lines may wait to be written.
CAPACITY = 10_000
# So many are written together at most.
TOGETHER = 500
# So many bytes in a row reach a pipe in one piece, also where several workers write to it.
PIECE_BYTES = 4096
# Lines that come within this time are written together: waking a thread costs more than a line.
GATHER_S = 0.02
CLOSE_TIMEOUT_S = 2.0
# Of a text so much is kept until it is written; the line will be cut shorter, its secrets blanked.
KEPT_CHARS = 2 * LINE_CHARS
OURS, THEIRS, UNWANTED = "collegium", ("uvicorn", "uvicorn.error"), "uvicorn.access"

# What a logger was told, or a request and when it ended.
Entry: TypeAlias = logging.LogRecord | tuple[float, Handled]


class Logs:
    """Writes down what the loggers of collegium and uvicorn say, from `start` to `close`.

    It never blocks whoever logs: what does not fit is dropped, counted, and the count is said. All
    other loggers stay as they are.

    Args:
        stream: where lines go.
        form: 'json', 'text', or 'auto': text where the stream is a terminal.
        level: from which one on: 'debug', 'info', 'warning' or 'error'.
        prompts: whether the texts of questions are written, too.
        secrets: what is blanked wherever it stands, beside all that looks like a key.
        capacity: how many lines may wait to be written.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        form: str = "auto",
        level: str = "info",
        prompts: bool = False,
        secrets: Iterable[str] = (),
        capacity: int = CAPACITY,
    ) -> None:
        self.redactor = Redactor(secrets)
        text = form == "text" or (form == "auto" and stream.isatty())
        lines = TextLines if text else JsonLines
        self.prompts = prompts
        self._level = logging.getLevelNamesMapping()[level.upper()]
        self._writer = Writer(stream, lines(self.redactor, prompts=prompts), capacity)
        self._handler = Handing(self._writer)
        self._before: list[Standing] = []

    def start(self) -> None:
        """Take over the loggers."""
        for name in (OURS, *THEIRS):
            self._before.append(Standing(name))
            Standing.put(name, self._level, [self._handler])
        self._before.append(Standing(UNWANTED))
        Standing.put(UNWANTED, logging.CRITICAL, [logging.NullHandler()])
        self._writer.start()

    def close(self) -> None:
        """Write what waits, for two seconds at most, and leave the loggers as they were."""
        while self._before:
            self._before.pop().restore()
        self._writer.close()

    def request(self, handled: Handled) -> None:
        """Write the line of one request; as an error where it failed by our own doing."""
        level = logging.ERROR if handled.status >= 500 else logging.INFO
        if level < self._level:
            return
        if handled.prompt is not None:
            kept = handled.prompt[:KEPT_CHARS] if self.prompts else None
            handled = replace(handled, prompt=kept)
        self._writer.hand((time.time(), handled))

    @property
    def dropped(self) -> int:
        """How many lines did not fit, of those that have not been said yet."""
        return self._writer.dropped

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Handing(logging.Handler):
    """Hands records to the writer, made so that nothing they hold can change any more."""

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer
        self._traceback = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record over; one whose message cannot be made says so, and raises nothing."""
        record = copy(record)
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 -- whatever the values' own methods raise
            message = f"{record.msg!r} could not be filled in: {error!r}"
        record.msg, record.args = message[:KEPT_CHARS], None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._traceback.formatException(record.exc_info)
        record.exc_info = None
        self._writer.hand(record)


class Writer:
    """A thread that writes what it is handed, some of it together."""

    def __init__(self, stream: TextIO, lines: Lines, capacity: int) -> None:
        self._put, self._lines = putter(stream), lines
        self._capacity = capacity
        self._waiting: deque[Entry] = deque()
        self._some, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="collegium-logs", daemon=True)
        self._full = self._lost = self._said = 0

    @property
    def dropped(self) -> int:
        """How many entries were not written, and have not been said yet."""
        return self._full + self._lost - self._said

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def hand(self, entry: Entry) -> None:
        """Take an entry, or count it as dropped. Never waits."""
        if len(self._waiting) >= self._capacity:
            self._full += 1
            return
        self._waiting.append(entry)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what waits, then end; a stream that takes nothing is given up."""
        self._closing.set()
        self._some.set()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(GATHER_S)
            self._some.clear()
            while self._waiting:
                self._write_some()
        self._write_some()

    def _write_some(self) -> None:
        entries = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        self._write([*(self._line(entry) for entry in entries), *self._gap()])

    def _line(self, entry: Entry) -> str:
        try:
            if isinstance(entry, tuple):
                return self._lines.of_request(*entry)
            return self._lines.of_record(entry)
        except Exception as error:  # noqa: BLE001 -- a value with a bad repr must not end the log
            return self._warning(f"a log line could not be written: {error!r}")

    def _gap(self) -> list[str]:
        dropped = self.dropped
        if not dropped:
            return []
        self._said += dropped
        return [self._warning(f"{dropped} log lines were dropped: the reader was too slow")]

    def _warning(self, message: str) -> str:
        name = f"{OURS}.logs"
        record = logging.LogRecord(name, logging.WARNING, "", 0, message, (), None)
        return self._lines.of_record(record)

    def _write(self, lines: list[str]) -> None:
        """Write lines in pieces that end with a line and reach a pipe whole."""
        piece, size = list[str](), 0
        for line in lines:
            if piece and size + len(line) + 1 > PIECE_BYTES:
                self._send(piece)
                piece, size = [], 0
            piece.append(line)
            size += len(line) + 1
        self._send(piece)

    def _send(self, piece: list[str]) -> None:
        try:
            self._put("".join(f"{line}\n" for line in piece))
        except (OSError, ValueError):  # nobody reads any more: serving goes on
            self._lost += len(piece)


def putter(stream: TextIO) -> Callable[[str], object]:
    """What writes a text to the stream at once.

    A file is written to past the stream's buffer: a thread that is stuck in one, since nobody
    reads, would make the process end with an abort.
    """
    try:
        file = stream.fileno()
    except (OSError, ValueError):
        return stream.write

    def put(text: str) -> None:
        left = text.encode("utf-8", "backslashreplace")
        while left:
            left = left[os.write(file, left) :]

    return put


class Standing:
    """How a logger was set up."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)
        self._level, self._handlers = self._logger.level, list(self._logger.handlers)
        self._propagate = self._logger.propagate

    def restore(self) -> None:
        """Set it up like that again."""
        self._logger.setLevel(self._level)
        self._logger.handlers = self._handlers
        self._logger.propagate = self._propagate

    @staticmethod
    def put(name: str, level: int, handlers: list[logging.Handler]) -> None:
        """Give a logger a level and handlers, and nobody above it anything to do."""
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers = handlers
        logger.propagate = False
