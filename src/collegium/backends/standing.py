"""How the instances of a pool stand, which is what one of them is chosen by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from collegium.backends.base import Prompt
from collegium.backends.prices import prompt_tokens

if TYPE_CHECKING:
    from collegium.backends.prices import Price
    from collegium.types import Usage

# How much the latest answer counts in a mean.
FRESH = 0.2
# How long an answer is expected to be before there was one.
ANSWER_TOKENS = 400
SESSIONS = 10_000
# How many waits are kept, and how many it takes before they say something.
WAITS = 128
FEW_WAITS = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """An instance as it is when one is chosen.

    `load` is its requests in flight divided by its capacity. `latency_ms` and `cost_usd` are what
    to expect of the next answer, None where nothing is known.
    """

    name: str
    load: float = 0.0
    latency_ms: float | None = None
    cost_usd: float | None = None
    context_tokens: int | None = None


# Given a prompt, the instances that could take it, and the name of the one that had the session's
# last prompt: the names of those to ask, the best first. Where they are full, the prompt waits for
# one of them rather than go to an instance that is left out.
Selector: TypeAlias = Callable[[Prompt, Sequence[Standing], str | None], Sequence[str]]


class Recent:
    """What an instance's answers took of late, as means in which each later one counts a fifth."""

    def __init__(self) -> None:
        self.latency_ms: float | None = None
        self._completion_tokens: float | None = None
        self._cost_usd: float | None = None

    def ended(self, latency_ms: float, usage: Usage) -> None:
        """Take in an answer: what it took, and what it consumed."""
        self.latency_ms = _moved(self.latency_ms, latency_ms)
        if usage.completion_tokens:
            self._completion_tokens = _moved(self._completion_tokens, usage.completion_tokens)
        if usage.cost_usd:
            self._cost_usd = _moved(self._cost_usd, usage.cost_usd)

    def given_up(self, latency_ms: float) -> None:
        """Take in one that nobody waited for to the end: it would have taken longer than that."""
        if latency_ms > (self.latency_ms or 0.0):
            self.latency_ms = _moved(self.latency_ms, latency_ms)

    def cost_usd(self, prompt: Prompt, price: Price | None) -> float | None:
        """What the answer to a prompt will cost: by the price, else as answers did of late."""
        if price is None:
            return self._cost_usd
        limit = prompt.sampling.get("max_completion_tokens") or prompt.sampling.get("max_tokens")
        length = self._completion_tokens or ANSWER_TOKENS
        if isinstance(limit, int) and limit > 0:
            length = min(length, limit)
        return price.of(prompt_tokens(prompt), length)


class Waits:
    """How long the first byte of late replies took, as quantiles of the last few."""

    __slots__ = ("_ordered", "_place", "_unsorted", "_values")

    def __init__(self) -> None:
        self._values: list[float] = []
        self._ordered: list[float] = []
        self._place = self._unsorted = 0

    def add(self, wait_ms: float) -> None:
        """Take in one more."""
        if len(self._values) < WAITS:
            self._values.append(wait_ms)
        else:
            self._values[self._place] = wait_ms
            self._place = (self._place + 1) % WAITS
        self._unsorted += 1
        if self._unsorted >= FEW_WAITS:  # sorting them each time would be dear
            self._ordered, self._unsorted = sorted(self._values), 0

    def quantile(self, share: float) -> float | None:
        """Within how many milliseconds that share of them came; None before there are a few."""
        ordered = self._ordered
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def quantile_of(waits: Sequence[Waits], share: float) -> float | None:
    """A quantile of several kinds of waits together; None before there are a few of any."""
    known = [one.quantile(share) for one in waits]
    return max((one for one in known if one is not None), default=None)


class Incumbents:
    """Which instance has which session; the longest unused session goes first."""

    def __init__(self, capacity: int = SESSIONS) -> None:
        self._capacity = capacity
        self._names: OrderedDict[str, str] = OrderedDict()

    def get(self, session: str | None) -> str | None:
        """The name of the instance that the session's last prompt went to."""
        return self._names.get(session) if session else None

    def keep(self, session: str | None, name: str) -> None:
        """Take down where the session's prompt goes now."""
        if session:
            self._names[session] = name
            self._names.move_to_end(session)
            while len(self._names) > self._capacity:
                self._names.popitem(last=False)


def _moved(mean: float | None, value: float) -> float:
    return value if mean is None else mean + FRESH * (value - mean)
