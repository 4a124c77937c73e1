"""One expert's answer straight through: chosen like any other, and not held up on its way."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from collegium.events import Answered, Completed, Failed
from collegium.experts.counting import leased
from collegium.experts.model_expert import ModelExpert
from collegium.experts.verifying import VerifyingExpert
from collegium.gateway.asking import instructed
from collegium.gateway.exchange import ClientGone
from collegium.gateway.passed import Passed
from collegium.types import Answer, Call, Receipt, Response, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.gateway.afterwards import Afterwards
    from collegium.gateway.asking import Asked
    from collegium.gateway.naming import Way
    from collegium.observe.tracing import Tracer
    from collegium.system import Collegium
    from collegium.types import Decision, Query

# What only the model's server can give, so that nobody else may have a hand in the answer.
RAW = ("logprobs", "top_logprobs", "audio", "modalities", "prediction")


class Express:
    """The short way from one expert to the client."""

    def __init__(self, college: Collegium, afterwards: Afterwards, tracer: Tracer) -> None:
        self._college = college
        self._tracer = tracer
        self._afterwards = afterwards

    def fitting(
        self, asked: Asked, query: Query, decision: Decision, way: Way
    ) -> ModelExpert | None:
        """The one expert whose answer may go through as it comes; None where it may not.

        It may where one expert was chosen who sends the query to a model as it is, computes
        nothing, and has nothing to check before it is shown; and where no budget is to be held to.
        """
        lineup = self._college.lineups.of(decision)
        budgeted = query.budget_usd or lineup.budget_usd is not None
        if not way.plain or len(decision.chosen) != 1 or budgeted:
            return None
        expert = lineup.router.roster.chosen(decision.chosen[0].key)
        if not isinstance(expert, ModelExpert) or not expert.direct:
            return None
        if expert.not_ready or expert.computes(query):
            return None
        # The configured strategy would listen to several models of the expert.
        several = lineup.aggregator.default != "weighted" and len(expert.voices()) > 1
        if expert.pool is None or several:
            return None
        raw = asked.choices > 1 or any(asked.body.get(name) for name in RAW)
        if isinstance(expert, VerifyingExpert) and not raw and checks(expert, query):
            return None
        return expert

    @asynccontextmanager
    async def reply(
        self, asked: Asked, query: Query, decision: Decision, expert: ModelExpert
    ) -> AsyncGenerator[Passed]:
        """The expert's reply, once its first piece is there.

        Raises:
            CollegiumError: it did not come.
        """
        pool = expert.pool
        if pool is None:
            raise AssertionError
        body = asked.passed_on(instructed(asked.body["messages"], expert.instructions))
        only = asked.holder.model if asked.holder and asked.holder.model in pool.names else None
        started = time.perf_counter()
        events = self._college.events
        asked.account.strategy = "express"

        def ended(reply: Passed) -> None:
            self._tell(asked, query, decision, reply, (time.perf_counter() - started) * 1000)

        try:
            with leased(expert):
                async with pool.relay(
                    expert.prompt_of(query),
                    body,
                    only=only,
                    deadline_s=asked.left_s,
                    headers=self._tracer.outgoing_headers(only or expert.model),
                ) as relayed:
                    yield Passed(asked.account, relayed, listen=True, ended=ended)
        except (GeneratorExit, asyncio.CancelledError, ClientGone) as error:
            latency_ms = (time.perf_counter() - started) * 1000
            events.publish(Failed(query, expert.name, error, latency_ms, abandoned=True))
            raise
        except Exception as error:
            latency_ms = (time.perf_counter() - started) * 1000
            events.publish(Failed(query, expert.name, error, latency_ms))
            raise

    def _tell(
        self, asked: Asked, query: Query, decision: Decision, reply: Passed, latency_ms: float
    ) -> None:
        """Write the receipt, tell what happened, and have the answer checked when there is time."""
        account, chosen = asked.account, decision.chosen[0]
        usage = account.usage or Usage()
        answer = Answer(
            expert=chosen.expert,
            model=account.model,
            text=reply.text,
            confidence=chosen.assessment,
            latency_ms=latency_ms,
            usage=usage,
            finish=account.finish or "stop",
        )
        account.receipt = Receipt(
            decision=decision,
            strategy="express",
            usage=usage,
            latency_ms=latency_ms,
            calls=(Call(answer.expert, answer.model, usage, latency_ms, "answered"),),
            quality="accepted",
            overhead_ms=account.overhead_ms,
            notes=account.notes,
        )
        response = Response(
            text=answer.text,
            expert=answer.expert,
            model=answer.model,
            confidence=answer.confidence,
            query_id=query.id,
            answers=(answer,),
            receipt=account.receipt,
            finish=answer.finish,
        )
        self._college.events.publish(Answered(query, answer))
        self._college.events.publish(Completed(query, response))
        self._afterwards.offer(query, answer, account)


def checks(expert: VerifyingExpert, query: Query) -> bool:
    """Whether an expert would hold its answer back until it has been checked."""
    return expert.verifier is not None and query.task is not None and query.task.form != "text"
