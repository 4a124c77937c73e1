"""Everything that watches a college and changes what it goes by, in one place."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from collegium.config import ManagementConfig, StorageConfig
from collegium.config.source import Source
from collegium.errors import CollegiumError, Conflict, Refusal, StorageError
from collegium.management.fleet import Fleet
from collegium.management.ratings import RatingDesk
from collegium.management.requests import Requests
from collegium.management.tracker import PerformanceTracker
from collegium.observe.casebook import Casebook
from collegium.oversight.administration import Administration
from collegium.oversight.duties import Duties, Duty
from collegium.oversight.following import Following, Leadership, replay
from collegium.oversight.minds import acknowledge, drift_of
from collegium.oversight.ruling import Ruling
from collegium.oversight.scaled import pools_of
from collegium.oversight.standing import standing_of
from collegium.oversight.trials import Trials
from collegium.oversight.wishes import Board
from collegium.routing.circumstances import load_of
from collegium.storage.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from collegium.events import EventBus, Rated
    from collegium.lineups import Lineups
    from collegium.management.drift.drift import Drift
    from collegium.management.manager import ExpertManager
    from collegium.management.performance import Performance
    from collegium.management.ranking import Rank
    from collegium.oversight.following import Judge
    from collegium.oversight.teaching import Tuition
    from collegium.storage.records import Record, Taker
    from collegium.storage.store import Store

logger = logging.getLogger(__name__)

LOOK_S = 0.5
FOLLOW_S = 1.0
SAMPLE_S = 1.0
SETTLE_S = 2.0
PERFORMANCE_S = 30.0
TEACHING_S = 10.0


class Oversight(Administration):
    """Watches a college while it answers: records, ranks, scales, tries out, learns, warns.

    Args:
        lineups: what answers.
        manager: who puts experts on duty.
        events: what happens.
        source: where the configuration came from, to be read again.
        store: the record; None: nothing outlives this process.
        folder: where what is learned is written; None: nothing is.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        lineups: Lineups,
        manager: ExpertManager,
        events: EventBus,
        *,
        source: Source | None = None,
        store: Store | None = None,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.source = store, source or Source()
        self._lineups = lineups
        config, settings = lineups.current.config, self._settings
        keeping = StorageConfig() if config is None else config.storage
        self.casebook = Casebook()
        self.tracker = PerformanceTracker(
            self.casebook, window_s=settings.window_s, half_life=settings.half_life, clock=clock
        )
        self.recorder = Recorder(
            store,
            takers=(self.tracker.take,),
            clock=clock,
            vectors=keeping.vectors,
            texts=keeping.texts,
        )
        self._unsubscribe = events.subscribe(self.recorder)
        self.ratings = RatingDesk(
            self.casebook, events.publish, within_s=settings.rate_within_s, clock=clock, store=store
        )
        staff = lineups.current.staff
        fleet = Fleet(
            lambda: pools_of(lineups),
            settings.scaling,
            events.publish,
            auto=settings.auto_scale,
            room=staff.directory.premises.room if staff else None,
        )
        self.trials = Trials(lineups, events, self.recorder, store, self.apply, clock=clock)
        ruling = Ruling(
            lineups,
            self.source,
            Board(store),
            applied=(self._rest, self._resize, self.trials.renewed, self._renewed),
        )
        super().__init__(lineups, manager, events, ruling=ruling, fleet=fleet)
        manager.watched_by(self.tracker, fleet.step)
        if staff is not None:
            staff.directory.listeners.add(Requests(self.tracker))
        self._drift = drift_of(settings.drift, events.publish, store, clock=clock)
        self.recorder.add(self.trials.judge.take)
        self.recorder.add(self._watch_for_drift)
        self.teaching: Tuition | None = None
        self._folder = folder
        self._following: Following | None = None
        self._begin_to_learn()
        self._leadership = Leadership(store, clock=clock)
        self._resting: Mapping[str, str] = {}
        self._duties = Duties(self._what_is_done())

    @property
    def _settings(self) -> ManagementConfig:
        """What is configured now."""
        config = self._lineups.current.config
        return ManagementConfig() if config is None else config.moe.management

    @property
    def leading(self) -> bool:
        """Whether this process judges for all that share the store."""
        return self._leadership.mine

    @property
    def drift(self) -> Drift | None:
        """Who watches for changes, where anybody does."""
        return self._drift.mind if self._settings.drift.enabled else None

    async def start(self) -> None:
        """Take up what is in the store, and begin."""
        if self.store is not None:
            await self._remember(self.store)
        try:
            await self._ruling.follow()
        except CollegiumError as error:
            logger.warning("what was changed before does not fit any more: %s", error)
        with suppress(CollegiumError):
            await self._leadership.renew()
            await self.trials.follow()
        self._duties.start()

    async def aclose(self) -> None:
        """Stop, and write down what is known."""
        await self._duties.aclose()
        await self._ruling.aclose()
        await self.trials.aclose()
        await self.fleet.aclose()
        self._unsubscribe()
        with suppress(CollegiumError):
            if self.leading:
                for judge in self._judges:
                    await judge.save()
            await self._leadership.resign()
        if self.store is not None:
            await self.store.aclose()

    async def rate(
        self, query_id: str, rating: float, *, expert: str | None = None, rater: str = "local"
    ) -> Rated:
        """Take a rating of an answer, from 0 to 1.

        Raises:
            UnknownQuery: nothing is known of that query.
            RatingRefused: it comes too late, or again.
            InvalidRequest: it is not from 0 to 1.
        """
        await self.ratings.find(query_id)
        return self.ratings.rate(query_id, rating, expert=expert, rater=rater)

    async def start_experiment(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an experiment; see `Trials.start`."""
        return await self.trials.start(plan)

    async def stop_experiment(self, name: str, *, promote: bool = False) -> dict[str, Any]:
        """End an experiment by hand; see `Trials.stop`."""
        return await self.trials.stop(name, promote=promote)

    def experiments(self) -> list[dict[str, Any]]:
        """How every experiment stands, the one that runs first."""
        return self.trials.desk.status()

    async def acknowledge(self, expert: str | None = None) -> int:
        """Forget the alarms of drift, or those of one expert ('' is the traffic); how many.

        Watching goes on.

        Raises:
            Conflict: nobody watches; or others are quicker each time.
            StorageError: it cannot be written down.
        """
        if self.drift is None:
            raise Conflict("moe.management.drift.enabled is false: there are no alarms")
        if expert and expert in self.roster:
            expert = self.roster[expert].name
        return await acknowledge(self._drift, expert)

    def ranking(self, performances: Mapping[str, Performance] | None = None) -> tuple[Rank, ...]:
        """Everybody on duty, the best first; by `performances`, as far as they are known."""
        return self.manager.ranking(self._settings.ranking, performances)

    async def evaluate_experts(self) -> dict[str, float]:
        """The rank score of everybody on duty, from 0 to 1, by name."""
        return await self.manager.evaluate_experts(self._settings.ranking)

    def status(self) -> dict[str, Any]:
        """How everything stands, as JSON."""
        return standing_of(self)

    @property
    def _judges(self) -> tuple[Judge[Any], ...]:
        """Those who judge by every record there is, each for itself."""
        return (self.trials.judge, self._drift)

    @property
    def _learners(self) -> tuple[Taker, ...]:
        """Those who take what happens in every process, each for itself."""
        return () if self.teaching is None else (self.teaching.take,)

    def _tuition(self, folder: Path | None) -> Tuition:
        from collegium.oversight.teaching import Tuition  # noqa: PLC0415 -- numpy, where it learns

        return Tuition(self._lineups, self._settings.learning, self.casebook, self.trials, folder)

    def _what_is_done(self) -> list[Duty]:
        settings = self._settings
        duties = [
            Duty("sampling the load", SAMPLE_S, self._sample),
            Duty("finding models", SETTLE_S, self._settle),
            Duty("scaling", settings.scaling.every_s, self.fleet.step),
            Duty("taking off who underperforms", PERFORMANCE_S, self._take_off),
        ]
        if self.store is not None:
            duties.append(Duty("following the record", FOLLOW_S, self._follow))
        duties.append(Duty("judging", FOLLOW_S, self._judge))
        if settings.watch_config and self.source.path is not None:
            duties.append(Duty("looking at the configuration", LOOK_S, self._ruling.look))
        duties.append(Duty("learning", TEACHING_S, self._teach))
        return duties

    async def _remember(self, store: Store) -> None:
        """Take up the latest of what the record has, and go on from its end."""
        takers = (self.tracker.take, self.ratings.take, *self._learners)
        latest = 0
        try:
            latest = await asyncio.to_thread(store.latest)
            await asyncio.to_thread(replay, store, takers, latest)
            for judge in self._judges:
                await judge.recall()
                judge.skip_to(latest)
        except StorageError as error:
            logger.warning("what happened before is not known: %s", error)
        self._following = Following(store, takers, after=latest)

    async def _follow(self) -> None:
        """See what other processes do, and want."""
        if self._following is not None:
            await self._following.step()
        await self._ruling.follow()

    async def _judge(self) -> None:
        """Judge, where this process leads; else take over what the one that does has found."""
        if not await self._leadership.renew():
            await self.trials.follow()
            await self._drift.recall()
            return
        await self.trials.lead()
        if self.drift is not None:
            await self._drift.judge()

    def _watch_for_drift(self, record: Record) -> None:
        if self.drift is not None:
            self._drift.take(record)

    async def _teach(self) -> None:
        if self.teaching is not None and self._settings.learning.enabled and self.leading:
            await self.teaching.step()

    def _begin_to_learn(self) -> None:
        """Have somebody who learns, from when that is wanted on."""
        if self.teaching is None and self._settings.learning.enabled:
            self.teaching = self._tuition(self._folder)
            self.recorder.add(self.teaching.take)
            if self._following is not None:
                self._following.add(self.teaching.take)

    async def _settle(self) -> None:
        """Find the models of those who could not be given any, though they may be there by now."""
        for lineup in self._lineups:
            if self._lineups.opened and lineup.staff is not None and lineup.staff.lacking:
                await lineup.staff.settle()

    async def _sample(self) -> None:
        """Take down how busy everybody is."""
        self.tracker.sample({one.name: load_of(one) for one in self.roster})

    async def _take_off(self) -> None:
        """Give those no more queries who underperform beyond doubt, where that is wanted."""
        settings = self._settings
        if not (settings.remove_underperforming and self.leading):
            return
        for one in self.manager.underperforming(settings.performance_threshold):
            with suppress(Refusal):
                await self.drain_expert(one.name, why=one.why)

    async def _renewed(self) -> None:
        """Go by what is in force now."""
        settings = self._settings
        self.fleet.go_by(settings.scaling, auto=settings.auto_scale)
        self._begin_to_learn()
        if self.teaching is not None:
            self.teaching.renewed()

    async def _rest(self) -> None:
        """Give those no queries who are to rest, in every lineup."""
        former, self._resting = self._resting, self.wishes.resting
        for lineup in self._lineups:
            for expert in lineup.router.roster:
                if expert.key in self._resting or expert.key in former:
                    expert.resting = self._resting.get(expert.key, "")

    async def _resize(self) -> None:
        """Want as many instances as are wanted by hand."""
        for expert in self.roster:
            self.fleet.want(expert.name, self.wishes.sizes.get(expert.name))
