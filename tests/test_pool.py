"""Several models behind one expert: the least used answers, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from collegium.backends.base import Prompt, joined
from collegium.backends.pool import Instance, Pool
from collegium.backends.prices import Price, charged, price_of
from collegium.backends.replicas import Replicas
from collegium.backends.resilience import Resilience
from collegium.backends.standing import Incumbents, Recent, Standing
from collegium.errors import (
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ExpertBusy,
    UnknownModel,
)
from collegium.testing import ScriptedBackend
from collegium.types import Chunk, Message, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

PROMPT = Prompt((Message("user", "?"),))
DOWN = BackendUnavailable("it is down")


class Gated(ScriptedBackend):
    """Says its first word, then waits for the gate."""

    def __init__(self, text: str = "so") -> None:
        super().__init__(text)
        self.gate = asyncio.Event()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        async with aclosing(super().stream(prompt)) as chunks:
            async for chunk in chunks:
                yield chunk
                await self.gate.wait()


class Down(ScriptedBackend):
    """Is not there; with a gate, says so only when it opens."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        super().__init__()
        self.gate = gate

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        self.prompts.append(prompt)
        if self.gate is not None:
            await self.gate.wait()
        raise DOWN
        yield Chunk()

    async def healthy(self) -> bool:
        return False


def pool_of(*backends: ScriptedBackend, capacity: int = 1, max_waiting: int = 64) -> Pool:
    instances = [
        Instance(one, f"model-{place}", f"there/{place}", capacity)
        for place, one in enumerate(backends)
    ]
    return Pool(instances, resilience=Resilience(queue=max_waiting), rng=random.Random(0))


async def ask(pool: Pool) -> str:
    return (await pool.generate(PROMPT)).model


async def settled(met: Callable[[], bool]) -> None:
    for _ in range(200):
        if met():
            return
        await asyncio.sleep(0)
    pytest.fail("it did not come to that")


async def test_the_first_chunk_says_which_instance_answers() -> None:
    backend = ScriptedBackend("a b c", model="what-it-calls-itself")
    async with aclosing(pool_of(backend).stream(PROMPT)) as stream:
        chunks = [chunk async for chunk in stream]
    assert [chunk.model for chunk in chunks] == ["there/0", None, None, None]
    assert "".join(chunk.text for chunk in chunks) == "a b c"
    assert chunks[-1].usage == Usage(1, 3)
    assert [prompt.model for prompt in backend.prompts] == ["model-0"]


async def test_the_least_used_instance_is_chosen() -> None:
    backends = [Gated(), Gated(), Gated()]
    instances = [
        Instance(one, "m", name, capacity)
        for one, name, capacity in zip(backends, "abc", (1, 2, 4), strict=True)
    ]
    pool = Pool(instances, rng=random.Random(1))
    tasks: list[asyncio.Task[str]] = []
    for number in range(7):
        loads = pool.loads()
        least = {name for name, load in loads.items() if load == min(loads.values())}
        tasks.append(asyncio.create_task(ask(pool)))
        await settled(lambda wanted=number + 1: pool.in_flight == wanted)  # type: ignore[misc]
        (grown,) = (name for name, load in pool.loads().items() if load > loads[name])
        assert grown in least
    assert dict(pool.loads()) == {"a": 1.0, "b": 1.0, "c": 1.0}
    assert pool.utilisation == 1.0
    for backend in backends:
        backend.gate.set()
    assert sorted(await asyncio.gather(*tasks)) == list("abbcccc")
    assert (pool.in_flight, pool.utilisation, pool.capacity) == (0, 0.0, 7)


async def test_idle_instances_share_the_work() -> None:
    pool = pool_of(*(ScriptedBackend() for _ in range(3)))
    models = [await ask(pool) for _ in range(60)]
    assert all(models.count(name) > 8 for name in pool.names)


async def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    pool = pool_of(ScriptedBackend(pause_s=0.001), capacity=2)
    order: list[int] = []

    async def caller(number: int) -> None:
        async with aclosing(pool.stream(PROMPT)) as chunks:
            await anext(chunks)
            order.append(number)
            async for _ in chunks:
                pass

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(caller(number))
    assert order == list(range(20))
    assert (pool.in_flight, pool.waiting) == (0, 0)


async def test_beyond_those_who_may_wait_the_expert_is_busy() -> None:
    backend = Gated()
    pool = pool_of(backend, max_waiting=2)
    tasks = [asyncio.create_task(ask(pool)) for _ in range(3)]
    await settled(lambda: pool.waiting == 2)
    with pytest.raises(ExpertBusy, match=r"there/0: 1 requests are being answered and 2 wait"):
        await ask(pool)
    backend.gate.set()
    assert await asyncio.gather(*tasks) == ["there/0"] * 3
    assert await ask(pool) == "there/0"


async def test_a_waiter_who_leaves_makes_room_for_another() -> None:
    backend = Gated()
    pool = pool_of(backend, max_waiting=1)
    first, second = asyncio.create_task(ask(pool)), asyncio.create_task(ask(pool))
    await settled(lambda: pool.waiting == 1)
    second.cancel()
    await settled(lambda: pool.waiting == 0)
    third = asyncio.create_task(ask(pool))
    await settled(lambda: pool.waiting == 1)
    backend.gate.set()
    assert list(await asyncio.gather(first, third)) == ["there/0"] * 2


async def test_a_place_given_to_one_who_just_left_goes_to_the_next() -> None:
    pool = pool_of(ScriptedBackend())
    holder = pool.stream(PROMPT)
    await anext(holder)
    leaver, stayer = asyncio.create_task(ask(pool)), asyncio.create_task(ask(pool))
    await settled(lambda: pool.waiting == 2)
    await holder.aclose()  # hands the place over
    leaver.cancel()  # before it could take it
    assert await asyncio.wait_for(stayer, 1) == "there/0"
    assert leaver.cancelled() or leaver.done()
    assert (pool.in_flight, pool.waiting) == (0, 0)


@pytest.mark.parametrize("seed", range(12))
async def test_cancelled_callers_lose_no_place(seed: int) -> None:
    rng = random.Random(seed)
    backends = [ScriptedBackend("a b c"), ScriptedBackend("a b"), Down()]
    pool = pool_of(*backends, capacity=2, max_waiting=1000)
    tasks: list[asyncio.Task[str]] = []
    most = 0.0
    for _ in range(150):
        tasks.append(asyncio.create_task(ask(pool)))
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
        if rng.random() < 0.6:
            rng.choice(tasks).cancel()
        most = max(most, *pool.loads().values())
    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert {type(end) for end in ends} <= {str, asyncio.CancelledError}
    assert any(isinstance(end, str) for end in ends)
    assert most == 1.0
    assert (pool.in_flight, pool.waiting) == (0, 0)
    assert [backend.open_streams for backend in backends] == [0, 0, 0]
    assert await asyncio.wait_for(ask(pool), 1) in ("there/0", "there/1")


async def test_walking_away_gives_the_place_back() -> None:
    backend = Gated()
    pool = pool_of(backend)
    chunks = pool.stream(PROMPT)
    await anext(chunks)
    assert (pool.in_flight, backend.open_streams) == (1, 1)
    await chunks.aclose()
    assert (pool.in_flight, backend.open_streams) == (0, 0)


async def test_an_instance_that_is_not_there_gives_way_to_the_next() -> None:
    pool = pool_of(Down(), Down(), ScriptedBackend("fine"))
    for _ in range(10):
        generation = await pool.generate(PROMPT)
        assert (generation.text, generation.model) == ("fine", "there/2")
    assert pool.in_flight == 0
    assert await pool.healthy() is True


async def test_when_none_is_there_the_last_failure_is_told() -> None:
    down = [Down(), Down()]
    instances = [Instance(one, "m", f"there/{place}", 1) for place, one in enumerate(down)]
    pool = Pool(instances, resilience=Resilience(retries=1))
    with pytest.raises(BackendUnavailable, match="it is down"):
        await ask(pool)
    assert [len(one.prompts) for one in down] == [1, 1]
    assert pool.in_flight == 0
    assert await pool.healthy() is False


async def test_after_the_first_chunk_there_is_no_second_instance() -> None:
    backends = [ScriptedBackend("half an", error=DOWN), ScriptedBackend("half an", error=DOWN)]
    pool = pool_of(*backends)
    with pytest.raises(BackendUnavailable):
        await joined(pool.stream(PROMPT), model="")
    assert sum(len(one.prompts) for one in backends) == 1
    assert pool.in_flight == 0


async def test_a_refusal_is_not_asked_of_another_instance() -> None:
    class Refusing(ScriptedBackend):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            self.prompts.append(prompt)
            raise BackendRefused("no")
            yield Chunk()

    backends = [Refusing(), Refusing()]
    with pytest.raises(BackendRefused):
        await ask(pool_of(*backends))
    assert sum(len(one.prompts) for one in backends) == 1


async def test_one_who_waits_is_not_given_the_instance_that_failed_him() -> None:
    gate = asyncio.Event()
    down, slow = Down(gate), Gated("fine")
    pool = pool_of(down, slow)
    holders = [asyncio.create_task(ask(pool)) for _ in range(2)]
    await settled(lambda: pool.in_flight == 2)
    late = asyncio.create_task(ask(pool))  # waits; is to get the place of `down`, and fail there
    await settled(lambda: pool.waiting == 1)
    gate.set()
    await settled(lambda: pool.waiting == 2)
    slow.gate.set()
    assert await asyncio.wait_for(asyncio.gather(*holders, late), 2) == ["there/1"] * 3
    assert (pool.in_flight, pool.waiting) == (0, 0)


def test_a_pool_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one instance"):
        Pool([])


def replicas_of(*backends: ScriptedBackend) -> tuple[Replicas, list[Instance]]:
    """One model at several instances, of which the first is asked."""
    instances = [
        Instance(one, "m", "there/m", 1, address=f"#{place}") for place, one in enumerate(backends)
    ]
    return Replicas(instances[:1], at=lambda number: instances[number - 1]), instances


def live(*models: Replicas, max_waiting: int = 64) -> Pool:
    return Pool(models, resilience=Resilience(queue=max_waiting), rng=random.Random(0))


async def test_who_waits_is_served_by_an_instance_that_joins() -> None:
    slow, quick = Gated(), ScriptedBackend("quick")
    replicas, instances = replicas_of(slow, quick)
    pool = live(replicas)
    holder, waiter = (
        asyncio.create_task(pool.generate(PROMPT)),
        asyncio.create_task(pool.generate(PROMPT)),
    )
    await settled(lambda: pool.waiting == 1)
    replicas.become(instances)
    assert (await asyncio.wait_for(waiter, 2)).text == "quick"
    assert not holder.done()
    slow.gate.set()
    assert (await holder).text == "so"
    assert (pool.capacity, pool.in_flight, pool.waiting) == (2, 0, 0)


async def test_an_instance_that_leaves_gets_no_more_and_ends_what_it_has() -> None:
    leaving, staying = Gated("leaving"), Gated("staying")
    replicas, instances = replicas_of(leaving, staying)
    replicas.become(instances)
    pool = live(replicas)
    asked = [asyncio.create_task(pool.generate(PROMPT)) for _ in range(4)]
    await settled(lambda: (pool.in_flight, pool.waiting) == (2, 2))
    replicas.become(instances[1:])
    await settled(lambda: pool.waiting == 2)
    leaving.gate.set()
    staying.gate.set()
    said = [(await one).text for one in asked]
    assert sorted(said) == ["leaving", "staying", "staying", "staying"]
    assert len(leaving.prompts) == 1
    assert [one.condition.in_flight for one in instances] == [0, 0]


@pytest.mark.parametrize("seed", range(8))
async def test_instances_that_come_and_go_under_load_lose_no_request(seed: int) -> None:
    rng = random.Random(seed)
    replicas, instances = replicas_of(*(ScriptedBackend("a b", pause_s=0.0) for _ in range(4)))
    pools = [live(replicas, max_waiting=1000) for _ in range(2)]
    asked: list[asyncio.Task[Any]] = []
    for _ in range(200):
        asked.append(asyncio.create_task(rng.choice(pools).generate(PROMPT)))
        if rng.random() < 0.3:
            replicas.become(rng.sample(instances, rng.randint(1, 4)))
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
    replies = await asyncio.wait_for(asyncio.gather(*asked), 10)
    assert {one.text for one in replies} == {"a b"}
    assert [one.condition.in_flight for one in instances] == [0] * 4
    assert [pool.waiting for pool in pools] == [0, 0]


async def test_one_that_failed_and_one_that_joins_are_told_apart() -> None:
    replicas, instances = replicas_of(Down(), ScriptedBackend("fine"))
    pool = live(replicas)
    replicas.become(instances)
    assert [(await pool.generate(PROMPT)).text for _ in range(5)] == ["fine"] * 5


async def test_several_pools_of_a_model_see_it_change_and_a_list_of_instances_does_not() -> None:
    replicas, instances = replicas_of(ScriptedBackend(), ScriptedBackend())
    other = Replicas([Instance(ScriptedBackend(), "n", "there/n", 3)])
    first, second, fixed = live(replicas), live(replicas, other), Pool(list(replicas))
    assert Pool(replicas).models == (replicas,)
    replicas.become(instances)
    assert (first.capacity, second.capacity, fixed.capacity) == (2, 5, 1)
    assert second.names == ("there/m", "there/n")


def test_a_model_without_instances_is_a_mistake() -> None:
    replicas, instances = replicas_of(ScriptedBackend())
    with pytest.raises(ValueError, match="there/m needs at least one instance"):
        replicas.become([])
    with pytest.raises(ValueError, match="at least one instance"):
        Replicas([])
    assert list(replicas) == instances


def test_the_spare_one_is_the_first_that_is_not_asked_and_not_left_out() -> None:
    replicas, instances = replicas_of(*(ScriptedBackend() for _ in range(4)))
    assert replicas.spare() is instances[1]
    assert replicas.spare(["#1"]) is instances[2]
    replicas.become([instances[0], instances[2]])
    assert replicas.spare() is instances[1]
    assert Replicas(instances).spare() is None
    assert Replicas(instances[:1], at=lambda number: instances[number - 1], most=1).spare() is None


class Favour:
    """A selector that names what it is told to, and keeps what it was shown."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.shown: list[tuple[Standing, ...]] = []
        self.incumbents: list[str | None] = []

    def __call__(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None
    ) -> Sequence[str]:
        self.shown.append(tuple(standings))
        self.incumbents.append(incumbent)
        return self.names


def favouring(favour: Favour, *backends: ScriptedBackend, **rest: int) -> Pool:
    instances = [
        Instance(one, f"model-{place}", f"there/{place}", rest.get("capacity", 1))
        for place, one in enumerate(backends)
    ]
    settings = Resilience(queue=rest.get("max_waiting", 64))
    return Pool(instances, selector=favour, resilience=settings)


async def test_the_selector_decides_who_answers() -> None:
    pool = favouring(Favour("there/1", "there/0"), ScriptedBackend(), ScriptedBackend())
    assert [await ask(pool) for _ in range(5)] == ["there/1"] * 5


async def test_of_those_the_selector_names_the_first_with_room_answers() -> None:
    slow = Gated()
    pool = favouring(Favour("there/0", "there/1"), slow, ScriptedBackend(), ScriptedBackend())
    first = asyncio.create_task(ask(pool))
    await settled(lambda: pool.in_flight == 1)
    assert await ask(pool) == "there/1"
    slow.gate.set()
    assert await first == "there/0"


async def test_one_the_selector_would_rather_wait_for_is_waited_for() -> None:
    slow = Gated()
    pool = favouring(Favour("there/0"), slow, ScriptedBackend())
    tasks = [asyncio.create_task(ask(pool)) for _ in range(2)]
    await settled(lambda: pool.waiting == 1)
    slow.gate.set()
    assert await asyncio.gather(*tasks) == ["there/0"] * 2


async def test_where_too_many_wait_already_any_instance_with_room_answers() -> None:
    slow = Gated()
    pool = favouring(Favour("there/0"), slow, ScriptedBackend(), max_waiting=1)
    tasks = [asyncio.create_task(ask(pool)) for _ in range(2)]
    await settled(lambda: pool.waiting == 1)
    assert await ask(pool) == "there/1"
    slow.gate.set()
    assert await asyncio.gather(*tasks) == ["there/0"] * 2


async def test_the_selector_is_asked_again_without_the_one_that_is_not_there() -> None:
    favour = Favour("there/0")
    pool = favouring(favour, Down(), ScriptedBackend("fine"), ScriptedBackend("fine"))
    assert await ask(pool) == "there/1"
    assert [[one.name for one in shown] for shown in favour.shown] == [
        ["there/0", "there/1", "there/2"],
        ["there/1", "there/2"],
    ]


async def test_a_session_is_known_by_the_instance_that_had_it_last() -> None:
    favour = Favour("there/0")
    pool = favouring(favour, Down(), ScriptedBackend("fine"), ScriptedBackend("fine"))
    for session in ("s", "s", "t", None, None):
        await pool.generate(Prompt(PROMPT.messages, session=session))
    assert favour.incumbents[::2] == [None, "there/1", None, None, None]


async def test_a_pinned_prompt_leaves_the_session_where_it_was() -> None:
    favour = Favour("there/0")
    pool = favouring(favour, ScriptedBackend(), ScriptedBackend())
    prompt = Prompt(PROMPT.messages, session="s")
    await pool.generate(prompt)
    await joined(pool.stream(prompt, only="there/1"), model="")
    await pool.generate(prompt)
    assert favour.incumbents[-1] == "there/0"


def test_the_longest_unused_session_is_forgotten_first() -> None:
    incumbents = Incumbents(2)
    for session, name in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
        incumbents.keep(session, name)
    assert [incumbents.get(session) for session in "abc"] == ["3", None, "4"]


async def test_a_prompt_for_one_instance_waits_for_it() -> None:
    slow = Gated()
    pool = pool_of(slow, ScriptedBackend())

    async def only(name: str) -> str:
        return (await joined(pool.stream(PROMPT, only=name), model="")).model

    tasks = [asyncio.create_task(only("there/0")) for _ in range(2)]
    await settled(lambda: pool.waiting == 1)
    assert await ask(pool) == "there/1"
    slow.gate.set()
    assert await asyncio.gather(*tasks) == ["there/0"] * 2
    assert (pool.in_flight, pool.waiting) == (0, 0)


async def test_a_prompt_for_one_instance_fails_where_that_one_is_not_there() -> None:
    other = ScriptedBackend()
    pool = pool_of(Down(), other)
    with pytest.raises(BackendUnavailable, match="it is down"):
        await joined(pool.stream(PROMPT, only="there/0"), model="")
    assert other.prompts == []
    with pytest.raises(UnknownModel, match="'there/9' here; there are: there/0, there/1"):
        await joined(pool.stream(PROMPT, only="there/9"), model="")


def priced(backend: ScriptedBackend, price: Price | None) -> Pool:
    return Pool([Instance(backend, "m", "there/m", 1, price)])


class Charging(ScriptedBackend):
    """Tells itself what it cost."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        yield Chunk("so", usage=Usage(10, 20, 0.5))


async def test_what_an_answer_cost_is_told_by_its_price() -> None:
    generation = await priced(ScriptedBackend("a b c"), Price(2.0, 10.0)).generate(PROMPT)
    assert generation.usage.cost_usd == pytest.approx(32e-6)


async def test_a_cost_that_the_backend_tells_is_kept() -> None:
    assert (await priced(Charging(), Price(2.0, 10.0)).generate(PROMPT)).usage.cost_usd == 0.5


async def test_without_a_price_nothing_is_charged() -> None:
    generation = await priced(ScriptedBackend("a b c"), None).generate(PROMPT)
    assert generation.usage == Usage(1, 3) == charged(Usage(1, 3), None)


def test_a_price_is_found_by_the_whole_name_then_by_the_bare_one() -> None:
    prices = {"lab/m": Price(1, 1), "m": Price(2, 2), "org/m": Price(3, 3)}
    names = ("lab/m", "other/m", "other/org/m", "m", "lab/n", "n")
    found = [price_of(name, prices) for name in names]
    assert [one and one.input for one in found] == [1, 2, 3, 2, None, None]


async def test_what_an_answer_will_cost_is_told_by_price_and_length() -> None:
    pool = priced(ScriptedBackend("a b c"), Price(0.0, 10.0))
    assert pool.expected_cost_usd(PROMPT) == pytest.approx(400 * 10e-6)
    short = Prompt(PROMPT.messages, sampling={"max_tokens": 50})
    assert pool.expected_cost_usd(short) == pytest.approx(50 * 10e-6)
    await pool.generate(PROMPT)
    assert pool.expected_cost_usd(PROMPT, only="there/m") == pytest.approx(3 * 10e-6)


async def test_without_a_price_an_answer_will_cost_what_answers_did() -> None:
    pool = priced(Charging(), None)
    assert pool.expected_cost_usd(PROMPT) is None
    await pool.generate(PROMPT)
    assert pool.expected_cost_usd(PROMPT) == 0.5


async def test_how_long_answers_take_is_learned_as_they_come() -> None:
    now = 0.0

    class Timed(ScriptedBackend):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            nonlocal now
            now += self.pause_s
            yield Chunk("so")
            if self.error is not None:
                raise self.error

    backend, favour = Timed(), Favour("there/m")
    pool = Pool(
        [
            Instance(backend, "m", "there/m", 1, context_tokens=9),
            Instance(ScriptedBackend(), "m", "there/other", 1),
        ],
        selector=favour,
        clock=lambda: now,
    )
    for seconds in (1.0, 2.0, 2.0):
        backend.pause_s = seconds
        await ask(pool)
    backend.pause_s, backend.error = 60.0, BackendTimeout("silent")
    with pytest.raises(BackendTimeout):
        await ask(pool)
    backend.pause_s, backend.error = 0.0, BackendRefused("no")
    with pytest.raises(BackendRefused):
        await ask(pool)
    assert pool.expected_cost_usd(PROMPT, only="there/m") is None
    assert pool.expected_cost_usd(PROMPT) is None
    learned = [shown[0].latency_ms for shown in favour.shown]
    assert learned == [None, 1000, 1200, 1360, pytest.approx(13088), pytest.approx(13088)]
    assert favour.shown[0] == (Standing("there/m", context_tokens=9), Standing("there/other"))


def test_an_answer_that_was_given_up_early_says_nothing() -> None:
    recent = Recent()
    recent.ended(1000, Usage())
    recent.given_up(10)
    assert recent.latency_ms == 1000
