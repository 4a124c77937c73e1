"""A gate as it was, and what outcomes have taught since: a frozen, bounded correction of shares.

What is learned is learned elsewhere (`collegium.learning.online`); here it is only applied.
"""

from __future__ import annotations

import json
import logging
import math
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.errors import GateError
from collegium.jsonvalues import is_object
from collegium.routing.belief import Belief, BelievingGate, PonderingGate
from collegium.routing.gate import LearnsByExample
from collegium.routing.marks import MARKS, Projection, marks_of
from collegium.routing.stack import stack_of
from collegium.types import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from collegium.routing.calibration import Calibration
    from collegium.routing.classifier import Reading
    from collegium.routing.gate import Gate
    from collegium.routing.stack import Stack

    Floats = NDArray[np.float64]

logger = logging.getLogger(__name__)

FORMAT = 1
# The most that a share is raised or lowered by, as a logarithm: against another expert's at most
# e^3, twenty times.
BOUND = 1.5
# All experts together are left this much, in equal parts, whatever was learned of them.
LEAST = 0.001
# A share below this counts as this, so that nothing learned is multiplied by nothing.
LEAST_SHARE = 1e-6
# No single number of a lesson counts more than this.
MOST = 10.0


@dataclass(frozen=True, eq=False)
class Teaching:
    """What outcomes have taught of experts.

    `lessons` has for an expert's key, by the name of a mark of the query, what the logarithm of
    its share is changed by; `projection` makes marks of the query's vector; `outcomes` is how many
    it was learned from. Numbers that are broken count as nothing.
    """

    lessons: Mapping[str, Mapping[str, float]]
    projection: Projection | None = None
    outcomes: int = 0

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The experts it has learned something of."""
        return tuple(self.lessons)

    @cached_property
    def _table(self) -> Floats:
        """(experts, marks)."""
        rows = [[_sound(row.get(mark)) for mark in MARKS] for row in self.lessons.values()]
        return np.array(rows, np.float64).reshape(len(self.lessons), len(MARKS))

    def applied(self, shares: Mapping[str, float], marks: Floats) -> dict[str, float]:
        """The shares as outcomes correct them, summing to 1, each at least `LEAST` / experts.

        Args:
            shares: a gate's, by key. An expert it does not know begins with an even share.
            marks: the query's, as `marks_of` gives them.
        """
        if not self.lessons:
            return dict(shares)
        even = 1 / (len({*shares, *self.keys}))
        begun = {**dict.fromkeys(self.keys, even), **shares}
        moved = self.moves(marks)
        logs = {
            key: math.log(max(share, LEAST_SHARE)) + moved.get(key, 0.0)
            for key, share in begun.items()
        }
        most = max(logs.values())
        raised = {key: math.exp(value - most) for key, value in logs.items()}
        total = sum(raised.values())
        least = LEAST / len(raised)
        return {key: least + (1 - LEAST) * value / total for key, value in raised.items()}

    def moves(self, marks: Floats) -> dict[str, float]:
        """What the logarithm of each expert's share is changed by, at most `BOUND` either way."""
        moves: list[float] = np.clip(self._table @ marks, -BOUND, BOUND).tolist()
        return dict(zip(self.keys, moves, strict=True))

    def as_data(self) -> dict[str, Any]:
        """The teaching as JSON that `of` takes."""
        return {
            "format": FORMAT,
            "outcomes": self.outcomes,
            "lessons": {
                key: {mark: round(_sound(value), 5) for mark, value in row.items()}
                for key, row in self.lessons.items()
            },
            "projection": None if self.projection is None else self.projection.as_data(),
        }

    @classmethod
    def of(cls, data: Any, *, where: str = "the teaching") -> Teaching:
        """A teaching out of `as_data`; what is broken in it is left out, and a warning says so.

        Raises:
            GateError: it is no teaching, or of another format.
        """
        lessons = data.get("lessons") if is_object(data) else None
        if not is_object(data) or not is_object(lessons):
            raise GateError(f"{where} is {data!r:.60}; an object with 'lessons' is right")
        if data.get("format") != FORMAT:
            raise GateError(
                f"{where} has format {data.get('format')!r}, and this version reads {FORMAT}"
            )
        broken: list[str] = []
        rows: dict[str, dict[str, float]] = {}
        for key, row in lessons.items():
            if not is_object(row):
                broken.append(key)
                continue
            rows[key] = {mark: _sound(value) for mark, value in row.items() if mark in MARKS}
            broken += [f"{key}.{mark}" for mark, value in row.items() if not _is_sound(mark, value)]
        projection = Projection.of(data.get("projection"))
        if projection is None and data.get("projection") is not None:
            broken.append("projection")
        if broken:
            logger.warning(
                "%s: %d of its values are broken and count as nothing: %s%s",
                where,
                len(broken),
                ", ".join(broken[:5]),
                ", ..." if len(broken) > 5 else "",
            )
        outcomes = data.get("outcomes")
        return cls(rows, projection, outcomes if type(outcomes) is int else 0)

    @classmethod
    def load(cls, path: Path) -> Teaching:
        """The teaching that `save` wrote.

        Raises:
            GateError: the file cannot be read, or is no teaching.
        """
        where = f"the teaching {str(path)!r}"
        try:
            data = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise GateError(f"{where} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise GateError(f"{where} is not JSON: {error}") from error
        return cls.of(data, where=where)

    def save(self, path: Path) -> None:
        """Write it into a file that `load` reads, whole or not at all."""
        unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
        try:
            unfinished.write_text(json.dumps(self.as_data()) + "\n", "utf-8")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


@dataclass(eq=False)
class TaughtGate:
    """A gate whose shares a teaching corrects; it stays as it is while it serves.

    Everything else that the gate says of itself and of a query is passed on.
    """

    base: BelievingGate
    teaching: Teaching
    settled: bool = field(default=True, init=False)

    @property
    def calibration(self) -> Calibration:
        """The gate's own."""
        return self.base.calibration

    @property
    def stack(self) -> Stack | None:
        """The gate's own."""
        return stack_of(self.base)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every expert that the gate or the teaching knows."""
        known: Iterable[str] = getattr(self.base, "keys", ())
        return tuple(dict.fromkeys((*known, *self.teaching.keys)))

    def scores(self, reading: Reading) -> Mapping[str, float]:
        """The share of belief for each expert, by key; they sum to 1."""
        return self.believe(reading).shares

    def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """What the gate believes, with its shares corrected."""
        return self._corrected(self.base.believe(reading, risk=risk), reading)

    async def ponder(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """What `believe` returns, found out as the gate does that."""
        if isinstance(self.base, PonderingGate):
            return self._corrected(await self.base.ponder(reading, risk=risk), reading)
        return self.believe(reading, risk=risk)

    def with_examples(self, examples: Mapping[str, Sequence[str]]) -> Gate:
        """The same gate knowing these experts too; see `LearnsByExample`.

        Raises:
            ValueError: an expert has too few examples, or the gate does not learn by them.
        """
        if not isinstance(self.base, LearnsByExample):
            name = type(self.base).__name__
            raise ValueError(f"{name} does not learn experts by examples")  # noqa: TRY004 -- as declared
        told = self.base.with_examples(examples)
        assert isinstance(told, BelievingGate)  # noqa: S101 -- it was one before
        return TaughtGate(told, self.teaching)

    def _corrected(self, belief: Belief, reading: Reading) -> Belief:
        task = Task(reading.answer_form, reading.kind, reading.complexity, reading.language)
        marks = marks_of(task, belief.vector, self.teaching.projection)
        shares = self.teaching.applied(belief.shares, marks)
        best = max(shares, key=lambda key: shares[key])
        # One more in the set takes nothing from what it promises.
        sure = belief.sure if not belief.sure or best in belief.sure else (*belief.sure, best)
        return replace(belief, shares=shares, sure=sure)


def taught(gate: BelievingGate, path: Path) -> TaughtGate:
    """The gate with what a file teaches.

    Raises:
        GateError: the file cannot be read, or is no teaching.
    """
    return TaughtGate(gate, Teaching.load(path))


def _sound(value: Any) -> float:
    """A number as it can be reckoned with; 0 for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return min(MOST, max(-MOST, float(value)))


def _is_sound(mark: str, value: Any) -> bool:
    return mark in MARKS and (value == 0 or _sound(value) != 0) and abs(_sound(value)) < MOST
