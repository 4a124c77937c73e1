"""What a panel has heard: its answers, and what has been found out about each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from collegium.aggregation.conclusion import conclusion_of

if TYPE_CHECKING:
    from collegium.experts.base import Expert
    from collegium.types import Answer, Verdict


@dataclass(slots=True, eq=False)
class Heard:
    """An answer, who gave it, and what has been found out about it.

    `own` says that it answers the panel's own query, not one that quotes other answers. Whoever
    checks it holds `checking`, so that it is checked once.
    """

    answer: Answer
    voice: Expert | None = None
    own: bool = True
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    concluded: bool = False
    conclusion: str | None = None
    unchecked: Answer | None = None


class Hearing:
    """The answers of a panel, in the order they came; a checked one takes its own place."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self._heard: dict[int, Heard] = {}

    @property
    def members(self) -> tuple[Answer, ...]:
        """The answers to the panel's own query."""
        return tuple(answer for answer in self.answers if self.of(answer).own)

    def of(self, answer: Answer) -> Heard:
        """What is known of an answer; one not of this panel becomes known now."""
        return self._heard.setdefault(id(answer), Heard(answer))

    def keep(self, answer: Answer, voice: Expert, *, own: bool) -> None:
        """Take in an answer that a voice has given."""
        self._heard[id(answer)] = Heard(answer, voice, own=own)
        self.answers.append(answer)

    def judge(self, known: Heard, verdict: Verdict) -> Answer:
        """The answer with what checking it found, which stands in its place from now on."""
        judged = replace(known.answer, verdict=verdict)
        # The unchecked one is kept, so that what is known of it goes on being found by it.
        known.unchecked, known.answer = known.answer, judged
        self._heard[id(judged)] = known
        self.answers = [judged if one is known.unchecked else one for one in self.answers]
        return judged

    def conclusion(self, answer: Answer, form: str) -> str | None:
        """An answer's conclusion in normal form, worked out once; None where it has none."""
        known = self.of(answer)
        if not known.concluded:
            known.conclusion = conclusion_of(answer, form)
            known.concluded = True
        return known.conclusion
