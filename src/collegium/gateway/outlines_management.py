"""The shapes of what the management is told and tells, for the OpenAPI document."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]


class Measured(Struct):
    """A measured number, and between which ends the true one lies."""

    mean: float
    low: float
    high: float
    count: float


class Performance(Struct):
    """How an expert does; `now` is the same lately."""

    queries: int
    failures: int
    success: Measured | None
    checked: Measured | None
    satisfaction: Measured | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    tokens_per_s: float | None
    cost_usd: float
    judged: int
    calibration_error: float | None
    now: dict[str, Any] | None = None


class Rank(Struct):
    """How an expert ranks; `why` says where too little is known, or whom it is not told from."""

    score: float
    low: float
    high: float
    enough: bool
    why: str


class ExpertStatus(Struct):
    """How one expert is; `note` says why it has not as many instances as it should."""

    expert: str
    name: str
    ready: bool
    lacks: str | None
    load: float
    max_load: float
    queries: int
    success_rate: float
    average_latency_ms: float
    draining: bool = False
    instances: int | None = None
    wanted: int | None = None
    note: str = ""
    rank: Rank | None = None
    performance: Performance | None = None


class Experts(Struct):
    """Everybody on duty."""

    object: Literal["list"]
    data: list[ExpertStatus]


class RemovedExpert(Struct):
    """An expert that is off duty."""

    expert: str
    removed: bool


class Removed(Struct):
    """Something that is there no more."""

    name: str
    removed: bool


class Backend(Struct):
    """Where models are; the rest is as in the configuration."""

    name: str
    kind: str


class Backends(Struct):
    """Every backend."""

    object: Literal["list"]
    data: list[Backend]


class Meaning(Struct):
    """A short name, and the model it means."""

    name: str
    means: str


class Meanings(Struct):
    """Every short name."""

    object: Literal["list"]
    data: list[Meaning]


class InForce(Struct):
    """The configuration in force; `generation` counts its changes."""

    generation: int
    config: dict[str, Any]


class Reconfigured(Struct):
    """The parts of the configuration that have changed."""

    generation: int
    changed: list[str]


class Rated(Struct):
    """A rating that was taken; `weight`, 0 to 1, is how much it counts."""

    id: str
    expert: str | None
    rating: float
    weight: float


class Acknowledged(Struct):
    """How many alarms are forgotten."""

    acknowledged: int


class ExperimentPlan(Struct):
    """What is tried out: `changes` are a JSON merge patch onto the configuration."""

    name: Text


class Experiment(Struct):
    """How an experiment stands, with its verdict in plain words."""

    name: str


class Experiments(Struct):
    """Those that run, and those that have ended."""

    object: Literal["list"]
    data: list[Experiment]


MANAGEMENT_OUTLINES = (
    Experts,
    ExpertStatus,
    RemovedExpert,
    Removed,
    Backend,
    Backends,
    Meaning,
    Meanings,
    InForce,
    Reconfigured,
    Rated,
    Acknowledged,
    ExperimentPlan,
    Experiment,
    Experiments,
)
