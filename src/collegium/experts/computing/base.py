"""What answers without a model: a computation that a question asks for outright."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

from collegium.experts.computing.courtesies import Heard, heard, without_inner_courtesies
from collegium.experts.computing.wishes import Wishes, granted

if TYPE_CHECKING:
    from collegium.types import Message, Query

MAX_CHARS, MAX_EARLIER_CHARS = 2000, 40_000


@dataclass(frozen=True, slots=True)
class Computed:
    """An exact answer.

    `value` is the answer alone ("391", "5/6", "2024-03-01"). `text` is what is said: a sentence or
    a few lines that end in a line "Answer: <value>", or the value alone where no more is wished.
    `how` says how it was got, for the receipt.
    """

    value: str
    text: str
    how: str


class Computer(Protocol):
    """One kind of computation: it reads a question, and computes only what it has read whole."""

    name: str

    def reads(self, query: Query) -> object | None:
        """Return the plan of a question that can be computed outright, else None.

        Pure and quick: nothing is executed here. It looks at nothing but what a `fingerprint`
        stands for, by which it is remembered.
        """
        ...

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan that `reads` made, exactly; None if it turns out not to be computable.

        Bounded in time (0.1 s) and memory.
        """
        ...


Plan: TypeAlias = Callable[[], Computed]
Builder: TypeAlias = Callable[..., Plan | None]  # makes a plan of the parts of a question


class Uncomputable(ArithmeticError):
    """What was asked has no answer, more than one, or one that is too large to write down."""


def carried_out(plan: object) -> Computed | None:
    """Carry out a plan of `reads`; None where it has no one answer."""
    if not callable(plan):
        raise TypeError(f"a plan is what `reads` returned, not {plan!r}")
    try:
        computed = plan()
    except (ArithmeticError, ValueError):  # a division by zero, a date that does not exist
        return None
    return computed if isinstance(computed, Computed) else None


def wished(plan: Plan | None, wishes: Wishes) -> Plan | None:
    """Return `plan` with its answer said as it is wished."""
    return plan if plan is None or not wishes else partial(_granted, plan, wishes)


def _granted(plan: Plan, wishes: Wishes) -> Computed:
    computed = granted(plan(), wishes)
    if computed is None:
        raise Uncomputable(f"the answer is not of the kinds {', '.join(sorted(wishes))}")
    return computed


def answer(value: str, sentence: str, how: str = "") -> Computed:
    """The answer `value`, said in `sentence` and again in a line of its own."""
    return Computed(value, f"{sentence}\nAnswer: {value}", f"computed exactly: {how or sentence}")


def asked(query: Query, *, limit: int = MAX_CHARS, ending: bool = True) -> Heard | None:
    """Return what is being asked, without courtesies, and how the answer is to be said.

    None where it is longer than `limit` characters, where it is more than text, or where the
    conversation or the request may change what the question means or how it is to be answered.
    With `ending` False the end is left as it was written.
    """
    if not query.messages or query.messages[-1].role != "user":
        return None
    *earlier, last = query.messages
    text = last.text.strip()
    if len(text) > limit or not _is_text(last) or _asks_for_a_form(query) or _sets_terms(earlier):
        return None
    return heard(without_inner_courtesies(text) if ending else text, ending=ending)


def _is_text(message: Message) -> bool:
    if isinstance(message.content, str):
        return True
    return all(part.get("type") == "text" for part in message.content or ())


def _asks_for_a_form(query: Query) -> bool:
    """Whether the answer must be JSON, or the call of a tool."""
    form = query.sampling.get("response_format")
    if form and form != {"type": "text"}:
        return True
    return query.sampling.get("tool_choice") not in (None, "auto", "none")


def _sets_terms(earlier: list[Message]) -> bool:
    """Whether what was said before may give the question another meaning or its answer a form."""
    if sum(len(message.text) for message in earlier) > MAX_EARLIER_CHARS:
        return True
    instructed = (m.text.strip() for m in earlier if m.role in {"system", "developer"})
    if any(text and not _plain_instruction().fullmatch(text) for text in instructed):
        return True
    return any(_terms().search(m.text) for m in earlier if m.role == "user")


@cache
def _plain_instruction() -> re.Pattern[str]:
    return re.compile(
        r"you(?: are|'re) an? (?:(?:very |highly )?(?:helpful|honest|harmless|friendly"
        r"|knowledgeable|useful|accurate|precise|concise|math|expert|ai"
        r"|intelligent)(?:,? and |, | )){0,4}"
        r"(?:ai )?(?:assistant|chatbot|calculator)[.!]?",
        re.IGNORECASE,
    )


@cache
def _terms() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:from now on|always|never|let(?:'s|s)?|define|assume|assuming|suppose|pretend|imagine"
        r"|means?|instead|rules?|game|base|octal|hex\w*|binary|treat|consider|denotes?|stands? for"
        r"|answer in|respond|reply|translate|speak|format|only|language|until|every time|whenever"
        r"|redefin\w+|modul\w+|clock|act as|role|don't|do not|stop)\b",
        re.IGNORECASE,
    )
