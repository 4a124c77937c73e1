"""What a cascade has learned: who is right when, what that costs, and how much to pay for it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from collegium.aggregation.latent import LatentClasses
from collegium.errors import DataError
from collegium.experts.records import Records
from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# What an answer's worth, in probability, is set against one more call where nothing was fitted.
PER_CALL: Mapping[str, float] = MappingProxyType(
    {"quality": 0.004, "balanced": 0.015, "parity": 0.03, "cheap": 0.06, "fast": 0.1}
)
VERSION = 1


@dataclass(frozen=True, slots=True)
class CascadePolicy:
    """What `Cascade` goes by, as `collegium evaluate replay --save` writes it.

    `prices` says by objective how much probability of being right a dollar is worth. `comparable`
    are the kinds of task whose answers can be compared; of others one answer is taken.
    `calibration` turns the model's log-odds that an answer is right into those seen: slope and
    offset. `forms` says by kind what answers are like, and `shortlists` which models are worth
    considering, '' standing for every other kind; without one all are. `alone` names by objective
    the model that is asked alone, where no cascade was better than that.
    """

    latent: LatentClasses
    records: Records
    prices: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    comparable: frozenset[str] = frozenset()
    forms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    calibration: tuple[float, float] = (1.0, 0.0)
    shortlists: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    alone: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def unlearned(cls) -> Self:
        """What holds before anything was recorded."""
        return cls(LatentClasses.unknown(), Records())

    @property
    def learned(self) -> bool:
        """Whether it was fitted to anything."""
        return bool(self.latent.models)

    def price(self, objective: str) -> float | None:
        """What a dollar is worth for an objective, in probability; None where nothing was fitted.

        'balanced' lies between quality and parity, 'cheap' and 'fast' are twice parity, where they
        were not fitted themselves.
        """
        if objective in self.prices or not self.prices:
            return self.prices.get(objective)
        quality = self.prices.get("quality", min(self.prices.values()))
        parity = self.prices.get("parity", max(self.prices.values()))
        return math.sqrt(quality * parity) if objective == "balanced" else 2 * parity

    def cautious(self, objective: str, kind: str) -> str:
        """The objective as it is held to for a kind of task.

        Of a kind that nothing was learned of, what was saved on others promises nothing: instead of
        'parity', which promises not to be worse than the best single model, it is 'quality'.
        """
        strange = self.learned and kind not in self.latent.kinds
        return "quality" if objective == "parity" and strange else objective

    def calibrated(self, probability: float) -> float:
        """A probability of the model's as it has turned out."""
        slope, offset = self.calibration
        clipped = min(1 - 1e-6, max(1e-6, probability))
        odds = slope * math.log(clipped / (1 - clipped)) + offset
        return 1 / (1 + math.exp(-odds))

    def compares(self, kind: str) -> bool:
        """Whether answers of that kind can be compared; an unknown kind's may be."""
        return kind in self.comparable or kind not in self.latent.kinds

    def shortlisted(
        self, models: Sequence[str], kind: str, objective: str = ""
    ) -> tuple[bool, ...]:
        """Which of `models` are worth considering for a kind of task; all, where none of them is.

        A model that nothing is known of is, unless one is to be asked alone.
        """
        if objective in self.alone:
            found = tuple(self.alone[objective] in (one, one.partition("/")[2]) for one in models)
            return found if any(found) else (True,) * len(found)
        names = self.shortlists.get(kind, self.shortlists.get("", ()))
        listed = tuple(
            not names
            or self.latent.place(model) is None
            or bool({model, model.partition("/")[2]} & set(names))
            for model in models
        )
        return listed if any(listed) else (True,) * len(listed)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        data = {
            "version": VERSION,
            "latent": self.latent.as_data(),
            "records": self.records.as_data(),
            "prices": dict(self.prices),
            "comparable": sorted(self.comparable),
            "forms": dict(self.forms),
            "calibration": list(self.calibration),
            "alone": dict(self.alone),
            "shortlists": {kind: list(names) for kind, names in self.shortlists.items()},
        }
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote.

        Raises:
            DataError: the file cannot be read, or holds something else.
        """
        try:
            return cls.of(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise DataError(f"cannot read the policy {str(path)!r}: {error.strerror}") from error
        except (ValueError, DataError) as error:
            raise DataError(f"{str(path)!r} is no policy of a cascade: {error}") from error

    @classmethod
    def of(cls, data: Any) -> Self:
        """The policy that JSON holds.

        Raises:
            DataError: it is none.
        """
        if not is_object(data) or data.get("version") != VERSION:
            raise DataError(f"it should be an object whose version is {VERSION}")
        try:
            slope, offset = map(float, data["calibration"])
            made = cls(
                LatentClasses.of(data["latent"]),
                Records.of(data["records"]),
                MappingProxyType({name: float(one) for name, one in data["prices"].items()}),
                frozenset(map(str, data["comparable"])),
                MappingProxyType({kind: str(form) for kind, form in data["forms"].items()}),
                (slope, offset),
                MappingProxyType(
                    {kind: tuple(map(str, names)) for kind, names in data["shortlists"].items()}
                ),
                MappingProxyType({name: str(model) for name, model in data["alone"].items()}),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"a part of it is missing or wrong: {error!r}") from error
        made._check()
        return made

    def _check(self) -> None:
        if not all(map(math.isfinite, self.calibration)):
            raise DataError(f"its calibration is {self.calibration}; two numbers are right")
        for name, price in self.prices.items():
            if not 0 <= price < math.inf:
                raise DataError(f"its price for {name!r} is {price}; a number from 0 on is right")
