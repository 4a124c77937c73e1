"""The way to a collector: OTLP over HTTP, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from collegium.observe.spans import Instruments, Traced

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

SEND_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S, GIVE_UP_S = 2.0, 1.0
METRICS_EVERY_S = 15.0
SPANS_EVERY_S = 2.0
TOLD_AGAIN_S = 300.0

# By the conventions: seconds of an operation, and tokens.
DURATIONS_S = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    2.56,
    5.12,
    10.24,
    20.48,
    40.96,
    81.92,
)
TOKENS = tuple(4**power for power in range(14))


def tracer(endpoint: str, *, version: str, prompts: bool, share: float) -> Traced:
    """A tracer that sends to the collector at `endpoint`."""
    base = endpoint.rstrip("/").removesuffix("/v1/traces")
    resource = Resource.create(
        {
            "service.name": "collegium",
            "service.version": version,
            "service.instance.id": uuid.uuid4().hex,
            "process.pid": os.getpid(),
        }
    )
    quiet = Quiet(base)
    quiet.start()
    spans = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(share)), resource=resource, shutdown_on_exit=False
    )
    to_traces = OTLPSpanExporter(f"{base}/v1/traces", timeout=SEND_TIMEOUT_S)
    spans.add_span_processor(
        BatchSpanProcessor(to_traces, schedule_delay_millis=SPANS_EVERY_S * 1000)
    )
    to_metrics = OTLPMetricExporter(f"{base}/v1/metrics", timeout=SEND_TIMEOUT_S)
    reader = PeriodicExportingMetricReader(
        to_metrics, export_interval_millis=METRICS_EVERY_S * 1000
    )
    numbers = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = numbers.get_meter("collegium", version)

    def close() -> None:
        ending = at_once(spans.shutdown, numbers.shutdown)
        if not over(ending, CLOSE_TIMEOUT_S):
            # They would go on trying.
            to_traces.shutdown()  # type: ignore[no-untyped-call]
            to_metrics.shutdown()  # pyright: ignore[reportUnknownMemberType]
            over(ending, GIVE_UP_S)
        quiet.stop()

    return Traced(
        Instruments(
            tracer=spans.get_tracer("collegium", version),
            durations_s=meter.create_histogram(
                "gen_ai.client.operation.duration",
                unit="s",
                description="GenAI operation duration.",
                explicit_bucket_boundaries_advisory=DURATIONS_S,
            ),
            tokens=meter.create_histogram(
                "gen_ai.client.token.usage",
                unit="{token}",
                description="Number of input and output tokens used.",
                explicit_bucket_boundaries_advisory=TOKENS,
            ),
            close=close,
            prompts=prompts,
        )
    )


def at_once(*acts: Callable[[], object]) -> list[threading.Thread]:
    """These things being done, each in a thread of its own."""
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def over(threads: list[threading.Thread], seconds: float) -> bool:
    """Whether all of them have ended, waiting no longer than that."""
    ends = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


class Quiet(logging.Handler):
    """Hears what OpenTelemetry complains of, and says it once in a while in one line of ours.

    With a collector that is down it would be several lines for every batch.
    """

    def __init__(self, endpoint: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._endpoint, self._clock = endpoint, clock
        self._told_at = -TOLD_AGAIN_S
        self._untold = 0
        self._theirs = logging.getLogger("opentelemetry")
        self._propagated = self._theirs.propagate

    def start(self) -> None:
        """Take over the logger of OpenTelemetry."""
        self._theirs.propagate = False
        self._theirs.addHandler(self)

    def stop(self) -> None:
        """Leave it as it was."""
        self._theirs.removeHandler(self)
        self._theirs.propagate = self._propagated

    def emit(self, record: logging.LogRecord) -> None:
        """Say a complaint, unless one was said of late."""
        now = self._clock()
        if now - self._told_at < TOLD_AGAIN_S:
            self._untold += 1
            return
        also = f" (and {self._untold} complaints before)" if self._untold else ""
        self._told_at, self._untold = now, 0
        logger.warning(
            "telemetry for %s: %s%s; answering goes on", self._endpoint, record.getMessage(), also
        )
