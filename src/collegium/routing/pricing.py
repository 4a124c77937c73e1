"""What being busier than the others takes off an expert's score, so that the load evens out.

A price on a shared resource that goes up with its use, as congestion is priced in networks (Kelly,
Maulloo and Tan, 1998). It is paid in score and bounded, so that a query moves only to an expert who
is nearly as fit for it: what evenness costs in fitness is bounded by the same number.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.model_expert import ModelExpert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from collegium.experts.base import Expert

# How long the past counts, how often anybody looks, and in how many steps prices go: between two
# looks, and while nobody's standing changes much, what was decided of a query stays as it is.
MEMORY_S, LOOK_S, STEPS = 60.0, 0.25, 20
# Up to the first utilisation, which pools are scaled to, nothing is paid; from the second on, all.
FREE, FULL = 0.7, 1.0

NOTHING: Mapping[str, float] = MappingProxyType({})


class Tariff:
    """The price on each expert just now, by how busy each has been of late."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._looked = -math.inf
        self._utilisations: dict[str, float] = {}
        self._prices: Mapping[str, float] = NOTHING

    def prices(self, experts: Sequence[Expert], most: float) -> Mapping[str, float]:
        """The prices by key, of those who pay something; see `priced`.

        Args:
            experts: everybody on duty.
            most: as `priced` has it.
        """
        now = self._clock()
        if most > 0 and not 0 <= now - self._looked < LOOK_S:
            present = {one.key: utilisation_of(one) for one in experts if not one.lacks}
            passed_s = max(0.0, now - self._looked)
            self._utilisations = smoothed(self._utilisations, present, passed_s)
            self._looked = now
            told = priced(self._utilisations, most)
            if told != self._prices:
                self._prices = told
        return self._prices if most > 0 else NOTHING


def utilisation_of(expert: Expert) -> float:
    """The queries that an expert's models have or that wait for them, beside what they can take.

    Experts that share their models are equally busy, whichever of them is asked.
    """
    if isinstance(expert, ModelExpert) and expert.pool is not None:
        pool = expert.pool
        return (pool.in_flight + pool.waiting) / max(1, pool.capacity)
    return expert.current_load / max(1, expert.max_load)


def smoothed(
    before: Mapping[str, float], present: Mapping[str, float], passed_s: float
) -> dict[str, float]:
    """Utilisations of late: the older ones fade, newcomers begin with the present one."""
    weight = 1 - math.exp(-passed_s / MEMORY_S)
    return {
        key: old + weight * (value - old) if (old := before.get(key)) is not None else value
        for key, value in present.items()
    }


def priced(utilisations: Mapping[str, float], most: float) -> Mapping[str, float]:
    """What each expert's score is lowered by; nothing of those who have room, up to `most`."""
    steps = {
        key: round(STEPS * min(1.0, (value - FREE) / (FULL - FREE)))
        for key, value in utilisations.items()
        if value > FREE
    }
    return {key: most * (step / STEPS) for key, step in steps.items() if step}
