"""What administrators want otherwise than the configuration's file has it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from collegium.errors import StorageError
from collegium.jsonvalues import is_object
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.storage.store import Store

logger = logging.getLogger(__name__)

DOCUMENT = "changes"
# So many changes can be taken back, one after the other.
KEPT = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted, all of it.

    `patch` is merged into the configuration (see `config.patched`), `resting` has the keys of
    experts who get no queries, and why, `sizes` how many instances experts are to have. `base` is a
    configuration that was gone back to: it takes the place of a file whose fingerprint is
    `instead_of`. `before` are the wishes that these took the place of, the latest last.
    """

    patch: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    resting: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    sizes: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    base: Mapping[str, Any] | None = None
    instead_of: str = ""
    before: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The wishes as `as_data` gives them."""
        return cls(
            patch=data["patch"],
            resting=data["resting"],
            sizes=data["sizes"],
            base=data["base"],
            instead_of=data["instead_of"],
            before=tuple(data["before"]),
        )

    def as_data(self) -> dict[str, Any]:
        """The wishes as JSON."""
        # A mapping that cannot be changed is none for JSON.
        plain = replace(
            self, patch=dict(self.patch), resting=dict(self.resting), sizes=dict(self.sizes)
        )
        return asdict(plain)

    def patched(self, changes: Mapping[str, Any]) -> Self:
        """Those that have further changes of the configuration, in the place of these."""
        return self.then(self.overlaid(changes))

    def overlaid(self, changes: Mapping[str, Any]) -> Self:
        """These, and further changes of the configuration; null stays, and takes a key away."""
        return replace(self, patch=overlaid(self.patch, changes))

    def awake(self, key: str) -> Self:
        """These, where the expert of that key does not rest."""
        resting = {one: why for one, why in self.resting.items() if one != key}
        return replace(self, resting=resting)

    def then(self, wishes: Self) -> Self:
        """Other wishes, in the place of these."""
        former: dict[str, Any] = {**self.as_data(), "before": []}
        return replace(wishes, before=(*self.before, former)[-KEPT:])

    def taken_back(self) -> Self | None:
        """The wishes that these took the place of; None where there were none."""
        if not self.before:
            return None
        return replace(self.of(self.before[-1]), before=self.before[:-1])

    def about(self, file: Mapping[str, Any], was: str, now: str) -> Self:
        """These, about a file that has become another one; the way back leads to what it was.

        `file` is what it said, `was` its fingerprint then, and `now` the one that it has.
        """
        former: dict[str, Any] = {**self.as_data(), "before": []}
        before: list[Mapping[str, Any]] = [
            # What was gone back to took the place of that file alone.
            {
                **one,
                "base": one["base"] or file if one["instead_of"] == was else file,
                "instead_of": now,
            }
            for one in (*self.before, former)
        ]
        return replace(self, base=None, instead_of="", before=tuple(before)[-KEPT:])

    @property
    def count(self) -> int:
        """How many things are wanted otherwise."""
        return (
            _leaves(dict(self.patch))
            + len(self.resting)
            + len(self.sizes)
            + (self.base is not None)
        )


class Board:
    """Where wishes are written down: in a store, for all who share it; without one, here."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._wishes, self._version = Wishes(), 0

    async def read(self) -> tuple[int, Wishes]:
        """The wishes there are, and their version.

        A store that cannot be read just now has those that were read last.
        """
        if self._store is not None:
            try:
                state = await asyncio.to_thread(self._store.state, DOCUMENT)
            except StorageError as error:
                logger.warning("changes by others are not seen: %s", error)
            else:
                if state is None:
                    self._version = 0  # the record began anew; what is wanted is wanted still
                elif state.version != self._version:
                    self._version = state.version
                    self._wishes = self._understood(state.value)
        return self._version, self._wishes

    def _understood(self, value: Any) -> Wishes:
        try:
            return Wishes.of(value)
        except (KeyError, TypeError):
            logger.exception("the changes on record are another version's, and are left")
            return self._wishes

    async def write(self, wishes: Wishes, expected: int) -> int:
        """Write wishes down in the place of those of version `expected`; returns their version.

        Where the store cannot be written they hold in this process, as long as it lives.

        Raises:
            Conflict: others were written down meanwhile.
        """
        version = expected
        if self._store is None:
            version += 1
        else:
            try:
                version = await asyncio.to_thread(
                    self._store.put_state, DOCUMENT, wishes.as_data(), expected=expected
                )
            except StorageError as error:
                logger.warning("the change holds only until this process ends: %s", error)
        self._version, self._wishes = version, wishes
        return version


def overlaid(patch: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """One patch that does what two do, one after the other."""
    result: dict[str, Any] = dict(patch)
    for name, value in changes.items():
        if is_object(value):
            before = result.get(name)
            result[name] = overlaid(before if is_object(before) else {}, value)
        else:
            result[name] = value
    return result


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value.values())) if is_object(value) else 1
