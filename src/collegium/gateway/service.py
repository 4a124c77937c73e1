"""Finds who replies to a chat request: a named model, one expert straight through, or the house."""

from __future__ import annotations

import time
from collections import OrderedDict
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.backends.base import Prompt
from collegium.backends.pool import Pool
from collegium.errors import CollegiumError, InvalidRequest, UnknownModel
from collegium.events import Unanswered
from collegium.gateway.asking import single
from collegium.gateway.composed import composed
from collegium.gateway.express import Express
from collegium.gateway.passed import Passed
from collegium.gateway.requests import OURS, message_of, query_of
from collegium.system import passing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping

    from collegium.backends.directory import Directory
    from collegium.gateway.afterwards import Afterwards
    from collegium.gateway.asking import Asked
    from collegium.gateway.naming import Way
    from collegium.gateway.replies import Reply
    from collegium.observe.tracing import Tracer
    from collegium.system import Collegium
    from collegium.types import Decision, Query

# How many models named by clients have a pool at once; the longest unused goes first.
NAMED_POOLS = 256


class Service:
    """The college, as the gateway asks it.

    `embedded` gives, for each backend of model files, the models that a client may name now. With
    `express`, one expert's answer that nothing is to be done with goes through byte by byte.
    """

    def __init__(
        self,
        college: Collegium,
        afterwards: Afterwards,
        tracer: Tracer,
        *,
        embedded: Callable[[], Mapping[str, Collection[str]]],
        express: bool = True,
    ) -> None:
        self.college = college
        self.tracer = tracer
        self._embedded = embedded
        self._express = Express(college, afterwards, tracer) if express else None
        self._pools: OrderedDict[str, Pool] = OrderedDict()
        self._pools_of: Directory | None = None

    def reply(self, asked: Asked) -> AbstractAsyncContextManager[Reply]:
        """The reply to a request, once it has begun; leaving ends all work on it.

        Raises:
            CollegiumError: there is none.
        """
        return self._named(asked) if asked.way is None else self._routed(asked, asked.way)

    @asynccontextmanager
    async def _named(self, asked: Asked) -> AsyncGenerator[Reply]:
        """The reply of the model that the request names."""
        account = asked.account
        pool = await self.pool(asked.chat.model)
        account.strategy = "named"
        messages = tuple(message_of(turn) for turn in asked.body["messages"])
        sampling = {name: value for name, value in asked.body.items() if name not in OURS}
        tools = tuple(asked.chat.tools or ())
        prompt = Prompt(messages, sampling=sampling, tools=tools, session=asked.session)
        account.overhead_ms = (time.perf_counter() - asked.started) * 1000
        async with pool.relay(
            prompt,
            asked.passed_on(),
            deadline_s=asked.left_s,
            headers=self.tracer.outgoing_headers(asked.chat.model),
        ) as relayed:
            yield Passed(account, relayed, listen=asked.listen)

    @asynccontextmanager
    async def _routed(self, asked: Asked, way: Way) -> AsyncGenerator[Reply]:
        """The reply of whoever the college chooses."""
        account = asked.account
        query = query_of(asked.body, asked.chat, identity=account.id, session=asked.session)
        query = replace(query, objective=way.objective, deadline_s=asked.left_s)
        decision = await self.college.routed(
            query,
            strategy=way.strategy,
            top_k=way.top_k,
            experts=self._waiting(asked, way) or way.experts,
            without=way.without,
        )
        account.decision = decision
        account.overhead_ms = (time.perf_counter() - asked.started) * 1000
        query = replace(query, task=query.task or decision.task)
        async with AsyncExitStack() as stack:
            yield await self._answered(stack, asked, query, decision, way)

    async def _answered(
        self, stack: AsyncExitStack, asked: Asked, query: Query, decision: Decision, way: Way
    ) -> Reply:
        """The reply of those chosen; where one who goes straight through fails, of the next."""
        account = asked.account
        while True:
            account.expert = decision.chosen[0].expert
            expert = self._express.fitting(asked, query, decision, way) if self._express else None
            if expert is None or self._express is None:
                return await stack.enter_async_context(self._house(asked, query, decision, way))
            try:
                return await stack.enter_async_context(
                    self._express.reply(asked, query, decision, expert)
                )
            except CollegiumError as error:
                successors = self.college.successors(decision) if passing(error) else ()
                if not successors or len(account.notes) >= len(decision.ranking):
                    latency_ms = (time.perf_counter() - asked.started) * 1000
                    self.college.events.publish(Unanswered(query, error, latency_ms))
                    raise
                asked.holder = None
                account.notes = (
                    *account.notes,
                    f"{successors[0].expert} was asked instead, since {error}",
                )
                decision = passed_to(decision, successors[0].key)

    @asynccontextmanager
    async def _house(
        self, asked: Asked, query: Query, decision: Decision, way: Way
    ) -> AsyncGenerator[Reply]:
        """The reply of the house: a panel, a computation, an answer that is checked first."""
        several = asked.choices > 1
        if several and (len(decision.chosen) > 1 or not way.plain):
            raise InvalidRequest(
                "n: several answers are given by one expert; a panel has only one to give", "n"
            )
        query = replace(query, sampling=single(query))
        pinned = asked.holder.model if asked.holder else None
        voices = [
            self.college.answered(query, decision, strategy=way.strategy, pinned=pinned)
            for _ in range(asked.choices)
        ]
        async with composed(
            asked.account,
            voices,
            usage_wanted=asked.usage_wanted,
            charged=self.college.directory.charged,
        ) as reply:
            yield reply

    def _waiting(self, asked: Asked, way: Way) -> tuple[str, ...]:
        """Who waits for the tool results that the request brings, if they may still be asked.

        What the request says itself of who may answer goes before that.
        """
        roster, holder = self.college.router.roster, asked.holder
        if holder is None or holder.expert not in roster:
            return ()
        expert = roster[holder.expert]
        named = {roster[name].key for name in way.experts if name in roster}
        barred = {roster[name].key for name in way.without if name in roster}
        if expert.key in barred or (named and expert.key not in named):
            asked.holder = None
            return ()
        return (expert.key,)

    async def pool(self, name: str) -> Pool:
        """The pool of a model that a client names.

        Raises:
            UnknownModel: nothing has it, or a client may not name it.
        """
        directory = self.college.directory
        if self._pools_of is not directory:
            # The names may mean other models since.
            self._pools.clear()
            self._pools_of = directory
        pool = self._pools.get(name)
        if pool is not None:
            self._pools.move_to_end(name)
            return pool
        if "/" not in name and name not in directory.aliases:
            await self._refuse_unlisted(name)
        self._refuse_files(name)
        # Of one model there is nothing to select.
        pool = Pool(await directory.find_all(name), resilience=directory.resilience)
        if self._pools_of is directory:
            self._pools[name] = pool
            if len(self._pools) > NAMED_POOLS:
                self._pools.popitem(last=False)
        return pool

    async def _refuse_unlisted(self, name: str) -> None:
        """A bare name is one that a backend lists.

        Raises:
            UnknownModel: none does.
        """
        listings = await self.college.directory.listings()
        listed = {model for models in listings.values() for model in models}
        if name not in listed and not any(model.partition(":")[0] == name for model in listed):
            raise UnknownModel(
                f"no model called {name!r}; 'auto' lets the college choose, BACKEND/MODEL is "
                f"one (backends: {', '.join(listings) or 'none'}), GET /v1/models lists them all"
            )

    def _refuse_files(self, name: str) -> None:
        """A client names embedded models that are configured, never a file of the machine.

        Raises:
            UnknownModel: it is another one.
        """
        backend, _, model = name.partition("/")
        models = self._embedded().get(backend)
        if models is not None and model not in models:
            known = ", ".join(f"{backend}/{one}" for one in models)
            raise UnknownModel(f"no model called {name!r}; of {backend!r} there are: {known}")


def passed_to(decision: Decision, key: str) -> Decision:
    """The decision with another expert in the place of the chosen ones."""
    successor = next(one for one in decision.passed_over if one.key == key)
    others = tuple(one for one in decision.passed_over if one is not successor)
    return replace(decision, chosen=(successor,), passed_over=others)
