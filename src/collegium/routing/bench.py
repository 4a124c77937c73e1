"""Experts who are considered together: what can be known of them before there is a query."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from collegium.experts.base import Expert
from collegium.experts.model_expert import ModelExpert
from collegium.lexicon import Concordance, Vocabulary, assess, read, reading_text
from collegium.routing.bids import Bid
from collegium.routing.gate import KeywordGate
from collegium.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.routing.classifier import Reading
    from collegium.routing.memory import Grounds, Judgement
    from collegium.types import Query

NAMED = 6
# Of how many selections of experts something is kept: whoever restricts whom a key may ask has few.
CAPACITY = 16

_grounds_of = attrgetter("grounds")


class Bench:
    """Some experts on the `grounds` of their words; another where these are others.

    `silent` are the places of those without grounds, whose word is asked for every time.
    """

    def __init__(self, experts: Sequence[Expert], grounds: Grounds) -> None:
        self.experts, self.grounds = tuple(experts), grounds
        self.key = tuple(map(id, experts))
        self.keys = [one.key for one in experts]
        self._latest = [
            Candidate(one.name, one.key, 0.0, 0.0, 0.0, 0.0, "none yet") for one in experts
        ]
        self.silent = [place for place, ground in enumerate(grounds) if ground is None]
        self._computing = [one for one in experts if type(one).computes is not Expert.computes]
        grounded = [place for place, ground in enumerate(grounds) if ground is not None]
        by_words = [place for place in grounded if goes_by_words(experts[place])]
        self._by_words = {self.keys[place]: place for place in by_words}
        by_themselves = set(grounded) - set(by_words)
        self._by_themselves = sorted(by_themselves)

    @cached_property
    def concordance(self) -> Concordance:
        """Their vocabularies, by key."""
        words = {one.key: vocabulary_of(one) for one in self.experts}
        return Concordance({key: one for key, one in words.items() if one is not None})

    @cached_property
    def keyword_gate(self) -> KeywordGate:
        """The gate that reads their vocabularies."""
        known = self.concordance
        return KeywordGate(known.vocabularies, concordance=known)

    def who_computes(self, query: Query, known: Judgement | None) -> Expert | None:
        """The first who computes the answer and does not rest.

        Args:
            query: what is asked.
            known: what was judged of the query before, if it was: then only who may think anew is
                asked.
        """
        for one in self._computing:
            if known is None or one.grounds is None:
                if not one.resting and one.computes(query):
                    return one
            elif one is known.exact:
                return one
        return None

    def bids(self, query: Query) -> list[Bid | None]:
        """The word of each, leaving its record aside; None of those who are silent.

        Those who go by their vocabularies are not asked one by one: these are read all at once.
        """
        bids: list[Bid | None] = [bid_of(0.0)] * len(self.experts)
        for key, found in self.concordance.evidence(read(reading_text(query))).items():
            if key in self._by_words:
                bids[self._by_words[key]] = bid_of(found)
        for place in self._by_themselves:
            bids[place] = Bid.of(self.experts[place].suits(query))
        for place in self.silent:
            bids[place] = None
        return bids

    def candidates(
        self,
        gate: Sequence[float],
        own: Sequence[float],
        loads: Sequence[float],
        scores: Sequence[float],
        notes: Sequence[str],
    ) -> list[Candidate]:
        """How each stands; most of many stand as they did for the query before."""
        self._latest = [
            last
            if last.score == score
            and last.gate == share
            and last.assessment == word
            and last.load == load
            and last.note == note
            else Candidate(last.expert, last.key, share, word, load, score, note)
            for last, share, word, load, score, note in zip(
                self._latest, gate, own, loads, scores, notes, strict=True
            )
        ]
        return self._latest


class Benches:
    """The benches of late, so that one is not made anew for every query."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._benches: OrderedDict[tuple[int, ...], Bench] = OrderedDict()

    def of(self, experts: Sequence[Expert]) -> Bench:
        """The bench of these experts, as their grounds are now."""
        key, grounds = tuple(map(id, experts)), tuple(map(_grounds_of, experts))
        bench = self._benches.get(key)
        if bench is None or bench.grounds != grounds:
            self._benches[key] = bench = Bench(experts, grounds)
        self._benches.move_to_end(key)
        while len(self._benches) > self._capacity:
            self._benches.popitem(last=False)
        return bench


@lru_cache(maxsize=4096)
def bid_of(evidence: float) -> Bid:
    """What an expert says of a query by the evidence that its vocabulary finds in it."""
    # The memo is of a pure function: many find the same evidence, in one query and in the next.
    return Bid.of(assess(evidence))


def goes_by_words(expert: Expert) -> bool:
    """Whether an expert's `suits` is what its vocabulary says, and nothing else."""
    return type(expert).suits is ModelExpert.suits


def vocabulary_of(expert: Expert) -> Vocabulary | None:
    """The words an expert knows its queries by, where it has any."""
    vocabulary = getattr(expert, "vocabulary", None)
    return vocabulary if isinstance(vocabulary, Vocabulary) else None


def recognised(expert: Expert, reading: Reading) -> tuple[str, ...]:
    """A reason that names the words and signs an expert knew the query by, if it knew any."""
    vocabulary = vocabulary_of(expert)
    matches = vocabulary.matches(reading.wording) if vocabulary is not None else ()
    known = [term for term, weight in matches if weight > 0][:NAMED]
    return (f"recognised by: {', '.join(known)}",) if known else ()
