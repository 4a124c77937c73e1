"""The instances of all models: how many there are to be is planned, and then they come and go."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.backends.room import Room
from collegium.backends.startable import startable_of
from collegium.errors import CollegiumError, InvalidRequest, NoRoom
from collegium.events import Resized
from collegium.management.care import Care
from collegium.management.scaled import Bounds, Scaled
from collegium.management.scaling import Course, Size, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.backends.base import Backend
    from collegium.backends.instance import Instance
    from collegium.backends.pool import Pool
    from collegium.backends.replicas import Replicas
    from collegium.config import ScalingConfig
    from collegium.events import Event

logger = logging.getLogger(__name__)

# So many instances somebody may ask for by hand; a slip of the finger is not to fill a machine.
MOST = 64


@dataclass(frozen=True, slots=True)
class Scalable:
    """An expert's pool, and how many instances each of its models may have."""

    pool: Pool
    most: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How the instances of an expert's models are, all together.

    `instances` are those that are there, without a last one that sleeps; `wanted` is the number
    that somebody asked for, `min` and `max` are what there may be. `note` says why there are not as
    many as there should be. `quarantined` are the labels of those that are asked no more.
    """

    expert: str
    models: tuple[str, ...]
    instances: int
    wanted: int | None
    min: int
    max: int
    automatic: bool
    starting: bool
    quarantined: tuple[str, ...]
    note: str


class Fleet:
    """Looks at the pools again and again: `step` is to be called every few seconds.

    A model is scaled where an expert who has it may have more than one instance, or where its last
    one may sleep. Experts who share a model share its instances, as many as the one with the
    largest bound may have. `pools` gives the pools by expert as they are now, `room` is whom their
    processes ask for memory; the events are `Resized` and `Quarantined`.
    """

    def __init__(
        self,
        pools: Callable[[], Mapping[str, Scalable]],
        settings: ScalingConfig,
        publish: Callable[[Event], None],
        *,
        auto: bool = True,
        clock: Callable[[], float] = time.monotonic,
        room: Room | None = None,
    ) -> None:
        self._pools, self._settings, self._publish = pools, settings, publish
        self._auto, self._clock = auto, clock
        self._care = Care(publish, clock=clock)
        self._room = room or Room()
        self._models: dict[str, Scaled] = {}
        self._wanted: dict[str, int] = {}
        self._gone: dict[Replicas, Scaled] = {}
        self._leaving: dict[Backend, Instance] = {}
        self._told: dict[str, int] = {}
        self._stepping = asyncio.Lock()

    async def step(self) -> tuple[Size, ...]:
        """Look after every instance, and change the number of those that are too many or too few.

        What is started is started beside; the number tells of it when it answers.
        """
        async with self._stepping:
            pools = self._pools()
            models = self._meet(pools)
            self._care.keep(one.replicas for one in models.values())
            self._forget()
            await asyncio.gather(*(self._care.look(one.replicas) for one in models.values()))
            sizes = self._planned(models, pools)
            for size in sizes:
                await self._resize(models[size.name], size)
            await self._let_go()
            self._tell(pools)
            return sizes

    def go_by(self, settings: ScalingConfig, *, auto: bool) -> None:
        """Go by other settings from the next step on."""
        self._settings, self._auto = settings, auto
        self._room.reserve_mb = settings.reserve_mb
        for model in self._models.values():
            model.course.remember_s = settings.shrink_after_s

    def want(self, name: str, instances: int | None) -> None:
        """Have so many instances of an expert's models from the next step on; None: automatic.

        It may be more than the expert's bound; what there is of memory and addresses still holds.
        What is being started by an older wish is broken off.

        Raises:
            InvalidRequest: it is less than one, or more than `MOST`.
        """
        if instances is not None and not 1 <= instances <= MOST:
            raise InvalidRequest(f"{name} cannot have {instances} instances; 1 to {MOST}, or none")
        if instances == self._wanted.get(name):
            return
        if instances is None:
            del self._wanted[name]
        else:
            self._wanted[name] = instances
        for model in self._of(self._pools().get(name)):
            if model.growing is not None:
                model.growing.cancel()
            model.forgive()
            self._care.forgive(model.replicas.name)

    async def scale(self, name: str, instances: int | None) -> None:
        """Have so many instances of an expert's models; return when they are there.

        Raises:
            InvalidRequest: it is less than one, or the expert has no models.
            NoRoom: there is no memory for them; the number is as it was before.
        """
        if name not in self._pools():
            raise InvalidRequest(f"{name} has no models of which there could be more instances")
        before = self._wanted.get(name)
        self.want(name, instances)
        await self._grown(name)  # what was wanted before is under way, and not planned anew
        await self.step()
        await self._grown(name)
        self._tell(self._pools())
        models = self._of(self._pools().get(name))
        refusals = [one.refusal for one in models if isinstance(one.refusal, NoRoom)]
        if instances is not None and refusals:
            self.want(name, before)
            raise refusals[0]

    def standing(self) -> tuple[Standing, ...]:
        """How the models of each expert are."""
        pools = self._pools()
        self._meet(pools)
        bounds = self._bounds(pools)
        return tuple(self._standing(name, pool, bounds) for name, pool in pools.items())

    async def aclose(self) -> None:
        """Start and look after nothing any more; what runs is its owner's to end."""
        growing = [one.growing for one in self._models.values() if one.growing is not None]
        for task in growing:
            task.cancel()
        await asyncio.gather(*growing, self._care.aclose(), return_exceptions=True)

    async def _grown(self, name: str) -> None:
        """Return when none of an expert's models grows."""
        models = self._of(self._pools().get(name))
        growing = [one.growing for one in models if one.growing is not None]
        if growing:
            await asyncio.wait(growing)

    def _meet(self, pools: Mapping[str, Scalable]) -> dict[str, Scaled]:
        """The models there are now, by name; those that are no more are to be forgotten."""
        now, there = self._clock(), dict[str, Scaled]()
        for pool in pools.values():
            for replicas in pool.pool.models:
                known = self._models.get(replicas.name)
                if known is None or known.replicas is not replicas:
                    course = Course(self._settings.shrink_after_s)
                    fresh = Scaled(replicas, course, changed_at=now)
                    known = self._gone.pop(replicas, fresh)
                there[replicas.name] = known
        gone = [one for name, one in self._models.items() if there.get(name) is not one]
        self._gone |= {one.replicas: one for one in gone}
        self._models = there
        return there

    def _forget(self) -> None:
        """Leave the models that nobody has any more with as many instances as at first."""
        gone, self._gone = self._gone, {}
        for model in gone.values():
            if model.growing is not None:
                model.growing.cancel()
            self._shrink(model, model.first)

    def _of(self, pool: Scalable | None) -> tuple[Scaled, ...]:
        """The models of a pool, as far as they were met."""
        names = () if pool is None else (one.name for one in pool.pool.models)
        return tuple(self._models[one] for one in names if one in self._models)

    def _bounds(self, pools: Mapping[str, Scalable]) -> dict[str, Bounds]:
        """What limits each model, by all the experts who have it."""
        most, by_hand = dict[str, int](), dict[str, int]()
        for expert, one in pools.items():
            wanted = self._wanted.get(expert, 0)
            for name in (model.name for model in one.pool.models):
                most[name] = max(most.get(name, 1), one.most)
                by_hand[name] = max(by_hand.get(name, 0), wanted)
        sleeps = self._auto and self._settings.idle_s is not None
        return {
            name: Bounds(
                bound,
                scales=self._auto and bound > 1,
                sleeps=sleeps,
                wanted=by_hand[name] or None,
            )
            for name, bound in most.items()
        }

    def _planned(
        self, models: Mapping[str, Scaled], pools: Mapping[str, Scalable]
    ) -> tuple[Size, ...]:
        now, bounds = self._clock(), self._bounds(pools)
        demands = [
            model.demand(bounds[name], now)
            for name, model in models.items()
            if not model.is_growing
        ]
        return plan([one for one in demands if one is not None], self._settings, now)

    async def _resize(self, model: Scaled, size: Size) -> None:
        logger.info("%s: %d -> %d instances: %s", size.name, size.before, size.after, size.why)
        if size.after == 0:
            await self._put_to_sleep(model)
        elif size.after < len(model.present):
            self._shrink(model, size.after)
        else:
            model.growing = asyncio.create_task(self._grow(model, size.after))

    def _shrink(self, model: Scaled, to: int) -> None:
        """Ask only the first ones from now on; the others end when they have nothing to do."""
        there = model.present
        if len(there) > to:
            model.become(there[:to], self._clock())
            self._leaving |= {one.backend: one for one in there[to:]}

    async def _grow(self, model: Scaled, to: int) -> None:
        """Start one instance after the other; each is asked as soon as it answers."""
        name = model.replicas.name
        try:
            if model.asleep:
                await self._start(model.replicas[0])
            while len(model.present) < to:
                poisoned = [one.address for one in self._care.quarantined(name)]
                instance = model.replicas.spare(poisoned)
                if instance is None:
                    break
                model.start_s = await self._start(instance)
                self._leaving.pop(instance.backend, None)
                model.become((*model.present, instance), self._clock())
            model.forgive()
        except CollegiumError as error:
            model.refused(error, self._clock())
            logger.warning("%s", error)

    async def _start(self, instance: Instance) -> float:
        """Return when an instance answers, with the seconds that took."""
        startable, began = startable_of(instance), self._clock()
        if startable is not None:
            await startable.start()
        return self._clock() - began

    async def _put_to_sleep(self, model: Scaled) -> None:
        """End a model's processes, all but the first for good; nobody asks anything of them."""
        first, *others = model.replicas.instances
        model.become([first], self._clock())
        for one in (first, *others):
            await _end(one)

    async def _let_go(self) -> None:
        """End those that are to go and have nothing to do any more."""
        for backend, instance in tuple(self._leaving.items()):
            if instance.condition.in_flight == 0:
                del self._leaving[backend]
                await _end(instance)

    def _tell(self, pools: Mapping[str, Scalable]) -> None:
        """Publish the numbers that are not what they were."""
        for expert, pool in pools.items():
            models = [self._models.get(one.name) for one in pool.pool.models]
            number = sum(one.awake for one in models if one is not None)
            before = self._told.get(expert)
            self._told[expert] = number
            if before is not None and before != number:
                self._publish(Resized(expert, before, number))
        self._told = {expert: self._told[expert] for expert in pools}

    def _standing(self, expert: str, pool: Scalable, all_bounds: Mapping[str, Bounds]) -> Standing:
        models = self._of(pool)
        bounds = [(one, all_bounds[one.replicas.name]) for one in models]
        poisoned = [one for model in models for one in self._care.quarantined(model.replicas.name)]
        return Standing(
            expert,
            models=tuple(one.replicas.name for one in models),
            instances=sum(one.awake for one in models),
            wanted=self._wanted.get(expert),
            min=sum(one.least(bound) for one, bound in bounds),
            max=sum(one.most(bound) for one, bound in bounds),
            automatic=any(one.scales for _, one in bounds) and expert not in self._wanted,
            starting=any(one.is_growing for one in models),
            quarantined=tuple(one.condition.label for one in poisoned),
            note="; ".join(filter(None, (_note(*one) for one in bounds))),
        )


def _note(model: Scaled, bounds: Bounds) -> str:
    """Why there are not as many instances as there should be; nothing where there are."""
    if model.refusal is not None:
        return str(model.refusal)
    addresses = model.replicas.most
    if addresses is None or (bounds.wanted or 0) <= addresses:
        return ""
    there = "there is only 1 address" if addresses == 1 else f"there are only {addresses} addresses"
    return f"{bounds.wanted} instances of {model.replicas.name} are wanted, and {there}"


async def _end(instance: Instance) -> None:
    startable = startable_of(instance)
    if startable is not None:
        await startable.aclose()
