"""Checks answers that have gone through already, so that their receipts say what was found."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.events import Verified
from collegium.types import Checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.aggregation.quality import Checker
    from collegium.events import EventBus
    from collegium.gateway.decisions import Account
    from collegium.types import Answer, Query

logger = logging.getLogger(__name__)

MOST_WAITING = 64
TIME_S = 10.0


class Afterwards:
    """Checks one answer at a time, when there is time; what is too much is left unchecked.

    `verifier` gives who checks now, None: nobody. `found` is told of every account whose receipt
    says more than before, and `events` of what was found.
    """

    def __init__(
        self,
        verifier: Callable[[], Checker | None],
        found: Callable[[Account], None],
        events: EventBus,
    ) -> None:
        self._verifier, self._found, self._events = verifier, found, events
        self._waiting: deque[tuple[Query, Answer, Account]] = deque(maxlen=MOST_WAITING)
        self._working: asyncio.Task[None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anything to check with."""
        return self._verifier() is not None

    def offer(self, query: Query, answer: Answer, account: Account) -> None:
        """Check an answer when its turn comes, and write what is found into its receipt."""
        if not answer.text or not self.wanted:
            return
        self._waiting.append((query, answer, account))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            query, answer, account = self._waiting.popleft()
            verifier = self._verifier()
            if verifier is None:
                continue
            try:
                async with asyncio.timeout(TIME_S):
                    verdict = await verifier.verify(query, answer.text)
            except Exception:  # a check may be other people's code
                logger.exception("an answer could not be checked")
                continue
            if account.receipt is not None:
                found = Checked(answer.expert, answer.model, verdict)
                account.receipt = replace(account.receipt, verdicts=(found,))
                self._found(account)
            self._events.publish(Verified(query.id, answer.expert, answer.model, verdict.outcome))

    async def aclose(self) -> None:
        """Leave what has not been checked."""
        self._waiting.clear()
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
