"""Chat: completions, and what other dialects make of them."""

from __future__ import annotations

import secrets
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from collegium.backends.base import Prompt
from collegium.backends.prices import TOKEN_CHARS
from collegium.errors import CollegiumError
from collegium.gateway.affinity import Holder, ToolLoops, session_of
from collegium.gateway.asking import Asked
from collegium.gateway.caching import CacheWish
from collegium.gateway.decisions import Account
from collegium.gateway.exchange import headers_of
from collegium.gateway.kept import Kept, objects_of
from collegium.gateway.manners import Keeping, Plain, Translated
from collegium.gateway.naming import way_of
from collegium.gateway.requests import NONE_ASKED, checked, decoded, message_of
from collegium.gateway.security import require_model
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.gateway.app import Call
    from collegium.gateway.caching import AnswerCache
    from collegium.gateway.decisions import Accounts
    from collegium.gateway.dialects import Dialect
    from collegium.gateway.exchange import Exchange
    from collegium.gateway.manners import Explained
    from collegium.gateway.replies import Reply
    from collegium.gateway.security import Limiter
    from collegium.gateway.service import Service
    from collegium.gateway.settings import Settings
    from collegium.gateway.witness import Witness

# An answer is thought to be this long where the request does not say how long it may be.
ANSWER_TOKENS = 1024
PICTURE_TOKENS = 1024


@dataclass(slots=True)
class Chat:
    """Answers chat requests, in the format of completions and in other dialects."""

    service: Service
    accounts: Accounts
    limiter: Limiter
    cache: AnswerCache | None
    witness: Witness
    settings: Settings
    loops: ToolLoops

    async def complete(self, call: Call) -> None:
        """POST /v1/chat/completions."""
        body = await self._body(call.exchange)
        await self._answer(call, body, Plain())

    async def translate(self, call: Call, dialect: Dialect) -> None:
        """The same in another dialect."""
        told = await self._body(call.exchange)
        body = dialect.request(told)
        if body.get("stream"):
            # Other dialects tell in every stream what was consumed.
            body["stream_options"] = {"include_usage": True}
        await self._answer(call, body, Translated(dialect, told))

    async def _body(self, exchange: Exchange) -> dict[str, Any]:
        limits = self.settings.limits
        raw = await exchange.body(most_bytes=limits.body_bytes)
        return decoded(raw, depth=limits.depth)

    async def _answer(self, call: Call, body: dict[str, Any], manner: Plain | Translated) -> None:
        asked = self._asked(call, body)
        grant, expected_usd, failed = None, 0.0, False
        if call.key.limits.any:
            expected_usd = await self._cost_usd(asked)
            grant = await self.limiter.admit(call.key, _tokens(asked), expected_usd)
            if grant.standing is not None:
                call.exchange.extra += grant.standing.headers()
        try:
            await self._replied(call, asked, manner)
        except CollegiumError as error:
            failed = True
            asked.account.outcome, asked.account.error = error.status, error.code
            raise
        finally:
            self._close(call.exchange, asked)
            if grant is not None:
                grant.settle(used(call.exchange, asked.account, expected_usd, failed=failed))

    def _asked(self, call: Call, body: dict[str, Any]) -> Asked:
        """The request as it is understood, with its account opened."""
        exchange, settings = call.exchange, self.settings
        chat = checked(body, messages=settings.limits.messages, choices=settings.limits.choices)
        overrides = chat.collegium or NONE_ASKED
        require_model(call.key, chat.model)
        roster = self.service.college.router.roster
        way = way_of(chat.model, roster, self.service.college.aliases)
        session = session_of(exchange.headers, body, call.key.id)
        account = Account(secrets.token_hex(16), call.key.id, time.time(), chat.model)
        exchange.account = account
        account.prompt_tokens = _prompt_tokens(body)
        self.accounts.open(account)
        deadline_s = overrides.deadline_s or self.service.college.deadline_s
        asked = Asked(
            body,
            chat,
            account,
            None if way is None else way.overridden(overrides, call.key, roster),
            session,
            exchange.started,
            exchange.started + deadline_s,
            holder=self.loops.holder(session, body),
            listen=bool(chat.tools),
        )
        exchange.span.asked(chat.model, stream=asked.streamed, session=session)
        return asked

    async def _replied(self, call: Call, asked: Asked, manner: Plain | Translated) -> None:
        wish = CacheWish()
        if self.cache is not None:
            overrides = asked.chat.collegium or NONE_ASKED
            wish = CacheWish.of(call.exchange.header(b"cache-control"), overrides.cache)
            cached = await self.cache.get(call.key.id, asked.body, wish)
            self.witness.looked_up(cached)
            if cached is not None:
                kept = Kept(asked.account, cached, usage_wanted=asked.usage_wanted)
                await self._give(call.exchange, asked, kept, manner, Keeping(wanted=False))
                return
        keeping = Keeping(
            wanted=self.cache is not None or bool(asked.chat.tools),
            completed=partial(self._remember_calls, asked),
        )
        try:
            async with self.service.reply(asked) as reply:
                await self._give(call.exchange, asked, reply, manner, keeping)
                if keeping.error is not None:
                    raise keeping.error  # for those who count what became of it
        except CollegiumError as error:
            if error is not keeping.error:
                raise
            self.witness.refused(call.exchange, error)
            return
        if self.cache is not None:
            completion = keeping.completion()
            if completion is not None:
                usage = asked.account.usage or Usage()
                await self.cache.put(call.key.id, asked.body, completion, usage, wish)

    async def _give(
        self,
        exchange: Exchange,
        asked: Asked,
        reply: Reply,
        manner: Plain | Translated,
        keeping: Keeping,
    ) -> None:
        """Say the reply, and keep of it what is wanted afterwards."""
        account = asked.account
        explained = self._explained(exchange, asked)
        if not asked.streamed:
            raw = await reply.whole()
            keeping.raw = raw if keeping.wanted else b""
            keeping.close()
            head = headers_of(headers_about(account))
            await exchange.reply(200, manner.whole(raw, explained), head=head)
            return
        account.ttft_ms = (time.perf_counter() - asked.started) * 1000
        self.witness.spoke(account)
        await exchange.stream(head=headers_of(headers_about(account)))
        async with aclosing(manner.pieces(reply, explained, keeping)) as pieces:
            async for piece in pieces:
                if piece:
                    await exchange.piece(piece)
        await exchange.end()

    @staticmethod
    def _explained(exchange: Exchange, asked: Asked) -> Explained | None:
        """What tells the account as it is when it is called; None where nobody wants it."""
        if not (asked.chat.collegium or NONE_ASKED).explain:
            return None

        def told() -> dict[str, Any]:
            asked.account.latency_ms = (time.perf_counter() - asked.started) * 1000
            asked.account.outcome = exchange.status or 200
            return asked.account.told()

        return told

    def _remember_calls(self, asked: Asked, completion: Mapping[str, Any]) -> None:
        """Take down who called tools, so that the results come back to them."""
        ids = [
            str(call["id"])
            for choice in objects_of(completion.get("choices"))
            for message in objects_of([choice.get("message")])
            for call in objects_of(message.get("tool_calls"))
            if call.get("id")
        ]
        decision = asked.account.decision
        if ids and decision is not None:
            holder = Holder(decision.chosen[0].key, asked.account.model)
            self.loops.keep(asked.session, ids, holder)

    def _close(self, exchange: Exchange, asked: Asked) -> None:
        """Complete the account."""
        account = asked.account
        account.latency_ms = (time.perf_counter() - asked.started) * 1000
        account.outcome = account.outcome or exchange.status
        self.accounts.close(account)

    async def _cost_usd(self, asked: Asked) -> float:
        """What the request may cost, where that can be told."""
        if asked.way is not None:
            budget_usd = (asked.chat.collegium or NONE_ASKED).budget_usd
            return budget_usd or self.settings.expected_cost_usd
        pool = await self.service.pool(asked.chat.model)
        messages = tuple(message_of(turn) for turn in asked.body["messages"])
        cost_usd = pool.expected_cost_usd(Prompt(messages, sampling=asked.body)) or 0.0
        return cost_usd * asked.choices


def used(
    exchange: Exchange, account: Account, expected_usd: float, *, failed: bool
) -> Usage | None:
    """What a request has used of its key's limits; None: as much as was expected.

    Whoever left early pays for what had come by then, and no less than was expected.
    """
    usage = account.usage
    if usage is None:
        if failed and not exchange.begun:
            return account.spent
        return None if account.spent.cost_usd <= expected_usd else account.spent
    least_usd = max(expected_usd, account.spent.cost_usd) if exchange.gone else 0.0
    return replace(usage, cost_usd=max(usage.cost_usd, least_usd))


def headers_about(account: Account) -> dict[str, str]:
    """What a reply's headers say of who answered."""
    decision = account.decision
    return {
        "x-collegium-decision-id": account.id,
        "x-collegium-expert": account.expert,
        "x-collegium-model": account.model,
        "x-collegium-confidence": f"{decision.confidence:.4f}" if decision else "",
        "x-collegium-strategy": account.strategy,
        "x-collegium-overhead-ms": f"{account.overhead_ms:.3f}",
        "x-collegium-cache": account.cached,
    }


def _tokens(asked: Asked) -> int:
    """About how many tokens the request may come to, answer and all."""
    most = asked.chat.max_completion_tokens or asked.chat.max_tokens or ANSWER_TOKENS
    return asked.account.prompt_tokens + most * asked.choices


def _prompt_tokens(body: Mapping[str, Any]) -> int:
    """About how many tokens the conversation has; a picture counts as so many, however large."""
    chars = 0
    for turn in body["messages"]:
        content = turn.get("content")
        if isinstance(content, str):
            chars += len(content)
            continue
        for part in objects_of(content):
            text = part.get("text")
            chars += len(text) if isinstance(text, str) else PICTURE_TOKENS * TOKEN_CHARS
    return chars // TOKEN_CHARS
