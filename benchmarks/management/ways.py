"""Ways to choose who is asked: the router's own, with and without prices, and simpler ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from floor import Floor
from traffic import Asked

from collegium.config import BalanceConfig
from collegium.routing.calibration import HEURISTIC
from collegium.routing.policy import RoutingPolicy, choose
from collegium.routing.pricing import Tariff

Way = Callable[[Asked, Floor], str]


def routed(price: float) -> Callable[[Floor], Way]:
    """The router's own arithmetic, with the price of being busy."""

    def make(floor: Floor) -> Way:
        policy = RoutingPolicy(busy_price=price)
        tariff = Tariff(lambda: floor.now)

        def way(asked: Asked, floor: Floor) -> str:
            loads = {one.key: floor.load(one.key) for one in asked.candidates}
            candidates = [
                replace(one, load=loads[one.key], score=policy.loaded(one.score, loads[one.key]))
                if loads[one.key] >= 1
                else one
                for one in asked.candidates
            ]
            choice = choose(
                candidates,
                not_ready={},
                claimed=False,
                fallback=None,
                top_k=1,
                policy=policy,
                calibration=HEURISTIC,
                prices=tariff.prices(floor.experts, price),
            )
            return choice.chosen[0].key

        return way

    return make


def least_busy(asked: Asked, floor: Floor) -> str:
    """The least busy of all; of several, one by chance."""
    return min(floor.names, key=lambda name: (floor.load(name), floor.luck.random()))


def by_chance(asked: Asked, floor: Floor) -> str:
    """Anybody."""
    return floor.luck.choice(floor.names)


def two_choices(asked: Asked, floor: Floor) -> str:
    """The less busy of two drawn by chance (Mitzenmacher, 2001)."""
    choice = floor.luck.choice
    return min((choice(floor.names), choice(floor.names)), key=floor.load)


def best_two(asked: Asked, floor: Floor) -> str:
    """The less busy of the gate's best two."""
    return min([one.key for one in asked.candidates[:2]], key=floor.load)


Makers = dict[str, Callable[[Floor], Way]]

ROUTED: Makers = {"price": routed(BalanceConfig().price), "no price": routed(0.0)}
GATED: Makers = {**ROUTED, "best two": lambda floor: best_two}
SETTINGS: dict[str, Makers] = {
    "scaled": {
        **GATED,
        "two choices": lambda floor: two_choices,
        "least busy": lambda floor: least_busy,
        "random": lambda floor: by_chance,
    },
    "fixed": GATED,
}
