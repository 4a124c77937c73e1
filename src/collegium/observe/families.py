"""What is measured: every metric, its unit, its labels, and the values these can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"

# What a label says of everything that is not among the names it may have.
OTHER = "other"

ROUTES = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/embeddings",
    "/v1/models",
    "/api/route",
    "/api/decisions",
    "/api/status",
    "/api/ratings",
    "/api/experts",
    "/api/backends",
    "/api/models",
    "/api/experiments",
    "/api/config",
    "/health/live",
    "/health/ready",
    "/metrics",
)
STATUSES = ("2xx", "3xx", "4xx", "5xx", "gone")
OUTCOMES = ("answered", "failed", "abandoned")
STATES = ("closed", "half-open", "open")
CACHES = ("exact", "semantic")
DRIFTS = ("input", "success", "calibration")

# Seconds. Answers take from milliseconds (a cache, an error) to minutes (a panel of large models).
WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
# What the house itself adds is a matter of microseconds.
MOMENTS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
RATINGS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that labels may have as values; whatever is not among them counts as 'other'."""

    experts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    routes: tuple[str, ...] = ROUTES


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `labels` has for each label the values it may have beside 'other'.

    The name of a counter is without the `_total` that it is shown with. Of several workers the sum
    is shown; where that would mean nothing, their `mean`.
    """

    name: str
    kind: str
    meaning: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    buckets: tuple[float, ...] = ()
    unit: str = ""
    mean: bool = False

    @property
    def shown_as(self) -> str:
        """The name in queries."""
        return f"{self.name}_total" if self.kind == COUNTER else self.name

    @property
    def sparse(self) -> bool:
        """Whether there are many series, of which most stay at zero."""
        return len(self.labels) > 1 or "instance" in self.labels


def error_codes(root: type[CollegiumError] = CollegiumError) -> tuple[str, ...]:
    """The code of every error in the tree, each once."""
    below = (code for one in root.__subclasses__() for code in error_codes(one))
    return tuple(dict.fromkeys((root.code, *below)))


def families(names: Names) -> tuple[Family, ...]:
    """Every metric, with the label values that these names allow."""
    codes = error_codes()
    route, expert = {"route": names.routes}, {"expert": names.experts}
    spent_by = {**expert, "model": names.models}
    instance = {"instance": names.instances}
    return (
        Family(
            "collegium_requests",
            COUNTER,
            "HTTP requests ended, by route and status class; gone: the client had left.",
            {**route, "status": STATUSES},
        ),
        Family(
            "collegium_requests_in_flight",
            GAUGE,
            "HTTP requests being answered.",
            route,
        ),
        _seconds("request", "An HTTP request from its first to its last byte.", route, WAITS),
        _seconds(
            "time_to_first_token",
            "From the request to the first token of the answer.",
            expert,
            WAITS,
            infix="",
        ),
        _seconds(
            "overhead", "What the gateway adds to a request: all but the models.", {}, MOMENTS
        ),
        _seconds("routing", "Deciding whom to ask.", {}, MOMENTS),
        Family("collegium_decisions", COUNTER, "Queries routed, by the expert put first.", expert),
        Family(
            "collegium_decisions_low_confidence",
            COUNTER,
            "Decisions whose confidence was below the configured minimum.",
        ),
        Family(
            "collegium_decision_confidence",
            HISTOGRAM,
            "Estimated probability that the expert put first is an acceptable one.",
            buckets=SHARES,
        ),
        Family(
            "collegium_expert_calls",
            COUNTER,
            "Experts asked, by what became of it; abandoned: nobody waited any more.",
            {**expert, "outcome": OUTCOMES},
        ),
        _seconds("expert_call", "An expert's answer from asking to its end.", expert, WAITS),
        Family(
            "collegium_expert_failures",
            COUNTER,
            "Experts that did not answer, by the code of the error.",
            {**expert, "code": codes},
        ),
        Family(
            "collegium_tokens",
            COUNTER,
            "Tokens of prompts (input) and answers (output).",
            {**spent_by, "direction": ("input", "output")},
        ),
        Family(
            "collegium_cost_usd",
            COUNTER,
            "What answers cost, by the configured prices.",
            spent_by,
            unit="usd",
        ),
        Family(
            "collegium_responses",
            COUNTER,
            "Responses of the college, by the strategy that made one of its answers.",
            {"strategy": names.strategies},
        ),
        Family(
            "collegium_retries", COUNTER, "Attempts after a failed one, by who failed.", instance
        ),
        Family("collegium_hedges", COUNTER, "Second requests, by who was slow.", instance),
        Family(
            "collegium_breaker_state",
            GAUGE,
            "Workers whose circuit breaker for the instance is in that state.",
            {**instance, "state": STATES},
        ),
        Family("collegium_breaker_opened", COUNTER, "Circuit breakers opened.", instance),
        Family("collegium_queue_waiting", GAUGE, "Requests waiting for a place.", expert),
        Family(
            "collegium_cache_lookups",
            COUNTER,
            "Answers looked for in a cache.",
            {"kind": CACHES, "result": ("hit", "miss")},
        ),
        Family(
            "collegium_refusals",
            COUNTER,
            "Requests refused by a limit, by the code of the error.",
            {"reason": codes},
        ),
        *_of_management(expert),
        Family("collegium_workers", GAUGE, "Processes that serve."),
    )


def _of_management(expert: Mapping[str, tuple[str, ...]]) -> tuple[Family, ...]:
    """What is measured of how experts are managed."""
    return (
        Family(
            "collegium_expert_utilisation",
            GAUGE,
            "The share of an expert's places that is taken; the mean over the workers.",
            expert,
            mean=True,
        ),
        Family(
            "collegium_expert_rank",
            GAUGE,
            "The score by which experts rank, from 0 to 1; the mean over the workers.",
            expert,
            mean=True,
        ),
        Family(
            "collegium_instances",
            GAUGE,
            "Instances in an expert's pool, those of each worker counted.",
            expert,
        ),
        Family("collegium_resizes", COUNTER, "Times a pool was given other instances.", expert),
        Family(
            "collegium_ratings",
            HISTOGRAM,
            "Ratings of answers, from 0 to 1.",
            expert,
            RATINGS,
        ),
        Family(
            "collegium_drift_alarms",
            COUNTER,
            "Alarms that the traffic or an expert is not as it was.",
            {"what": DRIFTS},
        ),
        Family(
            "collegium_experiments_running",
            GAUGE,
            "Experiments on a part of the traffic; the mean over the workers.",
            mean=True,
        ),
        Family("collegium_events_dropped", COUNTER, "Events that the record has not taken."),
        Family("collegium_storage_failing", GAUGE, "Workers whose record cannot be written now."),
        Family(
            "collegium_config_generation",
            GAUGE,
            "How often the configuration was swapped; the mean over the workers.",
            mean=True,
        ),
    )


def _seconds(
    what: str,
    meaning: str,
    labels: Mapping[str, tuple[str, ...]],
    buckets: tuple[float, ...],
    *,
    infix: str = "_duration",
) -> Family:
    """A histogram of seconds."""
    name = f"collegium_{what}{infix}_seconds"
    return Family(name, HISTOGRAM, meaning, labels, buckets, "seconds")
