"""Instances that come and go with demand, are started again, and are not asked when poisoned."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest

from collegium import config as configuration
from collegium.backends.base import Prompt, joined
from collegium.backends.condition import Condition
from collegium.backends.directory import Directory, Surroundings
from collegium.backends.instance import Instance
from collegium.backends.lazy import Lazy
from collegium.backends.llamacpp import LlamaCppBackend
from collegium.backends.memory import available_mb, expected_mb, peak_mb
from collegium.backends.pool import Pool
from collegium.backends.replicas import Replicas
from collegium.backends.resilience import Resilience
from collegium.backends.room import Room
from collegium.backends.startable import startable_of
from collegium.config import ScalingConfig
from collegium.errors import BackendUnavailable, ConfigError, InvalidRequest, NoRoom
from collegium.events import Event, Quarantined, Resized
from collegium.management.care import AGAIN_S, RESTARTS
from collegium.management.fleet import Fleet, Scalable
from collegium.testing import ScriptedBackend
from collegium.types import Chunk, Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path

PROMPT = Prompt((Message("user", "?"),))


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Child(ScriptedBackend):
    """A backend that has to be started; it answers while the gate is open."""

    taken_mb = None

    def __init__(self, gate: asyncio.Event, room: Room, number: int = 1) -> None:
        super().__init__("fine")
        self.room, self.place = room, ("local/m", number)
        self.state: Literal["asleep", "starting", "running"] = "asleep"
        self.starts = self.ends = 0
        self.well, self.startable = True, True
        self.gate = gate
        self.may_start = asyncio.Event()
        self.may_start.set()

    async def start(self) -> None:
        await self.room.enter(self, 300.0)
        self.starts += 1
        self.state = "starting"
        try:
            await self.may_start.wait()
        except asyncio.CancelledError:
            self.state = "asleep"
            raise
        self.state = "running" if self.startable else "asleep"
        if not self.startable:
            self.room.leave(self)
            raise BackendUnavailable("it does not start")
        self.well = True

    async def restart(self) -> None:
        self.ends += 1
        await self.start()

    async def alive(self) -> bool:
        return self.well

    async def aclose(self) -> None:
        self.ends += 1
        self.state = "asleep"
        self.room.leave(self)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        if self.state == "asleep":
            await self.start()
        async with aclosing(super().stream(prompt)) as chunks:
            async for chunk in chunks:
                yield chunk
                await self.gate.wait()


class Lab:
    """A model at children of one's own, a pool that has it, and the fleet that sizes it."""

    def __init__(self, *, most: int = 3, auto: bool = True, **settings: Any) -> None:
        self.children: dict[int, Child] = {}
        self.instances: dict[int, Instance] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.clock = Clock()
        self.memory_mb: float | None = 10_000.0
        self.room = Room(lambda: self.memory_mb, reserve_mb=100.0)
        self.events: list[Event] = []
        self.replicas = Replicas((self.at(1),), at=self.at)
        resilience = Resilience(queue=100, backoff_s=0.001)
        self.pool = Pool([self.replicas], resilience=resilience, rng=random.Random(1))
        self.pools = {"CodingExpert": Scalable(self.pool, most)}
        rules = {"grow_after_s": 4.0, "shrink_after_s": 20.0, "reserve_mb": 100.0, **settings}
        self.fleet = Fleet(
            lambda: self.pools,
            ScalingConfig(**rules),
            self.events.append,
            auto=auto,
            clock=self.clock,
            room=self.room,
        )
        self.asked: list[asyncio.Task[str]] = []

    def at(self, number: int) -> Instance:
        if number not in self.instances:
            child = self.children[number] = Child(self.gate, self.room, number)
            address = f"#{number}" if number > 1 else ""
            self.instances[number] = Instance(
                child, "m", "local/m", 2, address=address, label=f"local/m{address}"
            )
        return self.instances[number]

    def hold(self, requests: int) -> None:
        """Have so many requests that do not end until they may."""
        self.gate.clear()
        self.asked += [asyncio.create_task(ask(self.pool)) for _ in range(requests)]

    async def release(self) -> list[str]:
        """Let them end; what was said."""
        self.gate.set()
        said = await asyncio.wait_for(asyncio.gather(*self.asked), 5)
        self.asked = []
        return said

    async def steps(self, number: int, seconds: float = 2.0) -> None:
        for _ in range(number):
            self.clock.now += seconds
            await self.fleet.step()
            await settle()

    @property
    def addresses(self) -> list[str]:
        return [one.address for one in self.replicas]


async def ask(pool: Pool) -> str:
    return (await joined(pool.stream(PROMPT), model="")).text


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def lab(**settings: Any) -> AsyncIterator[Lab]:
    made = Lab(**settings)
    try:
        yield made
    finally:
        for task in made.asked:
            task.cancel()
        await asyncio.gather(*made.asked, return_exceptions=True)
        await made.fleet.aclose()


async def test_a_pool_grows_with_demand_and_shrinks_without_it_and_nothing_fails() -> None:
    async with lab() as it:
        await it.steps(2)
        assert it.addresses == [""]
        it.hold(8)
        await it.steps(8)
        assert it.addresses == ["", "#2", "#3"]
        assert it.pool.in_flight == 6
        assert await it.release() == ["fine"] * 8
        assert [child.starts for child in it.children.values()] == [1, 1, 1]
        await it.steps(60)
        assert it.addresses == [""]
        assert [it.children[number].ends for number in (1, 2, 3)] == [0, 1, 1]
        sizes = [(one.before, one.after) for one in it.events if isinstance(one, Resized)]
        assert sizes[0][0] in (0, 1)
        assert sizes[-1][1] == 1
        assert all(one.expert == "CodingExpert" for one in it.events if isinstance(one, Resized))


async def test_an_instance_is_asked_only_when_it_answers() -> None:
    async with lab(most=2) as it:
        it.at(2)
        it.children[2].may_start.clear()
        it.hold(6)
        await it.steps(6)
        assert it.children[2].state == "starting"
        assert it.addresses == [""]
        assert it.fleet.standing()[0].starting
        it.children[2].may_start.set()
        await it.steps(1)
        assert it.addresses == ["", "#2"]
        assert it.pool.in_flight == 4
        await it.release()


async def test_one_that_goes_finishes_what_it_has_begun() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 2)
        it.hold(4)
        await settle()
        assert it.at(2).condition.in_flight == 2
        await it.fleet.scale("CodingExpert", 1)
        assert it.addresses == [""]
        assert it.children[2].ends == 0
        assert await it.release() == ["fine"] * 4
        await it.steps(1)
        assert it.children[2].ends == 1


async def test_one_that_was_to_go_and_is_wanted_again_stays() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 2)
        it.hold(4)
        await settle()
        await it.fleet.scale("CodingExpert", 1)
        await it.fleet.scale("CodingExpert", 2)
        await it.release()
        await it.steps(3)
        assert (it.addresses, it.children[2].ends) == (["", "#2"], 0)


async def test_by_hand_there_may_be_more_than_the_bound_and_automatic_goes_back() -> None:
    async with lab(most=1, auto=False) as it:
        await it.fleet.scale("CodingExpert", 3)
        assert it.addresses == ["", "#2", "#3"]
        (standing,) = it.fleet.standing()
        assert (standing.instances, standing.wanted, standing.automatic) == (3, 3, False)
        await it.steps(30)
        assert len(it.replicas) == 3
        await it.fleet.scale("CodingExpert", None)
        assert it.addresses == [""]


async def test_what_cannot_be_wanted_is_refused() -> None:
    async with lab() as it:
        with pytest.raises(InvalidRequest, match="cannot have 0 instances"):
            it.fleet.want("CodingExpert", 0)
        with pytest.raises(InvalidRequest, match="Nobody has no models"):
            await it.fleet.scale("Nobody", 2)


async def test_without_memory_nothing_is_started_and_that_is_said() -> None:
    async with lab() as it:
        it.memory_mb = 399.0
        it.hold(8)
        await it.steps(6)
        assert it.addresses == [""]
        (standing,) = it.fleet.standing()
        assert standing.note == (
            "another instance of local/m takes about 300 MB; there are 399 MB, of which 100 MB are "
            "to stay free"
        )
        assert not any(isinstance(one, Resized) and one.after > 1 for one in it.events)
        it.memory_mb = 5000.0
        await it.steps(40)
        assert it.addresses == ["", "#2", "#3"]
        assert it.fleet.standing()[0].note == ""
        await it.release()


async def test_where_there_is_no_memory_it_is_not_tried_every_moment() -> None:
    async with lab() as it:
        it.memory_mb, looks = 0.0, 0

        def memory() -> float:
            nonlocal looks
            looks += 1
            return 0.0

        it.hold(8)
        await settle()
        it.room._memory = memory
        await it.steps(300)
        assert 3 <= looks <= 10
        await it.release()


async def test_scaling_by_hand_without_memory_says_so_and_changes_nothing() -> None:
    async with lab(auto=False) as it:
        await ask(it.pool)
        it.memory_mb = 50.0
        with pytest.raises(NoRoom, match="takes about 300 MB; there are 50 MB"):
            await it.fleet.scale("CodingExpert", 3)
        assert (it.addresses, it.fleet.standing()[0].wanted) == ([""], None)


async def test_where_nobody_knows_of_memory_instances_are_started() -> None:
    async with lab(auto=False) as it:
        it.memory_mb = None
        await it.fleet.scale("CodingExpert", 2)
        assert it.addresses == ["", "#2"]


async def test_the_last_one_sleeps_when_nobody_asks_and_the_next_request_wakes_it() -> None:
    async with lab(most=1, idle_s=30.0) as it:
        assert await ask(it.pool) == "fine"
        await it.steps(14)
        assert it.children[1].state == "running"
        await it.steps(4)
        assert (it.children[1].state, it.children[1].ends) == ("asleep", 1)
        assert it.fleet.standing()[0].instances == 0
        assert await ask(it.pool) == "fine"
        await it.steps(1)
        assert it.fleet.standing()[0].instances == 1
        sizes = [(one.before, one.after) for one in it.events if isinstance(one, Resized)]
        assert sizes == [(1, 0), (0, 1)]


async def test_experts_who_share_a_model_share_its_instances() -> None:
    async with lab(most=1) as it:
        other = Pool([it.replicas], rng=random.Random(2))
        it.pools["WritingExpert"] = Scalable(other, 2)
        it.hold(5)
        await it.steps(8)
        assert it.addresses == ["", "#2"]
        assert other.capacity == it.pool.capacity == 4
        told = {one.expert for one in it.events if isinstance(one, Resized)}
        assert told == {"CodingExpert", "WritingExpert"}
        await it.release()


async def test_a_model_of_an_expert_with_one_instance_is_left_as_it_is() -> None:
    everywhere = [
        Instance(ScriptedBackend(), "m", "lab/m", 2, address=f"http://{place}") for place in "abc"
    ]
    pool = Pool([Replicas(everywhere)])
    clock = Clock()
    fleet = Fleet(
        lambda: {"E": Scalable(pool, 1)}, ScalingConfig(idle_s=5.0), lambda _: None, clock=clock
    )
    for _ in range(100):
        clock.now += 2
        assert await fleet.step() == ()
    assert len(pool.models[0]) == 3
    await fleet.aclose()


async def test_servers_elsewhere_are_used_as_many_as_it_takes() -> None:
    everywhere = [
        Instance(ScriptedBackend(), "m", "lab/m", 2, address=f"http://{place}") for place in "abc"
    ]
    pool = Pool([Replicas(everywhere)])
    clock = Clock()
    fleet = Fleet(lambda: {"E": Scalable(pool, 2)}, ScalingConfig(), lambda _: None, clock=clock)
    await fleet.step()
    assert [one.address for one in pool.models[0]] == ["http://a", "http://b"]
    for _ in range(100):
        clock.now += 2
        await fleet.step()
    assert [one.address for one in pool.models[0]] == ["http://a"]
    await fleet.scale("E", 9)
    assert len(pool.models[0]) == 3
    (row,) = fleet.standing()
    assert (row.instances, row.wanted) == (3, 9)
    assert row.note == "9 instances of lab/m are wanted, and there are only 3 addresses"
    await fleet.scale("E", 3)
    assert fleet.standing()[0].note == ""
    await fleet.aclose()


async def test_what_there_is_is_told_before_anybody_has_looked() -> None:
    lab = Lab()
    elsewhere = Instance(ScriptedBackend(), "m", "lab/m", 2, address="http://a")
    lab.pools["Poet"] = Scalable(Pool([Replicas([elsewhere])]), 1)
    assert [(row.expert, row.instances) for row in lab.fleet.standing()] == [
        ("CodingExpert", 0),  # its process is not started
        ("Poet", 1),
    ]
    await lab.fleet.aclose()


async def test_a_backend_that_cannot_be_made_is_nobody_elses_trouble() -> None:
    def make() -> ScriptedBackend:
        raise ConfigError("cannot read the recorded answers")

    lab = Lab()
    lab.pools["Poet"] = Scalable(Pool([Replicas([Instance(Lazy(make), "m", "tape/m", 2)])]), 1)
    await lab.fleet.scale("CodingExpert", 2)
    assert [row.instances for row in lab.fleet.standing()] == [2, 1]
    await lab.fleet.aclose()


async def test_pools_may_change_while_instances_are_looked_at() -> None:
    lab = Lab()
    lab.fleet.want("CodingExpert", 2)
    await lab.fleet.step()
    stepping = asyncio.create_task(lab.fleet.step())
    await asyncio.sleep(0)
    lab.pools = {}
    assert lab.fleet.standing() == ()
    await stepping
    assert lab.fleet.standing() == ()
    await lab.fleet.aclose()


async def test_one_that_hangs_is_started_again() -> None:
    async with lab() as it:
        await ask(it.pool)
        await it.steps(2)
        it.children[1].well = False
        await it.steps(2)
        assert it.children[1].starts == 1
        await it.steps(2)
        assert (it.children[1].starts, it.children[1].ends, it.children[1].well) == (2, 1, True)
        assert not any(isinstance(one, Quarantined) for one in it.events)


async def test_one_that_is_being_started_is_left_to_that() -> None:
    async with lab() as it:
        child = it.children[1]
        child.may_start.clear()
        it.hold(1)
        await settle()
        child.well = False
        await it.steps(20)
        assert (child.state, child.starts, child.ends) == ("starting", 1, 0)
        child.may_start.set()
        await it.release()


async def test_one_that_is_started_again_is_asked_only_where_its_like_are_full() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 3)
        it.children[2].state = "starting"
        it.hold(4)
        await settle()
        assert [it.at(number).condition.in_flight for number in (1, 2, 3)] == [2, 0, 2]
        it.hold(1)
        await settle()
        assert it.at(2).condition.in_flight == 1
        await it.release()


async def test_a_poisoned_one_is_asked_no_more_and_another_takes_its_place() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 2)
        poisoned = it.children[2]
        poisoned.startable, poisoned.well, poisoned.state = False, False, "asleep"
        await it.steps(90)
        assert [one.instance for one in it.events if isinstance(one, Quarantined)] == ["local/m#2"]
        assert it.addresses == ["", "#3"]
        assert it.fleet.standing()[0].quarantined == ("local/m#2",)
        assert poisoned.starts == 1 + RESTARTS
        before = poisoned.starts
        await it.steps(100)
        assert poisoned.starts == before
        assert [await ask(it.pool) for _ in range(10)] == ["fine"] * 10


async def test_a_poisoned_one_is_tried_again_after_a_long_time_or_by_hand() -> None:
    async with lab(auto=False) as it:
        child = it.children[1]
        await ask(it.pool)
        child.startable, child.well, child.state = False, False, "asleep"
        await it.steps(90)
        assert it.fleet.standing()[0].quarantined == ("local/m",)
        it.clock.now += AGAIN_S
        await it.steps(1)
        assert it.fleet.standing()[0].quarantined == ("local/m",)
        child.startable = True
        await it.steps(1)
        assert it.fleet.standing()[0].quarantined == ("local/m",)
        it.fleet.want("CodingExpert", 1)
        await it.steps(2)
        assert it.fleet.standing()[0].quarantined == ()
        assert await ask(it.pool) == "fine"


async def test_where_the_only_one_is_poisoned_requests_get_an_error_at_once() -> None:
    async with lab(most=1) as it:
        child = it.children[1]
        child.startable, child.well = False, False
        child.state = "asleep"
        await it.steps(90)
        assert any(isinstance(one, Quarantined) for one in it.events)
        starts = child.starts
        with pytest.raises(BackendUnavailable, match="was not well after 4 new starts"):
            await asyncio.wait_for(ask(it.pool), 2)
        assert child.starts == starts


async def test_it_goes_by_other_settings_when_it_is_told_to() -> None:
    async with lab(auto=False) as it:
        it.hold(8)
        await it.steps(5)
        assert it.addresses == [""]
        it.fleet.go_by(ScalingConfig(grow_after_s=0, shrink_after_s=5), auto=True)
        await it.steps(5)
        assert it.addresses == ["", "#2", "#3"]
        await it.release()
        await it.steps(30)
        assert it.addresses == [""]


def reloaded(it: Lab, *, most: int = 3) -> tuple[Replicas, dict[int, Child]]:
    """The model at other instances, as after a change of its backend; those before."""
    before = it.replicas, it.children
    it.children, it.instances = {}, {}
    it.replicas = Replicas((it.at(1),), at=it.at)
    it.pool = Pool([it.replicas], rng=random.Random(1))
    it.pools["CodingExpert"] = Scalable(it.pool, most)
    return before


async def test_what_was_quarantined_before_a_reload_is_not_started_and_bars_nobody() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 2)
        poisoned = it.children[2]
        poisoned.startable, poisoned.well, poisoned.state = False, False, "asleep"
        await it.steps(90)
        assert it.fleet.standing()[0].quarantined == ("local/m#2",)
        reloaded(it)
        starts, poisoned.startable = poisoned.starts, True
        await it.steps(1)
        assert it.fleet.standing()[0].quarantined == ()
        it.clock.now += AGAIN_S
        await it.steps(50)
        assert poisoned.starts == starts
        assert it.addresses == ["", "#2"]
        assert all(one.backend is not poisoned for one in it.replicas)


async def test_a_model_that_is_no_more_is_not_grown_any_further() -> None:
    async with lab(auto=False) as it:
        it.at(2)
        it.children[2].may_start.clear()
        it.fleet.want("CodingExpert", 3)
        await it.steps(1)
        old, children = reloaded(it)
        it.fleet.want("CodingExpert", None)
        assert children[2].state == "starting"
        await it.steps(1)
        children[2].may_start.set()
        await settle()
        assert (len(old), children[2].state, 3 in children) == (1, "asleep", False)


async def test_a_model_that_nobody_has_any_more_goes_back_to_what_it_was_at_first() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 3)
        it.hold(6)
        await settle()
        it.pools.clear()
        await it.steps(2)
        assert it.addresses == [""]
        assert [it.children[number].ends for number in (1, 2, 3)] == [0, 0, 0]
        assert await it.release() == ["fine"] * 6
        await it.steps(1)
        assert [it.children[number].ends for number in (1, 2, 3)] == [0, 1, 1]


async def test_a_model_that_comes_back_before_it_was_forgotten_is_as_it_was() -> None:
    async with lab(auto=False) as it:
        await it.fleet.scale("CodingExpert", 3)
        pools = dict(it.pools)
        it.pools.clear()
        assert it.fleet.standing() == ()
        it.pools.update(pools)
        await it.steps(2)
        assert it.addresses == ["", "#2", "#3"]
        await it.fleet.scale("CodingExpert", None)
        await it.steps(2)
        assert it.addresses == [""]


async def test_a_model_that_comes_back_after_its_only_one_was_poisoned_is_asked_again() -> None:
    async with lab(auto=False, most=1) as it:
        child = it.children[1]
        await ask(it.pool)
        child.startable, child.well, child.state = False, False, "asleep"
        await it.steps(90)
        pools = dict(it.pools)
        it.pools.clear()
        await it.steps(1)
        child.startable = True
        it.pools.update(pools)
        await it.steps(1)
        assert await asyncio.wait_for(ask(it.pool), 5) == "fine"


async def test_servers_elsewhere_are_all_used_again_when_nobody_scales_them_any_more() -> None:
    everywhere = [
        Instance(ScriptedBackend(), "m", "lab/m", 2, address=f"http://{place}") for place in "abc"
    ]
    pool, clock = Pool([Replicas(everywhere)]), Clock()
    fleet = Fleet(lambda: {"E": Scalable(pool, 2)}, ScalingConfig(), lambda _: None, clock=clock)
    await fleet.step()
    assert len(pool.models[0]) == 2
    fleet.go_by(ScalingConfig(), auto=False)
    await fleet.step()
    await settle()
    assert len(pool.models[0]) == 3
    await fleet.aclose()


async def test_what_is_to_stay_free_is_as_the_settings_in_force_have_it() -> None:
    async with lab(auto=False) as it:
        await ask(it.pool)
        it.memory_mb = 1000.0
        it.fleet.go_by(ScalingConfig(reserve_mb=800), auto=False)
        with pytest.raises(NoRoom, match="of which 800 MB are to stay free"):
            await it.fleet.scale("CodingExpert", 2)


async def test_requests_between_two_looks_are_counted_by_how_long_they_took() -> None:
    clock = Clock()
    condition = Condition(clock=clock)
    before = condition.worked()
    for _ in range(4):
        condition.take()
    clock.now += 0.5
    for _ in range(3):
        condition.give_back()
    clock.now += 1.5
    seconds, at = condition.worked()
    assert (seconds - before[0], at - before[1]) == (4 * 0.5 + 1.5, 2.0)


async def test_one_whose_breaker_opens_while_it_is_started_is_left_to_that() -> None:
    async with lab() as it:
        await ask(it.pool)
        await it.steps(2)
        child, condition = it.children[1], it.at(1).condition
        child.well = False
        await it.steps(1)
        condition.breaker.trip()
        child.state = "starting"
        await it.steps(5)
        child.state, child.well = "running", True
        condition.breaker.stay_open(60)
        await it.steps(2)
        assert (child.starts, child.ends) == (1, 0)


async def test_a_model_that_is_no_more_is_forgotten() -> None:
    async with lab() as it:
        await it.steps(1)
        it.pools.clear()
        await it.steps(1)
        assert it.fleet.standing() == ()
        assert await it.fleet.step() == ()


async def test_two_looks_at_once_start_nothing_twice() -> None:
    async with lab() as it:
        it.hold(8)
        await it.steps(1)
        it.clock.now += 10
        await asyncio.gather(*(it.fleet.step() for _ in range(5)))
        await settle()
        await it.steps(5)
        assert [child.starts for child in it.children.values()] == [1, 1, 1]
        await it.release()


def proc(root: Path, **files: str) -> Path:
    """A root with these files, `__` in a name standing for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal: 9000000 kB\nMemAvailable:  2097152 kB\n"


def test_memory_is_what_the_machine_has_without_a_control_group(tmp_path: Path) -> None:
    assert available_mb(proc(tmp_path, proc__meminfo=MEMINFO)) == 2048


def test_memory_is_what_the_strictest_control_group_leaves(tmp_path: Path) -> None:
    root = proc(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/a/b\n")
    proc(root / "sys/fs/cgroup", a__b__placeholder="")
    for folder, most, current in (("a/b", "max", 1 << 29), ("a", str(1 << 30), 1 << 29)):
        group = root / "sys/fs/cgroup" / folder
        (group / "memory.max").write_text(most)
        (group / "memory.current").write_text(str(current))
        (group / "memory.stat").write_text(f"anon 5\ninactive_file {1 << 28}\n")
    assert available_mb(root) == 1024 - 512 + 256


def test_memory_of_the_older_control_groups_is_known_as_well(tmp_path: Path) -> None:
    root = proc(
        tmp_path,
        proc__meminfo=MEMINFO,
        proc__self__cgroup="8:pids:/\n4:memory:/x\n0::/\n",
    )
    group = root / "sys/fs/cgroup/memory/x"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text(str(1 << 30))
    (group / "memory.usage_in_bytes").write_text(str(1 << 30))
    assert available_mb(root) == 0
    (group / "memory.limit_in_bytes").write_text(str(9223372036854771712))
    assert available_mb(root) == 2048


def test_a_larger_model_is_expected_to_take_more() -> None:
    small, large = expected_mb(98 << 20, 4096), expected_mb(4600 << 20, 4096)
    assert 300 < small < 400
    assert 5000 < large < 6000
    assert expected_mb(98 << 20, 16384) > small + 200


def test_what_a_process_took_is_known_where_there_is_proc() -> None:
    taken = peak_mb(os.getpid())
    assert taken is None or taken > 10
    assert peak_mb(2**22 + 1) is None


def embedded_models() -> Directory:
    surroundings = Surroundings(
        configuration.cache_dir() / "models", "http://127.0.0.1:9", 2, lambda _: None, offline=True
    )
    text = "backends: {here: {kind: llamacpp, threads: 1, context_tokens: 512, slots: 2}}"
    return Directory(configuration.read(text), surroundings)


def pid_of(instance: Instance) -> int:
    backend = startable_of(instance)
    assert isinstance(backend, LlamaCppBackend)
    assert backend.pid is not None
    return backend.pid


async def until(met: Callable[[], bool], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not met():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.long
@pytest.mark.embedded
async def test_a_real_process_that_hangs_is_started_again_and_answers() -> None:
    directory = embedded_models()
    try:
        pool = Pool(await directory.find_all("here/smollm2-135m"), resilience=directory.resilience)
        fleet = Fleet(lambda: {"E": Scalable(pool, 1)}, ScalingConfig(), lambda _: None)
        prompt = Prompt((Message("user", "Count."),), sampling={"max_tokens": 4, "temperature": 0})
        assert (await pool.generate(prompt)).text
        await fleet.step()
        hung = pid_of(pool.models[0][0])
        os.kill(hung, signal.SIGSTOP)
        asked = asyncio.create_task(pool.generate(prompt))
        async with asyncio.timeout(60):
            while not asked.done():
                await fleet.step()
                await asyncio.sleep(0.2)
        assert (await asked).text
        assert pid_of(pool.models[0][0]) != hung
        await fleet.aclose()
    finally:
        await directory.aclose()


@pytest.mark.embedded
async def test_real_processes_come_and_go_and_no_request_fails() -> None:
    directory = embedded_models()
    events: list[Event] = []
    try:
        replicas = await directory.find_all("here/smollm2-135m")
        pool = Pool(replicas, resilience=directory.resilience)
        rules = ScalingConfig(grow_after_s=0.1, shrink_after_s=1.5, reserve_mb=10)
        fleet = Fleet(lambda: {"E": Scalable(pool, 2)}, rules, events.append)
        prompt = Prompt((Message("user", "Count."),), sampling={"max_tokens": 4, "temperature": 0})

        async def caller(requests: int) -> bool:
            said = [(await pool.generate(prompt)).text for _ in range(requests)]
            return all(said)

        async def looking() -> None:
            while True:
                await fleet.step()
                await asyncio.sleep(0.1)

        look = asyncio.create_task(looking())
        try:
            callers = [asyncio.create_task(caller(5)) for _ in range(4)]
            await until(lambda: len(replicas) == 2)
            first, second = (pid_of(one) for one in replicas)
            assert first != second
            os.kill(second, signal.SIGKILL)
            assert await asyncio.gather(*callers) == [True] * 4
            await until(lambda: events[-1] == Resized("E", 2, 1) and not fleet._leaving)
        finally:
            look.cancel()
            await asyncio.gather(look, return_exceptions=True)
            await fleet.aclose()
    finally:
        await directory.aclose()
    sizes = [(one.before, one.after) for one in events if isinstance(one, Resized)]
    assert (1, 2) in sizes
