"""From what is known of a query, and how things stand now, to who answers it: arithmetic alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from collegium.routing.policy import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.experts.base import Expert, ExpertCapability
    from collegium.routing.bids import Bid
    from collegium.routing.calibration import Calibration
    from collegium.routing.memory import Judgement
    from collegium.routing.policy import Choice, RoutingPolicy
    from collegium.routing.stack import Stack

# The seats of an expert who has nothing to do: how many there are does not matter then.
IDLE = (0, 1)


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
    prices: Mapping[str, float]


def choice_of(judged: Judgement, now: Circumstances, stack: Stack | None) -> Choice:
    """Who answers a query, by what was judged of it and how things stand.

    Everything is a list with one for each expert: there may be hundreds, and a step for each of
    them, one after the other, would take longer than reading the query.
    """
    bench, belief = judged.bench, judged.belief
    own = [bid.assessment or 0.0 for bid in now.bids]
    shares = with_room(belief.shares, bench.keys, own)
    gate = [shares.get(key) for key in bench.keys]
    loads = [taken / max(1, most) if taken else 0.0 for taken, most in now.seats]
    if stack is None:
        scores = now.policy.blends(gate, own)
    else:
        scores = _stacked(bench.keys, now.bids, shares, stack)
    notes = [bid.note for bid in now.bids]
    for place, load in enumerate(loads):
        if load >= 1:
            full = f"at its maximum load of {now.seats[place][1]}: score halved"
            notes[place] = f"{notes[place]}; {full}" if notes[place] else full
            scores[place] = now.policy.loaded(scores[place], load)
    candidates = bench.candidates([share or 0.0 for share in gate], own, loads, scores, notes)
    # Only a fallback takes what nobody claims, and nothing that the gate finds in scope.
    matters = now.fallback is not None and not belief.in_scope
    return choose(
        candidates,
        not_ready=now.lacks,
        claimed=matters and any(map(claims, now.capabilities, own)),
        fallback=now.fallback,
        top_k=now.top_k,
        policy=now.policy,
        calibration=now.calibration,
        in_scope=belief.in_scope,
        sure=belief.sure,
        incumbent=now.incumbent,
        prices=now.prices,
    )


def load_of(expert: Expert) -> float:
    """How much of what an expert can take it has; 1 and more is all."""
    taken = expert.current_load
    return taken / max(1, expert.max_load) if taken else 0.0


def claims(capabilities: Sequence[ExpertCapability], own: float) -> bool:
    """Whether an expert is sure enough for one of its capabilities."""
    return own >= min([one.confidence_threshold for one in capabilities], default=0.5)


def with_room(
    shares: Mapping[str, float], keys: Sequence[str], own: Sequence[float]
) -> Mapping[str, float]:
    """The gate's shares, with room for experts on duty that it has not learned.

    The gate spreads all its belief over experts it knows, whoever else is there. Where one of the
    others is surer of itself than any of those, the shares shrink by as much.

    Args:
        shares: the gate's, by key.
        keys: of the experts on duty.
        own: what each of these says of itself.
    """
    known = [word for key, word in zip(keys, own, strict=True) if key in shares]
    if len(known) == len(keys):
        return shares
    most = max(known, default=0.0)
    others = max([word for key, word in zip(keys, own, strict=True) if key not in shares])
    if not 0 < most < others:
        return shares
    return {key: share * most / others for key, share in shares.items()}


def _stacked(
    keys: Sequence[str], bids: Sequence[Bid], shares: Mapping[str, float], stack: Stack
) -> list[float]:
    """The score of each by the learned stack."""
    # Even odds for a known expert that has said nothing: the gate alone weighs it.
    own = {
        key: (0.5 if key in shares else 0.0) if bid.assessment is None else bid.assessment
        for key, bid in zip(keys, bids, strict=True)
    }
    scores = stack.scores(shares, own)
    return [scores[key] for key in keys]
