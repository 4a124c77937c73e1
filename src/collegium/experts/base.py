"""What every expert is: a name, what it can do, how busy it is, and how it has done."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.backends.base import Transcript
from collegium.experts.counting import Ledger, count_process, count_stream
from collegium.types import Answer, Chunk, Response, key_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from collegium.types import Query

# The methods in which an expert's own word on a query is given.
_WORDS = ("can_handle", "computes", "plan", "suits")
# And those in which it does something with one.
_WORK = ("compute", "process", "prompt_of", "stream")


@dataclass(frozen=True, slots=True)
class ExpertCapability:
    """One thing an expert can do.

    Below `confidence_threshold` (0 to 1) the expert does not claim a query for this capability;
    `max_load` is how many queries at once it takes; `average_latency_ms` is what to expect before
    there is a record.
    """

    name: str
    confidence_threshold: float = 0.5
    max_load: int = 4
    average_latency_ms: float = 2000.0


class Expert(ABC):
    """Somebody who answers.

    A subclass writes `can_handle` and `process`, and `stream` where its answers can grow. Every
    `process` and `stream` of a subclass is counted from outside: `current_load` goes up when one is
    entered and down when it ends, however it ends, and the outcome goes to `update_stats`. A class
    that keeps these numbers itself, as is common, is not counted twice.
    """

    name: str
    key: str
    capabilities: Sequence[ExpertCapability]
    # The model it answers with, where that is only one.
    model: str = ""
    # Why it gets no queries for now, though it could answer them; empty where it gets them.
    resting: str = ""

    def __init__(
        self,
        name: str,
        capabilities: Iterable[ExpertCapability] = (),
        *,
        key: str | None = None,
        fallback: bool = False,
    ) -> None:
        self.name = name
        self.key = key or key_of(name)
        self.capabilities = tuple(capabilities)
        self.fallback = fallback
        self._ledger = Ledger()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "process" in cls.__dict__:
            cls.process = count_process(cls.process)  # type: ignore[assignment, method-assign]
        if "stream" in cls.__dict__:
            cls.stream = count_stream(cls.stream)  # type: ignore[assignment, method-assign]
        if not _holds(cls, "grounds", _WORDS):
            cls.grounds = Expert.grounds  # type: ignore[method-assign]
        if not _holds(cls, "direct", _WORK):
            cls.direct = Expert.direct  # type: ignore[method-assign]

    @abstractmethod
    async def can_handle(self, query: Query) -> float:
        """Return the expert's own confidence, from 0 to 1. Quick, and without side effects."""

    @abstractmethod
    async def process(self, query: Query) -> Answer | Response:
        """Answer the query."""

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        """The answer as it grows, ending with a chunk that carries the whole `answer`.

        An expert that does not write its own gives what `process` returns, in one piece.
        """
        started = time.perf_counter()
        yield Chunk.whole(as_answer(await self.process(query), self, started))

    def computes(self, query: Query) -> bool:
        """Whether the query asks outright for something it can compute, with no model. Quick."""
        return False

    @property
    def grounds(self) -> object | None:
        """What its own word on a query rests on, beside the query and its record.

        As long as this is equal, `suits` and `computes` say the same of the same query, so that
        they need not be asked again. None where its word may rest on anything at all, as it does in
        every class that writes `can_handle` and not this; then it is asked every time.
        """
        return None

    def suits(self, query: Query) -> float:
        """How well a query suits it, from 0 to 1, leaving its record aside.

        Where there are `grounds`, this times `reliability` is what `can_handle` says of a query
        that it does not compute; elsewhere nobody asks.
        """
        return 0.0

    async def compute(self, query: Query) -> Answer | None:
        """The exact answer to a query that it can compute; None where it cannot."""
        return None

    def voices(self) -> tuple[Expert, ...]:
        """The expert once for each model it can answer with; itself where it has only one."""
        return (self,)

    def expected_cost_usd(self, query: Query) -> float | None:
        """What an answer of its will cost, as far as can be told; None where no price is known."""
        return None

    async def open(self) -> None:  # noqa: B027 -- most experts need nothing
        """Get ready, when the college opens; what it begins, `aclose` ends."""

    async def aclose(self) -> None:  # noqa: B027 -- most experts need nothing
        """End what `open` began, when the college closes or the expert has left it for good."""

    @property
    def mends(self) -> bool:
        """Whether it checks its answers, and mends those that fail, before it gives them."""
        return False

    @property
    def direct(self) -> bool:
        """Whether it only sends its instructions and the query to a model, where it answers by one.

        Then the model's reply may go to a client as it comes, without the expert, and be checked
        afterwards. False in every class that answers in a way of its own and does not write this.
        """
        return False

    @property
    def needs_no_model(self) -> bool:
        """Whether it has an answer to whatever it is asked also where no model can be had."""
        return False

    @property
    def not_ready(self) -> str:
        """What the expert lacks before it can answer; empty when it can."""
        return ""

    @property
    def lacks(self) -> str:
        """Why it gets no queries now: it rests, or it is not ready; empty where it gets them."""
        return self.resting or self.not_ready

    @property
    def max_load(self) -> int:
        """How many queries at once it takes: the most any capability does."""
        return max([capability.max_load for capability in self.capabilities], default=4)

    @property
    def current_load(self) -> int:
        """Queries in flight."""
        return self._ledger.load

    @current_load.setter
    def current_load(self, value: int) -> None:
        self._ledger.count_own(value)

    @property
    def total_queries(self) -> int:
        """Queries that ended with an answer or an error; abandoned ones are neither."""
        return self._ledger.total

    @total_queries.setter
    def total_queries(self, value: int) -> None:
        self._ledger.total = value

    @property
    def success_rate(self) -> float:
        """The share of `total_queries` that ended with an answer; 1.0 before the first."""
        return self._ledger.success_rate

    @success_rate.setter
    def success_rate(self, value: float) -> None:
        self._ledger.successes = value * self._ledger.total

    @property
    def reliability(self) -> float:
        """The share of its recent queries that it answered, above 0 and up to 1."""
        return self._ledger.reliability

    @property
    def average_latency_ms(self) -> float:
        """The mean over the queries so far; before the first, what the capabilities promise."""
        promised = (capability.average_latency_ms for capability in self.capabilities)
        return self._ledger.mean_latency_ms or min(promised, default=0.0)

    def succeed(self, former: Expert) -> None:
        """Take over the load and the record of the one in whose place it comes."""
        self._ledger = former._ledger
        self.resting = former.resting

    def update_stats(self, success: bool, latency: float) -> None:
        """Record that a query ended: whether with an answer, and after how many milliseconds.

        Called for every query; a subclass that calls it inside `process` replaces that call.
        """
        self._ledger.record(success=success, latency_ms=latency)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} load={self.current_load}/{self.max_load}>"


def _holds(cls: type[Expert], said: str, methods: Iterable[str]) -> bool:
    """Whether a class writes none of those methods anew without what it says of them."""

    def giver(name: str) -> int:
        places = (place for place, one in enumerate(cls.__mro__) if name in vars(one))
        return next(places, len(cls.__mro__))

    return all(giver(said) <= giver(method) for method in methods)


def as_answer(result: Answer | Response, expert: Expert, started: float) -> Answer:
    """What an expert's `process` returned, as an answer that says whose it is and what it took.

    Args:
        result: an `Answer`, or a `Response` as many write it.
        expert: who gave it.
        started: `time.perf_counter()` of when it was asked.

    Raises:
        TypeError: it is neither, or its text is none.
    """
    latency_ms = (time.perf_counter() - started) * 1000
    if not isinstance(getattr(result, "text", ""), str):
        raise TypeError(f"{expert.name}.process returned an answer whose text is {result.text!r}")
    if isinstance(result, Answer):
        return result
    if isinstance(result, Response):  # pyright: ignore[reportUnnecessaryIsInstance]
        return Answer(
            expert=result.expert or expert.name,
            model=result.model,
            text=result.text,
            confidence=result.confidence,
            latency_ms=latency_ms,
            tool_calls=result.tool_calls,
            finish=result.finish,
        )
    raise TypeError(
        f"{expert.name}.process returned {type(result).__name__}, not an Answer or a Response"
    )


class Telling:
    """An expert's stream as it is read, and the answer it comes to."""

    def __init__(self, expert: Expert) -> None:
        self._expert = expert
        self._started = time.perf_counter()
        self._transcript = Transcript()
        self._answer: Answer | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self._transcript.add(chunk)
        self._answer = chunk.answer or self._answer

    @property
    def answered(self) -> bool:
        """Whether the stream has carried a whole answer."""
        return self._answer is not None

    def answer(self) -> Answer:
        """The answer the stream carried; where it carried none, one made of its pieces."""
        if self._answer is not None:
            return self._answer
        said = self._transcript.generation(model="")
        return Answer(
            expert=self._expert.name,
            model=said.model,
            text=said.text,
            latency_ms=(time.perf_counter() - self._started) * 1000,
            usage=said.usage,
            tool_calls=said.tool_calls,
            finish=said.finish,
        )


async def spoken(chunks: AsyncGenerator[Chunk], expert: Expert) -> Answer:
    """Wait for an expert's whole stream and return what it came to.

    Args:
        chunks: the stream; closed when this returns or raises.
        expert: whose it is.
    """
    telling = Telling(expert)
    async with aclosing(chunks):
        async for chunk in chunks:
            telling.add(chunk)
    return telling.answer()
