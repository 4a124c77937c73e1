"""What is known of models: how often each was right, by the kind of task, and what that cost."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

from collegium.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PRIOR = 0.6
# So many answers that went as they mostly do are taken for granted, before a kind of task and
# before a model are believed to be anything else.
KIND_TAKEN_FOR_GRANTED, MODEL_TAKEN_FOR_GRANTED = 20, 10


@dataclass(frozen=True, slots=True)
class Tally:
    """How many answers, `total`, how many of them `right`, and what all of them cost.

    A share of an answer may be right. `cost_usd` is None where it was not taken down.
    """

    right: float = 0.0
    total: float = 0.0
    cost_usd: float | None = None

    def __add__(self, other: Tally) -> Tally:
        costs = [one for one in (self.cost_usd, other.cost_usd) if one is not None]
        return Tally(
            self.right + other.right,
            self.total + other.total,
            sum(costs) if costs else None,
        )

    @property
    def mean_cost_usd(self) -> float | None:
        """What one answer costs; None where that is not known."""
        return None if self.cost_usd is None or not self.total else self.cost_usd / self.total


@dataclass(frozen=True, slots=True)
class Records:
    """The tallies of models by kind of task.

    A model is found by its whole name, BACKEND/MODEL, else by MODEL alone. One that nothing is
    known of is right as often as `prior`, 0 to 1, says.
    """

    models: Mapping[str, Mapping[str, Tally]] = field(default_factory=lambda: MappingProxyType({}))
    prior: float = PRIOR

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Records of `{"prior": 0.6, "models": {NAME: {KIND: {"right", "total", "cost_usd"}}}}`.

        Raises:
            DataError: it is of another shape, or more answers are right than there are.
        """
        models = {
            name: MappingProxyType(
                {kind: _tally(row, f"models.{name}.{kind}") for kind, row in _group(kinds, name)}
            )
            for name, kinds in _group(data.get("models", {}), "models")
        }
        prior = _number(data.get("prior", PRIOR), "prior")
        if prior > 1:
            raise DataError(f"prior is {prior:g}; a share from 0 to 1 is right")
        return cls(MappingProxyType(models), prior)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The records in a JSON file.

        Raises:
            DataError: it cannot be read, or is of another shape.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise DataError(
                f"the records {str(path)!r} cannot be read: {error.strerror}"
            ) from error
        except ValueError as error:
            raise DataError(f"the records {str(path)!r} are not JSON: {error}") from error
        try:
            return cls.of(dict(_group(data, "the whole of it")))
        except DataError as error:
            raise DataError(f"the records {str(path)!r}: {error}") from error

    def save(self, path: Path) -> None:
        """Write them into a JSON file that `load` reads."""
        text = json.dumps(self.as_data(), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", "utf-8")

    def as_data(self) -> dict[str, Any]:
        """The records as `of` takes them."""
        models = {
            name: {kind: _row(tally) for kind, tally in kinds.items()}
            for name, kinds in self.models.items()
        }
        return {"prior": self.prior, "models": models}

    def known(self, model: str) -> bool:
        """Whether there is any answer of that model among them."""
        return self._all(model).total > 0

    def reliability(self, model: str, kind: str) -> float:
        """The share of a model's answers, 0 to 1, that are right for a kind of task.

        The fewer answers there are of the kind, the nearer it is to what the model does all in all;
        and the fewer of the model, the nearer that is to the prior.
        """
        overall = _shrunk(self._all(model), self.prior, MODEL_TAKEN_FOR_GRANTED)
        return _shrunk(self._of(model).get(kind, Tally()), overall, KIND_TAKEN_FOR_GRANTED)

    def cost_usd(self, model: str, kind: str) -> float | None:
        """The mean cost of an answer, of that kind if there is one; None where it is not known."""
        own = self._of(model).get(kind, Tally()).mean_cost_usd
        return self._all(model).mean_cost_usd if own is None else own

    def best_single(self, kind: str | None = None) -> str | None:
        """The model that is right most often, for a kind of task or all in all; None without any.

        Of equals it is the cheapest, then the first.
        """

        def standing(model: str) -> tuple[float, float]:
            cost_usd = self.cost_usd(model, kind or "")
            return self.reliability(model, kind or ""), -(cost_usd or 0.0)

        return max(self.models, key=standing, default=None)

    def _of(self, model: str) -> Mapping[str, Tally]:
        return self.models.get(model) or self.models.get(model.partition("/")[2]) or {}

    def _all(self, model: str) -> Tally:
        return sum(self._of(model).values(), Tally())


def _shrunk(tally: Tally, share: float, weight: float) -> float:
    return (tally.right + weight * share) / (tally.total + weight)


def _row(tally: Tally) -> dict[str, float]:
    row = {"right": tally.right, "total": tally.total}
    return row if tally.cost_usd is None else {**row, "cost_usd": tally.cost_usd}


def _group(data: Any, where: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(data, dict):
        raise DataError(f"{where} is {data!r:.60}; names with their values are right")
    return cast("dict[str, Any]", data).items()


def _tally(row: Any, where: str) -> Tally:
    cells = dict(_group(row, where))
    unknown = sorted({*cells} - {"right", "total", "cost_usd"})
    if unknown:
        raise DataError(f"{where} has {unknown[0]!r}; its keys are right, total and cost_usd")
    right, total = (_number(cells.get(key), f"{where}.{key}") for key in ("right", "total"))
    if right > total:
        raise DataError(f"{where} has {right:g} right answers of {total:g}; there cannot be more")
    cost = cells.get("cost_usd")
    return Tally(right, total, None if cost is None else _number(cost, f"{where}.cost_usd"))


def _number(value: Any, where: str) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not math.isfinite(value) or value < 0:
        raise DataError(f"{where} is {value!r:.60}; a number from 0 on is right")
    return float(value)
