"""The answers of a gateway, kept for whoever asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from collegium.gateway.caching.entries import (
    Cached,
    CacheSettings,
    Entry,
    Shelves,
    Standing,
    age_of,
)
from collegium.gateway.caching.exact import canonical, digest
from collegium.gateway.caching.keeping import CacheWish, may_be_kept, worth_keeping
from collegium.gateway.caching.semantic import Questions, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.encoders.base import Encoder
    from collegium.types import Usage

_NO_WISH = CacheWish()


class AnswerCache:
    """Answers by who asked and what they asked; nobody is ever given another owner's.

    Args:
        settings: which are kept, how long and how many.
        encoder: what confirms that two questions are the same; it is used in a thread, by one
            request at a time, and must bear being used elsewhere meanwhile. Without it the words
            of the questions decide.
        clock: the time in seconds.
    """

    def __init__(
        self,
        settings: CacheSettings,
        *,
        encoder: Encoder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._shelves = Shelves(settings, clock, self._dropped)
        self._questions = Questions(encoder, settings.similarity) if settings.semantic else None

    async def get(
        self, owner: str, body: Mapping[str, Any], wish: CacheWish = _NO_WISH
    ) -> Cached | None:
        """The answer the owner was given to the same request or question; None if there is none."""
        if not wish.reads or not self._concerns(body, wish):
            return None
        plain = canonical(body)
        try:
            key = digest(plain)
        except ValueError:
            return None
        if self._settings.exact:
            entry = self._shelves.find(owner, key, max_age_s=wish.max_age_s)
            if entry is not None:
                return self._given(entry, "exact", 1.0)
        return await self._alike(owner, plain, wish)

    async def put(
        self,
        owner: str,
        body: Mapping[str, Any],
        completion: Mapping[str, Any],
        usage: Usage,
        wish: CacheWish = _NO_WISH,
    ) -> bool:
        """Keep a finished chat completion; False if it, or its request, is none to be kept."""
        if not wish.keeps or not self._concerns(body, wish) or not worth_keeping(completion):
            return False
        plain = canonical(body)
        try:
            key, kept = digest(plain), msgspec.json.encode(completion)
        except (ValueError, TypeError, RecursionError):
            return False
        question = asked(plain) if self._questions else None
        if not self._settings.exact and question is None:
            return False
        entry = Entry(kept, usage, self._clock(), len(kept))
        if not self._shelves.keep(owner, key, entry):
            return False
        if self._questions and question is not None:
            self._questions.add(owner, key, question)
        return True

    def forget(self, owner: str) -> None:
        """Forget all that an owner has, as when their key is withdrawn."""
        self._shelves.forget(owner)

    def clear(self) -> None:
        """Forget everything, as when models or experts have changed."""
        self._shelves.clear()

    def standing(self) -> Standing:
        """How full the cache is."""
        return self._shelves.standing()

    def _concerns(self, body: Mapping[str, Any], wish: CacheWish) -> bool:
        if not self._settings.exact and self._questions is None:
            return False
        return may_be_kept(body, sampled=wish.sampled or self._settings.sampled)

    async def _alike(self, owner: str, plain: Mapping[str, Any], wish: CacheWish) -> Cached | None:
        question = asked(plain) if self._questions else None
        if self._questions is None or question is None:
            return None
        for key, similarity in await self._questions.like(owner, question):
            entry = self._shelves.find(owner, key, max_age_s=wish.max_age_s)
            if entry is not None:
                return self._given(entry, "semantic", similarity)
        return None

    def _given(self, entry: Entry, how: str, similarity: float) -> Cached:
        # Decoded anew each time, so that no two callers share what either may change.
        completion: dict[str, Any] = msgspec.json.decode(entry.completion)
        age_s = age_of(entry, self._clock())
        return Cached(completion, entry.usage, how, similarity, age_s)

    def _dropped(self, owner: str, key: bytes) -> None:
        if self._questions:
            self._questions.remove(owner, key)
