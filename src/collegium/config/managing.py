"""What can be configured of the management: who stays, how many, and what is learned meanwhile."""

from typing import Annotated

from pydantic import Field

from collegium.config.section import Section
from collegium.config.values import AtLeastOne, NotNegative, Positive, Record, Risk, Share, Variable


class RankingConfig(Section):
    """What an expert's rank is made of; the weights count in proportion to their sum."""

    success: NotNegative = Field(
        default=0.5, description="What the share of queries answered of late weighs."
    )
    free: NotNegative = Field(default=0.3, description="What free capacity weighs.")
    speed: NotNegative = Field(default=0.2, description="What being quick weighs.")
    fewest: AtLeastOne = Field(
        default=20, description="Fewer outcomes than this are too few to rank by."
    )


class ScalingConfig(Section):
    """How pools grow and shrink, where `auto_scale` is on."""

    target: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.7, description="The utilisation that is aimed at, above 0 and up to 1."
    )
    every_s: Positive = Field(default=2.0, description="Seconds between two looks.")
    grow_after_s: NotNegative = Field(
        default=4.0, description="Seconds after a change before a pool may grow (again)."
    )
    shrink_after_s: NotNegative = Field(
        default=60.0, description="Seconds of less demand before a pool shrinks."
    )
    idle_s: Positive | None = Field(
        default=None,
        description="Seconds without a query after which an embedded model's last process ends; "
        "none: it stays.",
    )
    reserve_mb: NotNegative = Field(
        default=512.0, description="Megabytes of memory that must stay free beside one more model."
    )


class BalanceConfig(Section):
    """How the router evens out the load of experts."""

    price: Share = Field(
        default=0.2,
        description="The most that being busier than the others takes off an expert's score; 0: "
        "nothing.",
    )


class LearningConfig(Section):
    """What ratings and checks teach."""

    enabled: bool = Field(
        default=False, description="Whether the gate and the choice of models learn from outcomes."
    )
    explore: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.02, description="The share of queries for which something else is tried out."
    )
    propose_after: AtLeastOne = Field(
        default=200,
        description="So many new outcomes, and what was learned is put to an experiment.",
    )


class DriftConfig(Section):
    """How changes of the traffic and of experts are noticed."""

    enabled: bool = Field(default=True, description="Whether anybody looks.")
    false_alarm: Risk = Field(
        default=0.01,
        description="The probability of an alarm, ever, where nothing changes; over all that is "
        "watched.",
    )


class ManagementConfig(Section):
    """Who stays."""

    auto_scale: bool = Field(
        default=False, description="Whether pools grow and shrink with demand."
    )
    performance_threshold: Share = Field(
        default=0.85, description="The share of good answers below which an expert underperforms."
    )
    remove_underperforming: bool = Field(
        default=False,
        description="Whether such an expert gets no more queries, where that is beyond doubt.",
    )
    window_s: Positive = Field(
        default=3600.0, description="Seconds that count as now where performance is shown."
    )
    half_life: Positive = Field(
        default=200.0, description="Outcomes after which an older one counts half."
    )
    watch_config: bool = Field(
        default=True, description="Whether the file is read again when it has changed."
    )
    rate_within_s: Positive = Field(
        default=604_800.0, description="Seconds after an answer in which it can be rated."
    )
    ranking: RankingConfig = Field(
        default_factory=RankingConfig, description="What an expert's rank is made of."
    )
    scaling: ScalingConfig = Field(
        default_factory=ScalingConfig, description="How pools grow and shrink."
    )
    balance: BalanceConfig = Field(
        default_factory=BalanceConfig, description="How the load is evened out."
    )
    learning: LearningConfig = Field(
        default_factory=LearningConfig, description="What ratings and checks teach."
    )
    drift: DriftConfig = Field(default_factory=DriftConfig, description="How changes are noticed.")


class StorageConfig(Section):
    """The record of what happened."""

    url: Record | None = Field(
        default=None,
        description="A SQLite file's path, postgresql://..., or off; none: `serve` and `ask` use a "
        "file in the user's own folder, Python programs none.",
    )
    password_env: Variable | None = Field(
        default=None,
        description="The name of the environment variable that holds the database's password.",
    )
    queue: AtLeastOne = Field(
        default=10_000,
        description="Events that may wait to be written; what is more is dropped and counted.",
    )
    keep_days: Positive | None = Field(
        default=90.0, description="Days after which events are deleted; none: they are kept."
    )
    vectors: bool = Field(
        default=True,
        description="Whether embeddings of queries are kept, by which the gate learns.",
    )
    texts: bool = Field(
        default=False, description="Whether the texts of queries and answers are kept."
    )
