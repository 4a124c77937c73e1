"""A backend in the place of one that is not to be asked: it says so at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.backends.base import joined
from collegium.errors import BackendUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.backends.base import Generation, Prompt
    from collegium.types import Chunk


class Absent:
    """Answers nothing, for the reason given."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def generate(self, prompt: Prompt) -> Generation:
        """Nothing: it raises BackendUnavailable."""
        return await joined(self.stream(prompt), model="")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """Nothing: it raises BackendUnavailable."""
        del prompt
        raise BackendUnavailable(self._why)
        yield

    async def models(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def healthy(self) -> bool:
        """Never."""
        return False

    async def aclose(self) -> None:
        """Nothing is to be ended."""
