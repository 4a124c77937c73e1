"""Mixed traffic: what a gateway meets in a day, in the shares in which it comes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from answers import prompt_of
from askers import CORRECT, Asker
from leaving import KINDS, Leaver
from measure import Server
from serving import Place

# Of twenty requests so many are of each kind.
SHARES = {
    "named, whole": 4,
    "named, streamed": 4,
    "routed, whole": 3,
    "routed, streamed": 3,
    "left in the middle": 2,
    "messages": 1,
    "responses": 1,
    "refused": 2,
}
BAD = (
    b"{not JSON",
    b'{"model": "auto"}',
    b'{"model": "nobody/has-it", "messages": [{"role": "user", "content": "hi"}]}',
)
STAYS_S = 0.7

Kind = Callable[[int, float], Awaitable[bool]]


@dataclass(slots=True)
class Mixture:
    """Sends a mixture to one gateway; counts by kind what was as it should be, and what was not."""

    session: aiohttp.ClientSession
    server: Server
    right: Counter[str] = field(default_factory=Counter[str])
    wrong: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])
    most_lag_s: float = 0.0

    async def put_on(self, rate: float, seconds: float, seed: int) -> None:
        """Ask `rate` times a second, for so long; then wait for what has begun."""
        rng = random.Random(seed)
        kinds = self._kinds()
        names, shares = list(SHARES), list(SHARES.values())
        start = time.monotonic() + 0.2
        async with asyncio.TaskGroup() as asking:
            for number in range(int(rate * seconds)):
                due = start + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.most_lag_s = max(self.most_lag_s, time.monotonic() - due)
                name = rng.choices(names, shares)[0]
                asking.create_task(self._one(name, kinds[name], number, due))

    async def _one(self, name: str, kind: Kind, number: int, due: float) -> None:
        counts = self.right if await kind(number, due) else self.wrong
        counts[name] += 1

    def _kinds(self) -> dict[str, Kind]:
        named = Asker(self.session, (self.server.url,), "up/echo")
        routed = Asker(self.session, (self.server.url,), "auto")
        return {
            "named, whole": partial(self._asked, named, streamed=False),
            "named, streamed": partial(self._asked, named, streamed=True),
            "routed, whole": partial(self._asked, routed, streamed=False),
            "routed, streamed": partial(self._asked, routed, streamed=True),
            "left in the middle": self._left,
            "messages": partial(self._other, "messages"),
            "responses": partial(self._other, "responses"),
            "refused": self._refused,
        }

    async def _asked(self, asker: Asker, number: int, due: float, *, streamed: bool) -> bool:
        one = await asker.ask(number, due, streamed=streamed)
        if one.outcome != CORRECT:
            self._note(f"{one.outcome} {one.status} {one.detail}")
        return one.outcome == CORRECT

    async def _left(self, number: int, due: float) -> bool:
        del due
        leaver = Leaver(number, KINDS[number % len(KINDS)])
        came = await leaver.come(Place((self.server.url,), "auto" if number % 2 else "up/echo"))
        await asyncio.sleep(STAYS_S)
        leaver.leave()
        return came

    async def _other(self, dialect: str, number: int, due: float) -> bool:
        """The same core in another dialect, streamed or not."""
        del due
        messages = [{"role": "user", "content": prompt_of(number)}]
        body = {"model": "auto", "stream": number % 2 == 0, "max_tokens": 500, "messages": messages}
        if dialect == "responses":
            body = {"model": "auto", "stream": number % 2 == 0, "input": messages}
        return await self._status(f"/v1/{dialect}", 200, json=body)

    async def _refused(self, number: int, due: float) -> bool:
        del due
        return await self._status("/v1/chat/completions", 400, data=BAD[number % len(BAD)])

    async def _status(self, path: str, expected: int, **content: object) -> bool:
        """Whether a request is answered so; what is refused may be so as 404, too."""
        url = f"http://127.0.0.1:{self.server.port}{path}"
        try:
            async with asyncio.timeout(30), self.session.post(url, **content) as response:  # type: ignore[arg-type]
                told = await response.text()
        except (TimeoutError, aiohttp.ClientError) as error:
            self._note(f"{path}: {error!r}")
            return False
        right = response.status == expected or (expected == 400 and response.status == 404)
        if not right or not told:
            self._note(f"{path}: {response.status} {told[:200]}")
        return right and bool(told)

    def _note(self, what: str) -> None:
        if len(self.examples) < 20:
            self.examples.append(what)
