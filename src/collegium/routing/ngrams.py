"""Hashed n-grams of a text: what can be known of it in well under a millisecond.

Word unigrams and bigrams, and runs of three to five bytes of the lower-cased text, which serve
every script alike; all hashed into one table (the hashing trick, Weinberger et al. 2009).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE_BITS = 17
HEAD_CHARS, TAIL_CHARS = 700, 300
_WORD = re.compile(r"\w+|[^\w\s]")
_SPACES = re.compile(r"\s+")
_RUNS = (3, 4, 5)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(33)


def hashed(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The places in the table that a text touches, each once, and how strongly.

    Strengths are the roots of the counts, scaled to a vector of length 1 for the words and one for
    the runs, so that a long text weighs no more than a short one.
    """
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"
    text = _SPACES.sub(" ", text.lower()).strip()
    places: list[NDArray[np.int64]] = []
    strengths: list[NDArray[np.float32]] = []
    for keys in (_word_keys(text), _run_keys(text)):
        if not len(keys):
            continue
        place, count = np.unique(_mixed(keys), return_counts=True)
        strength = np.sqrt(count, dtype=np.float32)
        places.append(place)
        strengths.append((strength / np.sqrt(np.square(strength).sum())).astype(np.float32))
    if not places:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    return np.concatenate(places), np.concatenate(strengths)


def _word_keys(text: str) -> NDArray[np.uint64]:
    """A number for each word, each pair of neighbours, and the opening words as openers."""
    words = ["^", *_WORD.findall(text), "$"]
    numbers = np.fromiter((_of_bytes(word.encode("utf-8", "replace")) for word in words), np.uint64)
    with np.errstate(over="ignore"):
        pairs = numbers[:-1] * _PRIME + numbers[1:]
        opener = numbers[1:4] * _MIX + np.uint64(7)
    return np.concatenate((numbers[1:-1], pairs, opener))


def _of_bytes(word: bytes) -> int:
    return crc32(word) | crc32(word, 0x9747B28C) << 32


def _run_keys(text: str) -> NDArray[np.uint64]:
    """A number for each run of three, four and five bytes."""
    codes = np.frombuffer(f" {text} ".encode("utf-8", "replace"), np.uint8).astype(np.uint64)
    keys: list[NDArray[np.uint64]] = []
    with np.errstate(over="ignore"):
        for length in _RUNS:
            if len(codes) < length:
                continue
            last = len(codes) - length + 1
            key = np.full(last, length, np.uint64)
            for offset in range(length):
                key = key * np.uint64(1 << 8) + codes[offset : offset + last]
            keys.append(key)
    return np.concatenate(keys) if keys else np.zeros(0, np.uint64)


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    with np.errstate(over="ignore"):
        keys = (keys ^ (keys >> _SHIFT)) * _MIX
        keys = (keys ^ (keys >> _SHIFT)) * _PRIME
    return (keys >> np.uint64(64 - TABLE_BITS)).astype(np.int64)


def sketch(text: str, size: int) -> NDArray[np.float32]:
    """The same in (size,) numbers, collisions with random signs (count sketch, Charikar 2002).

    Args:
        text: the query.
        size: a power of two, at most 2 ** (`TABLE_BITS` - 1).
    """
    places, strengths = hashed(text)
    signs = np.where((places // size) % 2, np.float32(1), np.float32(-1))
    return np.bincount(places % size, strengths * signs, size).astype(np.float32)
