"""What the record can do, whatever it is kept in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from collegium.storage.records import Record, Stored


@dataclass(frozen=True, slots=True)
class State:
    """A small document that several processes share; `version` goes up with every change of it."""

    version: int
    value: Any


@dataclass(frozen=True, slots=True)
class Standing:
    """How a store is doing.

    `written`, `dropped` and `waiting` count records since it was opened. `failing` says why nothing
    can be written just now, and what would be right; it is empty while all is well.
    """

    where: str
    written: int = 0
    dropped: int = 0
    waiting: int = 0
    failing: str = ""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What lies in a store: how many records of each kind, from when to when, in how many bytes."""

    size_bytes: int
    counts: Mapping[str, int]
    oldest: float | None = None
    newest: float | None = None


class Store(Protocol):
    """A place for records that outlives the process; several processes may share one."""

    @property
    def origin(self) -> str:
        """The id of this opening, by which its own records are told from those of others."""
        ...

    def append(self, record: Record) -> bool:
        """Have the record written in a moment; False where it was dropped, and counted.

        Never blocks and never raises. May be called from any thread.
        """
        ...

    async def flush(self) -> None:
        """Wait until what was appended before is written; no longer where that fails just now."""
        ...

    def records(
        self,
        *,
        kinds: Sequence[str] = (),
        since: float | None = None,
        until: float | None = None,
        query: str = "",
        expert: str = "",
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[Stored]:
        """The records by their numbers, a page at a time; what is not narrowed down is not.

        `since` (included) and `until` (excluded) are seconds since 1970. Nothing that is written
        later has a smaller number than what was seen. Blocks; call it from a thread.

        Raises:
            StorageError: they cannot be read just now.
        """
        ...

    def latest(self) -> int:
        """The number of the newest record, 0 where there is none. Blocks for a moment.

        Raises:
            StorageError: it cannot be read just now.
        """
        ...

    def state(self, name: str) -> State | None:
        """The document of that name; None if there is none. Blocks for a moment.

        Raises:
            StorageError: it cannot be read just now.
        """
        ...

    def put_state(self, name: str, value: Any, *, expected: int | None) -> int:
        """Put a JSON value in the place of a document, and return its version, which is new.

        `expected` is the version it takes the place of, 0 where there is none yet; None takes the
        place of any. Blocks for a moment.

        Raises:
            Conflict: another version is there than expected.
            StorageError: it cannot be written just now.
        """
        ...

    def standing(self) -> Standing:
        """How it is doing."""
        ...

    def holdings(self) -> Holdings:
        """What lies in it. Counts, so that it takes a while; raises StorageError like `records`."""
        ...

    def erase(self, before: float) -> int:
        """Delete the records from before a time, and return how many that were. Blocks.

        Raises:
            StorageError: they cannot be deleted just now.
        """
        ...

    def vacuum(self) -> None:
        """Give back the room of what was deleted. Blocks, and keeps others from writing meanwhile.

        Raises:
            StorageError: that cannot be done just now.
        """
        ...

    async def aclose(self) -> None:
        """Write what waits, for as long as that may take within reason, and let go."""
        ...
