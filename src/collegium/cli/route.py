"""`collegium route`: who would be asked, and why. No model is called."""

from __future__ import annotations

import json
import math
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from collegium.cli import options
from collegium.cli.college import college
from collegium.cli.progress import counting
from collegium.cli.queries import query_text
from collegium.cli.shapes import decision_table
from collegium.cli.terminal import harmless, running, say, say_json, stderr, verb
from collegium.errors import ConfigError, QueryError
from collegium.jsonvalues import is_array, is_object
from collegium.shapes import batch_json, decision_json
from collegium.types import Message, Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from collegium.system import Collegium

SOME_LINES_BAD = 4
MAX_LINE_BYTES = 8 * 1024 * 1024


@verb
def route(
    query: Annotated[
        str | None, typer.Argument(help="What to route; `-` or nothing reads it from a pipe.")
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Route every line of a file (`-`: of stdin)."),
    ] = None,
    top_k: options.TopK = None,
    expert: options.Only = None,
    assume_ready: Annotated[
        bool, typer.Option("--assume-ready", help="Decide as if every expert were ready.")
    ] = False,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Decide who should answer, without asking anybody.

    Lines of a batch are `{"id", "text"}`, `{"id", "query"}` or `{"id", "messages"}`; the id may be
    left out. One line of JSON comes out for each, in order.

    Examples:
    `collegium route "What does this function return?"`

    `collegium route --batch queries.jsonl > decisions.jsonl`
    """
    del debug  # `verb` reads it
    if batch is not None and query is not None:
        raise typer.BadParameter("give a query or --batch, not both")
    routing = college(config)
    settings = {"top_k": top_k, "experts": expert or (), "assume_ready": assume_ready}
    if batch is not None:
        running(_batch(routing, batch, settings))
    else:
        running(_one(routing, Query.of(query_text(query)), settings, as_json=as_json))


async def _one(
    routing: Collegium, query: Query, settings: dict[str, Any], *, as_json: bool
) -> None:
    decision = await routing.decide(query, **settings)
    if as_json:
        say_json(decision_json(decision))
        return
    first = decision.chosen[0]
    say(f"{first.key}\t{decision.confidence:.2f}\n")
    console = stderr()
    console.print(decision_table(decision))
    for reason in decision.reasons:
        console.print(f"  {harmless(reason)}")
    console.print(f"  decided in {decision.overhead_ms:.1f} ms")
    await routing.aclose()


async def _batch(routing: Collegium, batch: Path, settings: dict[str, Any]) -> None:
    console, bad = stderr(), 0
    with _opened(batch) as lines, counting("routing", _lines_of(batch)) as advance:
        for number, raw in enumerate(_bounded(lines), start=1):
            advance(1)
            if raw is not None and not raw.strip():
                continue
            try:
                identity, query = parse_line(raw, number)
                decision = await routing.decide(query, **settings)
            except QueryError as error:
                bad += 1
                console.print(f"line {number}: {harmless(str(error))}", style="yellow")
                continue
            say_line(batch_json(identity, decision))
    await routing.aclose()
    if bad:
        plural = "line was" if bad == 1 else "lines were"
        console.print(f"{bad} {plural} bad and left out", style="yellow")
        raise typer.Exit(SOME_LINES_BAD)


def say_line(value: Any) -> None:
    """Write one line of JSON to stdout, buffered: a batch has many."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def parse_line(raw: bytes | None, number: int) -> tuple[Any, Query]:
    """The id and the query of one line; the id is the line's number where it has none.

    Raises:
        QueryError: the line is not one of the shapes that a batch has.
    """
    if raw is None:
        raise QueryError(f"longer than {MAX_LINE_BYTES:,} bytes")
    try:
        row: Any = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # also a number of too many digits
        raise QueryError(f"not JSON: {error}") from error
    if not is_object(row):
        raise QueryError('not a JSON object; it should be like {"id": 1, "text": "..."}')
    identity: Any = row.get("id", number)
    if is_object(identity) or is_array(identity):
        raise QueryError(
            f"its id is a {type(identity).__name__}; it should be a string or a number"
        )
    if isinstance(identity, float) and not math.isfinite(identity):
        raise QueryError(f"its id is {identity}, which is no number in JSON")
    for key in ("text", "query"):
        if key in row:
            if not isinstance(row[key], str):
                raise QueryError(f"its {key!r} is a {type(row[key]).__name__}, not a string")
            return identity, Query.of(row[key])
    if "messages" not in row:
        raise QueryError("it has none of 'text', 'query' and 'messages'")
    return identity, Query(messages=_messages(row["messages"]))


def _messages(rows: Any) -> tuple[Message, ...]:
    if not is_array(rows) or not rows:
        raise QueryError("its 'messages' is not a list of messages")
    messages: list[Message] = []
    for place, row in enumerate(rows):
        if not is_object(row) or not isinstance(row.get("role"), str):
            raise QueryError(f"messages[{place}] is not an object with a 'role' and a 'content'")
        content = row.get("content")
        parts = is_array(content) and all(map(is_object, content))
        if not (content is None or isinstance(content, str) or parts):
            raise QueryError(f"messages[{place}].content is neither text nor a list of parts")
        extra = {key: value for key, value in row.items() if key not in ("role", "content")}
        messages.append(Message(row["role"], content, extra))
    return tuple(messages)


def _opened(batch: Path) -> AbstractContextManager[BinaryIO]:
    if str(batch) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return batch.open("rb")
    except OSError as error:
        raise ConfigError(f"cannot read the batch {str(batch)!r}: {error.strerror}") from error


def _lines_of(batch: Path) -> int | None:
    """How many lines there are, where that can be known and somebody watches."""
    if str(batch) == "-" or not stderr().is_terminal or not batch.is_file():
        return None
    with batch.open("rb") as lines:
        return sum(piece.count(b"\n") for piece in iter(lambda: lines.read(1 << 20), b""))


def _bounded(lines: BinaryIO) -> Iterator[bytes | None]:
    """The lines one by one, None for one that is too long; never more than one in memory."""
    while line := lines.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = lines.readline(MAX_LINE_BYTES)
        yield None
