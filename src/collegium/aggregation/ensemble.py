"""Synthesis: one who has read all answers writes the answer."""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.aggregation.conflict import agreement_of
from collegium.aggregation.merit import by_merit
from collegium.aggregation.quoting import asked_with, is_blank, quoted, short
from collegium.errors import CollegiumError
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collegium.aggregation.panel import Panel
    from collegium.experts.base import Expert
    from collegium.types import Answer, Query

INSTRUCTION = (
    "Several experts have answered the question above, independently of each other; their answers "
    "are quoted below. Write the one answer that the person who asked should get: keep what is "
    "right, settle what they disagree on by working it out, leave out what is wrong, and do not "
    "mention the experts."
)
BROKEN_OFF = "\n\n[This answer broke off here. The best of the answers it was made of:]\n\n"

# All quoted answers together are no longer than this.
PROMPT_CHARS = 24_000

# The part of the time left that further answers may take once there is one.
PATIENCE = 0.6


class Ensemble:
    """Asks every voice at once, and has a synthesiser write the answer from all of theirs.

    The synthesis streams. Without a synthesiser, or where it fails or says nothing, the best single
    answer is given, as `weighted` would.

    Args:
        synthesiser: who writes the answer; None means nobody.
        most: how many voices are asked at most, the most reliable ones.
        prompt_chars: how much of all the answers together the synthesiser is shown.
        rng: draws the marks between quoted answers.
    """

    def __init__(
        self,
        synthesiser: Expert | None = None,
        *,
        most: int = 6,
        prompt_chars: int = PROMPT_CHARS,
        rng: random.Random | None = None,
    ) -> None:
        self.synthesiser = synthesiser
        self._most, self._prompt_chars = most, prompt_chars
        self._rng = rng or random.SystemRandom()

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Wait for all answers, then yield the synthesis as it is written."""
        await self._hear_all(panel)
        if not panel.members:
            raise panel.failure()
        answers = by_merit(panel, panel.members)
        panel.agreement = agreement_of(panel, answers)
        if self.synthesiser is None or len(answers) == 1 or answers[0].tool_calls:
            yield self._best(panel, answers, self._why_not(answers))
            return
        said: list[str] = []
        try:
            async with aclosing(self._synthesis(panel, self.synthesiser, answers)) as chunks:
                async for chunk in chunks:
                    said.append(chunk.text)
                    yield chunk
        except CollegiumError as error:
            yield self._instead(panel, answers, "".join(said), error)

    async def _hear_all(self, panel: Panel) -> None:
        """Ask the voices; from the first answer on, wait no longer than leaves time to write."""
        clock = asyncio.get_running_loop().time
        try:
            async with (
                asyncio.timeout(None) as limit,
                panel.asking(self._sources(panel), check=True) as coming,
            ):
                async for _ in coming:
                    if self.synthesiser and limit.when() is None and math.isfinite(panel.left_s):
                        limit.reschedule(clock() + panel.left_s * PATIENCE)
        except TimeoutError:
            panel.note("who had not answered in time for the synthesis was left out")

    def _sources(self, panel: Panel) -> Sequence[Expert]:
        """The voices to ask: those the budget allows beside the synthesiser, if that is two."""
        voices = panel.most_reliable(self._most)
        if self.synthesiser is None or not panel.affords(self.synthesiser):
            return voices
        beside = panel.affordable((self.synthesiser, *voices))[1:]
        return beside if len(beside) > 1 else voices

    async def _synthesis(
        self, panel: Panel, synthesiser: Expert, answers: Sequence[Answer]
    ) -> AsyncGenerator[Chunk]:
        async with aclosing(panel.stream(synthesiser, self._prompt(panel, answers))) as chunks:
            async for chunk in chunks:
                if chunk.answer is not None:
                    self._compare(panel, chunk.answer)
                yield chunk

    def _prompt(self, panel: Panel, answers: Sequence[Answer]) -> Query:
        chars = self._prompt_chars // len(answers)
        if any(len(answer.text) > chars for answer in answers):
            panel.note("long answers were shortened before the synthesiser was shown them")
        texts = [answer for answer in answers if not is_blank(answer.text)]
        said = [(title(number, one), one.text) for number, one in enumerate(texts, 1)]
        conflict = panel.agreement.disagreement() if panel.agreement else ""
        if conflict:
            said.append(("where they disagree", conflict))
        return asked_with(panel.query, f"{INSTRUCTION}\n\n{quoted(said, self._rng, chars=chars)}")

    def _compare(self, panel: Panel, synthesis: Answer) -> None:
        """Note a synthesis that comes to what none of the answers came to.

        Texts and programs are written anew, so their wording says nothing of it.
        """
        groups = panel.agreement.groups if panel.agreement else ()
        conclusion = panel.conclusion(synthesis)
        comparable = panel.task.form not in {"text", "code"}
        if comparable and groups and conclusion not in {group.conclusion for group in groups}:
            panel.note("the synthesis comes to a conclusion that none of the answers came to")

    def _best(self, panel: Panel, answers: Sequence[Answer], why: str) -> Chunk:
        panel.method = "weighted"
        panel.note(f"no synthesis: {why}")
        return Chunk.whole(answers[0])

    def _why_not(self, answers: Sequence[Answer]) -> str:
        if self.synthesiser is None:
            return "there is no synthesiser"
        return "there is only one answer" if len(answers) == 1 else "the best answer calls tools"

    def _instead(
        self, panel: Panel, answers: Sequence[Answer], said: str, error: CollegiumError
    ) -> Chunk:
        """What to give when the synthesis failed: the best answer, after what was already said."""
        chunk = self._best(panel, answers, str(error))
        if is_blank(said):
            # What was streamed and cannot be seen is still part of what the reader has.
            return replace(chunk, answer=replace(answers[0], text=said + answers[0].text))
        tail = BROKEN_OFF + answers[0].text
        return replace(chunk, text=tail, answer=replace(answers[0], text=said + tail))


def title(number: int, answer: Answer) -> str:
    """How an answer is announced to the synthesiser: who gave it, how sure, and what checking said.

    Names and evidence come from elsewhere, so they are kept to one short line.
    """
    who = short(answer.expert, 60).replace(">>>", "")
    checked = "" if answer.verdict is None else f", its check {answer.verdict.outcome}"
    return f"answer {number} by {who}, confidence {answer.confidence:.2f}{checked}"
