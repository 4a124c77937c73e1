"""Metrics: what happens is counted, and shown to whoever asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from collegium.errors import CollegiumError
from collegium.events import (
    Answered,
    Completed,
    Drifted,
    Failed,
    Rated,
    Resized,
    Routed,
)
from collegium.observe.cells import Layout, Row, Table, zeros
from collegium.observe.families import STATES, STATUSES, families

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from collegium.events import Event
    from collegium.observe.cells import Cell, Spread
    from collegium.observe.exposition import Exposition
    from collegium.observe.families import Names
    from collegium.types import Usage

CLIENT_GONE = 499


@dataclass(frozen=True, slots=True)
class Spent:
    """What the answers of one model for one expert consumed."""

    input_tokens: Cell
    output_tokens: Cell
    cost_usd: Cell

    @classmethod
    def of(cls, row: Row, expert: str, model: str) -> Self:
        """The numbers of that pair."""
        return cls(
            row.cell("collegium_tokens", expert, model, "input"),
            row.cell("collegium_tokens", expert, model, "output"),
            row.cell("collegium_cost_usd", expert, model),
        )

    def add(self, usage: Usage) -> None:
        """Count what an answer consumed; a cost that is no finite number is left out."""
        self.input_tokens.add(usage.prompt_tokens)
        self.output_tokens.add(usage.completion_tokens)
        if 0.0 < usage.cost_usd < math.inf:
            self.cost_usd.add(usage.cost_usd)


@dataclass(frozen=True, slots=True)
class OfExpert:
    """The numbers of one expert that change with every answer."""

    decisions: Cell
    answered: Cell
    call_s: Spread
    first_token_s: Spread
    spent: Table[Spent]

    @classmethod
    def of(cls, row: Row, expert: str, names: Names) -> Self:
        """The numbers of that expert."""
        return cls(
            row.cell("collegium_decisions", expert),
            row.cell("collegium_expert_calls", expert, "answered"),
            row.spread("collegium_expert_call_duration_seconds", expert),
            row.spread("collegium_time_to_first_token_seconds", expert),
            Table(names.models, lambda model: Spent.of(row, expert, model)),
        )


@dataclass(frozen=True, slots=True)
class OfRoute:
    """The numbers of one route that change with every request."""

    in_flight: Cell
    request_s: Spread
    ended: Table[Cell]

    @classmethod
    def of(cls, row: Row, route: str) -> Self:
        """The numbers of that route."""
        return cls(
            row.cell("collegium_requests_in_flight", route),
            row.spread("collegium_request_duration_seconds", route),
            Table(STATUSES, lambda status: row.cell("collegium_requests", route, status)),
        )


@dataclass(frozen=True, slots=True)
class Stand:
    """How an expert stands: the share of its places that is taken, its score, its instances."""

    utilisation: float = 0.0
    rank: float = 0.0
    instances: int = 0


ABSENT = Stand()


class Metrics:
    """Counts what a college and its gateway do.

    It is a listener for the event bus (`events.subscribe(metrics)`); what is no event it is told by
    its methods. All that count belong to one thread; none raises on a name it does not know.

    Args:
        names: the names that may be label values.
        shared: a folder of this server's workers alone, empty when the first of them starts; each
            then shows the sum over all. None: this process is the only one.

    Raises:
        OSError: `shared` cannot be written to.
    """

    def __init__(self, names: Names, *, shared: Path | None = None) -> None:
        self.layout = Layout(families(names))
        self._close: Callable[[], None] = lambda: None
        self._total: Callable[[], memoryview[float]] = lambda: self._cells
        self._cells = zeros(self.layout.size) if shared is None else self._share(shared)
        self._row = Row(self.layout, self._cells)
        self._exposition: Exposition | None = None
        self._names = names
        self._instances = frozenset(names.instances)
        self._dropped = 0
        self._open: set[str] = set()
        self._bind(names)
        self._heard: dict[type[Any], Callable[[Any], None]] = {
            Routed: self._routed,
            Answered: self._answered,
            Failed: self._failed,
            Completed: self._completed,
            Rated: self._rated,
            Resized: self._resized,
            Drifted: self._drifted,
        }
        self._row.cell("collegium_workers").set(1)

    def _share(self, folder: Path) -> memoryview[float]:
        from collegium.observe.workers import Workers  # noqa: PLC0415 -- needs POSIX locks

        workers = Workers(folder, self.layout)
        self._close, self._total = workers.close, lambda: self._averaged(workers.total())
        return workers.cells

    def _averaged(self, total: memoryview[float]) -> memoryview[float]:
        """The sum over all workers, with means in the place of the sums that mean nothing."""
        workers = total[self.layout.blocks["collegium_workers"].start]
        for block in self.layout.gauges:
            if block.family.mean and workers:
                for place in range(block.start, block.end):
                    total[place] /= workers
        return total

    def _bind(self, names: Names) -> None:
        """Look up once the numbers that change with every request."""
        cell, spread = self._row.cell, self._row.spread
        self._routes = Table(names.routes, lambda route: OfRoute.of(self._row, route))
        self._experts = Table(names.experts, lambda expert: OfExpert.of(self._row, expert, names))
        self._overhead_s = spread("collegium_overhead_duration_seconds")
        self._routing_s = spread("collegium_routing_duration_seconds")
        self._confidence = spread("collegium_decision_confidence")
        self._unsure = cell("collegium_decisions_low_confidence")
        self._responses = Table(names.strategies, lambda one: cell("collegium_responses", one))

    def __call__(self, event: Event) -> None:
        """Count an event."""
        heard = self._heard.get(type(event))
        if heard is not None:
            heard(event)

    def _routed(self, event: Routed) -> None:
        decision = event.decision
        self._routing_s.observe(decision.overhead_ms / 1000)
        self._confidence.observe(decision.confidence)
        if decision.chosen:
            self._experts[decision.chosen[0].expert].decisions.add()
        if decision.low_confidence:
            self._unsure.add()

    def _answered(self, event: Answered) -> None:
        answer = event.answer
        expert = self._experts[answer.expert]
        expert.answered.add()
        expert.call_s.observe(answer.latency_ms / 1000)
        expert.spent[answer.model].add(answer.usage)

    def _failed(self, event: Failed) -> None:
        if event.abandoned:
            self._row.cell("collegium_expert_calls", event.expert, "abandoned").add()
            return
        error = event.error
        code = error.code if isinstance(error, CollegiumError) else CollegiumError.code
        self._row.cell("collegium_expert_calls", event.expert, "failed").add()
        self._row.cell("collegium_expert_failures", event.expert, code).add()
        self._experts[event.expert].call_s.observe(event.latency_ms / 1000)

    def _completed(self, event: Completed) -> None:
        receipt = event.response.receipt
        self._responses[receipt.strategy if receipt else ""].add()

    def _rated(self, event: Rated) -> None:
        self._row.spread("collegium_ratings", event.expert or "").observe(event.rating)

    def _resized(self, event: Resized) -> None:
        self._row.cell("collegium_resizes", event.expert).add()

    def _drifted(self, event: Drifted) -> None:
        self._row.cell("collegium_drift_alarms", event.what).add()

    def request_started(self, route: str) -> None:
        """A request has come."""
        self._routes[route].in_flight.add()

    def request_ended(self, route: str, status: int, seconds: float) -> None:
        """A request that had been started has ended; the status is 499 where the client left."""
        ended = self._routes[route]
        ended.in_flight.add(-1.0)
        ended.ended["gone" if status == CLIENT_GONE else f"{status // 100}xx"].add()
        ended.request_s.observe(seconds)

    def first_token(self, seconds: float, expert: str) -> None:
        """The first token of an answer has been passed on, so long after the request."""
        self._experts[expert].first_token_s.observe(seconds)

    def overhead(self, seconds: float) -> None:
        """What the gateway has added to a request."""
        self._overhead_s.observe(seconds)

    def used(self, expert: str, model: str, usage: Usage) -> None:
        """What an answer that no event tells of has consumed."""
        self._experts[expert].spent[model].add(usage)

    def retried(self, instance: str) -> None:
        """A request is tried again after `instance` has failed."""
        self._row.cell("collegium_retries", instance).add()

    def hedged(self, instance: str) -> None:
        """A second request is sent elsewhere since `instance` is slow."""
        self._row.cell("collegium_hedges", instance).add()

    def breaker(self, instance: str, state: str) -> None:
        """The circuit breaker of an instance is now 'closed', 'half-open' or 'open'."""
        if instance not in self._instances:
            return  # of several unknown ones together there is no state to tell
        for one in STATES:
            self._row.cell("collegium_breaker_state", instance, one).set(float(one == state))
        if state != "open":
            self._open.discard(instance)
        elif instance not in self._open:
            self._open.add(instance)
            self._row.cell("collegium_breaker_opened", instance).add()

    def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
        """Nothing is counted of single requests to an instance beside what the answers tell."""

    def queue(self, expert: str, waiting: int) -> None:
        """So many requests wait for the expert now."""
        self._row.cell("collegium_queue_waiting", expert).set(waiting)

    def cache(self, kind: str, hit: bool) -> None:
        """An answer was looked for in the 'exact' or the 'semantic' cache."""
        self._row.cell("collegium_cache_lookups", kind, "hit" if hit else "miss").add()

    def limited(self, reason: str) -> None:
        """A request was refused by a limit; the reason is the code of the error."""
        self._row.cell("collegium_refusals", reason).add()

    def experts(self, now: Mapping[str, Stand]) -> None:
        """How the experts stand now; whoever is not among them is not on duty.

        Experts that were not named from the start are left out: they have no series of their own.
        """
        for expert in self._names.experts:
            stand = now.get(expert, ABSENT)
            self._row.cell("collegium_expert_utilisation", expert).set(stand.utilisation)
            self._row.cell("collegium_expert_rank", expert).set(stand.rank)
            self._row.cell("collegium_instances", expert).set(stand.instances)

    def experiments(self, running: int) -> None:
        """So many experiments run now."""
        self._row.cell("collegium_experiments_running").set(running)

    def generation(self, number: int) -> None:
        """The configuration in force is that one, counted from the start."""
        self._row.cell("collegium_config_generation").set(number)

    def storage(self, dropped: int, *, failing: bool) -> None:
        """How the record stands: what it has not taken from the start, whether it fails now."""
        self._row.cell("collegium_events_dropped").add(max(0, dropped - self._dropped))
        self._dropped = dropped
        self._row.cell("collegium_storage_failing").set(failing)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The page for a Prometheus server, and its content type.

        It is OpenMetrics where the Accept header asks for that, else the plain text format. Another
        thread may do this: the first time takes a tenth of a second, for the import.
        """
        if self._exposition is None:
            from collegium.observe.exposition import (  # noqa: PLC0415 -- only where it is asked for
                Exposition,
            )

            self._exposition = Exposition(self.layout, self._total)
        return self._exposition.render(accept)

    def close(self) -> None:
        """Leave the other workers; nothing may be counted or shown after this."""
        self._close()
