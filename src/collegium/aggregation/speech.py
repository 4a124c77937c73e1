"""An expert as it speaks to a panel, until the deadline."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, ExpertError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.aggregation.deadline import Deadline
    from collegium.experts.base import Expert, Telling
    from collegium.types import Chunk, Query

logger = logging.getLogger(__name__)


async def speech(
    expert: Expert, query: Query, telling: Telling, deadline: Deadline
) -> AsyncGenerator[Chunk]:
    """What an expert says, each piece told to `telling`; once it has answered it cannot fail.

    Raises:
        CollegiumError: it failed, or the deadline passed, before it had answered.
        Exception: as above; an expert is other people's code.
    """
    try:
        async with aclosing(expert.stream(query)) as chunks:
            while (chunk := await deadline.next(chunks, expert.name)) is not None:
                telling.add(chunk)
                yield chunk
    except CollegiumError:
        if not telling.answered:
            raise
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        if not telling.answered:
            raise ExpertError(f"{expert.name} was cancelled by its own doing") from error
    except Exception:
        if not telling.answered:
            raise
        logger.exception("%s failed after it had answered", expert.name)


def is_cancelled() -> bool:
    """Whether the task that runs this is being cancelled, and not only something it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
