"""Voting: what most of the evidence says, by who says it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from collegium.aggregation.adjudication import adjudicate
from collegium.aggregation.conclusion import outcome_of
from collegium.aggregation.conflict import agreement_of
from collegium.aggregation.likeness import COMPARED_CHARS, cosines, wording
from collegium.aggregation.merit import by_merit, merit, vote
from collegium.aggregation.quoting import plain
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from collegium.aggregation.conflict import Agreement
    from collegium.aggregation.panel import Panel
    from collegium.experts.base import Expert
    from collegium.types import Answer

    Embed = Callable[[Sequence[str]], NDArray[np.floating[Any]]]


class Voting:
    """Asks all voices at once; the conclusion that the answers make most probable wins.

    A vote weighs the log-odds that its model is right about such a task, and checks weigh in. The
    wait ends when those still at work could not change the outcome. Where two conclusions are too
    close to call, one more voice is asked about both. Free texts, which share no conclusion, are
    won by the one most like all others.

    Args:
        similarity: how alike two free texts are, 0 to 1.
        embed: without it: turns texts into vectors, whose cosines are how alike they are.
        most: how many voices are asked at most, the most reliable ones.
        adjudication: whether a close vote is taken to one more voice.
        rng: draws the marks between quoted answers.
    """

    def __init__(
        self,
        *,
        similarity: Callable[[str, str], float] | None = None,
        embed: Embed = wording,
        most: int = 9,
        adjudication: bool = True,
        rng: random.Random | None = None,
    ) -> None:
        self._similarity, self._embed = similarity, embed
        self._most, self._adjudication = most, adjudication
        self._rng = rng or random.SystemRandom()

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Wait for as many answers as it takes, then yield the winner's in one piece."""
        await self._poll(panel, panel.most_reliable(self._most))
        if not panel.members:
            raise panel.failure()
        agreement = agreement_of(panel, panel.members)
        if self._adjudication and agreement.close:
            judged = await adjudicate(panel, agreement, self._rng)
            if judged is not None:
                agreement = agreement_of(panel, (*panel.members, judged))
        panel.agreement = agreement
        yield Chunk.whole(self._winner(panel, agreement))

    async def _poll(self, panel: Panel, voices: Sequence[Expert]) -> None:
        """Ask the voices, until all have answered or those at work cannot change the outcome."""
        async with panel.asking(voices, check=True) as answers:
            async for _ in answers:
                waiting = answers.outstanding
                if waiting and is_settled(panel, agreement_of(panel, panel.members), waiting):
                    panel.note(f"{len(waiting)} of {len(voices)} voices could not change the vote")
                    return

    def _winner(self, panel: Panel, agreement: Agreement) -> Answer:
        if agreement.groups:
            return agreement.groups[0].answers[0]
        return self._medoid(panel, panel.members)

    def _medoid(self, panel: Panel, answers: Sequence[Answer]) -> Answer:
        """The answer most like all others, by their reliability; of two, the better one.

        One that failed its check is passed over while there is another.
        """
        passing = [one for one in answers if outcome_of(one) != "failed"]
        candidates = by_merit(panel, passing or answers)
        alike = self._likenesses([plain(one.text[:COMPARED_CHARS]) for one in candidates])
        weights = [panel.reliability(one) for one in candidates]

        def support(place: int) -> tuple[float, float]:
            others = (
                weight * alike[place][other]
                for other, weight in enumerate(weights)
                if other != place
            )
            supported = sum(others) if len(candidates) > 2 else 0.0
            return round(supported, 9), merit(panel, candidates[place])

        return candidates[max(range(len(candidates)), key=support)]

    def _likenesses(self, texts: Sequence[str]) -> list[list[float]]:
        if self._similarity is not None:
            return [[self._similarity(one, other) for other in texts] for one in texts]
        return cosines(self._embed(texts))


def is_settled(panel: Panel, agreement: Agreement, waiting: Sequence[Expert]) -> bool:
    """Whether no vote of those still at work, all for one conclusion, could change the outcome."""
    if not agreement.groups:
        return False
    first = agreement.groups[0].weight
    second = max(0.0, agreement.groups[1].weight) if len(agreement.groups) > 1 else 0.0
    best = "unknown" if panel.verifier is None else "passed"
    to_come = sum(max(0.0, vote(panel, panel.trust(voice), best)) for voice in waiting)
    return first - second > to_come
