"""What the gateway goes by, out of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collegium.config import Config

MEGABYTE = 1024 * 1024
# What a request is thought to cost at most where nobody can tell, in USD.
UNKNOWN_COST_USD = 0.01


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken of one request."""

    body_bytes: int = 20 * MEGABYTE
    messages: int = 2048
    depth: int = 64
    choices: int = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What the endpoints go by."""

    limits: Bounds = Bounds()
    expected_cost_usd: float = UNKNOWN_COST_USD
    embeddings: str = "builtin"

    @classmethod
    def of(cls, config: Config) -> Self:
        """The settings that a configuration has."""
        limits = config.gateway.limits
        bounds = Bounds(
            body_bytes=int(limits.body_mb * MEGABYTE),
            messages=limits.messages,
            depth=limits.depth,
            choices=limits.choices,
        )
        expected_usd = config.moe.budget_usd or UNKNOWN_COST_USD
        return cls(bounds, expected_usd, config.gateway.embeddings)
