"""What the verbs share: where words go, how they end, and how they show that they work."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from collegium.errors import CollegiumError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rich.console import Console

P = ParamSpec("P")

INTERRUPTED = 130

# A model's text goes to a terminal, which obeys control characters: they are shown instead, as the
# pictures Unicode has for them. Carriage returns go, since they would write over the line.
_HARMLESS: dict[int, int | None] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x0D: None,
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys((0x202D, 0x202E), 0xFFFD),
}


def harmless(text: str) -> str:
    """The text with its control characters made visible; line feeds and tabs stay."""
    return text.translate(_HARMLESS)


def stderr() -> Console:
    """Where everything goes that is not the answer. Never read as markup: models write there."""
    from rich.console import Console  # noqa: PLC0415 -- 40 ms, only where something is shown

    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def stdout() -> Console:
    """Where tables go that are themselves the answer."""
    from rich.console import Console  # noqa: PLC0415 -- 40 ms, only where something is shown

    return Console(markup=False, highlight=False)


def say(text: str) -> None:
    """Write to stdout, now."""
    sys.stdout.write(text)
    sys.stdout.flush()


def say_json(value: Any) -> None:
    """Write one JSON object and a line feed to stdout; what no encoding has is escaped."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, default=str)
    say(text + "\n")


def verb(run: Callable[P, None]) -> Callable[P, None]:
    """A verb that ends as documented: a message and an exit code, and no traceback.

    `--debug` shows the traceback as well.
    """

    @wraps(run)
    def ended(*args: P.args, **kwargs: P.kwargs) -> None:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
        _listen_to_logs(debug=bool(kwargs.get("debug")))
        try:
            run(*args, **kwargs)
            sys.stdout.flush()
        except CollegiumError as error:
            _complain(str(error), error, debug=bool(kwargs.get("debug")))
            raise typer.Exit(error.exit_code) from None
        except (KeyboardInterrupt, asyncio.CancelledError):
            stderr().print("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader has what it wanted. Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001 -- the last resort: no traceback for a user
            message = f"collegium failed in a way it should not: {error!r} (--debug shows where)"
            _complain(message, error, debug=bool(kwargs.get("debug")))
            raise typer.Exit(1) from None

    return ended


class Notes(logging.Handler):
    """Log records on stderr, each as a line; with their tracebacks only where one is looked for."""

    def __init__(self, *, debug: bool) -> None:
        super().__init__(logging.DEBUG if debug else logging.WARNING)
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        console, words = stderr(), harmless(record.getMessage())
        console.print(f"{record.levelname.lower()}: {words}", style="yellow")
        if self._debug and record.exc_info:
            console.print(logging.Formatter().formatException(record.exc_info))


def _listen_to_logs(*, debug: bool) -> None:
    logger = logging.getLogger("collegium")
    logger.handlers, logger.propagate = [Notes(debug=debug)], False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)


def running(work: Coroutine[Any, Any, None]) -> None:
    """Run asynchronous work to its end; Ctrl-C cancels it and lets it clean up."""
    asyncio.run(work)


def _complain(message: str, error: BaseException, *, debug: bool) -> None:
    console = stderr()
    if debug:
        import traceback  # noqa: PLC0415 -- only when something went wrong

        console.print("".join(traceback.format_exception(error)))
    kind = "config" if isinstance(error, ConfigError) else "error"
    console.print(f"{kind}: {harmless(message)}", style="red")
