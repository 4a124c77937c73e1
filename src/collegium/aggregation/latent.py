"""A latent class model of who is right: what answers, seen one after the other, make probable.

Every query belongs to one of a few classes, from easy to hopeless, that nobody sees. In a class
each model is right with a probability of its own, independently of the others (Dawid and Skene,
Applied Statistics 28, 1979). Wrong answers coincide as the tables of a Chinese restaurant do
(Ewens, Theoretical Population Biology 3, 1972): the smaller a class's `spread`, the more often
models that are wrong are wrong together, which is why a majority of them need not be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from collegium.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# What holds for models that nothing is known of: shares of queries that are easy, middling and
# hard, how often a model is right about them, and how far wrong answers spread.
UNKNOWN_CLASSES = (0.45, 0.35, 0.2)
UNKNOWN_RIGHT = (0.92, 0.6, 0.15)
UNKNOWN_SPREAD = (3.0, 5.0, 8.0)
# What a check adds to the log-odds that an answer is right, for a kind of task without a record.
UNKNOWN_EVIDENCE: Mapping[str, float] = MappingProxyType({"passed": 1.5, "failed": -3.0})


@dataclass(frozen=True, slots=True)
class State:
    """What the answers seen so far make probable.

    `weights` is (groups + 1, classes): row g is the joint probability that group g's conclusion is
    right and the query is of each class; the last row that none of them is. `sizes` is (groups,):
    how many answers came to each. `seen` names model, group and verdict of each, in order; it
    identifies the state.
    """

    kind: str
    weights: Floats
    sizes: Floats
    seen: tuple[tuple[str, int, str], ...] = ()

    @property
    def right(self) -> Floats:
        """For each group the probability that its conclusion is the right one, (groups,)."""
        return np.asarray(self.weights[:-1].sum(axis=1))


@dataclass(frozen=True, slots=True)
class LatentClasses:
    """The model's numbers.

    `right` is (models, classes), `spread` (classes,), `everywhere` (classes,) the shares of classes
    over all queries and `kinds` the same by kind of task. `evidence` holds, by kind, what a verdict
    adds to the log-odds that an answer is right; a kind without any takes `UNKNOWN_EVIDENCE`.
    """

    models: tuple[str, ...]
    right: Floats
    spread: Floats
    everywhere: Floats
    kinds: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    evidence: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @classmethod
    def unknown(cls) -> Self:
        """What holds before anything has been recorded: every model is like any other."""
        return cls(
            (),
            np.zeros((0, len(UNKNOWN_RIGHT))),
            np.array(UNKNOWN_SPREAD),
            np.array(UNKNOWN_CLASSES),
        )

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The numbers as `as_data` gives them.

        Raises:
            DataError: it is of another shape, or a number is not a probability.
        """
        try:
            made = cls(
                tuple(map(str, data["models"])),
                np.array(data["right"], dtype=np.float64).reshape(
                    len(data["models"]), len(data["everywhere"])
                ),
                np.array(data["spread"], dtype=np.float64),
                np.array(data["everywhere"], dtype=np.float64),
                MappingProxyType(
                    {kind: np.array(row, dtype=np.float64) for kind, row in data["kinds"].items()}
                ),
                MappingProxyType(
                    {
                        kind: MappingProxyType({what: float(one) for what, one in row.items()})
                        for kind, row in data["evidence"].items()
                    }
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"this is no latent class model: {error!r}") from error
        made._check()
        return made

    def _check(self) -> None:
        classes = len(self.everywhere)
        shares = (self.everywhere, *self.kinds.values())
        if len(self.spread) != classes or any(len(row) != classes for row in shares):
            raise DataError(f"a latent class model of {classes} classes has rows of other lengths")
        probabilities = np.concatenate([self.right.ravel(), *shares])
        if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
            raise DataError("a latent class model has a probability that is none")
        if (probabilities > 1).any() or not (self.spread > 0).all():
            raise DataError("a latent class model has a number beyond what it can be")
        if not all(row.sum() > 0 for row in shares):
            raise DataError("a latent class model has queries that are of no class")
        told = [one for row in self.evidence.values() for one in row.values()]
        if not np.isfinite([*told, *self.spread]).all():
            raise DataError("a latent class model has evidence or a spread without bounds")

    def as_data(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {
            "models": list(self.models),
            "right": np.round(self.right, 5).tolist(),
            "spread": np.round(self.spread, 4).tolist(),
            "everywhere": np.round(self.everywhere, 5).tolist(),
            "kinds": {kind: np.round(row, 5).tolist() for kind, row in self.kinds.items()},
            "evidence": {kind: dict(row) for kind, row in self.evidence.items()},
        }

    def rights(self, models: Sequence[str]) -> Floats:
        """How often each of `models` is right in each class, (models, classes).

        A model is found by its whole name, BACKEND/MODEL, else by MODEL alone. One that nothing is
        known of is taken for the mean of those that are.
        """
        mean = self.right.mean(axis=0) if self.models else np.array(UNKNOWN_RIGHT)
        rows = [mean if place is None else self.right[place] for place in map(self.place, models)]
        return np.array(rows).reshape(len(models), len(self.everywhere))

    def place(self, model: str) -> int | None:
        """The row of a model, by its whole name or without its backend; None for an unknown one."""
        for name in (model, model.partition("/")[2]):
            if name and name in self.models:
                return self.models.index(name)
        return None

    def start(self, kind: str) -> State:
        """What is probable before any answer; an unknown kind of task is like all together."""
        shares = self.kinds.get(kind, self.everywhere)
        return State(kind, shares[None, :] / shares.sum(), np.zeros(0))

    def after(self, state: State, model: str, group: int | None, verdict: str = "") -> State:
        """What is probable once `model` has given an answer.

        Args:
            state: what was probable before.
            model: whose answer it is.
            group: the place of the group whose conclusion it shares; the number of groups for a
                conclusion of its own; None for an answer without any, which is not right.
            verdict: what checking the answer found, if it was checked.
        """
        right = self.rights([model])[0]
        if group is None:
            weights = state.weights * (1 - right)
            seen = (*state.seen, (model, -1, verdict))
            return replace(state, weights=weights / weights.sum(), seen=seen)
        weights, sizes = joined(state.weights, state.sizes, right, self.spread, group)
        weights[group] *= np.exp(self.evidence.get(state.kind, UNKNOWN_EVIDENCE).get(verdict, 0.0))
        seen = (*state.seen, (model, group, verdict))
        return State(state.kind, weights / weights.sum(), sizes, seen)


def joined(
    weights: Floats, sizes: Floats, right: Floats, spread: Floats, group: int
) -> tuple[Floats, Floats]:
    """The weights, not normalised, and the sizes when an answer joins `group` or founds it.

    Args:
        weights: (groups + 1, classes).
        sizes: (groups,).
        right: how often whose answer it is is right, (classes,); or (models, classes), of several
            models of which each might answer, and then so are the weights, model by model.
        spread: (classes,).
        group: its place; the number of groups for a new one.
    """
    groups, total = len(sizes), sizes.sum()
    wrong_so_far = np.append(total - sizes, total)
    right = right[..., None, :]
    wrong = weights * (1 - right) / (spread + wrong_so_far[:, None])
    if group < groups:
        moved = wrong * sizes[group]
        moved[..., group, :] = weights[group] * right[..., 0, :]
        return moved, sizes + (np.arange(groups) == group)
    founded = weights[groups] * right
    moved = wrong * spread
    return np.concatenate(
        [moved[..., :groups, :], founded, moved[..., groups:, :]], axis=-2
    ), np.append(sizes, 1.0)
