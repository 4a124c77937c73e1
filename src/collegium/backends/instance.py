"""One model at one backend, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collegium.backends.condition import Condition

if TYPE_CHECKING:
    from collegium.backends.base import Backend
    from collegium.backends.prices import Price


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One model at one backend.

    `name` is what it is shown as, `capacity` its requests at once, `context_tokens` the longest
    prompt and answer together, where that is known. Instances of one name are replicas, told apart
    by their `address` and in metrics by their `label`. `condition` is how it is, and shared by
    everybody who uses it.
    """

    backend: Backend
    model: str
    name: str
    capacity: int
    price: Price | None = None
    context_tokens: int | None = None
    address: str = ""
    label: str = ""
    condition: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        """Tell the condition whose it is."""
        self.condition.belongs_to(
            self.name, self.address, label=self.label or self.name, capacity=self.capacity
        )

    @property
    def where(self) -> str:
        """The instance, as messages have it."""
        return f"{self.name} at {self.address}" if self.address else self.name

    @property
    def load(self) -> float:
        """Its requests in flight divided by its capacity."""
        return self.condition.in_flight / self.capacity
