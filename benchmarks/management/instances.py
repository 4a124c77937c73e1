"""Real processes of the embedded model: how they come and go with demand, and what kill -9 costs.

    python benchmarks/management/instances.py [--json] [--save]

First a few callers ask without a pause: the fleet is to go from one instance to three. Then one is
left who asks now and then: it is to go back to one. No request may fail. After that there are three
instances under load, and one after the other is killed; requests that had got nothing yet must be
answered all the same, by another instance or by the one that is started in its place. Those that
were being answered are lost with it, and counted apart.

It takes `collegium models pull smollm2-135m`. The fleet looks more often than it does by default
and waits less before it shrinks, or this would take minutes; the settings are in the result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any

from saving import saved

from collegium import config as configuration
from collegium.backends.base import Prompt
from collegium.backends.directory import Directory, Surroundings
from collegium.backends.instance import Instance
from collegium.backends.pool import Pool
from collegium.backends.startable import startable_of
from collegium.config import ScalingConfig
from collegium.errors import CollegiumError
from collegium.management.fleet import Fleet, Scalable
from collegium.types import Message

MODEL = "here/smollm2-135m"
TEXT = "backends: {here: {kind: llamacpp, threads: 1, context_tokens: 512, slots: 2}}"
MOST, CALLERS, KILLS = 3, 5, 4
SETTINGS = ScalingConfig(every_s=0.25, grow_after_s=0.5, shrink_after_s=2.0)
PHASE_S, PAUSE_S = 25.0, 0.1
# When the last one is killed, on machines with little time, in seconds after the beginning.
LAST_KILL_S = 40.0
SAMPLING = {"max_tokens": 8, "temperature": 0}


def note(text: str) -> None:
    """Say how far it is, where it does not get into the result."""
    print(text, file=sys.stderr, flush=True)


class Callers:
    """Some who ask, one request after the other, and what became of the requests."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.requests = self.before_first_token = self.streaming = 0
        self.first_token_ms: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def failed(self) -> int:
        """The requests that did not come to their end."""
        return self.before_first_token + self.streaming

    def come(self, number: int, *, pause_s: float = 0.0) -> None:
        """Have so many more ask, each with so long a pause between its requests."""
        there = len(self._tasks)
        self._tasks += [
            asyncio.create_task(self._go_on(f"Say {there + place}.", pause_s))
            for place in range(number)
        ]

    async def leave(self) -> None:
        """Have them all end what they have begun, and ask no more."""
        tasks, self._tasks = self._tasks, []
        self._leaving = True
        await asyncio.gather(*tasks)

    async def _go_on(self, text: str, pause_s: float) -> None:
        self._leaving = False
        while not self._leaving:
            await self._ask(Prompt((Message("user", text),), sampling=SAMPLING))
            await asyncio.sleep(pause_s)

    async def _ask(self, prompt: Prompt) -> None:
        self.requests += 1
        began, spoke = time.perf_counter(), False
        try:
            async with aclosing(self._pool.stream(prompt)) as chunks:
                async for chunk in chunks:
                    if not spoke and chunk.text:
                        spoke = True
                        self.first_token_ms.append((time.perf_counter() - began) * 1000)
        except CollegiumError as error:
            note(f"failed {'while streaming' if spoke else 'before the first token'}: {error}")
            self.streaming += spoke
            self.before_first_token += not spoke


async def until(met: Callable[[], bool], within_s: float) -> float | None:
    """The seconds until it is so; None where that takes too long."""
    began = time.perf_counter()
    while time.perf_counter() - began < within_s:
        if met():
            return round(time.perf_counter() - began, 2)
        await asyncio.sleep(0.02)
    return None


async def scaled(pool: Pool, fleet: Fleet) -> dict[str, Any]:
    """Load on one instance until there are three, and hardly any until there is one."""
    (replicas,) = pool.models
    callers = Callers(pool)
    callers.come(1, pause_s=0.5)
    await asyncio.sleep(1.0)
    callers.come(CALLERS, pause_s=PAUSE_S)
    up_s = await until(lambda: len(replicas) == MOST, PHASE_S)
    note(f"{MOST} instances after {up_s} s")
    await asyncio.sleep(1.0)
    await callers.leave()
    callers.come(1, pause_s=0.5)
    down_s = await until(lambda: len(replicas) == 1, PHASE_S)
    note(f"one instance after {down_s} s")
    await callers.leave()
    return {
        "instances": [1, MOST, 1],
        "up_s": up_s,
        "down_s": down_s,
        "requests": callers.requests,
        "failed": callers.failed,
    }


async def killed(pool: Pool, fleet: Fleet, until_s: float) -> dict[str, Any]:
    """Three instances under load, of which one is killed after the other, as long as there is."""
    (replicas,) = pool.models
    await fleet.scale("E", MOST)
    callers, rng = Callers(pool), random.Random(5)
    callers.come(CALLERS, pause_s=PAUSE_S)
    recoveries: list[float] = []
    await asyncio.sleep(1.0)
    kills = 0
    while kills < KILLS and time.perf_counter() < until_s:
        kills += 1
        recovered_s = await kill(replicas[rng.randrange(MOST)])
        if recovered_s is not None:
            recoveries.append(recovered_s * 1000)
        note(f"kill {kills}: back after {recovered_s} s")
        await asyncio.sleep(rng.random())
    await callers.leave()
    return {
        "kills": kills,
        "recovered": len(recoveries),
        "requests": callers.requests,
        "failed_before_first_token": callers.before_first_token,
        "failed_streaming": callers.streaming,
        "recover_ms": {
            "p50": round(statistics.median(recoveries)) if recoveries else None,
            "max": round(max(recoveries)) if recoveries else None,
        },
        "first_token_ms": {
            "p50": round(statistics.median(callers.first_token_ms)),
            "max": round(max(callers.first_token_ms)),
        },
    }


async def kill(instance: Instance) -> float | None:
    """Kill the process of an instance; the seconds until another one answers in its place."""
    backend: Any = startable_of(instance)
    pid = backend.pid
    os.kill(pid, signal.SIGKILL)
    return await until(
        lambda: backend.state == "running" and backend.pid not in (None, pid), PHASE_S
    )


async def looking(fleet: Fleet) -> None:
    """Have the fleet look again and again."""
    while True:
        await fleet.step()
        await asyncio.sleep(SETTINGS.every_s)


async def measured() -> dict[str, Any]:
    """Both figures."""
    surroundings = Surroundings(
        configuration.cache_dir() / "models",
        "http://127.0.0.1:9",
        os.cpu_count() or 1,
        lambda _: None,
        offline=True,
    )
    directory = Directory(configuration.read(TEXT), surroundings)
    began = time.perf_counter()
    try:
        pool = Pool(await directory.find_all(MODEL), resilience=directory.resilience)
        fleet = Fleet(lambda: {"E": Scalable(pool, MOST)}, SETTINGS, lambda _: None)
        look = asyncio.create_task(looking(fleet))
        try:
            scale = await scaled(pool, fleet)
            kill_ = await killed(pool, fleet, began + LAST_KILL_S)
        finally:
            look.cancel()
            with suppress(asyncio.CancelledError):
                await look
            await fleet.aclose()
    finally:
        await directory.aclose()
    return {
        "model": "smollm2-135m",
        "cores": os.cpu_count(),
        "callers": CALLERS,
        "settings": {
            name: getattr(SETTINGS, name)
            for name in ("target", "every_s", "grow_after_s", "shrink_after_s")
        },
        "targets": {"failed": 0, "failed_before_first_token": 0},
        "scale": scale,
        "kill": kill_,
    }


def shown(result: dict[str, Any]) -> str:
    """The result as a short table."""
    scale, kill_ = result["scale"], result["kill"]
    return "\n".join(
        [
            f"1 -> 3 instances      {scale['up_s']} s",
            f"3 -> 1                {scale['down_s']} s",
            f"requests meanwhile    {scale['requests']}, failed {scale['failed']} (target 0)",
            f"kill -9               {kill_['kills']} times under {kill_['requests']} requests",
            f"  failed, nothing said {kill_['failed_before_first_token']} (target 0)",
            f"  failed, streaming    {kill_['failed_streaming']}",
            f"  back after           {kill_['recover_ms']['p50']} ms, "
            f"at most {kill_['recover_ms']['max']} ms",
        ]
    )


def main() -> None:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write a result file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    result = asyncio.run(measured())
    if arguments.save:
        note(str(saved("instances", result)))
    print(json.dumps(result) if arguments.json else shown(result))


if __name__ == "__main__":
    main()
