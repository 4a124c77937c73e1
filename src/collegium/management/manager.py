"""Who is on duty: the only writer of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.events import EventBus, Joined, Left

if TYPE_CHECKING:
    from collegium.experts.base import Expert
    from collegium.experts.roster import Roster


class ExpertManager:
    """Puts experts on duty and takes them off, while queries are answered."""

    def __init__(self, roster: Roster, events: EventBus | None = None) -> None:
        self._roster = roster
        self._events = events or EventBus()

    def register_expert(self, expert: Expert) -> None:
        """Put an expert on duty; the next query may be routed to it.

        Raises:
            ConfigError: another one has its name or its key.
        """
        self._roster.add(expert)
        self._events.publish(Joined(expert.name))

    def remove_expert(self, name: str) -> Expert:
        """Take an expert off duty and return it; it finishes what it has begun.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
        """
        expert = self._roster.remove(name)
        self._events.publish(Left(expert.name))
        return expert
