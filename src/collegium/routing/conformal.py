"""Sets of experts that contain an acceptable one as often as is asked (conformal prediction).

Adaptive prediction sets (Romano, Sesia & Candès, 2020), without randomisation, for queries that
have several acceptable experts: the set grows along the ranking until its shares sum to the level
that sufficed for the wanted part of the queries held out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

_GRID = 1000
LEVELS = _GRID + 1


def needed(
    shares: NDArray[np.float32], acceptable: Sequence[Collection[int]]
) -> NDArray[np.float64]:
    """For each row, the sum of shares down the ranking just before the first acceptable expert.

    A set that takes experts while the sum before them is at most this value contains it.
    """
    levels = np.zeros(len(shares))
    for row, (share, right) in enumerate(zip(shares, acceptable, strict=True)):
        order = np.argsort(-share, kind="stable")
        before = 0.0
        for place in order:
            if int(place) in right:
                break
            before += float(share[place])
        levels[row] = before
    return levels


def levels_of(held_out: NDArray[np.float64]) -> NDArray[np.float32]:
    """The quantiles of the needed levels, from which any risk's level is read: (1001,)."""
    size = len(held_out)
    wanted = np.linspace(0, 1, _GRID + 1)
    # The finite-sample correction: of n held-out queries, the ceil((n + 1) p)-th; beyond the n-th,
    # only everybody is enough.
    ordered = np.append(np.sort(held_out), 1.0)
    places = np.ceil((size + 1) * wanted - 1e-9).astype(int) - 1
    return ordered[np.clip(places, 0, size)].astype(np.float32)


def level_at(levels: NDArray[np.float32], risk: float) -> float:
    """The level for a risk above 0 and below 1.

    Raises:
        ValueError: the risk is outside.
    """
    if not 0 < risk < 1:
        raise ValueError(f"risk is {risk}; it must be above 0 and below 1")
    return float(levels[min(_GRID, int(np.ceil((1 - risk) * _GRID - 1e-9)))])


def prediction_set(shares: NDArray[np.float32], level: float) -> list[int]:
    """The places of the set's experts, likeliest first; at least one."""
    chosen: list[int] = []
    before = 0.0
    for place in np.argsort(-shares, kind="stable"):
        if chosen and before > level + 1e-6:
            break
        chosen.append(int(place))
        before += float(shares[place])
    return chosen
