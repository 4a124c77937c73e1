"""How a panel's answers become one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from collegium.aggregation.merit import by_merit, merit
from collegium.errors import CollegiumError
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collegium.aggregation.panel import Panel
    from collegium.types import Answer


@runtime_checkable
class Strategy(Protocol):
    """Drives a panel to one answer.

    It asks whom it likes, in what order it likes, and yields the text it settles on, at once or as
    it grows. The last chunk carries the `answer`. A panel of one voice never gets here: it just
    speaks.
    """

    def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """The panel's one answer."""
        ...


class Weighted:
    """Asks every expert at once and gives the answer of the highest merit.

    Merit is the expert's confidence x its model's record x what checking found, by its routing
    score. Answers of one conclusion have their merits together; the conclusion with most wins, by
    its best answer. An expert alone is listened to as it speaks. So is the first of several with
    `lead`, or where the query's objective is 'fast': the next one is asked only if it fails before
    it has said anything.
    """

    def __init__(self, *, lead: bool = False) -> None:
        self._lead = lead

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Wait for all, then yield the best answer in one piece; or what the lead says, at once."""
        alone = len(panel.experts) == 1
        if alone or self._lead or panel.query.objective == "fast":
            async with aclosing(first_to_speak(panel)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        answers = await panel.ask_all()
        checked = await asyncio.gather(*map(panel.verified, answers))
        yield Chunk.whole(weightiest(panel, checked))


def weightiest(panel: Panel, answers: Sequence[Answer]) -> Answer:
    """The best answer of the conclusion that has most merit behind it."""
    behind: dict[str, float] = {}
    for answer in answers:
        conclusion = panel.conclusion(answer) or f"{id(answer)}"
        behind[conclusion] = behind.get(conclusion, 0.0) + merit(panel, answer)
    best = max(behind, key=lambda one: behind[one])
    return next(
        one for one in by_merit(panel, answers) if (panel.conclusion(one) or f"{id(one)}") == best
    )


async def first_to_speak(panel: Panel) -> AsyncGenerator[Chunk]:
    """The first expert, in the order of the seats, who says anything, as it speaks.

    Raises:
        CollegiumError: it broke off, or nobody said anything.
    """
    for expert in panel.experts:
        spoke = False
        try:
            async with aclosing(panel.stream(expert)) as chunks:
                async for chunk in chunks:
                    spoke = spoke or bool(chunk.text or chunk.tool_calls)
                    yield chunk
        except CollegiumError:
            if spoke:
                raise
        else:
            return
    raise panel.failure()
