"""Deciding without asking, and what became of what was decided."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from collegium.errors import InvalidRequest, NotFound
from collegium.gateway.decisions import Account
from collegium.gateway.naming import way_of
from collegium.gateway.requests import (
    NONE_ASKED,
    ChatBody,
    Overrides,
    checked,
    decoded,
    invalid,
    query_of,
)
from collegium.gateway.security import require_model
from collegium.shapes import decision_json
from collegium.types import Query, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.gateway.app import Call
    from collegium.gateway.decisions import Accounts
    from collegium.gateway.naming import Way
    from collegium.gateway.security import Key, Limiter
    from collegium.gateway.settings import Settings
    from collegium.system import Collegium

LATEST = 100


class RouteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A question that is only to be routed."""

    query: Annotated[str, Meta(min_length=1)]
    session: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    top_k: Annotated[int, Meta(ge=1)] | None = None
    collegium: Overrides | None = None


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides, and tells of decisions to whoever asked for them."""

    college: Collegium
    accounts: Accounts
    limiter: Limiter
    settings: Settings

    async def route(self, call: Call) -> None:
        """POST /api/route: who would be asked; no model is called."""
        limits = self.settings.limits
        raw = await call.exchange.body(most_bytes=limits.body_bytes)
        body = decoded(raw, depth=limits.depth)
        async with self.limiter.admitted(call.key) as grant:
            await self._decide(call, body)
            grant.settle(Usage())

    async def _decide(self, call: Call, body: Mapping[str, Any]) -> None:
        query, way, named = self._asked(body, call)
        started = time.perf_counter()
        decision = await self.college.decide(
            query, top_k=way.top_k, experts=way.experts, without=way.without
        )
        account = Account(query.id, call.key.id, time.time(), named, decision=decision)
        account.expert = decision.chosen[0].expert
        account.overhead_ms = (time.perf_counter() - started) * 1000
        account.outcome = 200
        account.strategy = "routed only"
        self.accounts.open(account)
        self.accounts.close(account)
        await call.exchange.reply_json(decision_json(decision))

    def _asked(self, body: Mapping[str, Any], call: Call) -> tuple[Query, Way, str]:
        """The query, how the college would be asked, and the name by which it would be."""
        roster, identity = self.college.router.roster, secrets.token_hex(16)
        if "query" in body:
            try:
                asked = msgspec.convert(body, RouteBody)
            except msgspec.ValidationError as error:
                raise invalid(error) from error
            session = f"{call.key.id}:{asked.session}" if asked.session else None
            way = way_of("auto", roster)
            query = Query.of(asked.query, id=identity, session=session)
            overrides, named, top_k = asked.collegium or NONE_ASKED, "auto", asked.top_k
        else:
            chat = self._chat({"model": "auto", **body})
            way, named, top_k = way_of(chat.model, roster, self.college.aliases), chat.model, None
            query = query_of(body, chat, identity=identity, session=None)
            overrides = chat.collegium or NONE_ASKED
        if way is None:
            raise InvalidRequest(
                f"model: {named!r} names a model itself, so there is nothing to decide; name "
                "'auto' or collegium/...",
                "model",
            )
        require_model(call.key, named)
        way = way.overridden(overrides, call.key, roster)
        return query, replace(way, top_k=top_k or way.top_k), named

    def _chat(self, body: Mapping[str, Any]) -> ChatBody:
        limits = self.settings.limits
        return checked(body, messages=limits.messages, choices=limits.choices)

    async def decision(self, call: Call) -> None:
        """GET /api/decisions/ID: the decision and the receipt, for the key that asked."""
        found = await self.accounts.find(call.tail)
        if found is None or _only(call.key) not in (None, found[0]):
            raise NotFound(
                f"no decision {call.tail!r} is kept; the latest {self.accounts.capacity:,} are "
                "(gateway.decisions)"
            )
        await call.exchange.reply_json(found[1])

    async def latest(self, call: Call) -> None:
        """GET /api/decisions: the key's latest decisions, newest first."""
        rows = self.accounts.latest(_only(call.key), LATEST)
        await call.exchange.reply_json({"object": "list", "data": rows})


def _only(key: Key) -> str | None:
    """Whose accounts a key may see; None: everybody's."""
    return None if "admin" in key.permissions else key.id
