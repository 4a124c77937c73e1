"""From what became of queries to what models have earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collegium.learning.online.arms import Arms
    from collegium.observe.casebook import Case, Casebook
    from collegium.storage.records import Record

CAPACITY = 20_000
JUDGING = frozenset(("verdict", "rating", "outcome", "answer"))


@dataclass(frozen=True, slots=True)
class _Reward:
    model: str
    kind: str
    reward: float
    weight: float


class ModelRewards:
    """Teaches `arms` what answers of models were worth, when and as often as anybody says so.

    Only answers that were checked or rated count: of the others nobody knows, and a failure to
    answer is the breakers' business. What is said later takes the place of what was said before.
    The `casebook` must have taken each record before.
    """

    def __init__(self, arms: Arms, casebook: Casebook, *, capacity: int = CAPACITY) -> None:
        self.arms = arms
        self._casebook = casebook
        self._capacity = capacity
        self._counted: dict[tuple[str, str], _Reward] = {}

    def take(self, record: Record) -> None:
        """Take in what happened to a query."""
        if record.kind not in JUDGING:
            return
        case = self._casebook.find(record.query, record.expert)
        reward = None if case is None else _reward(case)
        if case is None or reward is None:
            return
        key = (case.query, case.expert)
        before = self._counted.pop(key, None)
        self._counted[key] = reward
        if len(self._counted) > self._capacity:
            del self._counted[next(iter(self._counted))]
        if before is None or before.model != reward.model:
            self.arms.learn(reward.model, reward.kind, reward.reward, reward.weight)
        elif before != reward:
            right = reward.reward * reward.weight - before.reward * before.weight
            self.arms.correct(reward.model, before.kind, right, reward.weight - before.weight)


def _reward(case: Case) -> _Reward | None:
    """What a model's answer was worth; None where nobody knows, or no model gave it."""
    if not case.judged or case.reward is None or case.shadow or not case.model:
        return None
    weight = 1.0 if case.verdict in ("passed", "failed") else case.rating_weight
    return _Reward(case.model, case.task_kind, case.reward, weight)
