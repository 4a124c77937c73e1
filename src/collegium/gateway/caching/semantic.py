"""The same question in other words: found by its particulars, confirmed by its vector.

Questions are looked up by the words that carry their meaning, which takes no encoder; only where
one is found are the two encoded, and a vector that says otherwise has the last word. So a question
that nobody asked before costs the reading of its words alone.

The vectors are a second opinion on what no rule foresaw. On the pairs that were written to measure
this (`benchmarks/gateway/semantic_cache.py`) the words alone decide as well; a threshold on the
cosine alone gives a quarter of the near misses a wrong answer before it finds as many of the rest.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from collegium.errors import GateError
from collegium.gateway.caching.exact import digest
from collegium.gateway.caching.particulars import Particulars, read
from collegium.gateway.caching.sameness import same
from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.encoders.base import Encoder

# The least cosine of two questions whose particulars are the same. Below it were none of the pairs
# of benchmarks/gateway/paraphrases.jsonl that the rules were made on.
SIMILARITY = 0.8
# With this many questions of the very same words, in whatever order, the latest will do.
_CANDIDATES = 16
_VECTORS = 1024

Place: TypeAlias = tuple[str, bytes, tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its text, its particulars, and all else in the request as `frame`."""

    frame: bytes
    text: str
    particulars: Particulars


class Questions:
    """The questions whose answers are kept, by owner.

    Args:
        encoder: what confirms that two are the same; without one their words alone decide.
        similarity: the least cosine of their vectors; None means the measured one.
    """

    def __init__(self, encoder: Encoder | None, similarity: float | None = None) -> None:
        self._similarity = SIMILARITY if similarity is None else similarity
        self._encoder: Encoder | None = None
        if encoder is not None:
            from collegium.encoders.base import Cached  # noqa: PLC0415 -- it brings NumPy

            self._encoder = Cached(encoder, _VECTORS)
        self._encoding = asyncio.Lock()
        self._asked: dict[Place, dict[bytes, Asked]] = {}
        self._places: dict[tuple[str, bytes], Place] = {}

    async def like(self, owner: str, asked: Asked) -> list[tuple[bytes, float]]:
        """The keys of the owner's questions that are the same, with their cosines, best first."""
        there = self._asked.get(_place(owner, asked), {})
        found = {
            key: other.text
            for key, other in islice(reversed(there.items()), _CANDIDATES)
            if same(asked.particulars, other.particulars)
        }
        cosines = await self._cosines(asked.text, list(found.values())) if found else []
        likely = [pair for pair in zip(found, cosines, strict=True) if pair[1] >= self._similarity]
        return sorted(likely, key=lambda pair: pair[1], reverse=True)

    def add(self, owner: str, key: bytes, asked: Asked) -> None:
        """Note that the owner's answer of that key is one to this question."""
        self.remove(owner, key)
        place = _place(owner, asked)
        self._asked.setdefault(place, {})[key] = asked
        self._places[owner, key] = place

    def remove(self, owner: str, key: bytes) -> None:
        """Forget the question of an answer that is kept no more."""
        place = self._places.pop((owner, key), None)
        if place is not None:
            del self._asked[place][key]
            if not self._asked[place]:
                del self._asked[place]

    async def _cosines(self, text: str, others: list[str]) -> list[float]:
        if self._encoder is None:
            return [1.0] * len(others)
        try:
            async with self._encoding:
                return await asyncio.to_thread(cosines, self._encoder, text, others)
        except GateError:  # a cache that cannot tell is a cache that has nothing
            return [-1.0] * len(others)


def asked(plain: Mapping[str, Any]) -> Asked | None:
    """The question that a `canonical` request is; None where it is more than a question of text.

    It is one where a single user message of text stands alone or after system messages, no tool is
    offered, and the particulars of the text can be told.
    """
    messages: object = plain.get("messages")
    if plain.get("tools") or plain.get("functions") or not is_array(messages) or not messages:
        return None
    if not all(is_object(one) for one in messages):
        return None
    *before, last = messages
    text: object = last.get("content")
    if last.get("role") != "user" or not isinstance(text, str):
        return None
    if any(one.get("role") not in ("system", "developer") for one in before):
        return None
    particulars = read(text)
    if particulars is None:
        return None
    frame = {**plain, "messages": [*before, {**last, "content": ""}]}
    return Asked(digest(frame), text, particulars)


def cosines(encoder: Encoder, text: str, others: list[str]) -> list[float]:
    """How alike a text is to each of the others, by the part of a vector made for comparing."""
    import numpy as np  # noqa: PLC0415 -- only where vectors are compared

    vectors = encoder.encode([text, *others])[:, : encoder.general]
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = 1.0
    return [float(cosine) for cosine in vectors[1:] @ vectors[0] / lengths[1:] / lengths[0]]


def _place(owner: str, asked: Asked) -> Place:
    return owner, asked.frame, asked.particulars.signature
