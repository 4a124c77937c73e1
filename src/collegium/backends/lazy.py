"""A backend that is made when it is first used: naming a model costs no import and no socket."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from collegium.backends.base import Backend, Generation, Prompt
    from collegium.types import Chunk


class Lazy:
    """The backend that `make` gives, from the first use on; `startable` ones have to be started."""

    def __init__(self, make: Callable[[], Backend], *, startable: bool = False) -> None:
        self.startable = startable
        self._make = make
        self._made: Backend | None = None

    @property
    def backend(self) -> Backend:
        """The backend itself, made now if it was not yet."""
        if self._made is None:
            self._made = self._make()
        return self._made

    async def generate(self, prompt: Prompt) -> Generation:
        """The backend's `generate`."""
        return await self.backend.generate(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The backend's `stream`."""
        async with aclosing(self.backend.stream(prompt)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> tuple[str, ...]:
        """The backend's `models`."""
        return await self.backend.models()

    async def healthy(self) -> bool:
        """The backend's `healthy`."""
        return await self.backend.healthy()

    async def aclose(self) -> None:
        """Close the backend, if it was ever made."""
        if self._made is not None:
            await self._made.aclose()
