"""Whom to ask next, or to stop: what one or two more answers are worth, against what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from collegium.aggregation.latent import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from collegium.aggregation.latent import LatentClasses, State

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class Move:
    """What to do: ask the model at place `ask`, or stop where it is None.

    `gain` is what that is expected to add to the probability that the answer is right, less the
    price of what it costs, in probability.
    """

    ask: int | None
    gain: float


class Planner:
    """Looks two answers ahead (value of information; Howard, IEEE Trans. SSC 2, 1966).

    Stopping is worth the probability that the most probable conclusion is right. Asking is worth
    the mean of that over every outcome the model finds possible, with the better of stopping and
    asking one more after it, less `price` for each dollar. One answer ahead would not do: a second
    opinion alone never changes the first, and so would never be worth anything.

    Args:
        latent: what is known of the models.
        models: those that can be asked, in the order in which `Move.ask` counts them.
        costs_usd: what asking each of them costs, as expected, (models,).
        price: how much probability a dollar is worth.
    """

    def __init__(
        self, latent: LatentClasses, models: Sequence[str], costs_usd: Sequence[float], price: float
    ) -> None:
        self._right = latent.rights(models)
        self._spread = latent.spread
        self._costs = np.asarray(costs_usd, dtype=np.float64) * price

    def move(self, state: State, free: NDArray[np.bool_]) -> Move:
        """The best move where only the models marked in `free` can still be asked.

        Before the first answer there is no stopping: somebody is asked wherever somebody can be.
        """
        if not free.any():
            return Move(None, 0.0)
        weights, sizes = state.weights, state.sizes
        values = self._one_ahead(weights[None], sizes[None], free[None])[0]
        places = np.flatnonzero(free)
        values[places] = np.maximum(values[places], self._two_ahead(weights, sizes, free, places))
        best = int(values.argmax())
        stop = float(state.right.max()) if len(sizes) else -np.inf
        gain = float(values[best]) - stop
        return Move(best if gain > ENOUGH else None, gain)

    def _two_ahead(
        self, weights: Floats, sizes: Floats, free: NDArray[np.bool_], places: Ints
    ) -> Floats:
        """What asking each of `places` is worth, if one more may be asked after it, (places,)."""
        left = np.repeat(free[None], len(places), axis=0)
        left[np.arange(len(places)), places] = False
        groups = len(sizes)
        worth = -self._costs[places]
        for group in range(groups + 1):
            stacked, counts = joined(weights, sizes, self._right[places], self._spread, group)
            stop = stacked[:, :-1].sum(axis=2).max(axis=1)
            if len(places) > 1:
                after = self._one_ahead(stacked, np.repeat(counts[None], len(places), axis=0), left)
                stop = np.maximum(stop, after.max(axis=1))
            worth = worth + stop
        return worth

    def _one_ahead(self, weights: Floats, sizes: Floats, free: NDArray[np.bool_]) -> Floats:
        """What asking each model and then stopping is worth, (states, models).

        Args:
            weights: (states, groups + 1, classes), not normalised.
            sizes: (states, groups).
            free: (states, models), who can be asked.
        """
        groups = sizes.shape[1]
        total = sizes.sum(axis=1, keepdims=True)
        wrong_so_far = np.concatenate([total - sizes, total], axis=1)
        shares = weights / (self._spread + wrong_so_far[:, :, None])
        right = weights @ self._right.T
        joining = shares @ (1 - self._right).T
        founding = (shares * self._spread) @ (1 - self._right).T
        # A new conclusion is right only if none of those there is.
        worth = np.concatenate([founding[:, :groups], right[:, groups:]], axis=1).max(axis=1)
        for group in range(groups):
            joined_here = joining * sizes[:, group, None, None]
            joined_here[:, group] = right[:, group]
            worth = worth + joined_here[:, :groups].max(axis=1)
        worth = worth - weights.sum(axis=(1, 2))[:, None] * self._costs
        return np.where(free, worth, -np.inf)
