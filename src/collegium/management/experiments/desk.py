"""Where experiments are begun, kept and ended: one runs at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from collegium.errors import Conflict, UnknownExperiment
from collegium.management.experiments.experiment import Experiment
from collegium.management.experiments.report import report_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.management.experiments.actions import Action
    from collegium.management.experiments.assignment import Assignment
    from collegium.management.experiments.plan import ExperimentPlan, Variant
    from collegium.storage.records import Record

MOST_ENDED = 50


class Desk:
    """The experiment that runs, and what came of those that ended."""

    def __init__(self) -> None:
        self._running: Experiment | None = None
        self._ended: deque[dict[str, Any]] = deque(maxlen=MOST_ENDED)

    @property
    def running(self) -> ExperimentPlan | None:
        """The plan of the experiment that runs, if one does."""
        return self._running.plan if self._running is not None else None

    def begin(self, plan: ExperimentPlan, now: float) -> None:
        """Begin an experiment at `now`, in seconds since 1970.

        Raises:
            Conflict: another one runs, or one of that name had queries.
        """
        if self._running is not None:
            raise Conflict(f"the experiment {self._running.name!r} is running; stop it first")
        if any(one["name"] == plan.name and one["queries"] for one in self._ended):
            raise Conflict(f"there was an experiment {plan.name!r}; give this one another name")
        others = [one for one in self._ended if one["name"] != plan.name]
        self._ended = deque(others, maxlen=MOST_ENDED)
        self._running = Experiment(plan, now)

    def assign(self, key: str) -> Assignment | None:
        """The variant of a session, or of a query that has none; None when no experiment runs."""
        return self._running.assign(key) if self._running is not None else None

    def take(self, record: Record) -> None:
        """Take what happened."""
        if self._running is not None:
            self._running.take(record)

    def due(self, now: float) -> tuple[Action, ...]:
        """What is to be done by now, each thing once; whoever asks does it."""
        if self._running is None:
            return ()
        actions = self._running.due(now)
        self._put_away()
        return actions

    def stop(self, name: str, *, promoted: str = "") -> None:
        """End the running experiment by hand; everybody keeps what the control has.

        Where a challenger is to take over all the same, `promoted` is its name.

        Raises:
            UnknownExperiment: none of that name runs.
        """
        self._named(name).stop(promoted)
        self._put_away()

    def best(self, name: str) -> Variant | None:
        """The challenger of the running experiment that looks best, of those not rolled back.

        Raises:
            UnknownExperiment: none of that name runs.
        """
        return self._named(name).best()

    def find(self, name: str) -> dict[str, Any]:
        """How an experiment stands, or stood when it ended.

        Raises:
            UnknownExperiment: there is none of that name.
        """
        for one in self.status():
            if one["name"] == name:
                return one
        raise UnknownExperiment(f"there is no experiment {name!r}")

    def status(self) -> list[dict[str, Any]]:
        """How experiments stand, as JSON: the one that runs first, then the last that ended."""
        running = [report_of(self._running)] if self._running is not None else []
        return [*running, *reversed(self._ended)]

    def as_data(self) -> dict[str, Any]:
        """All that has to outlive a restart, as JSON."""
        running = self._running.as_data() if self._running is not None else None
        return {"running": running, "ended": list(self._ended)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Desk:
        """What `as_data` gave, as it was."""
        self = cls()
        if data["running"] is not None:
            self._running = Experiment.of(data["running"])
        self._ended.extend(data["ended"])
        return self

    def _named(self, name: str) -> Experiment:
        if self._running is None or self._running.name != name:
            there = f"{self._running.name!r} is" if self._running is not None else "none is"
            raise UnknownExperiment(f"no experiment {name!r} is running; {there}")
        return self._running

    def _put_away(self) -> None:
        if self._running is not None and self._running.ended is not None:
            self._ended.append(report_of(self._running))
            self._running = None
