"""The order of what was found: evidence, weighed by the manner in which a text asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from collegium.knowledge.search.evidence import Asked, gather
from collegium.knowledge.search.fitted import (
    CHANGE,
    CHANGE_WORDS,
    DESCRIPTION,
    DESCRIPTION_IN_WORDS,
    FIELD_DISCOUNTS,
    FIELD_WEIGHTS,
    NAMED,
    PLAIN_DISCOUNT,
    PLAIN_SATURATION,
    PLAIN_WEIGHTS,
    SATURATION,
    TOPIC,
)
from collegium.knowledge.search.lexical import Weighing
from collegium.knowledge.search.manner import manner_of
from collegium.knowledge.search.purpose import (
    is_shown,
    is_trial,
    speaks_of_shown,
    speaks_of_trials,
)
from collegium.knowledge.search.reasons import reason
from collegium.knowledge.search.spelling import respelled
from collegium.knowledge.search.terms import asked, number_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from collegium.knowledge.graph import Node
    from collegium.knowledge.search.holdings import Holdings, Place
    from collegium.knowledge.search.manner import Manner

# Two rankings by words: one in which a name says most, and one in which all says alike.
WEIGHINGS: Final = {
    "words": Weighing(
        np.array(FIELD_WEIGHTS, np.float32), np.array(FIELD_DISCOUNTS, np.float32), SATURATION
    ),
    "plain": Weighing(
        np.array(PLAIN_WEIGHTS, np.float32),
        np.full(len(PLAIN_WEIGHTS), PLAIN_DISCOUNT, np.float32),
        PLAIN_SATURATION,
    ),
}
# In a message of a change its own verbs say little, and its first sentence most.
_OF_CHANGE_WORDS: Final = 0.3
_OF_FIRST_SENTENCE: Final = 2.0
_FIRST_SENTENCE: Final = re.compile(r"(?<=[a-z])[.:]\s|\s[*-]\s|\n\s*\n")
# Tests say in many words what other code does: unless they are asked for, they come after it.
_OF_TRIALS: Final = -3.0
_OF_SHOWN: Final = -1.0
# More than all evidence together: who writes a name and nothing else wants what is called so.
_OF_NAME_ALONE: Final = 100.0


class Ranked(NamedTuple):
    """A unit, how well it fits, and what spoke for it."""

    place: Place
    score: float
    why: str


def rank(
    text: str,
    vector: NDArray[np.float32] | None,
    holdings: Holdings,
    limit: int,
    named: Collection[Node] = (),
    *,
    alone: bool = False,
) -> list[Ranked]:
    """The units that fit a text best, best first.

    Args:
        text: what is asked.
        vector: that of the text; without it, words alone decide.
        holdings: what is searched.
        limit: at most so many.
        named: symbols and files that the text is known to name.
        alone: whether the text is that name and nothing else: then they come first.
    """
    manner = manner_of(text)
    question = question_of(text, vector, holdings, manner)
    evidence = gather(question, holdings, WEIGHINGS, named)
    weights = weights_of(manner, with_vectors=vector is not None)
    scores = np.zeros(len(evidence.candidates))
    for name, weight in weights.items():
        if name in evidence.columns:
            scores += weight * evidence.columns[name]
    numbers: list[int] = evidence.candidates.tolist()
    places = [holdings.places[number] for number in numbers]
    scores += by_purpose(text, places)
    if alone:
        scores += _OF_NAME_ALONE * evidence.columns["named"]
    scored = zip(places, scores.tolist(), numbers, strict=True)
    found: dict[tuple[str, str], Ranked] = {}
    for place, score, number in sorted(scored, key=lambda one: (-one[1], one[0])):
        # Overloads and branches of one name are one symbol: the best stands for them.
        if (place.file, place.symbol) not in found:
            found[place.file, place.symbol] = Ranked(place, score, reason(number, question))
        if len(found) == limit:
            break
    return list(found.values())


def question_of(
    text: str, vector: NDArray[np.float32] | None, holdings: Holdings, manner: Manner
) -> Asked:
    """A text as evidence is gathered for it: of a change, some words count for more or less."""
    lexicon = holdings.lexicon
    text = respelled(text, is_known=lambda word: lexicon.knows(map(number_of, terms_of(word))))
    words = asked(text)
    terms = list(words)
    matches = lexicon.matches([number_of(term) for term in terms])
    first = asked(_FIRST_SENTENCE.split(text, maxsplit=1)[0])
    counts = [
        1
        + manner.change * (_OF_CHANGE_WORDS - 1) * (term in CHANGE_WORDS)
        + manner.change * (_OF_FIRST_SENTENCE - 1) * (term in first)
        for term in terms
    ]
    rarity = matches.rarity * np.array(counts, np.float32)
    joined = np.array([term.startswith("=") for term in terms], bool)
    return Asked(words, joined, matches._replace(rarity=rarity), vector)


def by_purpose(text: str, places: list[Place]) -> NDArray[np.float64]:
    """What a unit loses where it tests or shows what another does, and nobody asked for that."""
    trial = 0.0 if speaks_of_trials(text) else _OF_TRIALS
    shown = 0.0 if speaks_of_shown(text) else _OF_SHOWN
    return np.array(
        [trial * is_trial(place.file) + shown * is_shown(place.file) for place in places]
    )


def weights_of(manner: Manner, *, with_vectors: bool) -> Mapping[str, float]:
    """What each column of the evidence counts: a mixture, as likely as each manner is."""
    description = DESCRIPTION if with_vectors else DESCRIPTION_IN_WORDS
    weights = dict(NAMED)
    for share, part in (
        (manner.description + manner.topic, description),
        (manner.change, CHANGE),
        (manner.topic, TOPIC),
    ):
        for name, weight in part.items():
            weights[name] = weights.get(name, 0.0) + share * weight
    return weights
