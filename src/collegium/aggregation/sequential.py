"""One after the other: each improves on what the one before has said."""

from __future__ import annotations

import asyncio
import math
import random
from typing import TYPE_CHECKING

from collegium.aggregation.conclusion import outcome_of
from collegium.aggregation.likeness import likeness
from collegium.aggregation.quoting import QUOTED_CHARS, asked_with, plain, quoted
from collegium.errors import CollegiumError
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.aggregation.panel import Panel
    from collegium.experts.base import Expert
    from collegium.types import Answer, Query

INSTRUCTION = (
    "Somebody has answered the question above; their answer is quoted below. Check it. If it is "
    "right and complete, repeat it unchanged. Otherwise give a better answer, whole, and without "
    "mentioning the earlier one."
)

# Two texts that are worded this much alike, and conclude the same, are the same answer.
UNCHANGED = 0.95


class Sequential:
    """Asks voice after voice, each shown the last good answer, until that stops changing.

    It also stops where the deadline or the budget ends. A voice that fails is passed over. What
    comes out is the last good answer: one whose check failed takes no other's place, and one that
    was cut off takes that of none that was whole.

    Args:
        most: how many voices are asked at most.
        rng: draws the marks between which an answer is quoted.
    """

    def __init__(self, *, most: int = 4, rng: random.Random | None = None) -> None:
        self._most = most
        self._rng = rng or random.SystemRandom()

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Let them improve the answer in turn, then yield it in one piece."""
        best: Answer | None = None
        voices = panel.voices[: self._most]
        for place, voice in enumerate(voices, 1):
            if panel.left_s <= 0 or not panel.affords(voice):
                panel.note("the time or the budget ended before everybody had had a turn")
                break
            answer = await self._turn(panel, voice, best, is_last=place == len(voices))
            if answer is None:
                continue
            answer = await panel.verified(answer)
            if best is not None and is_unchanged(panel, best, answer):
                break
            if best is None or _standing(answer) >= _standing(best):
                best = answer
            if best.tool_calls:  # there is no wording to improve
                break
        if best is None:
            raise panel.failure()
        yield Chunk.whole(best)

    async def _turn(
        self, panel: Panel, voice: Expert, best: Answer | None, *, is_last: bool
    ) -> Answer | None:
        """A voice's answer; None where it fails.

        Before the last one nobody gets more than half of the time that is left, so that who is slow
        does not take everybody's turn.
        """
        limit_s = panel.left_s if is_last else panel.left_s / 2
        query = None if best is None else self._after(panel, best)
        try:
            async with asyncio.timeout(None if math.isinf(limit_s) else limit_s):
                return await panel.ask(voice, query)
        except CollegiumError:  # kept among the panel's failures
            return None
        except TimeoutError:
            panel.note(f"{voice.name} had not finished in its turn of {limit_s:.3g} s")
            return None

    def _after(self, panel: Panel, answer: Answer) -> Query:
        if len(answer.text) > QUOTED_CHARS:
            panel.note(f"{answer.expert}'s answer was shortened before it was shown to the next")
        found = "" if answer.verdict is None else answer.verdict.evidence
        said = [("earlier answer", answer.text)]
        if found:
            said.append(("what checking it found", found))
        return asked_with(panel.query, f"{INSTRUCTION}\n\n{quoted(said, self._rng)}")


def is_unchanged(panel: Panel, before: Answer, after: Answer) -> bool:
    """Whether an answer concludes as the one before it does, and says it in the same words."""
    if panel.conclusion(before) != panel.conclusion(after):
        return False
    return likeness(plain(before.text), plain(after.text)) > UNCHANGED


def _standing(answer: Answer) -> tuple[int, bool]:
    """What an answer has to be to take another's place: no worse by its check, and as whole."""
    return {"failed": 0, "passed": 2}.get(outcome_of(answer), 1), answer.finish != "length"
