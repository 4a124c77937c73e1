"""Where answers are kept: a shelf for each owner, the longest unused going first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.types import Usage

# One answer must not push out all the others.
LARGEST_SHARE = 8


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Which answers are kept, how long and how many; by default none.

    `exact` gives an answer again to the very same request, `semantic` also to the same question in
    other words. `ttl_s` is how long an answer is good, in seconds, `entries` how many an owner may
    have, `max_chars` how many characters of JSON all owners may have together. `similarity` is the
    least cosine, -1 to 1, of two questions that are the same; None means the measured one.
    `sampled` keeps answers drawn at a stated temperature above 0 as well, for every request.
    """

    exact: bool = False
    semantic: bool = False
    ttl_s: float = 3600.0
    entries: int = 1000
    max_chars: int = 32_000_000
    similarity: float | None = None
    sampled: bool = False

    def __post_init__(self) -> None:
        """Refuse what keeps nothing while it says that it keeps something."""
        for name in ("ttl_s", "entries", "max_chars"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(f"{name} is {value!r}; it must be above 0")
        if self.similarity is not None and not -1 <= self.similarity <= 1:
            raise ValueError(f"similarity is {self.similarity!r}; it must be from -1 to 1")


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer that was kept, as a chat completion of the caller's own to change.

    `usage` is what it once took. `how` is 'exact' or 'semantic', `similarity` the cosine of the
    two questions (1.0 where the request is the same), `age_s` the seconds since it was kept.
    """

    completion: dict[str, Any]
    usage: Usage
    how: str
    similarity: float
    age_s: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer: the completion as JSON, and the moment it was kept."""

    completion: bytes
    usage: Usage
    kept_at: float
    chars: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How full the cache is."""

    owners: int
    entries: int
    chars: int


class Shelves:
    """The entries of every owner, none of whom ever sees another's.

    Args:
        settings: how long, how many, how much.
        clock: the time in seconds.
        dropped: told the owner and the key of every entry that goes.
    """

    def __init__(
        self,
        settings: CacheSettings,
        clock: Callable[[], float],
        dropped: Callable[[str, bytes], None],
    ) -> None:
        self._settings, self._clock, self._dropped = settings, clock, dropped
        self._shelves: dict[str, _Shelf] = {}
        self._chars = 0

    def find(self, owner: str, key: bytes, *, max_age_s: float | None = None) -> Entry | None:
        """The owner's entry of that key, now the last used; None if it is too old or not there."""
        shelf = self._shelves.get(owner)
        entry = shelf.entries.get(key) if shelf else None
        if shelf is None or entry is None:
            return None
        age_s = self._clock() - entry.kept_at
        if age_s >= self._settings.ttl_s:
            self.drop(owner, key)
            return None
        if max_age_s is not None and age_s > max_age_s:
            return None
        shelf.entries.move_to_end(key)
        return entry

    def keep(self, owner: str, key: bytes, entry: Entry) -> bool:
        """Put an entry in its owner's shelf; False if it is too large to be kept at all."""
        self.drop(owner, key)
        if entry.chars * LARGEST_SHARE > self._settings.max_chars:
            return False
        shelf = self._shelves.setdefault(owner, _Shelf())
        shelf.entries[key] = entry
        shelf.chars += entry.chars
        self._chars += entry.chars
        if len(shelf.entries) > self._settings.entries:
            self._drop_one_of(owner)
        while self._chars > self._settings.max_chars:
            # Whoever has most gives way, so that nobody can push out what others keep.
            self._drop_one_of(max(self._shelves, key=lambda one: self._shelves[one].chars))
        return True

    def drop(self, owner: str, key: bytes) -> None:
        """Forget one entry, if it is there."""
        shelf = self._shelves.get(owner)
        entry = shelf.entries.pop(key, None) if shelf else None
        if shelf is None or entry is None:
            return
        shelf.chars -= entry.chars
        self._chars -= entry.chars
        if not shelf.entries:
            del self._shelves[owner]
        self._dropped(owner, key)

    def forget(self, owner: str) -> None:
        """Forget all that an owner has."""
        shelf = self._shelves.get(owner)
        for key in list(shelf.entries) if shelf else ():
            self.drop(owner, key)

    def clear(self) -> None:
        """Forget everything."""
        for owner in list(self._shelves):
            self.forget(owner)

    def standing(self) -> Standing:
        """How full the shelves are; what is too old counts until somebody comes upon it."""
        entries = sum(len(shelf.entries) for shelf in self._shelves.values())
        return Standing(len(self._shelves), entries, self._chars)

    def _drop_one_of(self, owner: str) -> None:
        self.drop(owner, next(iter(self._shelves[owner].entries)))


class _Shelf:
    """One owner's entries, the longest unused first."""

    __slots__ = ("chars", "entries")

    def __init__(self) -> None:
        self.entries: OrderedDict[bytes, Entry] = OrderedDict()
        self.chars = 0


def age_of(entry: Entry, now: float) -> float:
    """The seconds since an entry was kept."""
    return max(0.0, now - entry.kept_at)
