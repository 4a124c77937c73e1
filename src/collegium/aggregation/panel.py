"""The experts who were chosen, at work on one query under one deadline."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, DeadlineExceeded, ExpertError, PanelFailed
from collegium.events import Answered, EventBus, Failed
from collegium.experts.base import Telling
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collegium.experts.base import Expert
    from collegium.types import Answer, Decision, Query

logger = logging.getLogger(__name__)


class Panel:
    """What a strategy drives: ask one expert, ask all, or listen to one as it speaks.

    Every answer and every failure is kept, and told to the event bus, once. The deadline counts
    from the moment the panel is made, and is one for everything it does.
    """

    def __init__(
        self,
        query: Query,
        seats: Sequence[tuple[Expert, float]],
        *,
        events: EventBus | None = None,
        deadline_s: float | None = None,
        decision: Decision | None = None,
    ) -> None:
        self.query = query
        self.experts = tuple(expert for expert, _ in seats)
        self.decision = decision
        self.answers: list[Answer] = []
        self.failures: list[tuple[str, BaseException]] = []
        self._seats = dict(seats)
        self._weights: dict[int, float] = {}
        self._events = events or EventBus()
        self._deadline_s = deadline_s
        self._started = time.perf_counter()

    def weight(self, answer: Answer) -> float:
        """The routing score of the expert who gave an answer; 1.0 for one not of this panel."""
        return self._weights.get(id(answer), 1.0)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the panel was made."""
        return (time.perf_counter() - self._started) * 1000

    async def ask(self, expert: Expert, query: Query | None = None) -> Answer:
        """One expert's answer to the panel's query, or to another one.

        Raises:
            CollegiumError: the expert failed, or the deadline passed.
        """
        answer: Answer | None = None
        async with aclosing(self.stream(expert, query)) as chunks:
            async for chunk in chunks:
                answer = chunk.answer or answer
        if answer is None:
            raise ExpertError(f"{expert.name} ended without an answer")
        return answer

    async def ask_all(self) -> list[Answer]:
        """Every expert's answer, all at work together; some may fail, not all.

        Raises:
            PanelFailed: nobody answered. A panel of one raises that expert's own error.
        """
        results = await asyncio.gather(
            *(self.ask(expert) for expert in self.experts), return_exceptions=True
        )
        answers = [result for result in results if not isinstance(result, BaseException)]
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            if not isinstance(error, CollegiumError):
                raise error
        if answers:
            return answers
        if len(errors) == 1:
            raise errors[0]
        raise PanelFailed(
            f"all {len(errors)} experts failed: "
            + "; ".join(f"{name}: {error}" for name, error in self.failures)
        )

    async def stream(self, expert: Expert, query: Query | None = None) -> AsyncGenerator[Chunk]:
        """One expert's answer as it grows; the last chunk carries the whole of it.

        Raises:
            CollegiumError: the expert failed, or the deadline passed.
        """
        started = time.perf_counter()
        telling = Telling(expert)
        try:
            async with aclosing(expert.stream(query or self.query)) as chunks:
                while (chunk := await self._next(chunks, expert)) is not None:
                    telling.add(chunk)
                    if chunk.answer is not None:
                        self._answered(expert, chunk.answer)
                    yield chunk
        except (asyncio.CancelledError, GeneratorExit) as walked_away:
            if not telling.answered:
                self._failed(expert, walked_away, started, abandoned=True)
            raise
        except CollegiumError as error:
            self._failed(expert, error, started)
            raise
        except Exception as error:  # an expert is other people's code
            logger.exception("%s failed", expert.name)
            failure = ExpertError(f"{expert.name} failed: {error!r}")
            self._failed(expert, failure, started)
            raise failure from error
        if not telling.answered:
            answer = telling.answer()
            self._answered(expert, answer)
            yield Chunk(answer=answer)

    async def _next(self, chunks: AsyncGenerator[Chunk], expert: Expert) -> Chunk | None:
        """The next chunk, or None at the end; the deadline is held to here, between two yields."""
        if self._deadline_s is None:
            return await anext(chunks, None)
        left_s = self._deadline_s - self.elapsed_ms / 1000
        limit = asyncio.timeout(left_s)
        try:
            async with limit:
                return await anext(chunks, None)
        except TimeoutError as error:
            if not limit.expired():
                raise  # the expert's own
            raise DeadlineExceeded(
                f"{expert.name} had not finished after the {self._deadline_s:g} s allowed"
            ) from error

    def _answered(self, expert: Expert, answer: Answer) -> None:
        self.answers.append(answer)
        self._weights[id(answer)] = self._seats.get(expert, 1.0)
        self._events.publish(Answered(self.query, answer))

    def _failed(
        self, expert: Expert, error: BaseException, started: float, *, abandoned: bool = False
    ) -> None:
        self.failures.append((expert.name, error))
        latency_ms = (time.perf_counter() - started) * 1000
        self._events.publish(Failed(self.query, expert.name, error, latency_ms, abandoned))
