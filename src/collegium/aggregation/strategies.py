"""How a panel's answers become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.aggregation.panel import Panel


@runtime_checkable
class Strategy(Protocol):
    """Drives a panel to one answer.

    It asks whom it likes, in what order it likes, and yields the text it settles on, at once or as
    it grows. The last chunk carries the `answer`. A panel of one never gets here: it just speaks.
    """

    def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """The panel's one answer."""
        ...


class Weighted:
    """Asks everybody at once and gives the answer of the highest confidence x routing score."""

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Wait for all, then yield the best answer in one piece."""
        answers = await panel.ask_all()
        best = max(answers, key=lambda answer: answer.confidence * panel.weight(answer))
        yield Chunk.whole(best)
