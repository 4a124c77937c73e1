"""One challenger against the control: what was seen of both, and what that is reason for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from collegium.management.experiments.evidence import exceeds
from collegium.management.experiments.metrics import (
    METRICS,
    Scale,
    compare,
    gain,
    gains_less,
    gains_more,
)
from collegium.management.experiments.pairs import (
    CHALLENGER_SIDE,
    CONTROL_SIDE,
    LONGEST_BLOCK,
    Pairs,
)
from collegium.management.experiments.wording import difference_in_words, size_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.management.experiments.plan import ExperimentPlan

# A guard-rail holds when a loss of so many times what it tolerates is excluded, and what was seen
# is within it. To exclude what is just beyond it takes two to four times as long.
LEEWAY = {"latency": 1.5, "cost": 1.5, "success": 2.0, "rating": 2.0}
CHECK_RISK = 0.01  # the probability of ever warning, of each kind, where nothing is wrong
CHECKS = ("finished", "rated")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a trial is reason for: the challenger is 'better', or 'worse' by `metric`."""

    what: str
    metric: str


@dataclass(slots=True)
class Trial:
    """A challenger beside the control; `pairs` by metric, `checks` by what may be missing.

    `excess` and `spread` say how far the share of units it got is off what it was to get.
    """

    variant: str
    pairs: dict[str, Pairs] = field(default_factory=lambda: {one: Pairs() for one in METRICS})
    checks: dict[str, Pairs] = field(default_factory=lambda: {one: Pairs() for one in CHECKS})
    excess: float = 0.0
    spread: float = 0.0
    dropped: bool = False

    def drew(self, share: float, *, drawn: bool) -> None:
        """A unit began: it was the challenger's or not, which had a probability of `share`."""
        off = float(drawn) - share
        self.excess += off
        self.spread += off * off

    def warnings(self, metric: str) -> list[str]:
        """What casts doubt on the comparison, in words."""
        told: list[str] = []
        risk = CHECK_RISK / 2
        if any(exceeds(off, self.spread, 1.0, risk) for off in (self.excess, -self.excess)):
            told.append(
                "the shares of sessions are not those that were drawn: something loses some"
            )
        words = {"finished": "sessions without an outcome", "rated": "sessions that were rated"}
        for name, pairs in self.checks.items():
            matters = name == "finished" or metric == "rating"
            if matters and (pairs.above(1.0, 0.0, risk) or pairs.below(1.0, 0.0, risk)):
                told.append(f"control and challenger differ in {words[name]}, beyond chance")
        return told

    def judge(self, plan: ExperimentPlan, scales: Mapping[str, Scale]) -> Finding | None:
        """What is to be concluded by now; every look together is wrong with the plan's risk."""
        guard_risk = plan.guard_risk / 2
        for metric, tolerated in plan.guard_rails.items():
            if gains_less(self.pairs[metric], scales[metric], -tolerated, guard_risk):
                return Finding("worse", metric)
        own, scale = self.pairs[plan.metric], scales[plan.metric]
        if gains_less(own, scale, 0.0, plan.risk / 2):
            return Finding("worse", plan.metric)
        needed = plan.min_effect + (self.unrated if plan.metric == "rating" else 0.0)
        if gains_more(own, scale, needed, plan.risk / 2) and not (
            self.in_doubt(plan, scales) or self.warnings(plan.metric)
        ):
            return Finding("better", plan.metric)
        return None

    @property
    def unrated(self) -> float:
        """How much better ratings could look for one side being rated more seldom so far.

        That is the share that is missing there, were all of it as bad as can be; 1 as long as
        nothing is known.
        """
        rated = self.checks["rated"]
        fewer, more = sorted((rated.control, rated.challenger))
        return 1 - fewer / more if more else 1.0

    def in_doubt(self, plan: ExperimentPlan, scales: Mapping[str, Scale]) -> tuple[str, ...]:
        """The guard-rails of which it cannot be said yet that they hold."""
        return tuple(
            metric
            for metric, tolerated in plan.guard_rails.items()
            # All have to hold, so that each may be wrongly said to with what all may be wrong with.
            if not self._holds(scales[metric], tolerated, plan.risk)
        )

    def difference(self, metric: str, plan: ExperimentPlan, scales: Mapping[str, Scale]) -> str:
        """The difference by a metric, with its interval, in words."""
        risk = plan.guard_risk if metric in plan.guard_rails else plan.risk
        compared = compare(self.pairs[metric], scales[metric], risk)
        words = difference_in_words(self.variant, compared, plan.alpha)
        if metric == "rating" and compared.pairs and self.unrated > 0:
            size = size_in_words(metric, self.unrated)
            words = f"{words}, of which {size} at most are for one side being rated more seldom"
        return words

    def reason(self, finding: Finding, plan: ExperimentPlan, scales: Mapping[str, Scale]) -> str:
        """Why that was found, in words."""
        words = self.difference(finding.metric, plan, scales)
        tolerated = plan.guard_rails.get(finding.metric)
        if tolerated is None:
            return words
        return f"{words}, where {size_in_words(finding.metric, tolerated)} are tolerated"

    def looks_well(self, plan: ExperimentPlan, scales: Mapping[str, Scale]) -> bool:
        """Whether no guard-rail seems to be touched, by what was seen so far."""
        return all(
            gain(self.pairs[metric], scales[metric]) >= -tolerated
            for metric, tolerated in plan.guard_rails.items()
        )

    def _holds(self, scale: Scale, tolerated: float, risk: float) -> bool:
        pairs = self.pairs[scale.metric]
        within = gain(pairs, scale) >= -tolerated
        beyond = -LEEWAY[scale.metric] * tolerated
        return scale.free or (within and gains_more(pairs, scale, beyond, risk))

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "variant": self.variant,
            "pairs": {name: pairs.as_data() for name, pairs in self.pairs.items()},
            "checks": {name: pairs.as_data() for name, pairs in self.checks.items()},
            "excess": self.excess,
            "spread": self.spread,
            "dropped": self.dropped,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Trial:
        """What `as_data` gave."""
        fields: dict[str, Any] = dict(data)
        for kind in ("pairs", "checks"):
            fields[kind] = {name: Pairs.of(one) for name, one in data[kind].items()}
        return cls(**fields)


def block_of(control: float, challenger: float) -> tuple[int, int]:
    """How many values of each side make a pair, where they get such shares of the units."""
    ratio = control / challenger if challenger else 1.0
    block = [1, 1]
    block[CONTROL_SIDE] = min(max(round(ratio), 1), LONGEST_BLOCK)
    block[CHALLENGER_SIDE] = min(max(round(1 / ratio) if ratio else 1, 1), LONGEST_BLOCK)
    return block[CONTROL_SIDE], block[CHALLENGER_SIDE]
