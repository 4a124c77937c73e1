"""What a replay came to: the college beside what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.learning.replay import Standing, compared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.aggregation.learned import CascadePolicy
    from collegium.learning.replay import Played


@dataclass(frozen=True, slots=True)
class Report:
    """The decisions of a college, and how it stands.

    The first of `standings` is the college, the second the best single model; `singles` are the
    models alone, `unseen` the models and data sets that took the prior, and `overlap` the number of
    prompts that had been fitted to, which flatters.
    """

    policy: CascadePolicy
    decisions: tuple[Played, ...]
    standings: tuple[Standing, ...]
    singles: tuple[Standing, ...]
    unseen: Mapping[str, Sequence[str]]
    overlap: int = 0

    @classmethod
    def joined(cls, reports: Sequence[Report]) -> Report:
        """Several reports on different prompts as one; the policy is the first one's."""
        return cls(
            reports[0].policy,
            tuple(one for report in reports for one in report.decisions),
            _end_to_end([report.standings for report in reports]),
            _end_to_end([report.singles for report in reports]),
            {
                what: sorted({name for report in reports for name in report.unseen[what]})
                for what in reports[0].unseen
            },
            sum(report.overlap for report in reports),
        )

    @property
    def single(self) -> Standing:
        """The best single model."""
        return self.standings[1]

    def as_data(self, seed: int = 0) -> dict[str, Any]:
        """The report as JSON; `seed` draws the bootstrap's resamples."""
        oracle = self.standings[-1]
        rng = np.random.default_rng(seed)
        return {
            **compared(self.standings[0], self.single, oracle, rng),
            "standings": [
                {
                    "name": one.name,
                    "accuracy": round(one.accuracy, 5),
                    "cost_usd_per_prompt": round(one.cost_usd, 8),
                }
                for one in self.standings
            ],
            "datasets": self.by_dataset(),
            "unseen": dict(self.unseen),
            "overlap": self.overlap,
            "failures": sum(bool(one.failure) for one in self.decisions),
        }

    def by_dataset(self) -> dict[str, dict[str, float]]:
        """The accuracies, and the college's share of the best single model's cost, by data set."""
        kinds = np.array([one.dataset for one in self.decisions])
        told: dict[str, dict[str, float]] = {}
        for kind in sorted(set(kinds.tolist())):
            rows = kinds == kind
            spent = float(self.standings[0].costs_usd[rows].sum())
            alone = float(self.single.costs_usd[rows].sum())
            told[kind] = {
                "prompts": int(rows.sum()),
                **{one.name: round(float(one.scores[rows].mean()), 5) for one in self.standings},
                "cost_ratio": round(spent / max(alone, 1e-12), 5),
            }
        return told


def _end_to_end(lists: Sequence[Sequence[Standing]]) -> tuple[Standing, ...]:
    """Standings of parts as those of all; what does not stand in every part is left out."""
    named = [{one.name: one for one in standings} for standings in lists]
    return tuple(
        Standing(
            name,
            np.concatenate([part[name].scores for part in named]),
            np.concatenate([part[name].costs_usd for part in named]),
        )
        for name in named[0]
        if all(name in part for part in named)
    )
