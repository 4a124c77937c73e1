"""A model server whose every answer can be told from any other, and that misbehaves when told to.

    python benchmarks/gateway/echoing.py --port P [--log FILE]

An answer is made of its prompt (`answers.py`), so that whoever asked can tell that all of it came,
and that it is theirs. It says 20 pieces 10 ms apart, unless the prompt, or the model's name, asks
for another pace: `tokens-N-MS` is N pieces MS apart, `late-MS` begins after so long.
`GET /behave?mode=M` changes how it answers from then on: `well`, `slow` (20 times slower), `fail`
(500), `garbage`, or `cut` (half an answer, and the connection closes; every other stream just ends,
as if that were all).
`GET /stats` counts; the log has a line for every request that came, and for each whose asker left:
`asked|gone NUMBER SECONDS` with the seconds of the machine's monotonic clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import time
from pathlib import Path
from typing import IO, Any

import uvloop
from aiohttp import web
from answers import number_of, pace_in, pieces_of

SLOWER = 20
ENDING_S = 2.0
MODELS = "echo late-5000 tokens-400-50"


class Echo:
    """Answers chat completions, and counts what it sees."""

    def __init__(self, log: IO[str] | None) -> None:
        self.requests = self.active = self.aborted = 0
        self.runner: web.AppRunner | None = None
        self._mode = "well"
        self._log = log

    def application(self) -> web.Application:
        """What serves it."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/stats", self.stats)
        app.router.add_get("/behave", self.behave)
        return app

    async def models(self, _: web.Request) -> web.Response:
        """GET /v1/models."""
        rows = [{"id": name, "object": "model", "owned_by": "echo"} for name in MODELS.split()]
        return web.json_response({"object": "list", "data": rows})

    async def stats(self, _: web.Request) -> web.Response:
        """GET /stats; the connection that asks is not among the open ones."""
        assert self.runner is not None  # noqa: S101 -- it serves
        served = self.runner.server
        connections = len(served.connections) - 1 if served else 0
        told = {name: getattr(self, name) for name in ("requests", "active", "aborted")}
        return web.json_response({**told, "open": connections})

    async def behave(self, request: web.Request) -> web.Response:
        """GET /behave?mode=M."""
        self._mode = request.query["mode"]
        return web.json_response({"mode": self._mode})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        body = json.loads(await request.read())
        prompt = str([one["content"] for one in body["messages"] if one["role"] == "user"][-1])
        self._write("asked", prompt)
        self.requests += 1
        self.active += 1
        try:
            return await self._reply(request, body, prompt)
        except (asyncio.CancelledError, ConnectionError):
            self._write("gone", prompt)
            self.aborted += 1
            raise
        finally:
            self.active -= 1

    async def _reply(
        self, request: web.Request, body: dict[str, Any], prompt: str
    ) -> web.StreamResponse:
        if self._mode == "fail":
            error = {"message": "made to fail", "type": "server_error"}
            return web.json_response({"error": error}, status=500)
        if self._mode == "garbage":
            kind = "text/event-stream" if body.get("stream") else "application/json"
            return web.Response(body=b"data: {not json\n\n", headers={"Content-Type": kind})
        model = str(body["model"])
        count, apart_s, late_s = pace_of(pace_in(prompt) or model)
        slower = SLOWER if self._mode == "slow" else 1
        await asyncio.sleep(late_s * slower)
        answer = Answer(request, model, pieces_of(prompt, count), apart_s * slower)
        cut = self._mode == "cut"
        if body.get("stream"):
            wants = bool((body.get("stream_options") or {}).get("include_usage"))
            return await answer.streamed(usage=wants, cut=cut, quietly=self.requests % 4 < 2)
        return await answer.whole(cut=cut)

    def _write(self, what: str, prompt: str) -> None:
        if self._log is not None:
            self._log.write(f"{what} {number_of(prompt)} {time.monotonic():.6f}\n")


class Answer:
    """One answer, given whole or in pieces."""

    def __init__(self, request: web.Request, model: str, pieces: list[str], apart_s: float) -> None:
        self._request, self._model, self._pieces, self._apart_s = request, model, pieces, apart_s
        self._usage = {
            "prompt_tokens": 12,
            "completion_tokens": len(pieces),
            "total_tokens": 12 + len(pieces),
        }

    async def whole(self, *, cut: bool) -> web.StreamResponse:
        """All at once, after as long as its pieces would have taken; or half of it."""
        await asyncio.sleep(self._apart_s * len(self._pieces))
        message = {"role": "assistant", "content": "".join(self._pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        row = self._row("chat.completion", [choice], usage=self._usage)
        if not cut:
            return web.json_response(row)
        raw = json.dumps(row).encode()
        head = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
        response = web.StreamResponse(headers=head)
        await response.prepare(self._request)
        await response.write(raw[: len(raw) // 2])
        return await self._broken(response)

    async def streamed(self, *, usage: bool, cut: bool, quietly: bool) -> web.StreamResponse:
        """Piece by piece; when cut, half of them, and `quietly` without a sign that it was."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        for place, piece in enumerate(self._pieces):
            await asyncio.sleep(self._apart_s)
            if not place:
                await response.prepare(self._request)
            if cut and place == len(self._pieces) // 2:
                return response if quietly else await self._broken(response)
            delta = {"content": piece} if place else {"role": "assistant", "content": piece}
            await self._say(response, [{"index": 0, "delta": delta, "finish_reason": None}])
        await self._say(response, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if usage:
            await self._say(response, [], usage=self._usage)
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _say(self, response: web.StreamResponse, choices: list[Any], **more: Any) -> None:
        row = self._row("chat.completion.chunk", choices, **more)
        await response.write(b"data: " + json.dumps(row).encode() + b"\n\n")

    async def _broken(self, response: web.StreamResponse) -> web.StreamResponse:
        await asyncio.sleep(0.01)  # what was written is to arrive
        if self._request.transport is not None:
            self._request.transport.abort()
        return response

    def _row(self, kind: str, choices: list[Any], **more: Any) -> dict[str, Any]:
        told = {"id": "chatcmpl-1", "object": kind, "created": 1700000000, "model": self._model}
        return {**told, "choices": choices, **more}


def pace_of(name: str) -> tuple[int, float, float]:
    """How many pieces, the seconds between two, and those before the first."""
    kind, *numbers = name.split("-")
    if kind == "tokens":
        return int(numbers[0]), float(numbers[1]) / 1000, 0.0
    return 20, 0.01, float(numbers[0]) / 1000 if kind == "late" else 0.0


async def serve(port: int, log: IO[str] | None) -> None:
    """Serve on 127.0.0.1 until SIGTERM; then finish what has begun, for two seconds at most."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    echo = Echo(log)
    echo.runner = web.AppRunner(
        echo.application(), handler_cancellation=True, shutdown_timeout=ENDING_S, access_log=None
    )
    await echo.runner.setup()
    await web.TCPSite(echo.runner, "127.0.0.1", port, backlog=4096).start()
    await ended.wait()
    await echo.runner.cleanup()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.log is None:
        uvloop.run(serve(options.port, None))
        return
    with options.log.open("a", buffering=1, encoding="utf-8") as log:
        uvloop.run(serve(options.port, log))


if __name__ == "__main__":
    main()
