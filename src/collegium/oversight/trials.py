"""Experiments with whole lineups: whoever is assigned to a variant is answered by its lineup."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from collegium.config import patched
from collegium.errors import CollegiumError, ConfigError, Conflict
from collegium.events import Concluded, Routed
from collegium.experts.catalog import BUILT_IN
from collegium.management.experiments.actions import End, Promote, Ramp, RollBack
from collegium.management.experiments.desk import Desk
from collegium.management.experiments.plan import CONTROL, ExperimentPlan
from collegium.oversight.following import Judge
from collegium.oversight.ruling import LASTING
from collegium.oversight.shadowing import Shadows
from collegium.storage.recorder import hidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from collegium.config import Config
    from collegium.events import Event, EventBus
    from collegium.lineups import Lineups
    from collegium.management.experiments.actions import Action
    from collegium.management.experiments.assignment import Assignment
    from collegium.management.experiments.plan import Variant
    from collegium.storage.recorder import Recorder
    from collegium.storage.store import Store
    from collegium.types import Query

logger = logging.getLogger(__name__)

DOCUMENT = "experiments"
# The sections that a lineup is made of.
TRIABLE = {"backends", "moe", "models", "prices", "resilience"}
TRIES = 5


class Trials:
    """Gives queries to the variants of an experiment, and does what its verdict says.

    Args:
        lineups: gets a lineup for each variant.
        events: hears of beginnings and ends.
        recorder: is told of shadows, whom nobody else is told of.
        store: what processes that serve the same college share.
        promote: puts changes of the configuration in force for good.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        lineups: Lineups,
        events: EventBus,
        recorder: Recorder,
        store: Store | None,
        promote: Callable[[Mapping[str, Any]], Awaitable[object]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lineups, self._events, self._clock = lineups, events, clock
        self._promote = promote
        self._shadows = Shadows(recorder)
        self.judge: Judge[Desk] = Judge(DOCUMENT, Desk(), Desk.of, store, clock=clock)
        # The variants that have a lineup, by the labels of decisions, with what they change.
        self._fielded: dict[str, Mapping[str, Any]] = {}
        self._fielding = asyncio.Lock()
        # What was tried to be fielded last, and why that can never be.
        self._tried: tuple[ExperimentPlan | None, int] = (None, 0)
        self._unable = ""
        lineups.trial = self._assigned
        self._unsubscribe = events.subscribe(self._cast)

    @property
    def desk(self) -> Desk:
        """Who judges."""
        return self.judge.mind

    async def start(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an experiment, and return how it stands.

        Raises:
            ConfigError: the plan, or the configuration of a variant, is wrong.
            Conflict: another one is running.
        """
        made = ExperimentPlan.of(plan)
        for variant in made.variants:
            self._changed(variant.changes, f"{made.name}:{variant.name}")
        begun = self._clock()
        await self.judge.recall()

        def begin() -> None:
            if self.desk.running != made:
                self.desk.begin(made, begun)

        begin()
        try:
            await self._field()
            await self._written(begin)
        except CollegiumError:
            with suppress(CollegiumError):
                self.desk.stop(made.name)
            await self._field()
            raise
        await self._field()
        self._events.publish(Concluded(made.name, "started", f"{made.mode}, by {made.metric}"))
        return self.standing(made.name)

    async def stop(self, name: str, *, promote: bool = False) -> dict[str, Any]:
        """End an experiment by hand, and return how it stood.

        With `promote` its challenger is put in force, or the one of several that did best.

        Raises:
            UnknownExperiment: none of that name is running.
        """
        await self.judge.recall()
        best = self.desk.best(name) if promote else None

        def stop() -> None:
            if self.desk.running is not None and self.desk.running.name == name:
                self.desk.stop(name, promoted=best.name if best else "")

        self.desk.stop(name, promoted=best.name if best else "")
        if best is not None:
            await self._put_in_force(best)
        await self._written(stop)
        await self._field()
        standing = self.standing(name)
        what = "promoted" if best is not None else "stopped"
        self._events.publish(Concluded(name, what, f"by hand: {standing['verdict']}"))
        return standing

    def standing(self, name: str) -> dict[str, Any]:
        """How an experiment stands.

        Raises:
            UnknownExperiment: there is none of that name.
        """
        return self.desk.find(name)

    async def follow(self) -> None:
        """Take over what another process has begun or ended."""
        await self.judge.recall()
        await self._keep_fielded()

    async def lead(self) -> None:
        """Judge by what is new, and do what follows from it."""
        await self.judge.judge()
        await self._keep_fielded()
        if self._unable:
            await self._give_up()
        for action in self.desk.due(self._clock()):
            await self._do(action)

    async def renewed(self) -> None:
        """The configuration in force is another one: so are the variants'."""
        for label in tuple(self._fielded):
            self._withdraw(label)
        await self._keep_fielded()

    async def _keep_fielded(self) -> None:
        """Have the lineups that there should be, as far as they can be made.

        An experiment that cannot have its lineups ends, once whoever leads has found so.
        """
        plan, number = self.desk.running, self._lineups.current.number
        if (plan, number) == self._tried and self._unable:
            return  # it has been tried, and nothing is otherwise since
        self._tried, self._unable = (plan, number), ""
        try:
            await self._field()
        except LASTING as error:
            self._unable = f"its variants do not fit the configuration: {error}"
            logger.warning("experiment %s: %s", plan and plan.name, self._unable)
        except CollegiumError as error:
            self._tried = None, 0  # it may pass
            logger.warning(
                "experiment %s: a variant is not there yet: %s", plan and plan.name, error
            )

    async def _give_up(self) -> None:
        """End the experiment that cannot go on."""
        plan, why = self.desk.running, self._unable
        if plan is None:
            return

        def stop() -> None:
            if self.desk.running == plan:
                self.desk.stop(plan.name)

        with suppress(CollegiumError):
            await self._written(stop)
        await self._keep_fielded()
        self._events.publish(Concluded(plan.name, "stopped", why))

    async def aclose(self) -> None:
        """Break off what nobody sees, and keep what is known."""
        self._unsubscribe()
        await self._shadows.aclose()

    async def _do(self, action: Action) -> None:
        if isinstance(action, Promote):
            try:
                await self._put_in_force(action.variant)
            except CollegiumError as error:
                logger.warning("%s cannot be promoted: %s", action.experiment, error)
                action = End(action.experiment, f"{action.verdict}; it cannot be: {error}")
        with suppress(Conflict):  # what another process wrote is judged at the next look
            await self.judge.save()
        await self._keep_fielded()
        if not isinstance(action, Ramp):
            what = _end(action)
            logger.info("experiment %s: %s", action.experiment, action.verdict)
            self._events.publish(Concluded(action.experiment, what, action.verdict))

    async def _put_in_force(self, variant: Variant) -> None:
        await self._promote(variant.changes)

    async def _written(self, change: Callable[[], None]) -> None:
        """Write down what was changed; where another process was quicker, change what it wrote.

        Raises:
            Conflict: others are quicker each time.
        """
        for _ in range(TRIES):
            change()
            with suppress(Conflict):
                await self.judge.save()
                return
        raise Conflict("others change it all the time; look, and try again")

    async def _field(self) -> None:
        """Have a lineup for each variant of what is running, and none for any other.

        Raises:
            CollegiumError: one of them cannot be made.
        """
        async with self._fielding:
            await self._fielded_by(self.desk.running)

    async def _fielded_by(self, plan: ExperimentPlan | None) -> None:
        wanted = {} if plan is None else {f"{plan.name}:{one.name}": one for one in plan.variants}
        for label in tuple(self._fielded):
            if label not in wanted or wanted[label].changes != self._fielded[label]:
                self._withdraw(label)
        for label, variant in wanted.items():
            if label not in self._fielded:
                await self._lineups.add_variant(label, self._changed(variant.changes, label))
                self._fielded[label] = variant.changes

    @property
    def _complete(self) -> bool:
        """Whether every variant of what is running has its lineup."""
        plan = self.desk.running
        return plan is not None and len(self._fielded) == len(plan.variants)

    def _changed(self, changes: Mapping[str, Any], label: str) -> Config:
        strange = ", ".join(sorted(set(changes) - TRIABLE))
        if strange:
            raise ConfigError(
                f"{label} changes {strange}; what can be tried is under "
                f"{', '.join(sorted(TRIABLE))}"
            )
        names = [row.name for row in BUILT_IN]
        return patched(self._lineups.config, changes, built_in=names, source=label)

    def _withdraw(self, label: str) -> None:
        self._lineups.drop_variant(label)
        del self._fielded[label]

    def _assignment(self, query: Query) -> Assignment | None:
        return self.desk.assign(hidden(query.session) or query.id)

    def _assigned(self, query: Query) -> str:
        """The variant that is shown, as decisions name it; none while not all can answer."""
        assignment = self._assignment(query)
        if assignment is None or not self._complete:
            return ""
        if assignment.shadow_of:
            return f"{assignment.experiment}:{CONTROL}"
        return assignment.label

    def _cast(self, event: Event) -> None:
        """Have a shadow answer as well what is answered by the control."""
        if not isinstance(event, Routed) or not event.decision.variant:
            return
        assignment = self._assignment(event.query)
        if assignment is not None and assignment.shadow_of:
            lineup = self._lineups.variant(assignment.label)
            if lineup is not None:
                self._shadows.cast(event.query, lineup, assignment.label)


def _end(action: Promote | RollBack | End) -> str:
    """How an experiment ends, or a challenger of it, in a word."""
    if isinstance(action, Promote):
        return "promoted"
    return "rolled back" if isinstance(action, RollBack) else "stopped"
