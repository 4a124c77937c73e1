"""What models cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.backends.base import Prompt
    from collegium.types import Usage

MILLION = 1_000_000
# What a token is on average; tokens are only counted by those who charge for them.
TOKEN_CHARS = 4


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens that a model reads (`input`) and writes (`output`)."""

    input: float
    output: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """What so many tokens cost, in USD."""
        return (self.input * prompt_tokens + self.output * completion_tokens) / MILLION


def price_of(name: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of a model that is shown as `BACKEND/MODEL`: by all of it, else by MODEL alone."""
    return prices.get(name) or prices.get(name.partition("/")[2])


def charged(usage: Usage, price: Price | None) -> Usage:
    """The usage with what it costs at a price, where the backend told no cost itself."""
    if price is None or usage.cost_usd:
        return usage
    cost_usd = price.of(usage.prompt_tokens, usage.completion_tokens)
    return replace(usage, cost_usd=cost_usd)


def prompt_tokens(prompt: Prompt) -> int:
    """About how many tokens a prompt's messages are."""
    return sum(len(message.text) for message in prompt.messages) // TOKEN_CHARS
