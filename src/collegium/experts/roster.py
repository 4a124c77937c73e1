"""Who is on duty. Replaced whole, never edited: a reader keeps the roster it began with."""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.errors import ConfigError, UnknownExpert
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from collegium.experts.base import Expert


# So many who have left are still known, to whom a query may be on its way.
FORMER = 256


class Roster:
    """The experts on duty, in the order they joined, found by name or by key."""

    def __init__(self, experts: Iterable[Expert] = ()) -> None:
        self._experts: MappingProxyType[str, Expert] = MappingProxyType({})
        self._former: dict[str, Expert] = {}
        for expert in experts:
            self.add(expert)

    def add(self, expert: Expert) -> None:
        """Put an expert on duty.

        Raises:
            ConfigError: another one already has its name or its key.
        """
        self._experts = MappingProxyType(_with(self._experts, expert))

    def remove(self, name: str) -> Expert:
        """Take an expert off duty and return it; what it is answering it goes on answering.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
        """
        expert = self[name]
        self._let_go((expert,))
        self._experts = MappingProxyType(
            {key: other for key, other in self._experts.items() if other is not expert}
        )
        return expert

    def swap(self, experts: Iterable[Expert]) -> None:
        """Put these on duty in the place of everybody, all at once.

        Raises:
            ConfigError: two of them have one name or one key; everybody stays as they were.
        """
        made: dict[str, Expert] = {}
        for expert in experts:
            made = _with(made, expert)
        self._let_go(one for one in self if made.get(one.key) is not one)
        self._experts = MappingProxyType(made)

    def chosen(self, key: str) -> Expert:
        """The expert of that key, also if it has left since a query was routed to it.

        Raises:
            UnknownExpert: nobody has or had that key.
        """
        return self._experts.get(key) or self._former.get(key) or self[key]

    def snapshot(self) -> tuple[Expert, ...]:
        """Everybody on duty now; later changes do not show in it."""
        return tuple(self._experts.values())

    @property
    def fallback(self) -> Expert | None:
        """Who is asked when nobody else can take a query; the first that offers itself."""
        return next((expert for expert in self if expert.fallback), None)

    def __getitem__(self, name: str) -> Expert:
        for expert in self:
            if name in (expert.key, expert.name):
                return expert
        near = get_close_matches(key_of(name), self._experts, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownExpert(
            f"no expert called {name!r}; {hint}on duty: {', '.join(self._experts) or 'nobody'}"
        )

    def __contains__(self, name: object) -> bool:
        return any(name in (expert.key, expert.name) for expert in self)

    def __iter__(self) -> Iterator[Expert]:
        return iter(self.snapshot())

    def __len__(self) -> int:
        return len(self._experts)

    def _let_go(self, leaving: Iterable[Expert]) -> None:
        for expert in leaving:
            self._former.pop(expert.key, None)
            self._former[expert.key] = expert
        while len(self._former) > FORMER:
            del self._former[next(iter(self._former))]


def _with(experts: Mapping[str, Expert], expert: Expert) -> dict[str, Expert]:
    """The experts and one more."""
    for other in experts.values():
        if expert.key == other.key or expert.name == other.name:
            raise ConfigError(
                f"there is already an expert {other.name!r} with the key {other.key!r}; "
                f"give {expert.name!r} another name, or a key of its own"
            )
    return {**experts, expert.key: expert}
