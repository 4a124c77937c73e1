"""One response of a panel: a strategy by name, and what became of everybody else."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from collegium import plugins
from collegium.aggregation.panel import Panel
from collegium.errors import ExpertError, PluginError, UnknownStrategy
from collegium.experts.base import Expert
from collegium.types import Answer, Chunk, Query, Receipt, Response, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from collegium.aggregation.strategies import Strategy

SUMMARY_CHARS = 200


class ResponseAggregator:
    """Makes one `Response` of a panel's answers, by the strategy named.

    Strategies are looked up among `strategies`, then among the installed ones.
    """

    def __init__(
        self, strategy: str = "weighted", *, strategies: Mapping[str, Strategy] | None = None
    ) -> None:
        self.default = strategy
        self._strategies: dict[str, Strategy] = dict(strategies or {})

    def strategy(self, name: str | None = None) -> Strategy:
        """The strategy of that name, or the default one.

        Raises:
            UnknownStrategy: there is none, here or installed.
        """
        name = name or self.default
        if name not in self._strategies:
            try:
                self._strategies[name] = plugins.load("strategies", name)()
            except PluginError as error:
                known = sorted({*self._strategies, *plugins.names("strategies")})
                raise UnknownStrategy(
                    f"no strategy called {name!r}; there are: {', '.join(known)}"
                ) from error
        return self._strategies[name]

    async def stream(self, panel: Panel, strategy: str | None = None) -> AsyncGenerator[Chunk]:
        """The panel's one answer as it grows; the last chunk carries the `response`.

        Raises:
            UnknownStrategy: there is no strategy of that name.
            CollegiumError: no expert answered.
        """
        method = self.strategy(strategy)
        alone = len(panel.experts) == 1
        pieces = panel.stream(panel.experts[0]) if alone else method.settle(panel)
        answer: Answer | None = None
        async with aclosing(pieces) as chunks:
            async for chunk in chunks:
                answer = chunk.answer or answer
                yield chunk
        if answer is None:
            raise ExpertError(f"strategy {strategy or self.default!r} ended without an answer")
        yield Chunk(response=respond(panel, answer, strategy or self.default))

    async def settle(self, panel: Panel, strategy: str | None = None) -> Response:
        """The same, waited for."""
        return await response_of(self.stream(panel, strategy))

    async def aggregate(
        self,
        responses: Sequence[tuple[Answer | Response, float]],
        strategy: str | None = None,
        *,
        query: Query | None = None,
    ) -> Response:
        """One response of answers already in hand, each with the weight of who gave it.

        Raises:
            ExpertError: there is no answer.
        """
        if not responses:
            raise ExpertError("there is no answer to aggregate")
        seats = [(Given(answer), weight) for answer, weight in responses]
        return await self.settle(Panel(query or Query.of(""), seats), strategy)


class Given(Expert):
    """An answer already in hand, in the place of the expert who gave it."""

    def __init__(self, answer: Answer | Response) -> None:
        super().__init__(answer.expert)
        self._given = answer

    async def can_handle(self, query: Query) -> float:
        """The confidence it was given with."""
        return self._given.confidence

    async def process(self, query: Query) -> Answer | Response:
        """The answer, as it was given."""
        return self._given


async def response_of(chunks: AsyncGenerator[Chunk]) -> Response:
    """Wait for a stream of the house and return the response that its last chunk carries."""
    response: Response | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            response = chunk.response or response
    if response is None:
        raise ExpertError("the stream ended without a response")
    return response


def respond(panel: Panel, answer: Answer, strategy: str) -> Response:
    """The response that an answer makes, with the others beside it and what it all took."""
    others = [other for other in panel.answers if other is not answer]
    return Response(
        text=answer.text,
        expert=answer.expert,
        model=answer.model,
        confidence=answer.confidence,
        metadata={"alternative_responses": [alternative(other) for other in others]},
        query_id=panel.query.id,
        answers=tuple(panel.answers),
        receipt=Receipt(
            decision=panel.decision,
            strategy=strategy,
            usage=sum((one.usage for one in panel.answers), Usage()),
            latency_ms=panel.elapsed_ms,
            failures=tuple((name, str(error)) for name, error in panel.failures),
        ),
        tool_calls=answer.tool_calls,
        finish=answer.finish,
    )


def alternative(answer: Answer) -> dict[str, Any]:
    """How an answer that did not win is told of."""
    words = " ".join(answer.text.split())
    cut = words if len(words) <= SUMMARY_CHARS else words[: SUMMARY_CHARS - 1].rstrip() + "…"
    return {
        "expert": answer.expert,
        "model": answer.model,
        "confidence": answer.confidence,
        "summary": cut,
    }
