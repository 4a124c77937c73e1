"""From what is known of a query, and how things stand now, to who answers it: arithmetic alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from collegium.routing.policy import choose
from collegium.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.experts.base import Expert, ExpertCapability
    from collegium.routing.bids import Bid
    from collegium.routing.calibration import Calibration
    from collegium.routing.memory import Judgement
    from collegium.routing.policy import Choice, RoutingPolicy
    from collegium.routing.stack import Stack


class Circumstances(NamedTuple):
    """Everything but the query that a choice depends on; where it is equal, the choice is the same.

    `bids`, `seats` (how many are taken, of how many) and `capabilities` have one for each expert;
    `lacks` says what those lack who are not ready. The rest is as `policy.choose` has it.
    """

    bids: Sequence[Bid]
    seats: Sequence[tuple[int, int]]
    capabilities: Sequence[Sequence[ExpertCapability]]
    lacks: Mapping[str, str]
    fallback: str | None
    incumbent: str | None
    top_k: int | None
    policy: RoutingPolicy
    calibration: Calibration


def choice_of(judged: Judgement, now: Circumstances, stack: Stack | None) -> Choice:
    """Who answers a query, by what was judged of it and how things stand."""
    experts, belief = judged.experts, judged.belief
    shares = with_room(belief.shares, experts, now.bids)
    loads = [taken / max(1, most) for taken, most in now.seats]
    scores = _scores(experts, shares, now, loads, stack)
    return choose(
        [
            candidate_of(*each, shares=shares)
            for each in zip(experts, now.bids, scores, loads, strict=True)
        ],
        not_ready=now.lacks,
        claimed=any(map(claims, now.capabilities, now.bids)),
        fallback=now.fallback,
        top_k=now.top_k,
        policy=now.policy,
        calibration=now.calibration,
        in_scope=belief.in_scope,
        sure=belief.sure,
        incumbent=now.incumbent,
    )


def seats_of(expert: Expert) -> tuple[int, int]:
    """An expert's queries in flight, and how many it can take; an idle one is not asked that."""
    taken = expert.current_load
    return (taken, expert.max_load) if taken else (0, 1)


def load_of(expert: Expert) -> float:
    """How much of what an expert can take it has; 1 and more is all."""
    taken, most = seats_of(expert)
    return taken / max(1, most)


def claims(capabilities: Sequence[ExpertCapability], bid: Bid) -> bool:
    """Whether an expert is sure enough for one of its capabilities."""
    threshold = min([one.confidence_threshold for one in capabilities], default=0.5)
    return (bid.assessment or 0.0) >= threshold


def with_room(
    shares: Mapping[str, float], experts: Sequence[Expert], bids: Sequence[Bid]
) -> Mapping[str, float]:
    """The gate's shares, with room for experts on duty that it has not learned.

    The gate spreads all its belief over experts it knows, whoever else is there. Where one of the
    others is surer of itself than any of those, the shares shrink by as much.
    """
    pairs = list(zip(experts, bids, strict=True))
    other = max([bid.assessment or 0.0 for one, bid in pairs if one.key not in shares], default=0.0)
    if other == 0:
        return shares
    known = max([bid.assessment or 0.0 for one, bid in pairs if one.key in shares], default=0.0)
    if not 0 < known < other:
        return shares
    return {key: share * known / other for key, share in shares.items()}


def candidate_of(
    expert: Expert, bid: Bid, score: float, load: float, *, shares: Mapping[str, float]
) -> Candidate:
    """How an expert stands."""
    note = bid.note
    if load >= 1:
        full = f"at its maximum load of {expert.max_load}: score halved"
        note = f"{note}; {full}" if note else full
    key, own = expert.key, bid.assessment or 0.0
    return Candidate(expert.name, key, shares.get(key, 0.0), own, load, score, note)


def _scores(
    experts: Sequence[Expert],
    shares: Mapping[str, float],
    now: Circumstances,
    loads: Sequence[float],
    stack: Stack | None,
) -> list[float]:
    """Every expert's score: gate, own assessment and load in one."""
    policy = now.policy
    if stack is None:
        return [
            policy.score(shares.get(one.key), bid.assessment, load)
            for one, bid, load in zip(experts, now.bids, loads, strict=True)
        ]
    # Even odds for a known expert that has said nothing: the gate alone weighs it.
    own = {
        one.key: (0.5 if one.key in shares else 0.0) if bid.assessment is None else bid.assessment
        for one, bid in zip(experts, now.bids, strict=True)
    }
    stacked = stack.scores(shares, own)
    return [policy.loaded(stacked[one.key], load) for one, load in zip(experts, loads, strict=True)]
