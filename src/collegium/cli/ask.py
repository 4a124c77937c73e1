"""`collegium ask`: a question in, an answer out."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collegium.backends.directory import EMBEDDED_DEFAULT
from collegium.cli import options
from collegium.cli.college import college, recorded
from collegium.cli.progress import fetching
from collegium.cli.queries import query_text
from collegium.cli.receipts import doubt, receipt_lines
from collegium.cli.shapes import decision_table
from collegium.cli.terminal import harmless, running, say, say_json, stderr, verb
from collegium.routing.selector import OBJECTIVES
from collegium.shapes import response_json
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from collegium.system import Collegium
    from collegium.types import Chunk, Decision, Receipt, Response


def amount(usd: float | None) -> float | None:
    """The amount of money that an option gives.

    Raises:
        typer.BadParameter: nothing could be bought for it.
    """
    if usd is not None and not 0 < usd < math.inf:
        raise typer.BadParameter(f"{usd:g} is not an amount of USD above 0, such as 0.05")
    return usd


@verb
def ask(
    query: Annotated[
        str | None, typer.Argument(help="What to ask; `-` or nothing reads it from a pipe.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(metavar="NAME", help="How several answers become one.")
    ] = None,
    top_k: options.TopK = None,
    expert: options.Only = None,
    model: Annotated[
        str | None, typer.Option(metavar="BACKEND/MODEL", help="One model for every expert.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Time for the whole answer.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"What models are chosen by: {', '.join(OBJECTIVES)}."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="USD", callback=amount, help="The most that answering may cost."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how it was decided, answered and checked.")
    ] = False,
    as_json: options.AsJson = False,
    offline: options.Offline = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Ask the college. The answer goes to stdout as it comes, everything else to stderr.

    Examples:
    `collegium ask "Why is the sky blue?"`

    `git diff | collegium ask --expert coding -`
    """
    del debug  # `verb` reads it
    asked = Query.of(query_text(query), deadline_s=deadline, objective=objective, budget_usd=budget)

    async def work() -> None:
        with ExitStack() as showing:
            progress = showing.enter_context(fetching())
            asking = college(config, model=model, offline=offline, progress=progress)
            for folder in _unindexed(asking):
                stderr().print(harmless(f"  {folder} has no index yet; it is made now"))
            only = expert or ()
            chunks = asking.stream(asked, strategy=strategy, top_k=top_k, experts=only)
            telling = Telling(as_json=as_json, explain=explain)
            async with recorded(asking), aclosing(asking), aclosing(chunks):
                async for chunk in chunks:
                    if chunk.decision is not None:
                        # The fetches are over: their bars must not redraw over the answer.
                        showing.close()
                        showing.enter_context(telling)
                    telling.hear(chunk)

    running(work())


def _unindexed(asking: Collegium) -> Iterator[str]:
    """The folders of code that opening the college will have indexed for the first time."""
    staff = asking.staff
    for expert in () if staff is None else staff.configured():
        entry = staff.entry_of(expert) if staff is not None else None
        if entry is None or entry.knowledge is None or not expert.not_ready:
            continue
        folder = Path(entry.knowledge.path).expanduser()
        if folder.is_dir():
            yield str(folder)


class Telling:
    """Tells an answer as it comes: its text on stdout, the rest on stderr."""

    def __init__(self, *, as_json: bool, explain: bool) -> None:
        self._console: Console = stderr()
        self._as_json, self._explain = as_json, explain
        self._decision: Decision | None = None
        self._waiting = ExitStack()
        self._started = time.perf_counter()
        self._last = ""

    def __enter__(self) -> Telling:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()
        self._end_line()

    def hear(self, chunk: Chunk) -> None:
        """Take the next chunk of the college's stream."""
        if chunk.decision is not None:
            self._decided(chunk.decision)
        if chunk.text and not self._as_json:
            self._waiting.close()
            self._last = harmless(chunk.text)
            say(self._last)
        if chunk.response is not None:
            self._waiting.close()
            self._done(chunk.response)

    def _end_line(self) -> None:
        if self._last and not self._last.endswith("\n"):
            say("\n")
        self._last = ""

    def _decided(self, decision: Decision) -> None:
        self._decision = decision
        if self._explain:
            self._console.print(decision_table(decision))
            for reason in decision.reasons:
                self._console.print(f"  {harmless(reason)}")
        names = " and ".join(candidate.key for candidate in decision.chosen)
        words = f"{names}, confidence {decision.confidence:.2f}, {decision.overhead_ms:.1f} ms"
        self._console.print(f"→ {words}", style="cyan")
        if self._console.is_terminal:
            self._waiting.enter_context(self._console.status(f"{names} at work"))

    def _done(self, response: Response) -> None:
        if self._as_json:
            say_json(response_json(response, self._decision))
        else:
            self._end_line()
        seconds = time.perf_counter() - self._started
        self._console.print(
            harmless(f"— {response.expert}, {response.model or 'no model'}, {seconds:.1f} s"),
            style="cyan",
        )
        if response.receipt is not None:
            self._account(response.receipt)
        if response.finish == "length":
            self._console.print("  the answer was cut at its longest", style="yellow")
        if response.model.endswith(EMBEDDED_DEFAULT):
            self._console.print(
                "  this is the small embedded model: quick to try, poor in quality; for real "
                "answers run Ollama or vLLM, or see `collegium doctor`",
                style="dim",
            )

    def _account(self, receipt: Receipt) -> None:
        """Say who failed and what is in doubt; all that the receipt says where that is wanted."""
        for name, error in receipt.failures:
            self._console.print(harmless(f"  {name} failed: {error}"), style="yellow")
        if self._explain:
            for line in receipt_lines(receipt):
                self._console.print(harmless(f"  {line}"))
        elif told := doubt(receipt):
            self._console.print(harmless(f"  {told}"), style="yellow")
