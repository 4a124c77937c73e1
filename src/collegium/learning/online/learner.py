"""Learner: what outcomes teach a gate, put forward when it looks better than what is there."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.learning.online.lessons import LessonBook
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from collegium.learning.offpolicy import Estimate
    from collegium.learning.online.judging import Judged
    from collegium.learning.online.lessons import Lesson
    from collegium.observe.casebook import Casebook
    from collegium.routing.taught import Teaching
    from collegium.storage.records import Record

PROPOSE_AFTER = 200
# Of so many sessions one is not learned from, but judged by.
HELD_OUT = 3
# What is proposed changes the expert of at least such a share of queries, and is better by more
# than such a share of the estimate's interval; whether it is better, the experiment tells.
LEAST_CHANGED, LEANING = 0.005, 0.1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A teaching worth an experiment: why, in words, and what it would change by the estimate.

    `estimate` is of the difference in reward to what is there, on outcomes that were not learned
    from; `changed` the share of queries that would go to another expert.
    """

    teaching: Teaching
    why: str
    estimate: Estimate
    changed: float

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits that tell this teaching from others."""
        told = json.dumps(self.teaching.as_data(), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:10]


class Learner:
    """Watches outcomes beside the traffic, and changes nothing by itself.

    After `propose_after` outcomes that were judged, `proposal` says what they teach; whether that
    comes to serve, an experiment decides. `present` is the teaching that serves now, if any,
    `known` the keys that the gate itself knows (empty: all there are); `key_of` gives the key of an
    expert's name, `gate_weight` is the router's.
    """

    def __init__(
        self,
        casebook: Casebook,
        *,
        present: Teaching | None = None,
        known: Collection[str] = (),
        propose_after: int = PROPOSE_AFTER,
        gate_weight: float = 0.6,
        key_of: Callable[[str], str] = key_of,
    ) -> None:
        self.lessons = LessonBook(casebook, key_of)
        self.outcomes = self.proposed = 0
        self._present = present
        self._known = frozenset(known)
        self._teachings: dict[str, Teaching | None] = {}
        self._propose_after = propose_after
        self._gate_weight = gate_weight
        self._fresh = 0

    def take(self, record: Record) -> None:
        """Take in what happened; the casebook has taken it before.

        Where an experiment begins or ends, outcomes are counted anew until the next proposal.
        """
        if record.kind == "experiment":
            self._fresh = 0
        if self.lessons.take(record):
            self.outcomes += 1
            self._fresh += 1

    def introduce(self, variant: str, teaching: Teaching | None) -> None:
        """Tell which teaching a variant of an experiment, EXPERIMENT:VARIANT, serves by."""
        self._teachings[variant] = teaching

    def adopt(self, teaching: Teaching | None) -> None:
        """Tell that this teaching serves from now on."""
        self._present = teaching
        self._teachings.clear()

    @property
    def due(self) -> bool:
        """Whether enough is new for a proposal."""
        return self._fresh >= self._propose_after

    def proposal(self) -> Proposal | None:
        """What was learned, if it looks better than what is there; then it waits for new outcomes.

        Takes a second or two, and may run in a thread.
        """
        from collegium.learning.online.judging import judged  # noqa: PLC0415 -- NumPy, which
        from collegium.learning.online.material import (  # noqa: PLC0415 -- taking in records
            material_of,
            untaught,
        )
        from collegium.learning.online.schooling import schooled  # noqa: PLC0415 -- does without

        self._fresh = 0
        lessons, judged_shares = tuple(self.lessons), self.lessons.judged_shares()
        under = [self._teachings.get(one.variant, self._present) for one in lessons]
        shares = untaught(lessons, under, self._known)
        parts = _parted(lessons)
        if not all(parts):
            return None
        learned, kept_back = (
            ([lessons[place] for place in part], [shares[place] for place in part])
            for part in parts
        )
        school = schooled(material_of(*learned, judged_shares))
        found = judged(*kept_back, school, self._gate_weight, judged_shares)
        if not _looks_better(found):
            return None
        self.proposed += 1
        whole = schooled(material_of(lessons, shares, judged_shares))
        return Proposal(whole.teaching(), _why(found, len(lessons)), found.estimate, found.changed)


def _parted(lessons: Sequence[Lesson]) -> tuple[list[int], list[int]]:
    """Places of lessons to learn from, and of those to judge by; a session's are not parted.

    Judged by is only what was open: who has a session already stays whatever the gate is taught.
    """
    learned: list[int] = []
    kept_back: list[int] = []
    for place, one in enumerate(lessons):
        digest = hashlib.sha256((one.session or one.query).encode()).digest()
        if digest[0] % HELD_OUT:
            learned.append(place)
        elif not one.held:
            kept_back.append(place)
    return learned, kept_back


def _looks_better(found: Judged) -> bool:
    """Whether it is likelier to be better than not by enough for an experiment."""
    estimate = found.estimate
    return (
        found.changed >= LEAST_CHANGED
        and math.isfinite(estimate.mean)
        and estimate.mean > LEANING * (estimate.high - estimate.low)
    )


def _why(found: Judged, outcomes: int) -> str:
    estimate = found.estimate
    return (
        f"learned from {outcomes} outcomes: {found.changed:.1%} of queries would go to another "
        f"expert, for {100 * estimate.mean:+.1f} points of reward by the estimate "
        f"({100 * estimate.low:+.1f} to {100 * estimate.high:+.1f})"
    )
