"""A model server that takes its time, does a few requests at once, and counts how busy it is.

    python benchmarks/management/working.py --port P --places N --mean MS --seed S

Every answer takes a time drawn of a lognormal distribution; what comes while all places are taken
waits. `GET /busy` tells the mean number of requests being answered since it was last asked, and
how many there were.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import time

from aiohttp import web

SPREAD = 0.7  # the deviation of the logarithm of an answer's time


class Worker:
    """Answers, and keeps account of its time."""

    def __init__(self, places: int, mean_ms: float, rng: random.Random) -> None:
        self._places = asyncio.Semaphore(places)
        self._middle = math.log(mean_ms / 1000) - SPREAD**2 / 2
        self._rng = rng
        self.busy = self.answered = 0
        self._worked_s, self._since, self._touched = 0.0, time.monotonic(), time.monotonic()

    def application(self) -> web.Application:
        """What serves it."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/busy", self.told)
        return app

    async def models(self, _: web.Request) -> web.Response:
        """GET /v1/models."""
        return web.json_response({"object": "list", "data": [{"id": "worker", "object": "model"}]})

    async def chat(self, request: web.Request) -> web.Response:
        """POST /v1/chat/completions."""
        await request.read()
        async with self._places:
            self._count(1)
            try:
                await asyncio.sleep(self._rng.lognormvariate(self._middle, SPREAD))
            finally:
                self._count(-1)
        self.answered += 1
        message = {"role": "assistant", "content": "done"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        reply = {"id": "w", "object": "chat.completion", "model": "worker", "choices": [choice]}
        return web.json_response({**reply, "created": 0, "usage": usage})

    async def told(self, _: web.Request) -> web.Response:
        """GET /busy."""
        self._count(0)
        mean = self._worked_s / max(1e-9, self._touched - self._since)
        answered, self.answered = self.answered, 0
        self._worked_s, self._since = 0.0, self._touched
        return web.json_response({"busy": mean, "answered": answered})

    def _count(self, more: int) -> None:
        now = time.monotonic()
        self._worked_s += self.busy * (now - self._touched)
        self.busy += more
        self._touched = now


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--places", type=int, required=True)
    parser.add_argument("--mean", type=float, required=True, help="milliseconds of an answer")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worker = Worker(options.places, options.mean, random.Random(options.seed))
    web.run_app(worker.application(), host="127.0.0.1", port=options.port, print=None)


if __name__ == "__main__":
    main()
