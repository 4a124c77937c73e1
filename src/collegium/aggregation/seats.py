"""Who sits on a panel: experts with their routing scores, and the voices that each has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.experts.base import Expert


class Seats:
    """The experts of a panel, in seat order. Whoever sits there with another is a foreign voice."""

    def __init__(self, seats: Sequence[tuple[Expert, float]]) -> None:
        self.experts = tuple(expert for expert, _ in seats)
        self._scores = dict(seats)

    @property
    def voices(self) -> tuple[Expert, ...]:
        """All voices of all experts, in seat order."""
        return tuple(self._owners)

    def score(self, voice: Expert) -> float:
        """The routing score of the expert whose voice it is; 1.0 for one not of this panel."""
        return self._scores.get(self._owners.get(voice, voice), 1.0)

    def label(self, voice: Expert) -> str:
        """What a voice is called: its expert's name, with the model if it is one of several."""
        several = self._owners.get(voice, voice) is not voice
        return f"{voice.name} ({voice.model})" if several else voice.name

    @cached_property
    def _owners(self) -> dict[Expert, Expert]:
        """The voices, in seat order, each with the expert whose voice it is."""
        return {voice: expert for expert in self.experts for voice in expert.voices()}
