"""The experts who were chosen, at work on one query under one deadline and one budget."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.aggregation.asking import Asking
from collegium.aggregation.budget import Budget
from collegium.aggregation.deadline import Deadline
from collegium.aggregation.hearing import Hearing
from collegium.aggregation.journal import Journal
from collegium.aggregation.quality import checked
from collegium.aggregation.quoting import is_blank
from collegium.aggregation.seats import Seats
from collegium.aggregation.speech import speech
from collegium.errors import CollegiumError, ExpertError
from collegium.events import EventBus
from collegium.experts.base import Telling, spoken
from collegium.experts.records import Records
from collegium.types import Chunk, Task

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from collegium.aggregation.conflict import Agreement
    from collegium.aggregation.quality import Checker
    from collegium.experts.base import Expert
    from collegium.types import Answer, Decision, Query, Usage

logger = logging.getLogger(__name__)


class Panel:
    """What a strategy drives: ask one voice, ask many, or listen to one as it speaks.

    Every answer, failure and call is kept, and told to the event bus, once. The deadline counts
    from the moment the panel is made, and is one for everything it does; so is the budget, beyond
    which no call is begun. A strategy leaves here what it finds: `method`, the strategy used in the
    end, `agreement`, and notes. Of a `closed` panel nobody is asked a second time.
    """

    def __init__(
        self,
        query: Query,
        seats: Sequence[tuple[Expert, float]],
        *,
        events: EventBus | None = None,
        deadline_s: float | None = None,
        decision: Decision | None = None,
        verifier: Checker | None = None,
        records: Records | None = None,
        budget_usd: float | None = None,
    ) -> None:
        self.query = query
        self.task = query.task or Task()
        self.decision = decision
        self.verifier = verifier
        self.records = records or Records.of({})
        self.budget_usd = query.budget_usd if query.budget_usd is not None else budget_usd
        self.method = ""
        self.closed = False
        self.agreement: Agreement | None = None
        self._seats = Seats(seats)
        self._hearing = Hearing()
        self._budget = Budget(self.budget_usd, query)
        self._deadline = Deadline(deadline_s)
        self._journal = Journal(query, events or EventBus())
        self._asked: list[Expert] = []
        self.experts = self._seats.experts
        self.calls = self._journal.calls
        self.failures = self._journal.failures
        self.notes = self._journal.notes

    @property
    def voices(self) -> tuple[Expert, ...]:
        """All voices of all its experts, in seat order."""
        return self._seats.voices

    @property
    def unasked(self) -> tuple[Expert, ...]:
        """The voices that nothing has been asked of, the most reliable first."""
        called = {(call.expert, call.model) for call in self.calls}
        return self.by_reliability(
            voice
            for voice in self.voices
            if voice not in self._asked and (voice.name, voice.model) not in called
        )

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the panel was made."""
        return self._deadline.elapsed_ms

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; infinite without one, never below 0."""
        return self._deadline.left_s

    @property
    def spent(self) -> Usage:
        """What everything called so far consumed, failed calls too as far as that is known."""
        return self._budget.spent

    @property
    def answers(self) -> list[Answer]:
        """All that was answered, in the order it came, each with what checking it found."""
        return self._hearing.answers

    @property
    def members(self) -> tuple[Answer, ...]:
        """The answers to the panel's own query, none of which has seen another."""
        return self._hearing.members

    def note(self, words: str) -> None:
        """Keep a remark for the receipt, once."""
        self._journal.note(words)

    def weight(self, answer: Answer) -> float:
        """The routing score of the expert who gave an answer; 1.0 for one not of this panel."""
        voice = self.voice_of(answer)
        return 1.0 if voice is None else self._seats.score(voice)

    def reliability(self, answer: Answer) -> float:
        """The share of such tasks that the answer's model gets right, by its record."""
        return self.records.reliability(answer.model, self.task.kind)

    def trust(self, voice: Expert) -> float:
        """The share of such tasks that a voice's model gets right, by its record."""
        return self.records.reliability(voice.model, self.task.kind)

    def by_reliability(self, voices: Iterable[Expert]) -> tuple[Expert, ...]:
        """The voices, the most reliable first; equals stay in their order."""
        return tuple(sorted(voices, key=self.trust, reverse=True))

    def most_reliable(self, most: int) -> tuple[Expert, ...]:
        """At most so many of its voices, the most reliable of them, in seat order."""
        chosen = self.by_reliability(self.voices)[:most]
        return tuple(voice for voice in self.voices if voice in chosen)

    def voice_of(self, answer: Answer) -> Expert | None:
        """Who gave an answer; None for one not of this panel."""
        return self._hearing.of(answer).voice

    def conclusion(self, answer: Answer) -> str | None:
        """The final answer or the tool calls of an answer, in normal form; None without either."""
        return self._hearing.conclusion(answer, self.task.form)

    async def verified(self, answer: Answer) -> Answer:
        """The answer with what checking it found; each is checked once, and only in time.

        One that calls tools is no text to be checked.
        """
        known = self._hearing.of(answer)
        async with known.checking:
            judged = known.answer.verdict is not None or known.answer.tool_calls
            if self.verifier is None or judged or self.left_s <= 0:
                return known.answer
            verdict = await checked(self.verifier, self.query, known.answer.text, self.left_s)
            return self._hearing.judge(known, verdict)

    def affords(self, voice: Expert) -> bool:
        """Whether the budget has room for what a voice is expected to cost beside those at work."""
        return self._budget.affords(voice)

    def affordable(self, voices: Iterable[Expert]) -> tuple[Expert, ...]:
        """Those of the voices, in their order, that the budget has room for together."""
        return self._budget.affordable(voices)

    async def ask(self, expert: Expert, query: Query | None = None) -> Answer:
        """One expert's answer to the panel's query, or to another one.

        Raises:
            CollegiumError: the expert failed, the deadline passed, or the budget has no room.
        """
        return await spoken(self.stream(expert, query), expert)

    async def ask_all(self) -> list[Answer]:
        """Every expert's answer, all at work together; some may fail, not all.

        Raises:
            PanelFailed: nobody answered. A panel of one raises that expert's own error.
        """
        async with self.asking(self.experts) as coming:
            answers = [answer async for answer in coming]
        if not answers:
            raise self.failure()
        seats: dict[Expert | None, int] = {one: seat for seat, one in enumerate(self.experts)}
        return sorted(answers, key=lambda answer: seats[self.voice_of(answer)])

    @asynccontextmanager
    async def asking(
        self, voices: Iterable[Expert], query: Query | None = None, *, check: bool = False
    ) -> AsyncGenerator[Asking]:
        """Ask voices together and get their answers as they come; leaving ends those still at work.

        Voices that the budget has no room for are left out. With `check` an answer comes when it
        has been checked.
        """
        voices = tuple(voices)
        within = self.affordable(voices)
        for voice in (voice for voice in voices if voice not in within):
            self.note(f"{self._seats.label(voice)} was not asked: the budget has no room for it")

        async def answer_of(voice: Expert) -> Answer:
            answer = await self.ask(voice, query)
            return await self.verified(answer) if check else answer

        tasks = {asyncio.create_task(answer_of(voice)): voice for voice in within}
        try:
            yield Asking(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def failure(self) -> CollegiumError:
        """The error to raise when nobody answered: the only one, or one that names them all."""
        return self._journal.failure()

    async def stream(self, expert: Expert, query: Query | None = None) -> AsyncGenerator[Chunk]:
        """One expert's answer as it grows; the last chunk carries the whole of it.

        Raises:
            CollegiumError: the expert failed, the deadline passed, or the budget has no room.
        """
        telling = Telling(expert)
        self._begin(expert, telling)
        started = time.perf_counter()
        last, answer = Chunk(), None
        try:
            async with aclosing(
                speech(expert, query or self.query, telling, self._deadline)
            ) as chunks:
                async for chunk in chunks:
                    if chunk.answer is None:
                        yield chunk
                    else:
                        last = chunk  # a better answer may follow
            answer = await self._hear(expert, telling.answer(), query, started)
            yield replace(last, answer=answer)
        except (asyncio.CancelledError, GeneratorExit) as walked_away:
            if answer is None:
                self._failed(expert, walked_away, telling, started)
            raise
        except CollegiumError as error:
            self._failed(expert, error, telling, started)
            raise
        except Exception as error:  # an expert is other people's code
            logger.exception("%s failed", expert.name)
            failure = ExpertError(f"{expert.name} failed: {error!r}")
            self._failed(expert, failure, telling, started)
            raise failure from error
        finally:
            self._budget.release(telling)

    def _begin(self, expert: Expert, telling: Telling) -> None:
        """Count an expert as asked, if the budget has room for it."""
        label = self._seats.label(expert)
        try:
            self._budget.commit(expert, telling, name=label)
        except ExpertError as refusal:
            self._journal.refused(label, refusal)
            raise
        self._asked.append(expert)

    async def _hear(
        self, expert: Expert, answer: Answer, query: Query | None, started: float
    ) -> Answer:
        """Keep an answer that says something, with a confidence that is a probability."""
        if is_blank(answer.text) and not answer.tool_calls:
            raise ExpertError(f"{expert.name} answered with nothing")
        own = query is None or query is self.query
        confidence = answer.confidence if own else await expert.can_handle(self.query)
        if not math.isfinite(confidence):
            label = self._seats.label(expert)
            self.note(f"{label} gave {confidence} as its confidence, which counts 0")
            confidence = 0.0
        answer = replace(answer, confidence=min(1.0, max(0.0, confidence)))
        self._hearing.keep(answer, expert, own=own)
        took_ms = answer.latency_ms or (time.perf_counter() - started) * 1000
        self._budget.spend(answer.usage)
        self._journal.answered(expert, answer, took_ms)
        return answer

    def _failed(
        self, expert: Expert, error: BaseException, telling: Telling, started: float
    ) -> None:
        """Keep that an expert did not answer, and what that consumed."""
        latency_ms = (time.perf_counter() - started) * 1000
        self._budget.spend(telling.answer().usage)
        label = self._seats.label(expert)
        self._journal.failed(expert, error, telling, latency_ms, name=label)
