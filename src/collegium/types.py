"""The nouns: frozen, slotted, and knowing nothing of the parts that pass them around."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as a chat API has it.

    `content` is text, or a sequence of parts (`{"type": "text", "text": ...}`, image parts
    and so on). `extra` keeps every other field of the turn as it came: tool calls, a tool call's
    id, a name.
    """

    role: str
    content: str | Sequence[Mapping[str, Any]] | None
    extra: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    @property
    def text(self) -> str:
        """The turn's text, its text parts joined by newlines; other parts have none."""
        if self.content is None:
            return ""
        if isinstance(self.content, str):
            return self.content
        parts = (part.get("text", "") for part in self.content if part.get("type") == "text")
        return "\n".join(str(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Task:
    """What kind of answer a query wants.

    `form` is what it will be: text, number, choice, code or json. `kind` is the kind of task in a
    word, by which models keep their records. `difficulty` is the share of models, 0 to 1, that may
    be expected to fail.
    """

    form: str = "text"
    kind: str = "other"
    difficulty: float = 0.5
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks: a conversation, and how they want it answered.

    `deadline_s` is the time for the whole answer, in seconds from the moment it is asked; None
    means the configured one. `sampling` holds whatever else a chat API takes (temperature,
    max_tokens, stop, response_format, tool_choice, ...), passed to the backend unchanged.
    `objective` (quality, balanced, cheap, fast, parity) and `budget_usd`, the most that answering
    may cost, take the place of the configured ones. `task` is what reading the query told; the
    college fills it in.
    """

    messages: tuple[Message, ...]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    session: str | None = None
    deadline_s: float | None = None
    sampling: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    tools: tuple[Mapping[str, Any], ...] = ()
    objective: str | None = None
    budget_usd: float | None = None
    task: Task | None = None

    def __post_init__(self) -> None:
        """Refuse a bare text, which would be taken for messages of one letter each."""
        if isinstance(self.messages, str):
            raise TypeError("a Query takes messages; of a text it is made by Query.of(text)")

    @classmethod
    def of(cls, text: str, **fields: Any) -> Query:
        """A query of one user message; `fields` are the other fields of `Query`."""
        return cls(messages=(Message("user", text),), **fields)

    @property
    def text(self) -> str:
        """The text of the last user message, which is what is being asked now."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.text
        return self.messages[-1].text if self.messages else ""

    def after(self, *messages: Message) -> Query:
        """The same query with `messages` said after the ones it has."""
        return replace(self, messages=(*self.messages, *messages))


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer consumed. `cost_usd` is 0.0 for a model that costs nothing or has no price."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking an answer found: `outcome` is 'passed', 'failed' or 'unknown'.

    `check` names what was checked, `evidence` says what was seen, in words for people.
    """

    outcome: str
    evidence: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One expert's answer. `confidence` is the expert's own, from 0 to 1."""

    expert: str
    model: str
    text: str
    confidence: float = 1.0
    latency_ms: float = 0.0
    usage: Usage = Usage()
    verdict: Verdict | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: str = "stop"


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one expert stood when a query was routed.

    `gate` is its share of the gate's belief (0 to 1, all experts summing to 1), `assessment` its
    own confidence (0 to 1), `load` its queries in flight divided by what it can take, and `score`
    the blend that decides. `note` says why it was passed over, or halved, where it was.
    """

    expert: str
    key: str
    gate: float
    assessment: float
    load: float
    score: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who was asked, who was not, and why.

    `confidence` is the estimated probability that the first of `chosen` is an acceptable expert for
    the query. `low_confidence` marks one below the configured minimum. `propensity` is the
    probability, above 0 and up to 1, with which this choice was made; below 1 where something was
    tried out. `lineup` is the number of the lineup that decided, and `variant` which variant of an
    experiment that is: 'EXPERIMENT:VARIANT', or nothing. `vector` is the query's embedding where
    the gate made one; never shown.
    """

    query_id: str
    chosen: tuple[Candidate, ...]
    passed_over: tuple[Candidate, ...]
    confidence: float
    overhead_ms: float
    reasons: tuple[str, ...] = ()
    low_confidence: bool = False
    task: Task | None = None
    propensity: float = 1.0
    lineup: int = 0
    variant: str = ""
    vector: Sequence[float] | None = field(default=None, repr=False, compare=False)

    @property
    def ranking(self) -> tuple[Candidate, ...]:
        """Every candidate, the chosen first and in the order they were chosen."""
        return (*self.chosen, *self.passed_over)


@dataclass(frozen=True, slots=True)
class Call:
    """One expert that was asked, what it took, and how it ended.

    `outcome` is 'answered', 'empty' (it answered with nothing), 'failed', 'late' (the deadline
    passed) or 'abandoned' (nobody waited for it any more). `usage` is what is known of it, which
    for a call broken off is often nothing.
    """

    expert: str
    model: str
    usage: Usage
    latency_ms: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking the answer of an expert, by one of its models, found."""

    expert: str
    model: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Receipt:
    """What it took to answer, and how sure that leaves one.

    `strategy` is the one that was used in the end, `usage` the sum over all `calls`, `agreement`
    the share of what the answers weigh, 0 to 1, that is behind one conclusion, and `confidence` the
    estimated probability that the response is right. `disagreement` says in words who concluded
    what, where they did not conclude the same; `verdicts` tells what checking found of
    each answer.
    `quality` is what the last look at the answer came to: 'accepted', 'mended', 'escalated',
    'abstained', or 'marked' where its check failed and nothing better was found. `overhead_ms` is
    what deciding took. `best_single_cost_usd` is what the model `best_single`, the one with the
    best record for such tasks, would have cost alone, where that can be said.
    """

    decision: Decision | None
    strategy: str
    usage: Usage
    latency_ms: float
    failures: tuple[tuple[str, str], ...] = ()
    calls: tuple[Call, ...] = ()
    agreement: float = 1.0
    disagreement: str = ""
    verdicts: tuple[Checked, ...] = ()
    confidence: float | None = None
    quality: str = ""
    overhead_ms: float = 0.0
    best_single: str | None = None
    best_single_cost_usd: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """The college's answer.

    `text`, `expert`, `model` and `confidence` are those of the answer that won; `answers` are all
    that were given. `metadata["alternative_responses"]` lists the others, each with its expert,
    model, confidence, conclusion, verdict and a summary; `metadata["disagreement"]` is there where
    the experts did not conclude the same, and says so. `finish` is 'abstained' where no answer is
    given and the text says why.
    """

    text: str
    expert: str
    model: str = ""
    confidence: float = 1.0
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    query_id: str = ""
    answers: tuple[Answer, ...] = ()
    receipt: Receipt | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: str = "stop"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer as it grows, and what has become known with it.

    Text, tool calls, usage and the reason for finishing come from the model, and in `extra`, by the
    names the model gives them, its reasoning and its logprobs. A stream of the house
    begins with a chunk carrying the `decision`; an expert's and a strategy's ends with one carrying
    the finished `answer`; the college's ends with one carrying the `response`.
    """

    text: str = ""
    usage: Usage | None = None
    model: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: str | None = None
    decision: Decision | None = None
    answer: Answer | None = None
    response: Response | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    @classmethod
    def whole(cls, answer: Answer) -> Chunk:
        """A finished answer in one piece."""
        return cls(
            text=answer.text,
            usage=answer.usage,
            model=answer.model,
            tool_calls=answer.tool_calls,
            finish=answer.finish,
            answer=answer,
        )


def key_of(name: str) -> str:
    """The key of an expert's name: in snake_case, without 'Expert'.

    'CodingExpert' is 'coding', 'SQLTuningExpert' is 'sql_tuning', 'coding' stays 'coding'.
    """
    stem = name.removesuffix("Expert").removesuffix("_expert") or name
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", stem)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()
