"""A request as OpenTelemetry spans.

Spans are made of the college's own events: a call's span begins when its headers are asked for, so
that what happens at the model's server can be hung below it, and gets its attributes when the
answer is known. What made no call gets its span afterwards.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.trace import (
    SpanKind,
    Status,
    StatusCode,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from collegium.events import Answered, Completed, Failed, Routed
from collegium.observe.conventions import (
    attributes_of,
    kind_of,
    labels_of,
    messages_of,
    name_of,
    said_by,
    short,
    spent_by,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram
    from opentelemetry.trace import Span
    from opentelemetry.trace import Tracer as OtelTracer

    from collegium.events import Event
    from collegium.types import Answer, Decision, Query, Response

SYNTHESIS = "Synthesis"


@dataclass(frozen=True, slots=True)
class Instruments:
    """What spans and numbers are made with. `clock` gives nanoseconds since 1970."""

    tracer: OtelTracer
    durations_s: Histogram
    tokens: Histogram
    close: Callable[[], None]
    prompts: bool = False
    clock: Callable[[], int] = time.time_ns
    headers: TraceContextTextMapPropagator = field(default_factory=TraceContextTextMapPropagator)


class Traced:
    """A tracer that tells a collector; see `tracing.Tracer`."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._now: ContextVar[OneRequest | None] = ContextVar("request", default=None)

    @contextmanager
    def request(
        self, route: str, *, method: str = "POST", traceparent: str = "", tracestate: str = ""
    ) -> Generator[OneRequest]:
        """A request, until the context is left."""
        carrier = {"traceparent": traceparent, "tracestate": tracestate}
        parent = self._instruments.headers.extract(carrier) if traceparent else None
        span = self._instruments.tracer.start_span(
            f"{method} {route}",
            parent,
            SpanKind.SERVER,
            {"http.request.method": method, "http.route": route},
        )
        request = OneRequest(self._instruments, span)
        token = self._now.set(request)
        try:
            yield request
        except BaseException as error:
            request.broke(error)
            raise
        finally:
            self._now.reset(token)
            request.close()

    def outgoing_headers(self, instance: str = "") -> Mapping[str, str]:
        """The headers for a call, within the request of this task; none outside of one."""
        request = self._now.get()
        return {} if request is None else request.outgoing_headers(instance)

    def __call__(self, event: Event) -> None:
        """Tell of an event, as part of the request in which it happened."""
        request = self._now.get()
        if request is None:
            return
        match event:
            case Routed():
                request.routed(event.decision, event.query)
            case Answered():
                request.answered(event.answer, event.query)
            case Failed():
                request.failed(
                    event.expert, event.error, event.latency_ms, abandoned=event.abandoned
                )
            case Completed():
                request.completed(event.response)
            case _:
                pass

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        self._instruments.close()


class OneRequest:
    """One request and the spans below it; see `tracing.RequestSpan`."""

    def __init__(self, instruments: Instruments, span: Span) -> None:
        self._instruments, self._span = instruments, span
        self._below = set_span_in_context(span)
        self._calls: dict[object, Call] = {}

    @property
    def trace_id(self) -> str:
        """The id of its trace; empty where the trace is not told."""
        context = self._span.get_span_context()
        return format_trace_id(context.trace_id) if context.trace_flags.sampled else ""

    def asked(self, model: str, *, stream: bool, session: str | None = None) -> None:
        """What the client asked for."""
        self._span.set_attributes(
            {"collegium.request.model": short(model), "collegium.stream": stream}
        )
        if session:
            self._span.set_attribute("gen_ai.conversation.id", short(session))

    def routed(self, decision: Decision, query: Query | None = None) -> None:
        """Who is asked has just been decided."""
        told = attributes_of(decision)
        if query is not None and self._instruments.prompts:
            told["gen_ai.input.messages"] = messages_of(query)
            told["collegium.reasons"] = tuple(short(one) for one in decision.reasons)
        ended = self._instruments.clock()
        span = self._instruments.tracer.start_span(
            "collegium.routing",
            self._below,
            SpanKind.INTERNAL,
            told,
            start_time=ended - int(decision.overhead_ms * 1e6),
        )
        span.end(ended)
        self._span.set_attribute("collegium.decision.id", decision.query_id)

    def answered(self, answer: Answer, query: Query | None = None) -> None:
        """An expert, or a model asked by name, has just answered."""
        call = self._taken(answer.model) or self._late(answer.latency_ms)
        told = labels_of(answer.model)
        synthesis = answer.expert == SYNTHESIS
        call.span.update_name("collegium.synthesis" if synthesis else name_of(told))
        call.span.set_attributes({**told, **spent_by(answer)})
        if self._instruments.prompts:
            call.span.set_attribute("gen_ai.output.messages", said_by(answer))
            if query is not None:
                call.span.set_attribute("gen_ai.input.messages", messages_of(query))
        call.span.end(self._instruments.clock())
        self._measure(told, answer.latency_ms, answer)

    def failed(
        self, expert: str, error: BaseException, latency_ms: float, *, abandoned: bool = False
    ) -> None:
        """An expert has just failed; or been left, where nobody waited for it any more."""
        call = self._taken("") or self._late(latency_ms)
        call.span.set_attribute("collegium.expert", expert)
        if abandoned:
            self._leave(call)
            return
        told = {**labels_of(call.instance), "error.type": kind_of(error)}
        call.span.update_name(name_of(told))
        call.span.set_attributes(told)
        call.span.set_status(Status(StatusCode.ERROR))
        call.span.end(self._instruments.clock())
        self._measure(told, latency_ms)

    def _leave(self, call: Call) -> None:
        """End the span of a call whose answer nobody takes."""
        told = labels_of(call.instance)
        call.span.update_name(name_of(told))
        call.span.set_attributes({**told, "collegium.outcome": "abandoned"})
        call.span.end(self._instruments.clock())

    def completed(self, response: Response) -> None:
        """The college has answered."""
        self._span.set_attribute("collegium.expert", response.expert)
        if response.receipt is not None:
            self._span.set_attribute("collegium.strategy", response.receipt.strategy)

    def ended(self, status: int) -> None:
        """The request has ended with that HTTP status."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(Status(StatusCode.ERROR))

    def broke(self, error: BaseException) -> None:
        """Answering it was broken off; which is no error where it was not wanted any more."""
        self._span.set_attribute("error.type", kind_of(error))
        if isinstance(error, Exception):
            self._span.set_status(Status(StatusCode.ERROR))

    def close(self) -> None:
        """End what has not ended: calls whose answers nobody took, and the request."""
        for call in self._calls.values():
            self._leave(call)
        self._calls.clear()
        self._span.end(self._instruments.clock())

    def outgoing_headers(self, instance: str) -> dict[str, str]:
        """The headers for a call to an instance."""
        caller = current_task()
        call = self._calls.get(caller)
        if call is None:
            call = self._calls[caller] = Call(self._start(None), instance)
        call.instance = instance or call.instance
        headers: dict[str, str] = {}
        self._instruments.headers.inject(headers, set_span_in_context(call.span, self._below))
        return headers

    def _taken(self, instance: str) -> Call | None:
        """The call whose end is being told: this task's, or else one to the same instance.

        A call that is hedged may be made by a task of its own.
        """
        caller = current_task()
        if caller not in self._calls:
            same = (one for one, call in self._calls.items() if call.instance == instance)
            caller = next(same, None) if instance else None
        return self._calls.pop(caller, None)

    def _late(self, latency_ms: float) -> Call:
        """A call that ends now, and of which nothing had been told yet."""
        return Call(self._start(self._instruments.clock() - int(latency_ms * 1e6)))

    def _start(self, began: int | None) -> Span:
        return self._instruments.tracer.start_span(
            "chat",
            self._below,
            SpanKind.CLIENT,
            {"gen_ai.operation.name": "chat"},
            start_time=began,
        )

    def _measure(
        self, told: Mapping[str, str], latency_ms: float, answer: Answer | None = None
    ) -> None:
        context: Context = self._below
        self._instruments.durations_s.record(latency_ms / 1000, told, context)
        if answer is None:
            return
        for kind, tokens in (
            ("input", answer.usage.prompt_tokens),
            ("output", answer.usage.completion_tokens),
        ):
            if tokens:
                self._instruments.tokens.record(
                    tokens, {**told, "gen_ai.token.type": kind}, context
                )


@dataclass(slots=True)
class Call:
    """A call's span, and the instance it is made to, where that is known."""

    span: Span
    instance: str = ""


def current_task() -> object:
    """The task that runs this; None outside of any."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
