"""The instances of one model that are asked at present; whoever has it sees every change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from collegium.backends.instance import Instance


class Replicas(Sequence["Instance"]):
    """One model at one or several instances, of which there is always at least one.

    All the pools that have the model share this, so that it grows and shrinks for all of them at
    once.

    Args:
        instances: those that are asked at first.
        at: gives the instance of a number, from 1 on; without it there are only the first ones.
        most: how many there can be; None: there is no telling.
    """

    def __init__(
        self,
        instances: Iterable[Instance],
        *,
        at: Callable[[int], Instance] | None = None,
        most: int | None = None,
    ) -> None:
        self.instances: tuple[Instance, ...] = tuple(instances)
        if not self.instances:
            raise ValueError("a model needs at least one instance")
        self._at = at or partial(_of, self.instances)
        self.most = most if at else len(self.instances)

    @property
    def name(self) -> str:
        """What the model is shown as."""
        return self.instances[0].name

    def spare(self, without: Collection[str] = ()) -> Instance | None:
        """The first instance that could be asked as well, at none of the addresses `without`."""
        taken = {one.address for one in self.instances} | set(without)
        numbers = count(1) if self.most is None else range(1, self.most + 1)
        instances = (self._at(number) for number in numbers)
        return next((one for one in instances if one.address not in taken), None)

    def become(self, instances: Iterable[Instance]) -> None:
        """Ask these from now on: what others have begun they finish, and who waits looks again.

        Raises:
            ValueError: there is none.
        """
        before, after = self.instances, tuple(instances)
        if not after:
            raise ValueError(f"{self.name} needs at least one instance")
        self.instances = after
        for one in before:
            one.condition.send_away()

    def __len__(self) -> int:
        return len(self.instances)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances)

    @overload
    def __getitem__(self, place: int) -> Instance: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Instance]: ...
    def __getitem__(self, place: int | slice) -> Instance | Sequence[Instance]:
        return self.instances[place]


def _of(instances: Sequence[Instance], number: int) -> Instance:
    return instances[number - 1]
