"""Who is on duty: the only writer of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.config import RankingConfig
from collegium.errors import Conflict, LastExpert, UnknownExpert
from collegium.events import EventBus, Joined, Left
from collegium.management.ranking import rank
from collegium.management.tracker import PerformanceTracker
from collegium.management.underperforming import below, checks_of, stand_ins, underperforming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from collegium.experts.base import Expert
    from collegium.experts.roster import Roster
    from collegium.management.performance import Performance
    from collegium.management.ranking import Rank
    from collegium.management.scaling import Size
    from collegium.management.underperforming import Underperformer

DRAINING = "it is being drained"
RESTORED = "it gets queries again"


class ExpertManager:
    """Puts experts on duty and takes them off, while queries are answered, and ranks them.

    Args:
        roster: who is on duty.
        events: told of whoever joins and leaves.
        tracker: how everybody does; without one, one that listens to the events from now on.
        scaling: resizes what is to be resized; without it nothing is.
    """

    def __init__(
        self,
        roster: Roster,
        events: EventBus | None = None,
        *,
        tracker: PerformanceTracker | None = None,
        scaling: Callable[[], Awaitable[Sequence[Size]]] | None = None,
    ) -> None:
        self._roster = roster
        self._events = events or EventBus()
        self._scaling = scaling
        self._removed: dict[str, Expert] = {}
        if tracker is None:
            tracker = PerformanceTracker()
            self._leave_off = self._events.subscribe(tracker)
        else:
            self._leave_off = _nothing
        self.tracker = tracker

    def watched_by(
        self, tracker: PerformanceTracker, scaling: Callable[[], Awaitable[Sequence[Size]]]
    ) -> None:
        """Go by another tracker from now on, and scale by `scaling`."""
        self._leave_off()
        self._leave_off, self.tracker, self._scaling = _nothing, tracker, scaling

    def register_expert(self, expert: Expert, *, replace: bool = False) -> None:
        """Put an expert on duty; the next query may be routed to it.

        With `replace` one of its key gives way to it, and finishes what it has begun.

        Raises:
            ConfigError: another one has its name or its key.
        """
        if replace and expert.key in self._roster:
            others = [expert if one.key == expert.key else one for one in self._roster]
            self._roster.swap(others)
        else:
            self._roster.add(expert)
        self._removed.pop(expert.key, None)
        self._events.publish(Joined(expert.name))

    def remove_expert(self, name: str, *, why: str = "") -> Expert:
        """Take an expert off duty and return it; it finishes what it has begun.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
        """
        expert = self._roster.remove(name)
        self._removed[expert.key] = expert
        self._events.publish(Left(expert.name, why))
        return expert

    def drain_expert(self, name: str, *, why: str = DRAINING) -> Expert:
        """Give an expert no more queries, and return it; it finishes those it has.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
            LastExpert: nobody else is ready.
        """
        expert = self._roster[name]
        self.check_replaceable(name)
        expert.resting = why
        self._events.publish(Left(expert.name, why))
        return expert

    def restore_expert(self, name: str) -> Expert:
        """Give an expert queries again who was drained, or removed, and return it.

        Raises:
            UnknownExpert: nobody has or had that name or key.
            Conflict: it gets queries.
        """
        if name not in self._roster:
            return self._brought_back(name)
        expert = self._roster[name]
        if not expert.resting:
            raise Conflict(f"{expert.name} gets queries: there is nothing to restore")
        expert.resting = ""
        self._events.publish(Joined(expert.name, RESTORED))
        return expert

    def check_replaceable(self, name: str) -> None:
        """See that somebody else could answer, were that expert not there.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
            LastExpert: nobody could.
        """
        expert = self._roster[name]
        if all(one is expert or one.lacks for one in self._roster):
            raise LastExpert(
                f"{expert.name} is the only expert who can answer; add or restore another first"
            )

    def ranking(
        self,
        weights: RankingConfig | None = None,
        performances: Mapping[str, Performance] | None = None,
    ) -> tuple[Rank, ...]:
        """Everybody on duty, the best first, each with its score from 0 to 1 and how sure it is.

        The score is 0.5 x success rate + 0.3 x free capacity + 0.2 x speed, or as `weights` say.
        The `performances` that are known already, by name, are not looked up again.
        """
        known, performance = performances or {}, self.tracker.performance
        ranked = [known.get(one.name) or performance(one.name) for one in self._roster]
        loads = {one.name: one.current_load / max(1, one.max_load) for one in self._roster}
        return rank(ranked, loads, weights or RankingConfig())

    async def evaluate_experts(self, weights: RankingConfig | None = None) -> dict[str, float]:
        """The rank score of everybody on duty, from 0 to 1, by name; see `ranking`."""
        return {one.name: one.score for one in self.ranking(weights)}

    def underperforming(self, threshold: float) -> tuple[Underperformer, ...]:
        """Who does worse than `threshold`, 0 to 1, and than others, and can be spared: one at most.

        See `collegium.management.underperforming`.
        """
        ready = {one.key: one.name for one in self._roster if not one.lacks}
        performances = [self.tracker.performance(name) for name in ready.values()]
        if not below(performances, threshold):
            return ()
        deputy = self._roster.fallback
        fallback = deputy.name if deputy is not None and deputy.key in ready else None
        casebook = self.tracker.casebook
        capable = stand_ins(casebook.cases(), ready, fallback)
        return underperforming(performances, threshold, capable, checks_of(casebook.cases()))

    def remove_underperforming(self, threshold: float) -> Mapping[str, str]:
        """Give those no more queries who do worse than `threshold` beyond doubt: name to why.

        They stay on the roster, so that `restore_expert` undoes it.
        """
        gone: dict[str, str] = {}
        for one in self.underperforming(threshold):
            try:
                self.drain_expert(one.name, why=one.why)
            except LastExpert:
                continue
            gone[one.name] = one.why
        return gone

    async def scale_experts(self) -> list[Size]:
        """Give every pool as many instances as it needs now, and say what has changed."""
        return [] if self._scaling is None else list(await self._scaling())

    def _brought_back(self, name: str) -> Expert:
        expert = next((one for one in self._removed.values() if name in (one.key, one.name)), None)
        if expert is None:
            raise UnknownExpert(f"no expert called {name!r} is on duty, or was")
        expert.resting = ""
        self.register_expert(expert)
        return expert


def _nothing() -> None:
    """There is nothing to leave off."""
