"""Log records as lines: JSON for programs, text for people."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from collegium.observe.redaction import harmless

if TYPE_CHECKING:
    import logging

    from collegium.observe.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Handled:
    """One request, as the log tells of it; what is None or empty is left out.

    `key` is the id of the API key, never the key. `prompt` is written only where prompts are.
    """

    request_id: str
    method: str
    route: str
    status: int
    duration_ms: float
    decision_id: str = ""
    trace_id: str = ""
    key: str = ""
    session: str = ""
    asked: str = ""
    expert: str = ""
    model: str = ""
    strategy: str = ""
    stream: bool = False
    cache: str = ""
    first_token_ms: float | None = None
    overhead_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    error: str = ""
    message: str = ""
    prompt: str | None = None


# A longer line has its texts cut: whoever sends a name of a megabyte fills nobody's disk.
LINE_CHARS, TEXT_CHARS = 16_384, 4_000

NAMES = tuple(field.name for field in fields(Handled))
_values = attrgetter(*NAMES)
_DIGITS = {name: 3 if name.endswith("_ms") else 9 for name in NAMES}


class Lines(Protocol):
    """Makes lines, without their ends."""

    def of_record(self, record: logging.LogRecord) -> str:
        """The line of what a logger was told."""
        ...

    def of_request(self, at: float, handled: Handled) -> str:
        """The line of a request that ended at that time, in seconds since 1970."""
        ...


class JsonLines:
    """One JSON object a line, in ASCII."""

    def __init__(self, redactor: Redactor, *, prompts: bool = False) -> None:
        self._redactor, self._prompts = redactor, prompts

    def of_record(self, record: logging.LogRecord) -> str:
        """The line of what a logger was told."""
        told = {
            "time": utc(record.created),
            "level": record.levelname.lower(),
            "event": "log",
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            told["exception"] = record.exc_text
        return self._encoded(told)

    def of_request(self, at: float, handled: Handled) -> str:
        """The line of a request."""
        told = {"time": utc(at), "level": level_of(handled), "event": "request"}
        return self._encoded(told | told_of(handled, prompts=self._prompts))

    def _encoded(self, told: dict[str, Any]) -> str:
        line = json.dumps(told)
        if len(line) > LINE_CHARS:
            # Blanked before it is cut: half a secret would not be known as one.
            line = json.dumps(
                {
                    name: self._redactor(one)[:TEXT_CHARS] if isinstance(one, str) else one
                    for name, one in told.items()
                }
            )
        return self._redactor(line)


class TextLines:
    """Text of one line, for a terminal."""

    def __init__(self, redactor: Redactor, *, prompts: bool = False) -> None:
        self._redactor, self._prompts = redactor, prompts

    def of_record(self, record: logging.LogRecord) -> str:
        """The line of what a logger was told; a traceback follows in lines of its own."""
        line = self._line(record.created, record.levelname.lower(), record.getMessage())
        trace = record.exc_text.split("\n") if record.exc_text else ()
        return "\n".join((line, *(f"    {self._redactor(harmless(one))}" for one in trace)))

    def of_request(self, at: float, handled: Handled) -> str:
        """The line of a request."""
        told = sentence(handled)
        if self._prompts and handled.prompt is not None:
            told += f"  {handled.prompt}"
        return self._line(at, level_of(handled), told)

    def _line(self, at: float, level: str, told: str) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(at))
        if len(told) > LINE_CHARS:
            told = self._redactor(told)[:LINE_CHARS]
        return self._redactor(f"{clock} {level:7} {harmless(told)}")


def utc(at: float) -> str:
    """A time as ISO 8601 writes it, in UTC and milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def level_of(handled: Handled) -> str:
    """An error where the request failed by our own doing, else information."""
    return "error" if handled.status >= 500 else "info"


def told_of(handled: Handled, *, prompts: bool) -> dict[str, Any]:
    """What there is to say of a request, by name."""
    told = {
        name: round(value, _DIGITS[name]) if type(value) is float else value
        for name, value in zip(NAMES, _values(handled), strict=True)
        if value is not None and value != "" and value is not False
    }
    if not prompts:
        told.pop("prompt", None)
    return told


def sentence(handled: Handled) -> str:
    """A request in words."""
    told = [f"{handled.method} {handled.route} {handled.status} {handled.duration_ms:.1f} ms"]
    who = " ".join(one for one in (handled.expert, handled.model) if one)
    if who:
        told.append(who)
    if handled.input_tokens is not None:
        told.append(f"{handled.input_tokens}+{handled.output_tokens or 0} tokens")
    if handled.cost_usd:
        told.append(f"${handled.cost_usd:.6f}")
    if handled.cache:
        told.append(f"{handled.cache} cache")
    if handled.error:
        told.append(": ".join(one for one in (handled.error, handled.message) if one))
    told.append(handled.request_id)
    return "  ".join(told)
