"""How candidates become a decision: arithmetic alone, no clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.errors import NoExpertAvailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.routing.calibration import Calibration
    from collegium.types import Candidate

_score_of = attrgetter("score")


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """How the parts are weighed.

    Without a `risk`, `top_k` is the most experts one query costs; one whose decision reaches
    `min_confidence` (a probability) costs one expert. A score is `gate_weight` x gate +
    (1 - `gate_weight`) x own assessment, or with the `blend` 'learned' what the gate's fitted stack
    makes of both; times `overloaded_factor` for an expert at its maximum load. An expert that has
    said nothing after `assessment_timeout_s` seconds is weighed by the gate alone. A query that no
    expert claims, and whose best share is below `scope_ratio` x the even share, is out of scope.

    With a `risk`, a gate that can say so chooses how many: the fewest experts among whom an
    acceptable one is missing for at most that share of queries. An expert keeps its session's
    queries unless another's score is higher by `switch_gain`.

    `busy_price` is the most that being busier than the others takes off a score; see `pricing`.
    With the probability `explore`, another plausible expert is tried out first; see `exploring`.
    """

    top_k: int = 1
    min_confidence: float = 0.7
    gate_weight: float = 0.6
    overloaded_factor: float = 0.5
    assessment_timeout_s: float = 0.25
    scope_ratio: float = 1.5
    max_query_chars: int = 500_000
    risk: float | None = None
    switch_gain: float = 0.0
    blend: str = "formula"
    busy_price: float = 0.0
    explore: float = 0.0

    def score(self, gate: float | None, assessment: float | None, load: float) -> float:
        """The blend of an expert's gate share, own assessment and load; from 0 to 1.

        An expert that the gate does not know (`gate` is None) counts by its own word alone.
        """
        return self.loaded(self.blends([gate], [assessment or 0.0])[0], load)

    def blends(self, gate: Sequence[float | None], own: Sequence[float]) -> list[float]:
        """Of many experts, the blend of gate share and own assessment, as if all were idle."""
        weight, rest = self.gate_weight, 1 - self.gate_weight
        return [
            word if share is None else weight * share + rest * word
            for share, word in zip(gate, own, strict=True)
        ]

    def loaded(self, score: float, load: float) -> float:
        """A score as the load leaves it."""
        return score * self.overloaded_factor if load >= 1 else score


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates were chosen, in order, which not, and why."""

    chosen: tuple[Candidate, ...]
    passed_over: tuple[Candidate, ...]
    confidence: float
    low_confidence: bool
    reasons: tuple[str, ...]


def choose(
    candidates: Sequence[Candidate],
    *,
    not_ready: Mapping[str, str],
    claimed: bool,
    fallback: str | None,
    top_k: int | None,
    policy: RoutingPolicy,
    calibration: Calibration,
    in_scope: bool | None = None,
    sure: Sequence[str] = (),
    incumbent: str | None = None,
    prices: Mapping[str, float] = MappingProxyType({}),
) -> Choice:
    """Pick who answers.

    Args:
        candidates: everybody considered, in any order.
        not_ready: key -> what the expert lacks, for those who cannot answer now.
        claimed: whether any expert's own assessment reaches a threshold of its capabilities.
        fallback: the key of the expert for queries that nobody else can take.
        top_k: how many to choose; None leaves it to the policy.
        policy: the weights and limits.
        calibration: turns the ranking into a probability.
        in_scope: whether the gate finds the query like those it knows; None where it cannot tell.
        sure: the keys of the gate's smallest set of experts for the policy's risk, if it made one.
        incumbent: the key of the expert who has the query's session.
        prices: key -> what being busy takes off its score, where it takes or adds something.

    Raises:
        NoExpertAvailable: nobody is ready.
    """
    ranked = sorted(candidates, key=_score_of, reverse=True)
    ready = [one for one in ranked if one.key not in not_ready] if not_ready else ranked
    if not ready:
        lacks = "; ".join(f"{key}: {why}" for key, why in not_ready.items())
        raise NoExpertAvailable(f"no expert is ready ({lacks}); `collegium doctor` says what to do")
    reasons: list[str] = []
    deputy = next((one for one in ready if one.key == fallback), None)
    able = [one for one in ready if one.score > 0]
    takes_over = deputy is not None and (
        not able or out_of_scope(ready, policy, claimed=claimed, in_scope=in_scope)
    )
    if deputy is not None and takes_over:
        reasons.append(f"no expert claims the query: {deputy.key} takes over as the fallback")
        able = _with_first(deputy, able)
    able = able or ready[:1]
    staying = next((one for one in able if one.key == incumbent), None) if incumbent else None
    if staying is not None:
        able = _with_incumbent(staying, able, policy.switch_gain, reasons)
    elif prices and not takes_over:
        able = _with_less_busy(able, prices, policy.busy_price, reasons)
    confidence = calibration.probability([(one.score, one.gate) for one in able[:2]])
    low = confidence < policy.min_confidence
    most = top_k if top_k is not None else (policy.top_k if low else 1)
    chosen = able[:most]
    if sure and policy.risk is not None and top_k is None:
        chosen = [one for one in able if one.key in sure or one is able[0]]
        most = len(chosen) + 1  # the fallback joins the set, and takes nobody's place
        reasons.append(_set_reason(policy.risk, sure, able))
    reasons.insert(0, _standing(chosen[0]))
    reasons += [
        _not_ready(one, chosen[0], not_ready)
        for one in _better(ranked, chosen[0])
        if one not in able
    ]
    if low:
        reasons.append(f"low confidence: {confidence:.2f} is below {policy.min_confidence:.2f}")
        if deputy is not None and deputy not in chosen and most > 1:
            chosen[most - 1 :] = [deputy]
            reasons.append(f"{deputy.key} is asked beside it as the fallback")
    taken = {one.key for one in chosen}
    passed = [
        one if one.key not in not_ready else _with_reason(one, not_ready[one.key])
        for one in ranked
        if one.key not in taken
    ]
    return Choice(tuple(chosen), tuple(passed), confidence, low, tuple(reasons))


def out_of_scope(
    ready: Sequence[Candidate],
    policy: RoutingPolicy,
    *,
    claimed: bool,
    in_scope: bool | None = None,
) -> bool:
    """Whether neither any expert nor the gate finds the query its own."""
    if claimed:
        return False
    if in_scope is not None:
        return not in_scope
    shares = [candidate.gate for candidate in ready]
    even = sum(shares) / len(shares)
    return max(shares) <= policy.scope_ratio * even


def _with_first(first: Candidate, others: Sequence[Candidate]) -> list[Candidate]:
    return [first, *(one for one in others if one is not first)]


def _with_incumbent(
    staying: Candidate, able: list[Candidate], switch_gain: float, reasons: list[str]
) -> list[Candidate]:
    """The able with who has the session first, unless another is clearly better."""
    gain = able[0].score - staying.score
    if staying is able[0] or (gain > 0 and gain >= switch_gain):
        return able
    by = f"better by {gain:.2f}, less than {switch_gain:.2f}" if gain > 0 else "no better"
    reasons.append(f"{staying.key} keeps its session: {able[0].key} is {by}")
    return _with_first(staying, able)


def _with_less_busy(
    able: list[Candidate], prices: Mapping[str, float], most: float, reasons: list[str]
) -> list[Candidate]:
    """The able with who is best after the prices first, among those as good but for `most`."""
    best = able[0]
    near = takewhile(lambda one: best.score - one.score <= most, able)
    first = max(near, key=lambda one: one.score - prices.get(one.key, 0.0))
    if first is best:
        return able
    gap = best.score - first.score
    reasons.append(
        f"moved from {best.key} to {first.key}: busier of late, and better by only {gap:.3f}"
    )
    return _with_first(first, able)


def _set_reason(risk: float, sure: Sequence[str], able: Sequence[Candidate]) -> str:
    there = [key for key in sure if any(one.key == key for one in able)]
    absent = [key for key in sure if key not in there]
    if absent:
        return (
            f"a risk of {risk:g} would take {', '.join(sure)}; without {', '.join(absent)}, who "
            "cannot answer now, it is not kept"
        )
    return (
        f"a risk of {risk:g} takes {len(there)}: {', '.join(there)} hold an acceptable expert for "
        f"{1 - risk:.0%} of such queries"
    )


def _standing(one: Candidate) -> str:
    return (
        f"{one.key} first: gate {one.gate:.2f}, own assessment {one.assessment:.2f}, "
        f"load {one.load:.0%}, score {one.score:.2f}"
    )


def _better(ranked: Sequence[Candidate], first: Candidate) -> Iterable[Candidate]:
    return takewhile(lambda one: one.score > first.score, ranked)


def _not_ready(one: Candidate, first: Candidate, not_ready: Mapping[str, str]) -> str:
    why = not_ready.get(one.key, one.note) or "out of scope"
    return f"{one.key} scored {one.score:.2f} but is not ready: {why}; {first.key} is the next best"


def _with_reason(one: Candidate, why: str) -> Candidate:
    note = f"not ready: {why}"
    return replace(one, note=f"{one.note}; {note}" if one.note else note)
