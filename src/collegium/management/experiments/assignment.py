"""Who gets which variant: by a hash, so that it stays the same without being remembered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.management.experiments.plan import CONTROL, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which variant a query is answered by, and with which probability.

    Where `shadow_of` is 'control' the query is answered by the control as ever, and `variant`
    answers beside it, which nobody sees.
    """

    experiment: str
    variant: str
    propensity: float
    shadow_of: str = ""

    @property
    def label(self) -> str:
        """The variant as decisions name it."""
        return f"{self.experiment}:{self.variant}"


def place_of(key: str, salt: str) -> float:
    """A number from 0 to below 1 that a key always has under a salt; another salt, another one."""
    digest = hashlib.blake2b(key.encode(), key=salt.encode()[:64], digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


def variant_at(place: float, variants: Sequence[Variant], shares: Mapping[str, float]) -> str:
    """The variant at a place; every challenger fills a stretch of its own as it grows.

    So when a share is raised some go from the control to that challenger, and nobody goes back.
    """
    start = 0.0
    for variant in variants:
        if start <= place < start + shares.get(variant.name, 0.0):
            return variant.name
        start += variant.share
    return CONTROL
