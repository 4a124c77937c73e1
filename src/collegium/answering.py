"""Makes what answers are computed, checked and joined by, from the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collegium.aggregation.aggregator import ResponseAggregator
from collegium.aggregation.ensemble import Ensemble
from collegium.aggregation.quality import QualityPolicy
from collegium.aggregation.voting import Voting
from collegium.experts.computing.arithmetic import Arithmetic
from collegium.experts.computing.code import CodeComputer
from collegium.experts.computing.dates import Dates
from collegium.experts.computing.tables import SqlComputer
from collegium.experts.computing.texts import Texts
from collegium.experts.computing.units import Units
from collegium.experts.model_expert import ModelExpert
from collegium.lexicon import Vocabulary
from collegium.verification.checks import Verifier, standard_checks
from collegium.verification.sandbox import Limits, Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.aggregation.cascade import Cascade
    from collegium.aggregation.learned import CascadePolicy
    from collegium.config import Config
    from collegium.experts.computing.base import Computer

VERIFYING = ("coding", "math", "data")


@dataclass(frozen=True, slots=True)
class Workbench:
    """What answers are computed and checked with: one sandbox for all, and its verifier.

    Without a `verifier` nothing is checked.
    """

    sandbox: Sandbox
    verifier: Verifier | None

    @classmethod
    def of(cls, config: Config) -> Workbench:
        """The workbench that a configuration describes."""
        settings = config.moe.verification
        limits = Limits(wall_s=settings.wall_s, memory_mb=settings.memory_mb)
        sandbox = Sandbox(limits, unsafe=settings.unsafe)
        return cls(sandbox, Verifier(standard_checks(sandbox)) if settings.enabled else None)

    def computers(self, key: str) -> Sequence[Computer]:
        """Those who compute for the built-in expert of that key."""
        match key:
            case "coding":
                return (CodeComputer(self.sandbox),)
            case "math":
                return (Arithmetic(), Units(), Dates(), Texts())
            case "data":
                return (SqlComputer(),)
            case _:
                return ()


def policy_of_cascade(config: Config) -> CascadePolicy | None:
    """The fitted cascade that the configuration names; None where it names none.

    Raises:
        DataError: the file cannot be read, or is wrong.
    """
    path = config.moe.aggregation.policy
    if path is None:
        return None
    from collegium.aggregation.learned import CascadePolicy  # noqa: PLC0415 -- numpy

    return CascadePolicy.load(Path(path).expanduser())


def synthesiser_of(config: Config) -> ModelExpert | None:
    """Who writes one answer of several; it gets its model when the college opens."""
    if config.moe.aggregation.synthesis_model is None:
        return None
    return ModelExpert(
        "Synthesis",
        Vocabulary({}),
        instructions="You write one answer out of several, keeping what is right in each.",
        description="Writes one answer out of several.",
    )


def aggregator_of(
    config: Config, policy: CascadePolicy | None, synthesiser: ModelExpert | None
) -> ResponseAggregator:
    """The aggregator that a configuration describes, with its strategies."""
    settings = config.moe.aggregation

    def cascade() -> Cascade:
        from collegium.aggregation.cascade import Cascade  # noqa: PLC0415 -- numpy

        return Cascade(policy, objective=config.moe.objective)

    return ResponseAggregator(
        settings.strategy,
        strategies={
            "voting": Voting(adjudication=settings.adjudicate),
            "ensemble": Ensemble(synthesiser),
        },
        makers={"cascade": cascade},
        quality=QualityPolicy(
            accept=settings.accept_from,
            agreement=settings.agree_from,
            mend=settings.mend,
            escalations=settings.escalations,
            abstain=settings.abstain_below,
        ),
    )
