"""What of a query its experts are taught by: a few numbers, the same when learning and serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from collegium.types import Task

    Floats = NDArray[np.float64]

FORMS = ("text", "number", "choice", "code", "json")
KINDS = ("sql", "code", "math", "choice", "text", "question", "chat", "other")
DIRECTIONS = 16
OF_TASKS: tuple[str, ...] = (
    "always",
    *(f"form {form}" for form in FORMS),
    *(f"kind {kind}" for kind in KINDS),
    "difficulty",
    "foreign",
)
MARKS: tuple[str, ...] = (*OF_TASKS, *(f"direction {number}" for number in range(DIRECTIONS)))
# Numbers along a direction have a spread of 1; one further out than this counts as this far.
FAR = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The few directions in which vectors of queries differ most.

    `middle` is (width,), `directions` (at most `DIRECTIONS`, width), each as long as makes the
    numbers along it spread by 1.
    """

    middle: Floats
    directions: Floats

    @property
    def width(self) -> int:
        """How many numbers a vector must have."""
        return len(self.middle)

    def along(self, vectors: Floats) -> Floats:
        """(n, directions): where (n, width) vectors lie; their lengths do not matter."""
        lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        centred = vectors / np.maximum(lengths, 1e-9) - self.middle
        places: Floats = np.minimum(np.maximum(centred @ self.directions.T, -FAR), FAR)
        return places

    def as_data(self) -> dict[str, Any]:
        """The projection as JSON that `of` takes."""
        return {
            "middle": np.round(self.middle, 5).tolist(),
            "directions": np.round(self.directions, 4).tolist(),
        }

    @classmethod
    def of(cls, data: Any) -> Projection | None:
        """A projection out of `as_data`; None where there is none, or it is broken."""
        if not is_object(data) or not all(map(is_array, data.values())):
            return None
        try:
            middle = np.asarray(data["middle"], np.float64)
            directions = np.asarray(data["directions"], np.float64)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        fits = middle.ndim == 1 and directions.ndim == 2
        fits = fits and directions.shape[1:] == middle.shape and len(directions) <= DIRECTIONS
        sound = fits and bool((np.abs(middle) < MOST).all() and (np.abs(directions) < MOST).all())
        return cls(middle, directions) if sound else None


# What no honest number of a projection comes near.
MOST = 1e6


def marks_of_task(task: Task) -> list[float]:
    """The numbers named by `OF_TASKS`."""
    return [
        1.0,
        *(float(task.form == form) for form in FORMS),
        *(float(task.kind == kind) for kind in KINDS),
        2 * min(1.0, max(0.0, task.difficulty)) - 1,
        float(task.language not in ("en", "und")),
    ]


def marks_of(task: Task, vector: Sequence[float] | None, projection: Projection | None) -> Floats:
    """The numbers named by `MARKS` of a query; 0 for what is not known of it."""
    marks = np.zeros(len(MARKS))
    marks[: len(OF_TASKS)] = marks_of_task(task)
    if vector is not None and projection is not None and len(vector) == projection.width:
        along = projection.along(np.asarray(vector, np.float64)[None])[0]
        if np.isfinite(along).all():
            marks[len(OF_TASKS) : len(OF_TASKS) + len(along)] = along
    return marks
