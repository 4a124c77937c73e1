"""What outcomes teach: the choice of models at once, the gate by an experiment alone."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collegium.errors import CollegiumError
from collegium.learning.online.learner import Learner
from collegium.learning.online.rewards import ModelRewards
from collegium.learning.online.selecting import LearningSelector
from collegium.routing.taught import Teaching

if TYPE_CHECKING:
    from collegium.config import LearningConfig
    from collegium.learning.online.learner import Proposal
    from collegium.lineups import Lineups
    from collegium.observe.casebook import Casebook
    from collegium.oversight.trials import Trials
    from collegium.storage.records import Record

logger = logging.getLogger(__name__)

SHARE = 0.3


class Tuition:
    """Hands outcomes to whoever learns, and puts what the gate could learn to an experiment.

    `folder` is where a teaching is written to be tried; None: the gate learns nothing.
    """

    def __init__(
        self,
        lineups: Lineups,
        settings: LearningConfig,
        casebook: Casebook,
        trials: Trials,
        folder: Path | None,
    ) -> None:
        self._lineups, self._trials, self._folder = lineups, trials, folder
        self._casebook = casebook
        self._rewards: ModelRewards | None = None
        self._present = ""
        self._judged: Counter[str] = Counter()
        self.learner = Learner(
            casebook,
            known=getattr(lineups.current.gate, "keys", ()),
            propose_after=settings.propose_after,
            gate_weight=lineups.current.router.policy.gate_weight,
            key_of=self._key_of,
        )
        self.renewed()

    def take(self, record: Record) -> None:
        """Take in what happened."""
        self._judged[record.kind] += 1
        self.learner.take(record)
        if self._rewards is not None:
            self._rewards.take(record)

    def renewed(self) -> None:
        """Another lineup is in force: go on with what it has learned, and tell the learner."""
        lineup = self._lineups.current
        selector = lineup.staff.selector if lineup.staff else None
        arms = selector.arms if isinstance(selector, LearningSelector) else None
        if arms is None:
            self._rewards = None
        elif self._rewards is None or self._rewards.arms is not arms:
            self._rewards = ModelRewards(arms, self._casebook)
        path = (lineup.config.moe.router.taught if lineup.config else None) or ""
        if path != self._present:
            self._present = path
            self.learner.adopt(Teaching.load(Path(path).expanduser()) if path else None)

    async def step(self) -> None:
        """Where enough was learned that looks better than what is there, begin an experiment."""
        if self._folder is None or not self.learner.due or self._trials.desk.running is not None:
            return
        proposal = await asyncio.to_thread(self.learner.proposal)
        if proposal is not None:
            await self._put_to_the_test(proposal, self._folder)

    async def _put_to_the_test(self, proposal: Proposal, folder: Path) -> None:
        name = f"taught-{proposal.digest}"
        path = folder / f"{name}.json"
        proposal.teaching.save(path)
        changes: dict[str, Any] = {"moe": {"router": {"taught": str(path)}}}
        self.learner.introduce(f"{name}:challenger", proposal.teaching)
        logger.info("what was learned is put to an experiment: %s", proposal.why)
        try:
            await self._trials.start(
                {"name": name, "metric": self._metric, "share": SHARE, "changes": changes}
            )
        except CollegiumError as error:
            logger.warning("what was learned cannot be tried: %s", error)

    @property
    def _metric(self) -> str:
        """What there is more of: ratings; or checks, by which an answer is a success or is not."""
        return "rating" if self._judged["rating"] >= self._judged["verdict"] else "success"

    def standing(self) -> dict[str, Any]:
        """How much was learned, as JSON."""
        return {
            "outcomes": self.learner.outcomes,
            "proposed": self.learner.proposed,
            "taught": self._present or None,
        }

    def _key_of(self, name: str) -> str:
        roster = self._lineups.current.router.roster
        return roster[name].key if name in roster else name
