"""Puts a small fixed load on a server, and checks every answer: is all of it there, and ours?

Requests are due at fixed times, whatever has become of the others, and are timed from then. How
late they were sent is told with each, so that the asker's own lag is known.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from answers import pieces_of, prompt_of
from serving import Place

CORRECT = "correct"
REFUSED = "refused"  # an HTTP status that is not 200
ERROR_EVENT = "error event"  # a stream that says that it failed
BROKEN = "broken off"  # the connection ended before the reply did, which every client notices
GARBLED = "garbled"  # a reply that no client can read
LATE = "no end"  # none within the asker's patience
SILENT = "silently cut"  # less than the answer, presented as if it were complete
FOREIGN = "not the answer"
OUTCOMES = (CORRECT, REFUSED, ERROR_EVENT, BROKEN, GARBLED, LATE, SILENT, FOREIGN)
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one request; times are of the monotonic clock."""

    number: int
    streamed: bool
    due: float
    lag_s: float
    ended: float
    outcome: str
    status: int
    first_token_s: float | None
    strategy: str
    detail: str

    @property
    def seconds(self) -> float:
        """From when it was due until its end."""
        return self.ended - self.due


@dataclass(slots=True)
class Reply:
    """What has come so far."""

    status: int = 0
    strategy: str = ""
    text: str = ""
    first_token: float | None = None
    done: bool = False
    error: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Sends requests for one model to one place, or to several in turn."""

    session: aiohttp.ClientSession
    urls: Sequence[str]
    model: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def ask(self, number: int, due: float, *, streamed: bool) -> Asked:
        """One request and what became of it; never raises."""
        began = time.monotonic()
        reply = Reply()
        prompt = prompt_of(number)
        try:
            async with asyncio.timeout(PATIENCE_S):
                outcome = await self._read(
                    reply, self.urls[number % len(self.urls)], prompt, streamed
                )
        except TimeoutError:
            outcome = LATE
        except aiohttp.ClientError as error:
            outcome, reply.detail = BROKEN, repr(error)[:200]
        except ValueError as error:  # JSON or UTF-8 that is none
            outcome, reply.detail = GARBLED, repr(error)[:200]
        first = reply.first_token
        return Asked(
            number=number,
            streamed=streamed,
            due=due,
            lag_s=began - due,
            ended=time.monotonic(),
            outcome=outcome,
            status=reply.status,
            first_token_s=None if first is None else first - due,
            strategy=reply.strategy,
            detail=reply.detail,
        )

    async def _read(self, reply: Reply, url: str, prompt: str, streamed: bool) -> str:
        body: dict[str, Any] = {"model": self.model, "stream": streamed}
        body["messages"] = [{"role": "user", "content": prompt}]
        async with self.session.post(url, json=body, headers=self.headers) as response:
            reply.status = response.status
            reply.strategy = response.headers.get("x-collegium-strategy", "")
            if response.status != 200:
                reply.detail = (await response.text())[:200]
                return REFUSED
            if streamed:
                await _read_events(response, reply)
            else:
                row = json.loads(await response.read())
                _read_whole(row, reply)
        return _judged(reply, "".join(pieces_of(prompt)))


async def _read_events(response: aiohttp.ClientResponse, reply: Reply) -> None:
    async for line in response.content:
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            reply.done = True
            continue
        row = json.loads(data)
        if row.get("error"):
            reply.error = str(row["error"])[:200]
        for choice in row.get("choices") or ():
            text = (choice.get("delta") or {}).get("content") or ""
            if text and reply.first_token is None:
                reply.first_token = time.monotonic()
            reply.text += text


def _read_whole(row: Any, reply: Reply) -> None:
    if not isinstance(row, dict) or not row.get("choices"):
        raise ValueError(f"no completion: {str(row)[:100]}")
    reply.text = row["choices"][0]["message"].get("content") or ""
    reply.done = True


def _judged(reply: Reply, expected: str) -> str:
    if reply.error:
        reply.detail = reply.error
        return ERROR_EVENT
    if reply.text == expected and reply.done:
        return CORRECT
    reply.detail = f"...{reply.text[-60:]!r}, done: {reply.done}"
    # Clients take the end of a stream for the end of its answer, whether it says [DONE] or not.
    return SILENT if expected.startswith(reply.text) else FOREIGN


async def put_on(
    place: Place,
    *,
    rate: float,
    seconds: float,
    first: int = 0,
    begun: Callable[[float], None] = lambda _: None,
) -> list[Asked]:
    """Ask `rate` times a second, every other time for a stream; all that became of it.

    `begun` is told the time of the monotonic clock when the first request is due.
    """
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        asker = Asker(session, place.urls, place.model, place.headers)
        start = time.monotonic() + 0.2
        begun(start)
        asked: list[asyncio.Task[Asked]] = []
        for turn in range(int(rate * seconds)):
            due = start + turn / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            asking = asker.ask(first + turn, due, streamed=turn % 2 == 0)
            asked.append(asyncio.create_task(asking))
        return list(await asyncio.gather(*asked))
