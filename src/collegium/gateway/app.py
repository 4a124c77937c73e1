"""The gateway as an ASGI application: whose turn it is, at which path, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, Draining, MethodNotAllowed, UnknownPath
from collegium.gateway.door import may
from collegium.gateway.exchange import ClientGone, Exchange, attended
from collegium.gateway.faults import error_body, error_head, error_of
from collegium.gateway.security.keys import LOCAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from collegium.gateway.cors import Cors
    from collegium.gateway.door import Door
    from collegium.gateway.exchange import Receive, Scope, Send
    from collegium.gateway.security.keys import Key, Permission
    from collegium.gateway.witness import Witness

logger = logging.getLogger(__name__)

CLIENT_GONE = 499
SWEEP_S = 1.0
LONGEST_ID = 128
OPEN_STEP = "{name}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an endpoint gets it; `tail` is what its path has where the endpoint's is open.

    That is what follows a '/' at its end, or stands for `{name}`.
    """

    exchange: Exchange
    key: Key
    tail: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path: a handler for each method, and the permission it takes.

    A path that ends with '/' has everything beneath it; one with `{name}` in it has any one step
    there. Without a `permission` it is open to everybody. `error` makes the body of an error in the
    endpoint's own shape. `counted` requests count among those being answered.
    """

    path: str
    handlers: Mapping[str, Callable[[Call], Awaitable[None]]]
    permission: Permission | None = "use"
    error: Callable[[CollegiumError], dict[str, Any]] = error_body
    counted: bool = False


class Gateway:
    """Hands every request to the endpoint at its path.

    Whatever an endpoint raises becomes a reply of the shape that its API has, or where the reply
    has begun, ends it.
    """

    def __init__(
        self,
        endpoints: tuple[Endpoint, ...],
        door: Door,
        witness: Witness,
        *,
        cors: Cors | None = None,
        slow_reader_s: float = 60.0,
        starting: Callable[[], Awaitable[None]] | None = None,
        stopping: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.door = door
        self._exact = {one.path: one for one in endpoints if OPEN_STEP not in one.path}
        self._open = [one for one in endpoints if OPEN_STEP in one.path]
        self._beneath = [one for one in endpoints if one.path.endswith("/")]
        self._witness = witness
        self._cors = cors
        self._slow_reader_s = slow_reader_s
        self._starting, self._stopping = starting, stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's next event, as ASGI has it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send, started=time.perf_counter())
        exchange.id = _identity(exchange)
        exchange.extra.append((b"x-request-id", exchange.id.encode()))
        endpoint, tail = self._endpoint(exchange.path)
        route = endpoint.path.partition(OPEN_STEP)[0].rstrip("/") if endpoint else "other"
        if self._cors is not None and await self._cors.met(exchange):
            return
        with self._witness.request(exchange, route):
            try:
                if endpoint is None:
                    raise UnknownPath(
                        f"there is nothing at {exchange.path!r}; GET /openapi.json lists what is"
                    )
                await attended(exchange, self._handled(endpoint, exchange, scope, tail))
            except ClientGone:
                exchange.status = CLIENT_GONE
                exchange.abort()
            except asyncio.CancelledError:
                if not self.door.draining:
                    raise
                await self._tell(exchange, endpoint, Draining("the server has been stopped"))
            except Exception as error:  # noqa: BLE001 -- whatever happened, the client is told
                await self._tell(exchange, endpoint, error_of(error))

    async def _handled(
        self, endpoint: Endpoint, exchange: Exchange, scope: Scope, tail: str
    ) -> None:
        # Whoever asks for the head of a reply has it made, and the server leaves out the rest.
        method = "GET" if exchange.method == "HEAD" else exchange.method
        handler = endpoint.handlers.get(method)
        if handler is None:
            allowed = ", ".join(endpoint.handlers)
            exchange.extra.append((b"allow", allowed.encode()))
            raise MethodNotAllowed(f"{exchange.path} takes {allowed}, not {exchange.method}")
        key = LOCAL
        if endpoint.permission is not None:
            key = may(self.door.key(exchange, scope["headers"]), endpoint.permission)
            if endpoint.permission == "admin":
                self.door.check_administrator(exchange, key)
        call = Call(exchange, key, tail)
        if not endpoint.counted:
            await handler(call)
            return
        self.door.admit(exchange)
        exchange.hold = partial(self.door.hold, key.id)
        try:
            await handler(call)
        finally:
            self.door.release(key.id, exchange)
            self.door.leave(exchange)

    def _endpoint(self, path: str) -> tuple[Endpoint | None, str]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, ""
        for endpoint in self._open:
            step = _step(path, endpoint.path)
            if step:
                return endpoint, step
        for endpoint in self._beneath:
            if path.startswith(endpoint.path):
                return endpoint, path[len(endpoint.path) :]
        return None, ""

    async def _tell(
        self, exchange: Exchange, endpoint: Endpoint | None, error: CollegiumError
    ) -> None:
        """The error as the reply; one that has begun is cut, and so not taken for complete."""
        self._witness.refused(exchange, error)
        if exchange.begun:
            exchange.abort()
            return
        body = endpoint.error(error) if endpoint else error_body(error)
        head = [*error_head(error)]
        if not exchange.body_read:
            head.append((b"connection", b"close"))
        await exchange.reply_json(body, error.status, head=head)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start with the server, and stop with it."""
        await receive()
        sweeping = asyncio.create_task(self._sweep())
        try:
            if self._starting is not None:
                await self._starting()
        except Exception as error:
            logger.exception("the gateway does not start")
            sweeping.cancel()
            await self._end()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        sweeping.cancel()
        await self._end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _end(self) -> None:
        """Let go of everything, the last words of the log included."""
        if self._stopping is not None:
            await self._stopping()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.door.put_out_idlers(self._slow_reader_s)


def _step(path: str, pattern: str) -> str:
    """What a path has where the pattern is open; empty where they differ elsewhere."""
    before, _, after = pattern.partition(OPEN_STEP)
    step = path.removeprefix(before).removesuffix(after)
    return step if path == f"{before}{step}{after}" and "/" not in step else ""


def _identity(exchange: Exchange) -> str:
    """The request's id: the client's own where it is fit to be shown, else a new one."""
    told = exchange.header(b"x-request-id")
    if told and len(told) <= LONGEST_ID and told.isascii() and told.isprintable():
        return told
    return secrets.token_hex(16)
