"""The experts who were chosen, at work on one query under one deadline and one budget."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from collegium.aggregation.conflict import conclusion_of, is_blank
from collegium.aggregation.quality import checked
from collegium.errors import CollegiumError, DeadlineExceeded, ExpertError, PanelFailed
from collegium.events import Answered, EventBus, Failed
from collegium.experts.base import Telling, spoken
from collegium.experts.records import Records
from collegium.types import Call, Chunk, Task, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from collegium.aggregation.conflict import Agreement
    from collegium.aggregation.quality import Checker
    from collegium.experts.base import Expert
    from collegium.types import Answer, Decision, Query

logger = logging.getLogger(__name__)

# Sums of costs may be off by this much and still be within the budget.
ROUNDING = 1 + 1e-9


@dataclass(slots=True, eq=False)
class Heard:
    """An answer of the panel, who gave it, and what has been found out about it.

    `own` says that it answers the panel's own query, not one that quotes other answers.
    """

    answer: Answer
    voice: Expert | None = None
    own: bool = True
    concluded: bool = False
    conclusion: str | None = None
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    unchecked: Answer | None = None


class Asking:
    """Voices at work together; iterating gives their answers as they come, failures left out."""

    def __init__(self, tasks: dict[asyncio.Task[Answer], Expert]) -> None:
        self._tasks = tasks
        self._coming = asyncio.as_completed(tasks)

    @property
    def outstanding(self) -> tuple[Expert, ...]:
        """Who has neither answered nor failed."""
        return tuple(voice for task, voice in self._tasks.items() if not task.done())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Answer:
        for coming in self._coming:
            try:
                return await coming
            except CollegiumError:  # kept among the panel's failures
                continue
        raise StopAsyncIteration


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
        self.experts = tuple(expert for expert, _ in seats)
        self.decision = decision
        self.verifier = verifier
        self.records = records or Records.of({})
        self.budget_usd = query.budget_usd if query.budget_usd is not None else budget_usd
        self.answers: list[Answer] = []
        self.failures: list[tuple[str, BaseException]] = []
        self.calls: list[Call] = []
        self.notes: list[str] = []
        self.method = ""
        self.closed = False
        self.agreement: Agreement | None = None
        self._seats = dict(seats)
        self._owners: dict[Expert, Expert] | None = None
        self._heard: dict[int, Heard] = {}
        self._asked: list[Expert] = []
        self._committed: dict[Telling, float] = {}
        self._events = events or EventBus()
        self._deadline_s = deadline_s
        self._started = time.perf_counter()

    @property
    def voices(self) -> tuple[Expert, ...]:
        """All voices of all its experts, in seat order."""
        return tuple(self._owned())

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
        return (time.perf_counter() - self._started) * 1000

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; infinite without one, never below 0."""
        if self._deadline_s is None:
            return math.inf
        return max(0.0, self._deadline_s - self.elapsed_ms / 1000)

    @property
    def spent(self) -> Usage:
        """What everything called so far consumed, failed calls too as far as that is known."""
        return sum((call.usage for call in self.calls), Usage())

    @property
    def members(self) -> tuple[Answer, ...]:
        """The answers to the panel's own query, none of which has seen another."""
        return tuple(answer for answer in self.answers if self._known(answer).own)

    def note(self, words: str) -> None:
        """Keep a remark for the receipt, once."""
        if words not in self.notes:
            self.notes.append(words)

    def weight(self, answer: Answer) -> float:
        """The routing score of the expert who gave an answer; 1.0 for one not of this panel."""
        voice = self.voice_of(answer)
        return 1.0 if voice is None else self._seats.get(self._owned().get(voice, voice), 1.0)

    def reliability(self, answer: Answer) -> float:
        """The share of such tasks that the answer's model gets right, by its record."""
        return self.records.reliability(answer.model, self.task.kind)

    def trust(self, voice: Expert) -> float:
        """The share of such tasks that a voice's model gets right, by its record."""
        return self.records.reliability(voice.model, self.task.kind)

    def by_reliability(self, voices: Iterable[Expert]) -> tuple[Expert, ...]:
        """The voices, the most reliable first; equals stay in their order."""
        return tuple(sorted(voices, key=self.trust, reverse=True))

    def voice_of(self, answer: Answer) -> Expert | None:
        """Who gave an answer; None for one not of this panel."""
        return self._known(answer).voice

    def conclusion(self, answer: Answer) -> str | None:
        """The final answer or the tool calls of an answer, in normal form; None without either."""
        known = self._known(answer)
        if not known.concluded:
            known.conclusion = conclusion_of(answer, self.task.form)
            known.concluded = True
        return known.conclusion

    async def verified(self, answer: Answer) -> Answer:
        """The answer with what checking it found; each is checked once, and only in time."""
        known = self._known(answer)
        async with known.checking:
            if self.verifier is None or known.answer.verdict is not None or self.left_s <= 0:
                return known.answer
            verdict = await checked(self.verifier, self.query, known.answer.text, self.left_s)
            judged = replace(known.answer, verdict=verdict)
            known.unchecked, known.answer = known.answer, judged
            self._heard[id(judged)] = known
            self.answers = [judged if one is known.unchecked else one for one in self.answers]
            return judged

    def affords(self, voice: Expert) -> bool:
        """Whether the budget has room for what a voice is expected to cost beside those at work."""
        return bool(self.affordable([voice]))

    def affordable(self, voices: Iterable[Expert]) -> tuple[Expert, ...]:
        """Those of the voices, in their order, that the budget has room for together."""
        if self.budget_usd is None:
            return tuple(voices)
        chosen: list[Expert] = []
        total = self._spoken_for()
        for voice in voices:
            cost_usd = self._expected_cost_usd(voice)
            if total + cost_usd <= self.budget_usd * ROUNDING:
                chosen.append(voice)
                total += cost_usd
        return tuple(chosen)

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
            self.note(f"{self._label(voice)} was not asked: the budget has no room for it")

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
        failed = [(name, one) for name, one in self.failures if isinstance(one, CollegiumError)]
        if len(failed) == 1:
            return failed[0][1]
        told = "; ".join([f"{name}: {error}" for name, error in failed] or self.notes)
        return PanelFailed(f"all {len(failed)} experts failed: {told}" if failed else told)

    async def stream(self, expert: Expert, query: Query | None = None) -> AsyncGenerator[Chunk]:
        """One expert's answer as it grows; the last chunk carries the whole of it.

        Raises:
            CollegiumError: the expert failed, the deadline passed, or the budget has no room.
        """
        telling = Telling(expert)
        self._commit(expert, telling)
        started = time.perf_counter()
        answer: Answer | None = None
        try:
            async with aclosing(expert.stream(query or self.query)) as chunks:
                while (chunk := await self._next(chunks, expert)) is not None:
                    telling.add(chunk)
                    if chunk.answer is not None:
                        answer = answer or await self._hear(expert, chunk.answer, query, started)
                        chunk = replace(chunk, answer=answer)
                    yield chunk
            if answer is None:
                answer = await self._hear(expert, telling.answer(), query, started)
                yield Chunk(answer=answer)
        except (asyncio.CancelledError, GeneratorExit) as walked_away:
            if answer is None:
                self._failed(expert, walked_away, telling, started)
            raise
        except CollegiumError as error:
            if answer is None:  # else it has answered all the same
                self._failed(expert, error, telling, started)
                raise
        except Exception as error:  # an expert is other people's code
            logger.exception("%s failed", expert.name)
            if answer is None:
                failure = ExpertError(f"{expert.name} failed: {error!r}")
                self._failed(expert, failure, telling, started)
                raise failure from error
        finally:
            self._committed.pop(telling, None)

    async def _next(self, chunks: AsyncGenerator[Chunk], expert: Expert) -> Chunk | None:
        """The next chunk, or None at the end; the deadline is held to here, between two yields."""
        if self._deadline_s is None:
            return await anext(chunks, None)
        limit = asyncio.timeout(self.left_s)
        try:
            async with limit:
                return await anext(chunks, None)
        except TimeoutError as error:
            if not limit.expired():
                raise  # the expert's own
            raise DeadlineExceeded(
                f"{expert.name} had not finished after the {self._deadline_s:g} s allowed"
            ) from error

    def _spoken_for(self) -> float:
        """What has been spent, and what those at work are expected to cost."""
        return self.spent.cost_usd + sum(self._committed.values())

    def _commit(self, expert: Expert, telling: Telling) -> None:
        """Count an expert as asked, and its expected cost as spoken for while it tells."""
        if not self.affords(expert):
            failure = ExpertError(
                f"{self._label(expert)} would cost ${self._expected_cost_usd(expert):.4f}, and "
                f"${self._spoken_for():.4f} of ${self.budget_usd:.4f} are spoken for"
            )
            self.failures.append((self._label(expert), failure))
            raise failure
        self._asked.append(expert)
        self._committed[telling] = self._expected_cost_usd(expert)

    def _expected_cost_usd(self, voice: Expert) -> float:
        """What a voice is expected to cost; nothing where it has no price."""
        return 0.0 if self.budget_usd is None else voice.expected_cost_usd(self.query) or 0.0

    def _owned(self) -> dict[Expert, Expert]:
        """The voices, in seat order, each with the expert whose voice it is."""
        if self._owners is None:
            self._owners = {voice: one for one in self.experts for voice in one.voices()}
        return self._owners

    def _label(self, voice: Expert) -> str:
        """What a voice is called: its expert's name, with the model if it is one of several."""
        several = self._owned().get(voice, voice) is not voice
        return f"{voice.name} ({voice.model})" if several else voice.name

    async def _hear(
        self, expert: Expert, answer: Answer, query: Query | None, started: float
    ) -> Answer:
        """Keep an answer that says something, with a confidence that is a probability."""
        if is_blank(answer.text) and not answer.tool_calls:
            raise ExpertError(f"{expert.name} answered with nothing")
        own = query is None or query is self.query
        confidence = answer.confidence if own else await expert.can_handle(self.query)
        if not math.isfinite(confidence):
            self.note(f"{self._label(expert)} gave {confidence} as its confidence, which counts 0")
            confidence = 0.0
        answer = replace(answer, confidence=min(1.0, max(0.0, confidence)))
        self._heard[id(answer)] = Heard(answer, expert, own=own)
        self.answers.append(answer)
        took_ms = answer.latency_ms or (time.perf_counter() - started) * 1000
        self.calls.append(Call(expert.name, answer.model, answer.usage, took_ms, "answered"))
        self._events.publish(Answered(self.query, answer))
        return answer

    def _failed(
        self, expert: Expert, error: BaseException, telling: Telling, started: float
    ) -> None:
        self.failures.append((self._label(expert), error))
        latency_ms = (time.perf_counter() - started) * 1000
        said = telling.answer()
        outcome = _outcome(error, empty=telling.answered and is_blank(said.text))
        model = said.model or expert.model
        self.calls.append(Call(expert.name, model, said.usage, latency_ms, outcome))
        told = Failed(self.query, expert.name, error, latency_ms, outcome == "abandoned")
        self._events.publish(told)

    def _known(self, answer: Answer) -> Heard:
        """What is known of an answer; one not of this panel becomes known now."""
        return self._heard.setdefault(id(answer), Heard(answer))


def _outcome(error: BaseException, *, empty: bool) -> str:
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return "abandoned"
    if isinstance(error, DeadlineExceeded):
        return "late"
    return "empty" if empty else "failed"
