"""Instances that fail, hang, are slow, and come back; and nobody who asks is any the wiser."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from collegium.backends.base import Prompt, joined
from collegium.backends.breaker import Breaker
from collegium.backends.condition import Condition
from collegium.backends.directory import Directory, Surroundings
from collegium.backends.http import HttpBackend
from collegium.backends.instance import Instance
from collegium.backends.looking import look_after
from collegium.backends.pool import Pool
from collegium.backends.resilience import BreakerRules, Listeners, Purse, Resilience
from collegium.config import read
from collegium.errors import (
    BackendBusy,
    BackendRefused,
    BackendUnavailable,
    DeadlineExceeded,
    ExpertBusy,
    ModelNotCached,
)
from collegium.testing import ScriptedBackend
from collegium.types import Chunk, Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from collegium.errors import BackendError

PROMPT = Prompt((Message("user", "one two three"),))
BODY = {"model": "auto", "messages": [{"role": "user", "content": "one two three"}]}


class Server:
    """An upstream of its own, which can be made to misbehave, stopped, killed and started again."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.start()

    def start(self) -> None:
        script = str(Path(__file__).with_name("upstream.py"))
        command = [sys.executable, script, "--with-parent", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())["port"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def behave(self, mode: str, **fields: Any) -> None:
        data = json.dumps({"mode": mode, **fields}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/behave", data=data)
        with urllib.request.urlopen(request, timeout=5):
            pass

    def stats(self) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=5) as reply:
            return json.load(reply)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def running(number: int) -> Iterator[list[Server]]:
    servers: list[Server] = []
    try:
        for _ in range(number):
            servers.append(Server())  # noqa: PERF401 -- those that started are to be killed
        yield servers
    finally:
        for server in servers:
            server.kill()


@pytest.fixture(scope="module")
def all_servers() -> Iterator[list[Server]]:
    with running(3) as servers:
        yield servers


@pytest.fixture
def servers(all_servers: list[Server]) -> Iterator[list[Server]]:
    """Three upstreams that behave well, until they are told not to."""
    for server in all_servers:
        server.behave("well")
    yield all_servers
    for server in all_servers:
        if server.process.poll() is not None:
            server.start()
        server.send(signal.SIGCONT)


@pytest.fixture
async def directory(servers: list[Server], tmp_path: Path) -> AsyncIterator[Directory]:
    """A backend `lab` of three replicas."""
    first, *others = [server.url for server in servers]
    text = f"backends: {{lab: {{kind: http, url: '{first}', replicas: {others}, capacity: 20}}}}"
    made = Directory(read(text), Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None))
    yield made
    await made.aclose()


async def pool_in(directory: Directory, model: str = "echo", **settings: Any) -> Pool:
    instances = await directory.find_all(f"lab/{model}")
    return Pool(instances, resilience=Resilience(**settings), rng=random.Random(1))


async def ask(pool: Pool, *, stream: bool = False, **fields: Any) -> str:
    """The address that answered, once all of it has come."""
    async with pool.relay(PROMPT, {**BODY, "stream": stream}, **fields) as relayed:
        if stream:
            async for _ in relayed.events():
                pass
        else:
            await relayed.whole()
        return relayed.address


async def until(met: Any, *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not met():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.01)


def breakers(directory: Directory) -> list[str]:
    return sorted(state.breaker for state in directory.states())


async def test_replicas_have_one_name_and_share_the_work(directory: Directory) -> None:
    pool = await pool_in(directory)
    addresses = {await ask(pool) for _ in range(30)}
    assert pool.names == ("lab/echo",)
    assert pool.capacity == 60
    assert len(addresses) == 3
    assert {state.address for state in directory.states()} == addresses
    assert {state.name for state in directory.states()} == {"lab/echo"}
    assert {state.label for state in directory.states()} == set(directory.labels("lab/echo"))
    assert pool.states() == directory.states()
    assert sum(state.requests for state in directory.states()) == 30


async def test_an_instance_is_known_to_every_pool_that_uses_it(directory: Directory) -> None:
    one, other = await pool_in(directory, "slow-20"), await pool_in(directory, "slow-20")
    asked = asyncio.create_task(ask(one, stream=True))
    await until(lambda: one.in_flight == 1, within_s=1)
    assert other.in_flight == 1
    await asked
    assert other.in_flight == 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        ("drop", {}),
        ("garbage", {}),
        ("fail", {"status": 500}),
        ("fail", {"status": 429, "retry_after": "5"}),
    ],
)
async def test_what_fails_before_it_has_begun_is_answered_by_another(
    servers: list[Server], directory: Directory, mode: str, fields: Any, *, stream: bool
) -> None:
    servers[0].behave(mode, **fields)
    pool = await pool_in(directory)
    addresses = [await ask(pool, stream=stream) for _ in range(20)]
    assert set(addresses) == {server.url for server in servers[1:]}


async def test_a_refusal_is_not_tried_again_and_says_nothing_of_the_instance(
    servers: list[Server], directory: Directory
) -> None:
    before = sum(server.stats()["requests"] for server in servers)
    pool = await pool_in(directory, "error-400")
    for _ in range(10):
        with pytest.raises(BackendRefused):
            await ask(pool)
    assert sum(server.stats()["requests"] for server in servers) - before == 10
    assert breakers(directory) == ["closed"] * 3


async def test_a_killed_instance_is_left_alone_and_is_back_soon_after_it_is(
    servers: list[Server], directory: Directory
) -> None:
    pool = await pool_in(directory)
    servers[0].kill()
    for _ in range(30):
        await ask(pool)
    assert breakers(directory) == ["closed", "closed", "open"]
    await asyncio.sleep(1.5)
    servers[0].start()
    back = time.monotonic()
    while await ask(pool) != servers[0].url:
        await asyncio.sleep(0.01)
        assert time.monotonic() - back < 5
    assert breakers(directory) == ["closed"] * 3


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hung_instance_is_ejected_at_once(
    servers: list[Server], directory: Directory, *, stream: bool
) -> None:
    pool = await pool_in(directory)
    for _ in range(20):
        await ask(pool, stream=stream)
    servers[0].send(signal.SIGSTOP)
    start = time.monotonic()
    answers = await asyncio.gather(*(ask(pool, stream=stream) for _ in range(20)))
    assert time.monotonic() - start < 1.5
    assert set(answers) == {server.url for server in servers[1:]}
    assert breakers(directory) == ["closed", "closed", "open"]
    start = time.monotonic()
    assert servers[0].url not in [await ask(pool) for _ in range(20)]
    assert time.monotonic() - start < 0.5
    assert pool.in_flight == 0
    servers[0].send(signal.SIGCONT)
    await until(lambda: "open" not in breakers(directory), within_s=5)


async def test_where_all_hang_the_first_that_is_back_answers(
    servers: list[Server], directory: Directory
) -> None:
    pool = await pool_in(directory, suspect_after_s=0.2, probe_s=0.2)
    for server in servers:
        server.send(signal.SIGSTOP)
    asked = [asyncio.create_task(ask(pool)) for _ in range(9)]
    await asyncio.sleep(2)
    assert not any(task.done() for task in asked)
    servers[1].send(signal.SIGCONT)
    async with asyncio.timeout(4):
        assert set(await asyncio.gather(*asked)) == {servers[1].url}
    assert pool.in_flight == 0


async def test_a_slow_instance_that_is_well_is_not_ejected(
    servers: list[Server], directory: Directory
) -> None:
    for server in servers:
        server.behave("late", delay_s=0.6)
    pool = await pool_in(directory, suspect_after_s=0.1)
    before = sum(server.stats()["requests"] for server in servers)
    await asyncio.gather(*(ask(pool) for _ in range(6)))
    assert sum(server.stats()["requests"] for server in servers) - before == 6
    assert breakers(directory) == ["closed"] * 3


async def test_an_instance_that_goes_on_answering_others_is_not_ejected() -> None:
    class Busy(ScriptedBackend):
        """Has no time for those who look whether it is there."""

        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            self.prompts.append(prompt)
            await asyncio.sleep(float(prompt.messages[0].text))
            yield Chunk("so")

        async def healthy(self) -> bool:
            await asyncio.Event().wait()
            return True

    backends = [Busy(), Busy()]
    instances = [Instance(one, "m", "there/m", 9, address=str(id(one))) for one in backends]
    pool = Pool(instances, resilience=Resilience(suspect_after_s=0.1, probe_s=0.1))
    slow = Prompt((Message("user", "0.8"),), session="slow")
    asked = [asyncio.create_task(pool.generate(slow)) for _ in range(2)]
    while not all(task.done() for task in asked):
        await asyncio.gather(*(pool.generate(Prompt((Message("user", "0.02"),))) for _ in "abcd"))
    everything = [prompt for one in backends for prompt in one.prompts]
    assert sum(prompt.session == "slow" for prompt in everything) == 2
    assert {state.breaker for state in pool.states()} == {"closed"}


async def test_a_request_for_a_hung_instance_alone_waits_for_it(servers: list[Server]) -> None:
    backend = HttpBackend(servers[0].url)
    pool = Pool(
        [Instance(backend, "echo", "lab/echo", 4)],
        resilience=Resilience(suspect_after_s=0.1, probe_s=0.1),
    )
    servers[0].send(signal.SIGSTOP)
    asked = asyncio.create_task(ask(pool))
    await asyncio.sleep(0.5)
    assert not asked.done()
    servers[0].send(signal.SIGCONT)
    await asyncio.wait_for(asked, 2)
    await backend.aclose()


async def test_a_slow_instance_is_hedged_and_the_first_to_speak_is_heard(
    servers: list[Server], directory: Directory
) -> None:
    class Heard:
        hedges = 0

        def retried(self, instance: str) -> None:
            pytest.fail(f"{instance} did not fail")

        def hedged(self, instance: str) -> None:
            self.hedges += 1

        def breaker(self, instance: str, state: str) -> None:
            pytest.fail(f"{instance} is {state}")

        def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
            assert ok

    heard = Heard()
    directory.listeners.add(heard)
    pool = await pool_in(directory, hedge=0.9, hedge_budget=1.0)
    for _ in range(100):
        await ask(pool, stream=True)
    heard.hedges = 0
    servers[0].behave("late", delay_s=5)
    aborted = servers[0].stats()["aborted"]
    start = time.monotonic()
    answers = await asyncio.gather(*(ask(pool, stream=True) for _ in range(12)))
    assert time.monotonic() - start < 2
    assert servers[0].url not in answers
    assert heard.hedges >= 4
    assert pool.in_flight == 0
    await until(lambda: servers[0].stats()["aborted"] - aborted >= 4, within_s=1)


async def test_an_error_that_is_no_backends_leaves_nothing_behind_either() -> None:
    class Odd(ScriptedBackend):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            raise ModelNotCached("there is no file")
            yield Chunk()

    instance = Instance(Odd(), "m", "there/m", 1)
    instance.condition.breaker.trip()
    instance.condition.breaker.back()
    pool = Pool([instance])
    for _ in range(2):
        with pytest.raises(ModelNotCached):
            await pool.generate(PROMPT)
    assert pool.in_flight == 0
    assert instance.condition.breaker.admits  # whoever tried it learned nothing
    assert not instance.condition.beginning


async def test_the_deadline_is_kept_whatever_is_tried(
    servers: list[Server], directory: Directory
) -> None:
    for server in servers:
        server.behave("late", delay_s=5)
    pool = await pool_in(directory)
    start = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="said anything"):
        await ask(pool, deadline_s=0.3)
    with pytest.raises(DeadlineExceeded):
        await joined(pool.stream(PROMPT, deadline_s=0.3), model="")
    assert time.monotonic() - start < 1
    assert pool.in_flight == 0


async def test_a_lone_instance_is_asked_again_after_a_pause() -> None:
    class Recovering(ScriptedBackend):
        """Fails twice, then answers."""

        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            self.prompts.append(prompt)
            if len(self.prompts) < 3:
                raise BackendUnavailable("not yet")
            yield Chunk("now")

    backend = Recovering()
    pool = Pool([Instance(backend, "m", "there/m", 1)], resilience=Resilience(backoff_s=0.01))
    assert (await pool.generate(PROMPT)).text == "now"
    assert len(backend.prompts) == 3
    assert pool.in_flight == 0


class Failing(ScriptedBackend):
    """Fails with its error, always."""

    def __init__(self, error: BackendError) -> None:
        super().__init__()
        self.failure = error

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        self.prompts.append(prompt)
        raise self.failure
        yield Chunk()


async def test_one_who_is_asked_to_wait_long_is_told_so_at_once() -> None:
    backend = Failing(BackendBusy("too many", 30.0))
    pool = Pool([Instance(backend, "m", "there/m", 1)])
    with pytest.raises(BackendBusy) as caught:
        await pool.generate(PROMPT)
    assert caught.value.retry_after_s == 30.0
    assert len(backend.prompts) == 1


async def test_retries_are_no_more_than_their_share() -> None:
    backends = [Failing(BackendUnavailable("down")) for _ in range(2)]
    rules = BreakerRules(failures=10**6, ratio=1.0, least=10**6)
    instances = [
        Instance(one, "m", f"there/{place}", 100, condition=Condition(rules=rules))
        for place, one in enumerate(backends)
    ]
    pool = Pool(instances, resilience=Resilience(retries=1, retry_budget=0.1))
    for _ in range(400):
        with pytest.raises(BackendUnavailable):
            await pool.generate(PROMPT)
    asked = sum(len(one.prompts) for one in backends)
    assert 400 < asked <= 400 + 0.1 * 400 + 12


async def test_where_all_breakers_are_open_one_is_asked_anyway() -> None:
    class Switched(ScriptedBackend):
        on = False

        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            if not self.on:
                raise BackendUnavailable("off")
            yield Chunk("on")

        async def healthy(self) -> bool:
            return self.on

    backend = Switched()
    instance = Instance(backend, "m", "there/m", 1)
    pool = Pool([instance], resilience=Resilience(retries=0))
    for _ in range(6):
        with pytest.raises(BackendUnavailable):
            await pool.generate(PROMPT)
    assert instance.condition.breaker.state == "open"
    backend.on = True
    assert (await pool.generate(PROMPT)).text == "on"
    assert instance.condition.breaker.state == "closed"


async def test_one_that_was_away_and_is_back_is_asked_at_once() -> None:
    class Away(ScriptedBackend):
        there = False
        looks = 0

        async def healthy(self) -> bool:
            self.looks += 1
            return self.there

    backend = Away()
    rules = BreakerRules(failures=1, open_s=100, max_open_s=100)
    instance = Instance(backend, "m", "there/m", 1, condition=Condition(rules=rules))
    instance.condition.breaker.trip()
    look_after(instance, 0.1)
    await until(lambda: backend.looks >= 2, within_s=2)
    assert instance.condition.breaker.state == "open"
    backend.there = True
    await until(lambda: instance.condition.breaker.state == "half-open", within_s=2)
    assert instance.condition.looking is not None
    await instance.condition.looking  # and looks no more


async def test_one_that_is_there_and_fails_is_given_its_time() -> None:
    backend = ScriptedBackend()
    rules = BreakerRules(failures=1, open_s=1, max_open_s=1)
    instance = Instance(backend, "m", "there/m", 1, condition=Condition(rules=rules))
    instance.condition.breaker.trip()
    look_after(instance, 0.1)
    await asyncio.sleep(0.4)
    assert instance.condition.breaker.state == "open"
    await until(lambda: instance.condition.breaker.state == "half-open", within_s=1)


async def test_a_full_queue_says_when_to_come_again() -> None:
    backend = ScriptedBackend("a b", pause_s=0.05)
    pool = Pool([Instance(backend, "m", "there/m", 1)], resilience=Resilience(queue=1))
    await pool.generate(PROMPT)
    tasks = [asyncio.create_task(pool.generate(PROMPT)) for _ in range(2)]
    await until(lambda: pool.waiting == 1, within_s=1)
    with pytest.raises(ExpertBusy) as caught:
        await pool.generate(PROMPT)
    assert caught.value.retry_after_s == pytest.approx(0.2, abs=0.15)
    await asyncio.gather(*tasks)


async def test_one_who_waits_for_a_place_leaves_at_the_deadline() -> None:
    backend = ScriptedBackend("a b", pause_s=0.5)
    pool = Pool([Instance(backend, "m", "there/m", 1)])
    first = asyncio.create_task(pool.generate(PROMPT))
    await until(lambda: pool.in_flight == 1, within_s=1)
    with pytest.raises(DeadlineExceeded, match="had a place"):
        await joined(pool.stream(PROMPT, deadline_s=0.05), model="")
    assert pool.waiting == 0
    await first
    assert pool.in_flight == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_walking_away_at_any_moment_leaves_nothing_behind(
    servers: list[Server], directory: Directory, *, stream: bool
) -> None:
    rng = random.Random(5)
    pool = await pool_in(directory, "slow-2", hedge=0.5, hedge_budget=1.0)
    await asyncio.gather(*(ask(pool, stream=stream) for _ in range(40)))
    gone = [asyncio.create_task(ask(pool, stream=stream)) for _ in range(150)]
    for task in gone:
        await asyncio.sleep(rng.random() * 0.002)
        rng.choice(gone).cancel()
        if rng.random() < 0.5:
            task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert (pool.in_flight, pool.waiting) == (0, 0)
    assert all(not one.condition.beginning for one in await directory.find_all("lab/slow-2"))
    await until(lambda: sum(one.stats()["active"] for one in servers) == 0, within_s=2)
    await until(lambda: len(asyncio.all_tasks()) == 1, within_s=2)


class Answered(ScriptedBackend):
    """Is slow when it is asked first; as a rival it answers at once, just as somebody leaves."""

    asked: list[Answered]
    leaving: asyncio.Task[Any]
    later_s = 0.0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        self.asked.append(self)
        first = len(self.asked) == 1
        self.open_streams += 1
        try:
            await asyncio.sleep(5 if first else 0.05)
            asyncio.get_running_loop().call_later(self.later_s, self.leaving.cancel)
            yield Chunk("so")
            await asyncio.sleep(5)
        finally:
            self.open_streams -= 1
            if first:
                await asyncio.sleep(0.05)  # cleaning up takes a while


@pytest.mark.parametrize("later_s", [0.0, 0.02])
async def test_whoever_leaves_as_a_rival_answers_leaves_nothing_behind(later_s: float) -> None:
    """Be it in the same moment, or while the first attempt is still being cleaned up."""
    backends = [Answered(), Answered()]
    asked: list[Answered] = []
    instances = [Instance(one, "m", "there/m", 4, address=str(id(one))) for one in backends]
    pool = Pool(instances, resilience=Resilience(hedge=0.5, hedge_budget=1.0, suspect_after_s=5))
    for instance in instances:
        for _ in range(40):
            instance.condition.waits[True].add(20.0)
    for _ in range(5):
        asked.clear()
        leaving = asyncio.create_task(joined(pool.stream(PROMPT), model=""))
        for one in backends:
            one.asked, one.leaving, one.later_s = asked, leaving, later_s
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await asyncio.sleep(0.1)
        assert len(asked) == 2
        assert [one.condition.in_flight for one in instances] == [0, 0]
        assert [one.open_streams for one in backends] == [0, 0]


async def test_a_hung_instance_is_found_though_nobody_has_much_time(
    servers: list[Server], directory: Directory
) -> None:
    pool = await pool_in(directory, suspect_after_s=5)
    servers[0].send(signal.SIGSTOP)

    async def impatient() -> bool:
        try:
            await ask(pool, deadline_s=0.2)
        except DeadlineExceeded:
            return False
        return True

    await asyncio.gather(*(impatient() for _ in range(9)))
    await until(lambda: "open" in breakers(directory), within_s=2)
    assert all([await impatient() for _ in range(5)])


async def test_an_instance_that_is_put_aside_is_no_longer_looked_at() -> None:
    instance = Instance(ScriptedBackend("late", pause_s=60), "m", "there/m", 1)
    with pytest.raises(DeadlineExceeded):
        await ask(Pool([instance]), deadline_s=0.05)
    assert instance.condition.suspecting is not None
    assert not instance.condition.suspecting.done()
    instance.condition.aside()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock, states: list[str], **rules: Any) -> Breaker:
    return Breaker(BreakerRules(**rules), clock=clock, rng=random.Random(0), told=states.append)


def test_a_breaker_opens_tries_once_and_closes() -> None:
    clock, states = Clock(), list[str]()
    one = breaker(clock, states, failures=3)
    for _ in range(2):
        one.asked()
        one.failed()
    one.succeeded()
    for _ in range(3):
        assert one.admits
        one.asked()
        one.failed()
    assert (one.state, one.admits) == ("open", False)
    clock.now += 0.5
    assert (one.state, one.admits) == ("half-open", True)
    one.asked()
    assert not one.admits  # one at a time
    one.left()
    assert one.admits  # whoever tried it went away
    one.asked()
    one.succeeded()
    assert (one.state, one.admits) == ("closed", True)
    assert states == ["open", "half-open", "closed"]


def test_a_breaker_stays_open_longer_each_time_up_to_its_limit() -> None:
    clock = Clock()
    one = breaker(clock, [], failures=1, open_s=0.5, max_open_s=3.0)
    times: list[float] = []
    for _ in range(8):
        one.asked()
        one.failed()
        times.append(one.open_for_s)
        clock.now += times[-1]
    assert all(low / 2 <= time <= low for time, low in zip(times, (0.5, 1, 2, 3), strict=False))
    assert max(times) <= 3.0
    assert len(set(times)) == 8  # no two the same, lest all come back at once


def test_a_breaker_opens_where_too_large_a_share_fails() -> None:
    clock = Clock()
    one = breaker(clock, [], failures=100, ratio=0.5, least=10)
    for number in range(40):
        clock.now += 0.1
        one.asked()
        (one.failed if number % 3 == 0 else one.succeeded)()
    assert one.state == "closed"
    for number in range(40):
        clock.now += 0.1
        one.asked()
        (one.failed if number % 3 else one.succeeded)()
        if one.state == "open":
            break
    assert one.state == "open"


def test_an_instance_that_asks_for_fewer_requests_rests_and_has_not_failed() -> None:
    clock, states = Clock(), list[str]()
    one = breaker(clock, states)
    one.rest(7)
    assert not one.admits
    clock.now += 7
    assert one.admits
    one.rest(10_000)
    clock.now += 61
    assert one.admits
    assert states == []


def test_a_purse_lets_a_share_be_sent_twice_and_a_few_more() -> None:
    clock = Clock()
    purse = Purse(0.2, floor=3, clock=clock)
    assert [purse.spend() for _ in range(4)] == [True, True, True, False]
    for _ in range(11):
        purse.earn()
    assert [purse.spend() for _ in range(3)] == [True, True, False]
    clock.now += 1.5
    assert [purse.spend() for _ in range(2)] == [True, False]


def test_listeners_are_all_told() -> None:
    class Ear:
        def __init__(self) -> None:
            self.told: list[tuple[str, ...]] = []

        def retried(self, instance: str) -> None:
            self.told.append(("retried", instance))

        def hedged(self, instance: str) -> None:
            self.told.append(("hedged", instance))

        def breaker(self, instance: str, state: str) -> None:
            self.told.append((state, instance))

        def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
            self.told.append(("ended" if ok else "failed", instance))

    one, other = Ear(), Ear()
    listeners = Listeners(one)
    listeners.add(other)
    listeners.retried("a")
    listeners.hedged("b")
    listeners.breaker("c", "open")
    listeners.ended("d", 5.0, ok=False)
    assert one.told == other.told
    assert one.told == [("retried", "a"), ("hedged", "b"), ("open", "c"), ("failed", "d")]


async def test_every_request_to_an_instance_is_told_of_when_it_is_over(
    directory: Directory, servers: list[Server]
) -> None:
    class Ledger:
        def __init__(self) -> None:
            self.rows: list[tuple[str, bool]] = []

        def retried(self, instance: str) -> None: ...

        def hedged(self, instance: str) -> None: ...

        def breaker(self, instance: str, state: str) -> None: ...

        def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
            assert took_ms > 0
            self.rows.append((instance, ok))

    ledger = Ledger()
    directory.listeners.add(ledger)
    servers[0].kill()
    pool = await pool_in(directory)
    for _ in range(20):
        await ask(pool)
    failed = [instance for instance, ok in ledger.rows if not ok]
    assert sum(ok for _, ok in ledger.rows) == 20
    assert set(failed) == {directory.labels("lab/echo")[0]}
