"""Limits: what a key may use, whatever happens to clocks, processes and disks."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.errors import (
    BackendUnavailable,
    BudgetExceeded,
    CollegiumError,
    LedgerUnavailable,
    RateLimited,
)
from collegium.gateway.security import Key, Limiter, Limits, Standing, ledger, limits, periods
from collegium.gateway.security.tally import Demand, Tally, duration
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Machine:
    """Two clocks and a folder, which several limiters share as workers would."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state" / "ledger.db"
        self.clock, self.wall = Clock(5000.0), Clock(NOON)

    @asynccontextmanager
    async def limiter(self) -> AsyncGenerator[Limiter]:
        worker = Limiter(self.path, clock=self.clock, wall=self.wall)
        try:
            yield worker
        finally:
            await worker.aclose()

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.wall.now += seconds


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def key(identity: str = "key_1", **fields: Any) -> Key:
    return Key(
        id=identity,
        name=identity,
        prefix="cg-x",
        hash="0" * 64,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        limits=Limits(**fields),
    )


def used(tokens: int = 0, usd: float = 0.0) -> Usage:
    return Usage(prompt_tokens=tokens, cost_usd=usd)


# A minute's requests and tokens


async def test_a_minutes_requests_may_come_at_once_and_then_one_by_one(machine: Machine) -> None:
    holder = key(requests_per_minute=3)
    async with machine.limiter() as limiter:
        for _ in range(3):
            (await limiter.admit(holder)).settle(used())
        with pytest.raises(RateLimited, match="3 requests in a minute and has 0 left") as refused:
            await limiter.admit(holder)
        assert refused.value.retry_after_s == pytest.approx(20.0)
        machine.wait(20.0)
        (await limiter.admit(holder)).settle(used())
        with pytest.raises(RateLimited):
            await limiter.admit(holder)


async def test_tokens_are_set_aside_as_thought_and_corrected_by_what_was_used(
    machine: Machine,
) -> None:
    holder = key(tokens_per_minute=1000)
    async with machine.limiter() as limiter:
        grant = await limiter.admit(holder, tokens=800)
        with pytest.raises(
            RateLimited, match="1000 tokens in a minute and has 200 left"
        ) as refused:
            await limiter.admit(holder, tokens=300)
        assert refused.value.retry_after_s == pytest.approx(6.0)
        grant.settle(used(tokens=100))
        (await limiter.admit(holder, tokens=900)).settle(used(tokens=1900))
        with pytest.raises(RateLimited) as refused:
            await limiter.admit(holder, tokens=1000)
        assert refused.value.retry_after_s == pytest.approx(120.0)


async def test_a_request_that_never_fits_is_told_so(machine: Machine) -> None:
    async with machine.limiter() as limiter:
        with pytest.raises(RateLimited, match=r"about 2000 tokens.*1000 in a minute") as refused:
            await limiter.admit(key(tokens_per_minute=1000), tokens=2000)
        assert refused.value.retry_after_s is None


async def test_what_is_refused_uses_nothing(machine: Machine) -> None:
    holder = key(requests_per_minute=10, tokens_per_minute=100)
    async with machine.limiter() as limiter:
        (await limiter.admit(holder, tokens=100)).settle(used(tokens=100))
        for _ in range(20):
            with pytest.raises(RateLimited):
                await limiter.admit(holder, tokens=50)
        assert limiter.standing(holder).tally.requests == 1


async def test_the_headers_are_those_that_openai_has(machine: Machine) -> None:
    holder = key(requests_per_minute=60, tokens_per_minute=6000)
    async with machine.limiter() as limiter:
        grant = await limiter.admit(holder, tokens=150)
        assert grant.standing is not None
        assert dict(grant.standing.headers()) == {
            b"x-ratelimit-limit-requests": b"60",
            b"x-ratelimit-remaining-requests": b"59",
            b"x-ratelimit-reset-requests": b"1s",
            b"x-ratelimit-limit-tokens": b"6000",
            b"x-ratelimit-remaining-tokens": b"5850",
            b"x-ratelimit-reset-tokens": b"1.5s",
        }
        assert limiter.standing(holder).headers() == grant.standing.headers()
        grant.settle(used(tokens=10))
        assert limiter.standing(key("other", max_parallel=1)).headers() == []


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (0.0171, "18ms"), (0.9999, "1s"), (1.5, "1.5s"), (60, "1m0s"), (366.25, "6m6.25s")],
)
def test_a_duration_is_written_as_openai_writes_it(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


# Requests at once


async def test_only_so_many_requests_are_under_way_at_once(machine: Machine) -> None:
    holder = key(max_parallel=2)
    async with machine.limiter() as limiter:
        first, second = [await limiter.admit(holder) for _ in range(2)]
        with pytest.raises(RateLimited, match="2 requests under way") as refused:
            await limiter.admit(holder)
        assert refused.value.retry_after_s == 1.0
        first.settle(used())
        first.settle(used())  # a second word is not heard
        third = await limiter.admit(holder)
        with pytest.raises(RateLimited):
            await limiter.admit(holder)
        second.settle(used())
        third.settle(used())
        assert limiter.standing(holder).tally.running == 0


async def test_keys_do_not_share_what_they_may_use(machine: Machine) -> None:
    async with machine.limiter() as limiter, limiter.admitted(key("a", max_parallel=1)):
        (await limiter.admit(key("b", max_parallel=1))).settle(used())


# Money


async def test_a_budget_is_set_aside_and_then_spent(machine: Machine) -> None:
    holder = key(budget_usd=1.0, period="total")
    async with machine.limiter() as limiter:
        grant = await limiter.admit(holder, cost_usd=0.75)
        with pytest.raises(BudgetExceeded, match=r"\$0.75 set aside.*shortly") as refused:
            await limiter.admit(holder, cost_usd=0.5)
        assert refused.value.retry_after_s == 1.0
        grant.settle(used(usd=0.4))
        assert limiter.standing(holder).spent_usd == pytest.approx(0.4)
        assert limiter.standing(holder).held_usd == 0.0
        with pytest.raises(BudgetExceeded, match=r"\$1.00 in all.*\$0.60 is left") as refused:
            await limiter.admit(holder, cost_usd=0.61)
        assert refused.value.retry_after_s is None
        (await limiter.admit(holder, cost_usd=0.6)).settle(used(usd=0.6))
        with pytest.raises(BudgetExceeded):
            await limiter.admit(holder, cost_usd=0.0)


@pytest.mark.parametrize(
    ("period", "until_next_s"), [("day", 12 * 3600), ("month", (4 * 24 + 12) * 3600)]
)
async def test_a_budget_is_whole_again_in_its_next_period(
    period: str, until_next_s: float, machine: Machine
) -> None:
    holder = key(budget_usd=1.0, period=period)
    async with machine.limiter() as limiter:
        (await limiter.admit(holder, cost_usd=1.0)).settle(used(usd=1.0))
        with pytest.raises(BudgetExceeded, match=f"a {period}") as refused:
            await limiter.admit(holder, cost_usd=0.1)
        assert refused.value.retry_after_s == until_next_s
        machine.wait(until_next_s)
        (await limiter.admit(holder, cost_usd=1.0)).settle(used(usd=1.0))
        with pytest.raises(BudgetExceeded):
            await limiter.admit(holder, cost_usd=0.1)


async def test_what_began_yesterday_is_paid_from_yesterdays_budget(machine: Machine) -> None:
    holder = key(budget_usd=1.0, period="day")
    async with machine.limiter() as limiter:
        grant = await limiter.admit(holder, cost_usd=0.5)
        machine.wait(24 * 3600)
        grant.settle(used(usd=0.5))
        assert limiter.standing(holder).spent_usd == 0.0


async def test_another_period_counts_what_was_spent_before(machine: Machine) -> None:
    async with machine.limiter() as limiter:
        daily = key(budget_usd=1.0, period="day")
        (await limiter.admit(daily, cost_usd=0.9)).settle(used(usd=0.9))
        machine.wait(24 * 3600)
        (await limiter.admit(daily, cost_usd=0.9)).settle(used(usd=0.9))
        assert limiter.standing(key(budget_usd=9.0, period="month")).spent_usd == 1.8
        assert limiter.standing(key(budget_usd=9.0, period="total")).spent_usd == 1.8


async def test_a_million_tiny_costs_add_up_exactly(machine: Machine) -> None:
    tally, demand = Tally(), Demand.of(1, 1e-7)
    for _ in range(1000):
        tally = tally.settling(demand, demand)
    assert tally.spent == 1000 * 100
    assert Demand.of(0, 1e-12).nano_usd == 1
    assert Demand.of(math.nan, math.nan) == Demand.of(-5, -5.0) == Demand()
    assert Demand.of(10**30, math.inf) == Demand(10**12, 10**15)


async def test_numbers_of_a_mad_backend_do_no_harm(machine: Machine) -> None:
    holder = key(budget_usd=1.0, tokens_per_minute=10)
    async with machine.limiter() as limiter:
        (await limiter.admit(holder)).settle(used(tokens=-(10**30), usd=-5.0))
        assert limiter.standing(holder).tally.spent == 0
        (await limiter.admit(holder)).settle(used(tokens=10**30, usd=math.inf))
        with pytest.raises(BudgetExceeded):
            await limiter.admit(holder)


# How a request ends


@pytest.mark.parametrize(
    ("ending", "tokens", "usd"),
    [
        ("said", 10, 0.01),
        ("not a word", 100, 0.5),
        ("an error", 0, 0.0),
        ("an error after some words", 10, 0.01),
        ("a bug", 100, 0.5),
        ("cancelled", 100, 0.5),
        ("cancelled after some words", 10, 0.01),
    ],
)
async def test_however_a_request_ends_it_is_settled_once(
    ending: str, tokens: int, usd: float, machine: Machine
) -> None:
    holder = key(tokens_per_minute=1000, budget_usd=10.0)
    begun = asyncio.Event()

    async def request(limiter: Limiter) -> None:
        async with limiter.admitted(holder, tokens=100, cost_usd=0.5) as grant:
            if ending == "said" or "words" in ending:
                grant.settle(used(tokens=10, usd=0.01))
            begun.set()
            if "error" in ending:
                raise BackendUnavailable("gone")
            if ending == "a bug":
                raise ZeroDivisionError
            if "cancelled" in ending:
                await asyncio.sleep(60)

    async with machine.limiter() as limiter:
        task = asyncio.create_task(request(limiter))
        await begun.wait()
        if "cancelled" in ending:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        standing = limiter.standing(holder)
        assert (standing.tally.running, standing.held_usd) == (0, 0.0)
        assert standing.tally.tokens == tokens
        assert standing.spent_usd == pytest.approx(usd)


async def test_a_key_without_limits_never_touches_the_ledger(machine: Machine) -> None:
    async with machine.limiter() as limiter:
        async with limiter.admitted(key(), tokens=10**9, cost_usd=10**6) as grant:
            grant.settle(used(tokens=5))
            assert grant.standing is None
        assert not limiter.standing(key()).headers()
    assert not machine.path.parent.exists()


# Several workers, restarts, crashes


async def test_workers_share_what_a_key_may_use(machine: Machine) -> None:
    holder = key(requests_per_minute=4, max_parallel=3, budget_usd=1.0)
    async with machine.limiter() as one, machine.limiter() as other:
        grants = [await limiter.admit(holder, cost_usd=0.3) for limiter in (one, other, one)]
        with pytest.raises(RateLimited, match="under way"):
            await other.admit(holder)
        grants[1].settle(used(usd=0.3))
        with pytest.raises(BudgetExceeded):
            await one.admit(holder, cost_usd=0.3)
        grants[0].settle(used())
        (await other.admit(holder, cost_usd=0.3)).settle(used())
        with pytest.raises(RateLimited, match="requests in a minute"):
            await one.admit(holder, cost_usd=0.1)
        grants[2].settle(used())


async def test_what_was_used_outlasts_a_restart(machine: Machine) -> None:
    holder = key(requests_per_minute=2, tokens_per_minute=100, budget_usd=1.0)
    async with machine.limiter() as limiter:
        (await limiter.admit(holder, 100, 0.7)).settle(used(100, 0.7))
    async with machine.limiter() as limiter:
        assert limiter.standing(holder).spent_usd == 0.7
        assert dict(limiter.standing(holder).headers())[b"x-ratelimit-remaining-tokens"] == b"0"
        with pytest.raises(RateLimited):
            await limiter.admit(holder, 50, 0.1)


async def test_what_a_worker_that_died_had_set_aside_comes_back(machine: Machine) -> None:
    holder = key(max_parallel=1, budget_usd=1.0, tokens_per_minute=1000)
    dead = Limiter(machine.path, clock=machine.clock, wall=machine.wall)
    await dead.admit(holder, tokens=1000, cost_usd=1.0)  # and it is never heard of again
    async with machine.limiter() as limiter:
        with pytest.raises(RateLimited, match="under way"):
            await limiter.admit(holder)
        machine.wait(ledger.LEASE_S - 0.1)
        with pytest.raises(RateLimited, match="under way"):
            await limiter.admit(holder)
        machine.wait(0.2)
        standing = limiter.standing(holder)
        assert (standing.tally.running, standing.held_usd) == (0, 0.0)
        assert 400 < standing.tally.tokens < 500  # these flow out by themselves
        (await limiter.admit(holder, cost_usd=1.0)).settle(used(usd=1.0))
    dead._ledger._drop()


async def test_a_worker_killed_in_the_middle_leaves_a_ledger_that_others_use(
    tmp_path: Path,
) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "import msgspec\n"
        "from collegium.gateway.security import Key, Limiter\n"
        "async def work():\n"
        "    key = msgspec.json.decode(sys.argv[2], type=Key)\n"
        "    limiter = Limiter(Path(sys.argv[1]))\n"
        "    await limiter.admit(key, 0, 0.25)\n"
        "    limiter._ledger._begun()\n"
        "    print('in the middle', flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(work())\n"
    )
    holder, path = key(budget_usd=1.0), tmp_path / "ledger.db"
    command = [sys.executable, "-c", program, str(path), msgspec.json.encode(holder).decode()]
    died = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert died.stdout == "in the middle\n", died.stderr
    limiter = Limiter(path)
    assert limiter.standing(holder).held_usd == 0.25
    (await limiter.admit(holder, cost_usd=0.75)).settle(used(usd=0.75))
    later = Limiter(path, clock=lambda: time.monotonic() + ledger.LEASE_S)
    assert later.standing(holder).held_usd == 0.0
    await limiter.aclose()
    await later.aclose()


async def test_a_request_may_take_longer_than_a_lease(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TEND_S", 0.01)
    holder = key(max_parallel=1)
    async with machine.limiter() as one, machine.limiter() as other:
        grant = await one.admit(holder)
        for _ in range(10):
            machine.wait(ledger.LEASE_S / 3)
            await asyncio.sleep(0.03)
        with pytest.raises(RateLimited):
            await other.admit(holder)
        grant.settle(used())
        (await other.admit(holder)).settle(used())


async def test_a_worker_thought_dead_comes_back_with_what_it_has_set_aside(
    machine: Machine,
) -> None:
    holder = key(max_parallel=2, budget_usd=1.0)
    async with machine.limiter() as asleep:
        grant = await asleep.admit(holder, cost_usd=0.9)
        machine.wait(ledger.LEASE_S * 2)
        async with machine.limiter() as other:
            (await other.admit(holder, cost_usd=0.1)).settle(used(usd=0.05))
            assert other.standing(holder).held_usd == 0.0
            asleep._tend()
            assert other.standing(holder).held_usd == 0.9
            grant.settle(used(usd=0.9))
            assert other.standing(holder).tally.running == 0
            assert other.standing(holder).spent_usd == 0.95


WORKER = """
import asyncio, sys
from pathlib import Path
import msgspec
from collegium.errors import AccessError
from collegium.gateway.security import Key, Limiter
from collegium.types import Usage

async def request(limiter, key, cost_usd):
    try:
        async with limiter.admitted(key, 0, 0.01) as grant:
            await asyncio.sleep(0.02)
            grant.settle(Usage(cost_usd=cost_usd))
            return 1
    except AccessError:
        return 0

async def work():
    limiter = Limiter(Path(sys.argv[1]))
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        key, cost_usd = msgspec.json.decode(line, type=tuple[Key, float])
        print(sum(await asyncio.gather(*(request(limiter, key, cost_usd) for _ in range(25)))),
            flush=True)
    await limiter.aclose()

asyncio.run(work())
"""


async def test_a_hundred_requests_at_once_in_four_processes_do_not_overspend(
    tmp_path: Path,
) -> None:
    path, pipe = tmp_path / "ledger.db", asyncio.subprocess.PIPE
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, str(path), stdin=pipe, stdout=pipe
        )
        for _ in range(4)
    ]
    limiter = Limiter(path)

    async def said(worker: asyncio.subprocess.Process) -> str:
        assert worker.stdout is not None
        return (await worker.stdout.readline()).decode().strip()

    async def admitted(holder: Key, cost_usd: float) -> int:
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(msgspec.json.encode((holder, cost_usd)) + b"\n")
        return sum([int(await said(worker)) for worker in workers])

    async def settled(holder: Key) -> Standing:
        # Whose turn to write it was not when its request ended writes a moment later, elsewhere.
        async with asyncio.timeout(5):
            while (standing := limiter.standing(holder)).tally.running:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return standing

    try:
        assert [await said(worker) for worker in workers] == ["ready"] * 4
        for cost_usd in (0.01, 0.004):
            holder = key(f"key_{cost_usd}", budget_usd=0.3, period="total")
            count = await admitted(holder, cost_usd)
            standing = await settled(holder)
            assert standing.spent_usd == pytest.approx(count * cost_usd)
            assert standing.spent_usd <= 0.3
            assert standing.held_usd == 0.0
            # As many as there is money for where each costs what was thought; else maybe more.
            assert count == 30 if cost_usd == 0.01 else 30 <= count <= 75
    finally:
        for worker in workers:
            worker.kill()
            await worker.communicate(b"")
        await limiter.aclose()


# Clocks


async def test_setting_the_clock_neither_gives_nor_takes_minutes(machine: Machine) -> None:
    holder = key(requests_per_minute=1)
    async with machine.limiter() as limiter:
        (await limiter.admit(holder)).settle(used())
        for jump in (10**8, -(10**9), 10**9):
            machine.wall.now += jump
            with pytest.raises(RateLimited) as refused:
                await limiter.admit(holder)
            assert refused.value.retry_after_s == 60.0


async def test_setting_the_clock_to_and_fro_gives_no_money(machine: Machine) -> None:
    holder = key(budget_usd=1.0, period="day")
    async with machine.limiter() as limiter:
        for _ in range(3):
            for day in (0, 1, 40):
                machine.wall.now = NOON + day * 24 * 3600
                with suppress(BudgetExceeded):
                    (await limiter.admit(holder, cost_usd=1.0)).settle(used(usd=1.0))
        assert limiter.standing(key(budget_usd=9.0, period="total")).spent_usd == 3.0


async def test_a_machine_that_begins_anew_forgets_leases_and_keeps_the_rest(
    machine: Machine,
) -> None:
    holder = key(requests_per_minute=2, budget_usd=1.0, max_parallel=1)
    before = Limiter(machine.path, clock=machine.clock, wall=machine.wall)
    (await before.admit(holder, cost_usd=0.4)).settle(used(usd=0.4))
    await before.admit(holder, cost_usd=0.4)
    before._ledger._drop()
    machine.clock.now = 7.0
    async with machine.limiter() as limiter:
        standing = limiter.standing(holder)
        assert (standing.tally.running, standing.held_usd) == (0, 0.0)
        assert standing.spent_usd == 0.4
        with pytest.raises(RateLimited, match="requests in a minute") as refused:
            await limiter.admit(holder)
        assert refused.value.retry_after_s == pytest.approx(30.0)
        machine.wait(30.0)
        (await limiter.admit(holder)).settle(used())


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(-100, 100), st.integers(0, 50), st.integers(0, 50)), max_size=30
    )
)
def test_no_order_of_events_admits_more_than_a_bucket_holds(
    steps: list[tuple[float, int, int]],
) -> None:
    allowed = Limits(tokens_per_minute=100, budget_usd=1.0)
    tally, now, gone, charged, forward = Tally(), 0.0, 0.0, 0, 0.0
    for step_s, thought, real in steps:
        now += step_s
        forward += max(0.0, step_s)
        tally = tally.drained(allowed, now)
        demand = Demand(thought, thought)
        try:
            tally = tally.admitting(demand, allowed, lambda: None)
        except CollegiumError:
            continue
        gone += real
        charged += real
        assert tally.tokens <= 100
        assert tally.held >= 0
        tally = tally.settling(demand, Demand(real, real))
        assert tally.tokens >= 0
        assert tally.running == 0
    assert tally.spent == charged
    assert gone <= 100 + forward * 100 / 60 + 50 + 1e-6


def test_periods_are_those_of_utc() -> None:
    last = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert periods.at(last) == ("2027-12-31", "2027-12", "total")
    assert periods.at(last + 1) == ("2028-01-01", "2028-01", "total")
    assert periods.until_next("month", last) == periods.until_next("day", last) == 1.0
    assert periods.until_next("total", last) is None
    leap = datetime(2028, 2, 28, tzinfo=UTC).timestamp()
    assert periods.until_next("month", leap) == 2 * 24 * 3600


# Disks


async def test_where_nothing_can_be_written_budgets_are_refused_and_rates_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    limiter = Limiter(tmp_path / "state" / "ledger.db")
    for _ in range(2):
        with pytest.raises(LedgerUnavailable, match="cannot be written down") as no:
            await limiter.admit(key(budget_usd=1.0))
        assert str(tmp_path) not in str(no.value)
        assert no.value.status == 503
    holder = key(requests_per_minute=2, max_parallel=1)
    async with limiter.admitted(holder):
        with pytest.raises(RateLimited, match="under way"):
            await limiter.admit(holder)
    (await limiter.admit(holder)).settle(used())
    with pytest.raises(RateLimited, match="in a minute"):
        await limiter.admit(holder)
    (told,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert str(tmp_path / "state" / "ledger.db") in told.getMessage()
    assert "keys with a budget are refused" in told.getMessage()
    (tmp_path / "state").unlink()
    (await limiter.admit(key(budget_usd=1.0))).settle(used(usd=0.1))
    assert "can be written again" in caplog.text
    await limiter.aclose()


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
async def test_a_broken_ledger_refuses_budgets_and_stays_as_it_is(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    limiter = Limiter(path)
    with pytest.raises(LedgerUnavailable):
        await limiter.admit(key(budget_usd=1.0))
    await limiter.aclose()
    assert path.read_bytes() == content


async def test_a_ledger_of_another_version_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.db"
    file = sqlite3.connect(path)
    file.execute("PRAGMA user_version = 7")
    file.close()
    limiter = Limiter(path)
    with pytest.raises(LedgerUnavailable, match="cannot be written"):
        await limiter.admit(key(budget_usd=1.0))
    assert "another version" in caplog.text
    await limiter.aclose()


FULL = """
import asyncio, json, resource, sys
from pathlib import Path
import msgspec
from collegium.errors import LedgerUnavailable
from collegium.gateway.security import Key, Limiter
from collegium.types import Usage

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def work():
    key = msgspec.json.decode(sys.argv[2], type=Key)
    path = Path(sys.argv[1])
    limiter = Limiter(path)
    grant = await limiter.admit(key, 0, 0.5)
    room(path.with_name("ledger.db-wal").stat().st_size)
    refused = 0
    try:
        await limiter.admit(key, 0, 0.1)
    except LedgerUnavailable:
        refused += 1
    grant.settle(Usage(cost_usd=0.5))
    try:
        await limiter.admit(key, 0, 0.1)
    except LedgerUnavailable:
        refused += 1
    room(resource.RLIM_INFINITY)
    await asyncio.sleep(1.2)
    standing = limiter.standing(key)
    print(json.dumps([refused, standing.spent_usd, standing.held_usd, standing.tally.running]))
    await limiter.aclose()

asyncio.run(work())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for files there")
def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path) -> None:
    holder = msgspec.json.encode(key(budget_usd=1.0)).decode()
    command = [sys.executable, "-c", FULL, str(tmp_path / "ledger.db"), holder]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == [2, 0.5, 0.0, 0]


async def test_a_worker_that_stops_while_it_writes_stops_nobody_for_long(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOCKED_S", 0.1)
    holder = key(budget_usd=1.0)
    async with machine.limiter() as limiter:
        limiter._clock = time.monotonic
        grant = await limiter.admit(holder, cost_usd=0.5)
        stopped = sqlite3.connect(machine.path, isolation_level=None)
        stopped.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        grant.settle(used(usd=0.5))
        assert time.monotonic() - began < 0.5
        waiting = asyncio.create_task(limiter.admit(holder, cost_usd=0.1))
        await asyncio.sleep(0.02)  # the loop goes on meanwhile
        with pytest.raises(LedgerUnavailable, match="written by others"):
            await waiting
        assert time.monotonic() - began < 2
        stopped.execute("ROLLBACK")
        stopped.close()
        (await limiter.admit(holder, cost_usd=0.5)).settle(used(usd=0.5))
        assert limiter.standing(holder).spent_usd == 1.0


async def test_the_log_of_the_ledger_is_carried_over_while_it_is_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT_EVERY", 50)
    monkeypatch.setattr(ledger, "LONG_LOG", 200)
    holder = key(requests_per_minute=10**6)
    log = machine.path.with_name("ledger.db-wal")

    def times_begun_anew() -> bytes:
        return log.read_bytes()[12:16]  # in the log's header, by the format of SQLite's files

    async with machine.limiter() as limiter:
        (await limiter.admit(holder)).settle(used())
        first, until = times_begun_anew(), time.monotonic() + 20
        while times_begun_anew() == first:
            assert time.monotonic() < until
            (await limiter.admit(holder)).settle(used())
            await asyncio.sleep(0.001)
        # SQLite by itself would not have done so before the log had a thousand pages of 1 kB.
        assert log.stat().st_size < 800 * 1024
    assert machine.path.stat().st_mode & 0o777 == 0o600
    assert not machine.path.with_name("ledger.db-wal").exists()


@pytest.mark.long
async def test_a_change_takes_less_than_150_microseconds(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path / "ledger.db")
    holder = key(
        requests_per_minute=10**9, tokens_per_minute=10**12, max_parallel=100, budget_usd=1e6
    )
    took: dict[str, list[float]] = {"admit": [], "settle": []}
    for _ in range(10_000):
        began = time.perf_counter()
        grant = await limiter.admit(holder, 500, 0.001)
        admitted = time.perf_counter()
        grant.settle(used(200, 0.0005))
        took["admit"].append((admitted - began) * 1e6)
        took["settle"].append((time.perf_counter() - admitted) * 1e6)
    await limiter.aclose()
    for name, each in took.items():
        cuts = statistics.quantiles(each, n=100)
        shown = ", ".join(f"p{share} {cuts[share - 1]:.0f} us" for share in (50, 90, 99))
        print(f"{name}: {shown}")  # noqa: T201 -- seen with -s
        assert cuts[49] < 150
