"""Batches for the table of meanings: questions, and units of one tree to tell apart by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pairs import Bag, Units

from collegium.knowledge.search.units import Field

QUESTIONS, UNITS = 192, 512
# In so many batches documentation stays, in all units; then a half of its words is asked for.
DOCUMENTED = 0.25
# Chances: of what a question is, and of a term to be left out.
OF_CALLS, OF_LATER, OF_HALF = 0.1, 0.15, 0.2
KEPT, HALF, KEPT_OF_UNITS = 0.85, 0.5, 0.7
FEWEST = 3
_MOST_PAIRS = 600


@dataclass(frozen=True, slots=True)
class Terms:
    """Known terms of many bags: places in the vocabulary, and where each bag begins."""

    places: NDArray[np.int64]
    begins: NDArray[np.int64]


class Batch(NamedTuple):
    """`wanted` is for each question the place of its unit; `alike` are units that fit as well."""

    units: Terms
    fields: NDArray[np.int64]
    often: NDArray[np.float32]
    long: NDArray[np.float32]
    questions: Terms
    rarity: NDArray[np.float32]
    wanted: NDArray[np.int64]
    alike: NDArray[np.bool_]


class Batches:
    """Draws batches from trees, by their sizes."""

    def __init__(self, trees: list[Units], vocabulary: NDArray[np.uint32], seed: int) -> None:
        self._trees, self._vocabulary = trees, vocabulary
        self._places = {
            tree.name: places_of(vocabulary, tree.terms).astype(np.int32) for tree in trees
        }
        self._chance = np.random.default_rng(seed)
        sizes = np.array([min(len(tree.pairs), _MOST_PAIRS) for tree in trees]) ** 0.75
        self._shares = sizes / sizes.sum()

    def draw(self) -> Batch | None:
        """A batch of a tree; None where too little of it is known."""
        chance = self._chance
        tree = self._trees[chance.choice(len(self._trees), p=self._shares)]
        documented = chance.random() < DOCUMENTED
        wanted, bags = self._sentences(tree, documented=documented)
        left_out = [] if documented else [Field.DOC]
        return self.batch(tree, wanted, bags, left_out) if len(bags) >= FEWEST else None

    def batch(
        self, tree: Units, wanted: list[int], bags: list[Bag], left_out: list[Field]
    ) -> Batch:
        """A batch of these questions, and more units of the tree, less some fields."""
        asked = np.unique(wanted)
        rest = np.setdiff1d(np.arange(len(tree)), asked)
        more = max(0, UNITS - len(asked))
        if len(rest) > more:
            rest = self._chance.choice(rest, more, replace=False)
        chosen = np.concatenate([asked, rest])
        rows, begins = rows_of(tree, chosen)
        owners = np.repeat(np.arange(len(chosen)), np.diff([*begins, len(rows)]))
        places = self._places[tree.name][rows].astype(np.int64)
        kept = (places >= 0) & ~np.isin(tree.fields[rows], left_out)
        kept &= self._chance.random(len(rows)) < KEPT_OF_UNITS
        rows, owners = rows[kept], owners[kept]
        units = Terms(places[kept], np.searchsorted(owners, np.arange(len(chosen))))
        said = tree.said[chosen]
        at = np.searchsorted(asked, wanted)
        alike = said[np.newaxis] == tree.said[wanted][:, np.newaxis]
        alike[np.arange(len(at)), at] = False
        questions, rarity = joined(self._vocabulary, bags)
        numbers = tree.fields[rows].astype(np.int64), tree.often[rows], tree.long[rows]
        return Batch(units, *numbers, questions, rarity, at, alike)

    def _sentences(self, tree: Units, *, documented: bool) -> tuple[list[int], list[Bag]]:
        chance = self._chance
        many = min(QUESTIONS, len(tree.pairs))
        drawn = [tree.pairs[at] for at in chance.choice(len(tree.pairs), many, replace=False)]
        wanted, bags = list[int](), list[Bag]()
        for pair in drawn:
            first, *later = pair.sentences
            lot = chance.random()
            if documented:
                bag = self._thinned(later[0] if later and lot < OF_HALF else first, HALF)
            elif lot < OF_CALLS and len(pair.calls.terms) >= FEWEST:
                bag = self._thinned(pair.calls, KEPT)
            elif lot < OF_CALLS + OF_LATER and later:
                bag = self._thinned(later[chance.integers(len(later))], KEPT)
            else:
                half = lot < OF_CALLS + OF_LATER + OF_HALF
                bag = self._thinned(first, HALF if half else KEPT)
            if (places_of(self._vocabulary, bag.terms) >= 0).any():
                wanted.append(pair.unit)
                bags.append(bag)
        return wanted, bags

    def _thinned(self, bag: Bag, share: float) -> Bag:
        kept = self._chance.random(len(bag.terms)) < share
        return Bag(bag.terms[kept], bag.rarity[kept])


def rows_of(tree: Units, units: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of these units, one after the other, and where those of each begin."""
    sizes = tree.starts[units + 1] - tree.starts[units]
    begins = np.cumsum([0, *sizes[:-1]])
    return np.repeat(tree.starts[units] - begins, sizes) + np.arange(sizes.sum()), begins


def places_of(vocabulary: NDArray[np.uint32], terms: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Where terms are in the vocabulary; -1 of those that are not."""
    at = np.minimum(np.searchsorted(vocabulary, terms), len(vocabulary) - 1)
    return np.where(vocabulary[at] == terms, at, -1)


def joined(vocabulary: NDArray[np.uint32], bags: list[Bag]) -> tuple[Terms, NDArray[np.float32]]:
    """The known terms of many questions, and their rarity."""
    places = [places_of(vocabulary, bag.terms) for bag in bags]
    rarity = np.concatenate([bag.rarity[at >= 0] for bag, at in zip(bags, places, strict=True)])
    sizes = [np.count_nonzero(at >= 0) for at in places]
    flat = np.concatenate(places)
    return Terms(flat[flat >= 0], np.cumsum([0, *sizes[:-1]])), rarity
