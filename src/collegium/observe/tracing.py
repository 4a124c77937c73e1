"""Traces: what a request went through, for a collector. Without one, nothing and at no cost."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from collegium.errors import PluginError
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.events import Event
    from collegium.types import Answer, Decision


class RequestSpan(Protocol):
    """One request, as it is told to the collector."""

    @property
    def trace_id(self) -> str:
        """The id of its trace, for the log; empty where nothing is told."""
        ...

    def asked(self, model: str, *, stream: bool, session: str | None = None) -> None:
        """What the client asked for: a model's name, a stream or not, within which session."""
        ...

    def routed(self, decision: Decision) -> None:
        """Who is asked has just been decided."""
        ...

    def answered(self, answer: Answer) -> None:
        """An expert, or a model asked by name, has just answered."""
        ...

    def failed(
        self, expert: str, error: BaseException, latency_ms: float, *, abandoned: bool = False
    ) -> None:
        """An expert has just failed, or been left by whoever waited, so long after it was asked."""
        ...

    def ended(self, status: int) -> None:
        """The request has ended with that HTTP status; 499 where the client had left."""
        ...


class Tracer(Protocol):
    """Tells a collector about requests.

    It is a listener for the event bus: of a request that is being answered it hears who was asked
    and who answered by itself, in all tasks that were begun within the request.
    """

    def request(
        self, route: str, *, method: str = "POST", traceparent: str = "", tracestate: str = ""
    ) -> AbstractContextManager[RequestSpan]:
        """A request, until the context is left; the last two are the headers it came with."""
        ...

    def outgoing_headers(self, instance: str = "") -> Mapping[str, str]:
        """The headers to send to the instance of a model that is about to be called.

        They make what happens there a part of the call's span. Calls from one task before its
        answer are one span: tries of the same call.
        """
        ...

    def __call__(self, event: Event) -> None:
        """Hear of an event."""
        ...

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        ...


class Untold:
    """A request of which nothing is told."""

    trace_id = ""

    def asked(self, model: str, *, stream: bool, session: str | None = None) -> None:
        """Nothing."""

    def routed(self, decision: Decision) -> None:
        """Nothing."""

    def answered(self, answer: Answer) -> None:
        """Nothing."""

    def failed(
        self, expert: str, error: BaseException, latency_ms: float, *, abandoned: bool = False
    ) -> None:
        """Nothing."""

    def ended(self, status: int) -> None:
        """Nothing."""


class Untraced:
    """A tracer that tells nobody."""

    def __init__(self) -> None:
        self._request = nullcontext(Untold())

    def request(
        self,
        route: str,
        *,
        method: str = "POST",
        traceparent: str = "",
        tracestate: str = "",
    ) -> AbstractContextManager[RequestSpan]:
        """A request of which nothing is told."""
        return self._request

    def outgoing_headers(self, instance: str = "") -> Mapping[str, str]:
        """None."""
        return EMPTY

    def __call__(self, event: Event) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def tracer_of(
    endpoint: str | None, *, version: str = "", prompts: bool = False, share: float = 1.0
) -> Tracer:
    """The tracer for a collector; one that does nothing without.

    Args:
        endpoint: the collector's URL for OTLP over HTTP, such as http://127.0.0.1:4318.
        version: of the service.
        prompts: whether the texts of questions and answers are told, too.
        share: of the traces that begin here, how many are told, 0 to 1. One that a client has begun
            is told as the client says.

    Raises:
        PluginError: the extra `otel` is not installed.
    """
    if endpoint is None:
        return Untraced()
    try:
        from collegium.observe import otlp  # noqa: PLC0415 -- 200 ms and an extra, where wanted
    except ImportError as error:
        raise PluginError(
            f"traces for {endpoint} need OpenTelemetry ({error}): pip install 'collegium[otel]'"
        ) from error
    return otlp.tracer(endpoint, version=version, prompts=prompts, share=share)
