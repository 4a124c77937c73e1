"""Sees every request come and go: for the metrics, the traces and the log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from collegium.errors import AccessError, BackendError, ExpertError, Overloaded
from collegium.gateway.exchange import UNTOLD
from collegium.observe.lines import Handled
from collegium.storage.records import Record
from collegium.types import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from collegium.errors import CollegiumError
    from collegium.gateway.caching import Cached
    from collegium.gateway.decisions import Account
    from collegium.gateway.exchange import Exchange
    from collegium.observe.logs import Logs
    from collegium.observe.metrics import Metrics
    from collegium.observe.tracing import RequestSpan, Tracer

# Asked every few seconds by machines: not worth a line each.
QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class Witness:
    """Tells the metrics, the tracer and the logs of every request, once.

    `put` takes a record of each that asked something.
    """

    def __init__(
        self,
        metrics: Metrics,
        tracer: Tracer,
        logs: Logs,
        *,
        put: Callable[[Record], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = metrics
        self.tracer = tracer
        self.logs = logs
        self._put, self._clock = put, clock

    def request(self, exchange: Exchange, route: str) -> Seen:
        """A request, until the context is left."""
        return Seen(self, exchange, route)

    def ended(self, exchange: Exchange, route: str) -> None:
        """A request has ended."""
        seconds = time.perf_counter() - exchange.started
        self.metrics.request_ended(route, exchange.status, seconds)
        if route not in QUIET:
            self.logs.request(_handled(exchange, route, seconds))
        if exchange.account is not None and self._put is not None:
            self._put(_record(exchange, exchange.account, route, seconds, self._clock()))

    def told(self, account: Account, span: RequestSpan) -> None:
        """Count what no event has told of."""
        self.metrics.overhead(account.overhead_ms / 1000)
        if account.strategy == "named" and account.usage is not None:
            self.metrics.used("", account.model, account.usage)
            if span is not UNTOLD:
                span.answered(
                    Answer(
                        "",
                        account.model,
                        "",
                        latency_ms=account.latency_ms,
                        usage=account.usage,
                        finish=account.finish or "stop",
                    )
                )

    def spoke(self, account: Account) -> None:
        """The first token of a stream is about to be passed on."""
        if account.ttft_ms is not None:
            self.metrics.first_token(account.ttft_ms / 1000, account.expert)

    def looked_up(self, cached: Cached | None) -> None:
        """An answer was looked for among those kept."""
        self.metrics.cache(cached.how if cached is not None else "exact", cached is not None)

    def refused(self, exchange: Exchange, error: CollegiumError) -> None:
        """A request is refused, or broken off."""
        exchange.refusal = error.code
        # What a backend says of a request may quote it.
        if self.logs.prompts or not isinstance(error, BackendError | ExpertError):
            exchange.complaint = str(error)
        if isinstance(error, AccessError | Overloaded):
            self.metrics.limited(error.code)


class Seen:
    """One request as the witness sees it, from its beginning to its end."""

    __slots__ = ("_exchange", "_route", "_tracing", "_witness")

    def __init__(self, witness: Witness, exchange: Exchange, route: str) -> None:
        self._witness, self._exchange, self._route = witness, exchange, route
        self._tracing = witness.tracer.request(
            route,
            method=exchange.method,
            traceparent=exchange.header(b"traceparent"),
            tracestate=exchange.header(b"tracestate"),
        )

    def __enter__(self) -> None:
        self._witness.metrics.request_started(self._route)
        self._exchange.span = self._tracing.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        exchange = self._exchange
        try:
            if exchange.account is not None:
                self._witness.told(exchange.account, exchange.span)
            exchange.span.ended(exchange.status)
            self._tracing.__exit__(kind, error, trace)
        finally:
            self._witness.ended(self._exchange, self._route)


def _handled(exchange: Exchange, route: str, seconds: float) -> Handled:
    """A request as the log tells of it."""
    account = exchange.account
    if account is None:
        return Handled(
            request_id=exchange.id,
            method=exchange.method,
            route=route,
            status=exchange.status,
            duration_ms=seconds * 1000,
            error=exchange.refusal,
            message=exchange.complaint,
            trace_id=exchange.span.trace_id,
        )
    usage = account.usage
    return Handled(
        request_id=exchange.id,
        method=exchange.method,
        route=route,
        status=exchange.status,
        duration_ms=seconds * 1000,
        error=exchange.refusal,
        message=exchange.complaint,
        trace_id=exchange.span.trace_id,
        decision_id=account.id,
        key=account.owner,
        asked=account.asked,
        expert=account.expert,
        model=account.model,
        strategy=account.strategy,
        stream=account.ttft_ms is not None,
        cache=account.cached,
        first_token_ms=account.ttft_ms,
        overhead_ms=account.overhead_ms,
        input_tokens=usage.prompt_tokens if usage else None,
        output_tokens=usage.completion_tokens if usage else None,
        cost_usd=usage.cost_usd if usage else None,
        prompt=exchange.prompt,
    )


def _record(exchange: Exchange, account: Account, route: str, seconds: float, at: float) -> Record:
    """A request as the record has it."""
    data = {
        "method": exchange.method,
        "route": route,
        "status": exchange.status,
        "key": account.owner,
        "asked": account.asked,
        "strategy": account.strategy,
        "stream": account.ttft_ms is not None,
        "latency_ms": round(seconds * 1000, 3),
        "first_token_ms": None if account.ttft_ms is None else round(account.ttft_ms, 3),
        "overhead_ms": round(account.overhead_ms, 3),
        "cache": account.cached,
        "error": exchange.refusal,
    }
    return Record("request", at, account.id, account.expert, account.model, data=data)
