"""An OpenAI-compatible server in a process of its own, well behaved or not, by the model's name.

`upstream.py [--port 0] [--with-parent]` prints one line, `{"port": N}`, and serves until ended;
with `--with-parent`, at most until the process that started it is gone. GET /stats says what it
has seen. `words-N` takes any number, `slow-MS` says 20 words, MS milliseconds apart, `late-MS` is
silent for so long before it says anything, and `line-MB` says one line of that many megabytes.

POST /behave changes how all models behave from then on: {"mode": "well"}, or "hang" (it takes
requests and says nothing, not even what models it has), "drop" (it closes every connection),
"garbage", {"mode": "fail", "status": 500, "retry_after": "1"}, {"mode": "late", "delay_s": 0.3},
or "cut" (streams break off after their first words).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

MODELS = [
    *"echo words-5 slow-50 hang hang-midstream cut unfinished cut-before cut-always html".split(),
    *"garbage-sse error-400 error-401 error-404 error-429 error-500 error-midstream".split(),
    *"bigline tools utf8 redirect".split(),
]
UTF8 = "naïve — 数学 — 🌦 ok"
PIECE = 64 * 1024
CALL = {"id": "call_1", "type": "function", "function": {"name": "sum", "arguments": '{"a": 1}'}}


class Upstream:
    """Answers chat completions, and counts: requests come, left by the asker, and being served."""

    def __init__(self) -> None:
        self.requests = self.aborted = self.active = 0
        self.last_body: Any = None
        self.last_headers: dict[str, str] = {}
        self._served: dict[Any, int] = {}
        self.behaviour: dict[str, Any] = {"mode": "well"}

    async def behave(self, request: web.Request) -> web.Response:
        self.behaviour = await request.json()
        return web.json_response(self.behaviour)

    async def stats(self, _: web.Request) -> web.Response:
        names = ("requests", "aborted", "active", "last_body", "last_headers")
        return web.json_response({name: getattr(self, name) for name in names})

    async def models(self, request: web.Request) -> web.StreamResponse:
        if self.behaviour["mode"] == "hang":
            await asyncio.Event().wait()
        if self.behaviour["mode"] == "drop":
            return _cut(request)
        rows = [{"id": name, "object": "model"} for name in MODELS]
        return web.json_response({"object": "list", "data": rows})

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        self.last_body = body = json.loads(await request.read())
        given = body["input"] if isinstance(body["input"], list) else [body["input"]]
        rows = [{"index": place, "embedding": [0.5, 1.0]} for place, _ in enumerate(given)]
        usage = {"prompt_tokens": len(given), "total_tokens": len(given)}
        return web.json_response({"object": "list", "data": rows, "usage": usage})

    async def _misbehave(
        self, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse | None:
        """What is answered instead, in the mode that was set; None: what would be otherwise."""
        mode = self.behaviour["mode"]
        if mode == "hang":
            await asyncio.Event().wait()
        if mode == "late":
            await asyncio.sleep(self.behaviour["delay_s"])
        if mode == "drop":
            return _cut(request)
        if mode == "garbage":
            return web.Response(text="{not json", content_type="application/json")
        if mode == "fail":
            after = self.behaviour.get("retry_after")
            headers = {"Retry-After": after} if after else {}
            error = {"message": "made to fail", "type": "test"}
            status = self.behaviour["status"]
            return web.json_response({"error": error}, status=status, headers=headers)
        if mode == "cut":
            body["model"] = "cut"
        return None

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        before = self._served.get(request.protocol, 0)
        self._served[request.protocol] = before + 1
        body = json.loads(await request.read())
        self.last_body = body
        self.last_headers = {name.lower(): value for name, value in request.headers.items()}
        self.active += 1
        try:
            model = body["model"]
            if model == "cut-always" or (model == "cut-before" and before):
                return _cut(request)
            instead = await self._misbehave(request, body)
            if instead is not None:
                return instead
            return await Reply(request, body).give()
        except (asyncio.CancelledError, ConnectionError):
            self.aborted += 1
            raise
        finally:
            self.active -= 1


class Reply:
    """One answer to one request."""

    def __init__(self, request: web.Request, body: dict[str, Any]) -> None:
        self.request, self.body, self.model = request, body, str(body["model"])
        asked = [one.get("content") for one in body["messages"] if one["role"] == "user"]
        self.asked = str(asked[-1]) if asked else ""
        self.response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})

    async def give(self) -> web.StreamResponse:
        kind, _, rest = self.model.partition("-")
        if kind == "error" and rest.isdigit():
            return self._error(int(rest))
        if self.model == "redirect":
            raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/v1/chat/completions")
        if self.model == "html":
            return web.Response(
                text="<html><h1>Welcome to nginx</h1></html>", content_type="text/html"
            )
        if kind == "late":
            await asyncio.sleep(int(rest) / 1000)
        if self.model == "hang":
            await asyncio.Event().wait()
        return await self._streamed() if self.body.get("stream") else await self._whole()

    def _error(self, status: int) -> web.Response:
        headers = {"Retry-After": "7"} if status == 429 else {}
        error = {"message": f"made to fail with {status}", "type": "test", "code": None}
        return web.json_response({"error": error}, status=status, headers=headers)

    def _texts(self) -> tuple[list[str], float]:
        kind, _, number = self.model.partition("-")
        if kind == "words":
            return _words(" ".join(f"w{one}" for one in range(int(number)))), 0.0
        if kind == "slow":
            return _words(" ".join(f"w{one}" for one in range(20))), int(number) / 1000
        if self.model == "utf8":
            return [UTF8], 0.0
        return _words(self.asked), 0.0

    async def _whole(self) -> web.Response:
        texts, pause_s = self._texts()
        await asyncio.sleep(pause_s * len(texts))
        if self.model == "garbage-sse":
            return web.Response(text="{not json", content_type="application/json")
        message: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
        if self.model == "tools":
            message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
        finish = "tool_calls" if self.model == "tools" else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        row = {"id": "x", "object": "chat.completion", "model": self.model, "choices": [choice]}
        return web.json_response({**row, "usage": self._usage(texts)})

    async def _streamed(self) -> web.StreamResponse:
        await self.response.prepare(self.request)
        texts, pause_s = self._texts()
        if self.model == "garbage-sse":
            await self._raw("data: {not json\n\n")
        elif self.model == "bigline":
            await self._big(20)
        elif self.model.startswith("line-"):
            await self._big(int(self.model.removeprefix("line-")))
        elif self.model == "tools":
            await self._tools()
        elif self.model == "utf8":
            for byte in self._event(content=UTF8).encode():
                await self.response.write(bytes([byte]))
        elif self.model in ("cut", "unfinished", "hang-midstream", "error-midstream"):
            await self._raw(self._event(content="half an "))
            return await self._break_off()
        else:
            for place, text in enumerate(texts):
                await asyncio.sleep(pause_s if place else 0)
                await self._raw(self._event(content=text))
        finish = "tool_calls" if self.model == "tools" else "stop"
        await self._raw(self._event(finish=finish))
        if self.body.get("stream_options", {}).get("include_usage"):
            row = {"model": self.model, "choices": [], "usage": self._usage(texts)}
            await self._raw(f"data: {_json(row)}\n\n")
        await self._raw("data: [DONE]\n\n")
        return self.response

    async def _break_off(self) -> web.StreamResponse:
        await asyncio.sleep(0.02)  # the half that was written is to arrive
        if self.model == "cut":
            return _cut(self.request, self.response)
        if self.model == "hang-midstream":
            await asyncio.Event().wait()
        if self.model == "error-midstream":
            await self._raw(f"data: {_json({'error': {'message': 'out of memory'}})}\n\n")
            await self._raw("data: [DONE]\n\n")
        return self.response

    async def _big(self, megabytes: int) -> None:
        await self._raw('data: {"choices": [{"delta": {"content": "')
        for _ in range(megabytes * 1024 * 1024 // PIECE):
            await self._raw("x" * PIECE)
        await self._raw('"}}]}\n\n')

    async def _tools(self) -> None:
        function = {"name": "sum", "arguments": ""}
        first = {"index": 0, "id": "call_1", "type": "function", "function": function}
        pieces = ['{"a"', ": 1", "}"]
        rest = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
        for call in (first, *rest):
            await self._raw(self._event(tool_calls=[call]))

    async def _raw(self, text: str) -> None:
        await self.response.write(text.encode())

    def _event(self, *, finish: str | None = None, **delta: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        row = {"id": "x", "object": "chat.completion.chunk", "model": self.model}
        return f"data: {_json({**row, 'choices': [choice]})}\n\n"

    def _usage(self, texts: list[str]) -> dict[str, int]:
        asked = len(self.asked.split())
        return {
            "prompt_tokens": asked,
            "completion_tokens": len(texts),
            "total_tokens": asked + len(texts),
        }


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection under the reply; what is returned is not written any more."""
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response()


def _words(text: str) -> list[str]:
    return [word if place == 0 else f" {word}" for place, word in enumerate(text.split(" "))]


def _json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)


async def serve(port: int, parent: int | None) -> None:
    """Serve until cancelled, or until the process `parent` is not ours any more."""
    upstream = Upstream()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_get("/stats", upstream.stats)
    app.router.add_get("/v1/models", upstream.models)
    app.router.add_post("/v1/chat/completions", upstream.chat)
    app.router.add_post("/v1/embeddings", upstream.embeddings)
    app.router.add_post("/behave", upstream.behave)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)  # noqa: T201
    while parent is None or os.getppid() == parent:  # noqa: ASYNC110 -- nobody tells of its end
        await asyncio.sleep(0.5)
    await runner.cleanup()


def main(arguments: Iterable[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-parent", action="store_true")
    options = parser.parse_args(list(arguments))
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, os.getppid() if options.with_parent else None))


if __name__ == "__main__":
    main(sys.argv[1:])
