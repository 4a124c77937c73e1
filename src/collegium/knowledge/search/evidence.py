"""What speaks for each unit that might be meant, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from collegium.knowledge.search.holdings import KINDS
from collegium.knowledge.search.meanings import shipped
from collegium.knowledge.search.semantic import cosines
from collegium.knowledge.search.terms import number_of
from collegium.knowledge.search.units import Field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from collegium.knowledge.graph import Node
    from collegium.knowledge.search.holdings import Holdings
    from collegium.knowledge.search.lexical import Matches, Weighing

    Numbers = NDArray[np.float32]

# So many units with the best words, and so many of the most alike, are looked at closely.
_LOOKED_AT: Final = 200
# Less alike than this by the table of meanings is no reason to look at a unit: of questions about
# other codebases, half find nothing that is more.
_AKIN: Final = 0.3
# Their files gain from so many of the best.
_LEADING: Final = 20
# A rank counts half after so many.
_TOP: Final = 10.0
_TINY: Final = 1e-6
# Where a term counts as part of how a unit is called, and as something said of it.
_CALLED: Final = (Field.NAME, Field.WHERE, Field.FILE, Field.SIGNATURE)
_SAID: Final = (Field.DOC, Field.COMMENT, Field.STRING)


class Asked(NamedTuple):
    """A question: its terms with the words they stand for, where they match, and its vector.

    `joined` tells which terms are several words written as one name.
    """

    words: Mapping[str, str]
    joined: NDArray[np.bool_]
    matches: Matches
    vector: Numbers | None


class Evidence(NamedTuple):
    """For each candidate, by its number, a column of what speaks for it, by its name."""

    candidates: NDArray[np.intp]
    columns: Mapping[str, Numbers]


def gather(
    asked: Asked,
    holdings: Holdings,
    weighings: Mapping[str, Weighing],
    named: Collection[Node] = (),
) -> Evidence:
    """The evidence for the units that may be meant, and for those that are known to be named.

    Each of the weighings is a ranking by words, under its name.
    """
    lexicon = holdings.lexicon
    words = {name: lexicon.bm25(asked.matches, one) for name, one in weighings.items()}
    alike = None if asked.vector is None else holdings.vectors.similarities(asked.vector)
    sense = _sense(asked, holdings)
    meant = holdings.numbers_of(named)
    scores = [*words.values(), np.where(sense >= _AKIN, sense, 0.0)]
    if alike is not None:
        scores.append(alike)
    candidates = _candidates(lexicon.alive, scores, meant)
    columns = _of_terms(asked, candidates, holdings)
    for name, ranking in words.items():
        columns |= _of_score(name, ranking, candidates, holdings)
    columns |= _of_score("sense", sense, candidates, holdings)
    if alike is not None:
        columns |= _of_score("meaning", alike, candidates, holdings)
    columns |= _of_kind(candidates, holdings)
    columns |= _of_names(candidates, meant, holdings)
    return Evidence(candidates, columns)


def _sense(asked: Asked, holdings: Holdings) -> Numbers:
    """How much each unit means what is asked, by the table of meanings; 0 of those that are gone.

    What no unit says is as rare as can be: it is what words alone would miss.
    """
    rarity = asked.matches.rarity
    nowhere = np.log1p((holdings.lexicon.count + 0.5) / 0.5)
    numbers = [number_of(term) for term in asked.words]
    vector = shipped().of_question(numbers, np.where(rarity > 0, rarity, np.float32(nowhere)))
    if vector is None:
        return np.zeros(len(holdings.senses), np.float32)
    alike: Numbers = cosines(holdings.senses, vector) * holdings.lexicon.alive
    return alike


def _candidates(
    alive: NDArray[np.bool_], scores: Iterable[Numbers], meant: NDArray[np.intp]
) -> NDArray[np.intp]:
    found = [meant, *[_best(score, _LOOKED_AT) for score in scores]]
    candidates: NDArray[np.intp] = np.unique(np.concatenate(found))
    return candidates[alive[candidates]]


def _best(scores: Numbers, many: int) -> NDArray[np.intp]:
    """The places of the highest scores above 0; all that are as high as the last of them."""
    if len(scores) > many:
        lowest = np.partition(scores, -many)[-many]
        return np.flatnonzero((scores >= lowest) & (scores > 0))
    return np.flatnonzero(scores > 0)


def _of_terms(asked: Asked, candidates: NDArray[np.intp], holdings: Holdings) -> dict[str, Numbers]:
    """Which share of the question, by the rarity of its terms, stands where in each candidate."""
    matches = asked.matches
    at = np.full(len(holdings.places), -1)
    at[candidates] = np.arange(len(candidates))
    seen = at[matches.units] >= 0
    terms, units, fields = matches.terms[seen], at[matches.units[seen]], matches.fields[seen]
    held = np.zeros((len(Field), len(asked.words), len(candidates)), bool)
    held[fields, terms, units] = True
    rarity = matches.rarity * ~asked.joined
    total = rarity.sum() + _TINY

    def share(where: Collection[Field]) -> Numbers:
        shares: Numbers = rarity @ held[list(where)].any(0) / total
        return shares

    anywhere = share(list(Field))
    files = holdings.layout.files[candidates]
    of_files = np.zeros(int(files.max(initial=0)) + 1, np.float32)
    np.maximum.at(of_files, files, anywhere)
    names = held[Field.NAME]
    lengths = holdings.lexicon.lengths[candidates, Field.NAME]
    # A name of several words has a term for all of them together.
    words = lengths - (lengths > 1)
    matched = names[~asked.joined].sum(0)
    joined = matches.rarity * asked.joined
    return {
        "name": share([Field.NAME]),
        "where": share([Field.WHERE]),
        "file": share([Field.FILE]),
        "signature": share([Field.SIGNATURE]),
        "body": share([Field.BODY]),
        "said": share(_SAID),
        "members": share([Field.MEMBERS]),
        "called": share(_CALLED),
        "anywhere": anywhere,
        "anywhere_file": of_files[files],
        "name_matched": matched / np.maximum(words, 1),
        "name_whole": ((matched >= words) & (words > 0)).astype(np.float32),
        "name_words": -np.log1p(words),
        "joined_name": np.minimum(joined @ names / total, 1.0),
        "joined": np.minimum(joined @ held.any(0) / total, 1.0),
    }


def _of_score(
    name: str, scores: Numbers, candidates: NDArray[np.intp], holdings: Holdings
) -> dict[str, Numbers]:
    """A score beside the best one, and those of what stands around a candidate."""
    layout = holdings.layout
    best = scores.max(initial=_TINY)
    relative = np.maximum(scores / best, 0.0)
    own = relative[candidates]
    parents = layout.parents[candidates]
    within = np.zeros(len(scores), np.float32)
    inner = layout.parents >= 0
    np.maximum.at(within, layout.parents[inner], relative[inner])
    leading = candidates[_best(own, _LEADING)]
    most = int(layout.files.max(initial=0)) + 1
    files = np.bincount(layout.files[leading], relative[leading], minlength=most)
    return {
        name: own,
        f"{name}_score": scores[candidates],
        f"{name}_rank": _TOP / (_TOP + np.searchsorted(np.sort(-own), -own)),
        f"{name}_around": np.where(parents >= 0, relative[parents], 0.0),
        f"{name}_within": within[candidates],
        f"{name}_file": files[layout.files[candidates]] / max(files.max(initial=0), _TINY),
    }


def _of_kind(candidates: NDArray[np.intp], holdings: Holdings) -> dict[str, Numbers]:
    """What a candidate is, whatever is asked."""
    layout = holdings.layout
    kinds = layout.kinds[candidates]
    around = layout.kinds[np.maximum(layout.parents[candidates], 0)]
    columns: dict[str, Numbers] = {
        kind: (kinds == code).astype(np.float32) for code, kind in enumerate(KINDS)
    }
    columns["nested"] = np.isin(around, [KINDS.index("function"), KINDS.index("method")]).astype(
        np.float32
    )
    numbers: list[int] = candidates.tolist()
    names = [holdings.places[number].symbol.rpartition(".")[2] for number in numbers]
    columns["private"] = np.array([name.startswith("_") for name in names], np.float32)
    columns["special"] = np.array([name.startswith("__") for name in names], np.float32)
    columns["size"] = np.log1p(holdings.lexicon.lengths[candidates, Field.BODY])
    return columns


def _of_names(
    candidates: NDArray[np.intp], meant: NDArray[np.intp], holdings: Holdings
) -> dict[str, Numbers]:
    """Whether a candidate is what the text names, stands in it, or in the file of it."""
    layout = holdings.layout
    around = np.isin(layout.parents[candidates], meant)
    file = np.isin(layout.files[candidates], layout.files[meant])
    named = np.isin(candidates, meant)
    return {
        "named": named.astype(np.float32),
        "named_around": around.astype(np.float32),
        "named_file": file.astype(np.float32),
    }
