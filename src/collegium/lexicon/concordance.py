"""Many vocabularies read at once: a wording's terms are looked up once for all of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from collegium.lexicon.vocabulary import BODY_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from collegium.lexicon.vocabulary import Vocabulary
    from collegium.lexicon.wording import Wording

Found: TypeAlias = "Mapping[str, list[tuple[str, float]]]"


class Concordance:
    """The terms of some vocabularies, each by a key, and whose each of them is.

    What it finds is what every vocabulary would find by itself; it takes as long as the wording is,
    and hardly longer for more vocabularies.
    """

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.vocabularies: Mapping[str, Vocabulary] = MappingProxyType(dict(vocabularies))
        self._known = frozenset[str]().union(*(one.terms for one in vocabularies.values()))
        self._tables = [(key, dict(one.terms)) for key, one in vocabularies.items()]
        # Filled as terms are met: of thousands that are known, most are hardly ever.
        self._owners: dict[str, tuple[tuple[str, float], ...]] = {}
        self._latest: tuple[Wording, Found] | None = None

    def found(self, wording: Wording) -> Found:
        """By key, the terms that are there and what each adds; nothing of who finds none."""
        # The memo is of a pure function: the gate and the experts want to know in turn.
        latest = self._latest
        if latest is None or latest[0] is not wording:
            self._latest = latest = (wording, self._look(wording))
        return latest[1]

    def evidence(self, wording: Wording) -> dict[str, float]:
        """By key, what the terms add up to; nothing of who finds none."""
        return {key: sum([adds for _, adds in one]) for key, one in self.found(wording).items()}

    def speaks(self, wording: Wording, keys: Iterable[str]) -> bool:
        """Whether a word of one of those `keys` is there that counts for it, not only a sign."""
        found = self.found(wording)
        return any(
            adds > 0 and not term.startswith("<")
            for key in keys
            for term, adds in found.get(key, ())
        )

    def _look(self, wording: Wording) -> Found:
        known = self._known
        asked = (known & wording.grams) | (known & wording.signs)
        found: dict[str, list[tuple[str, float]]] = {}
        for terms, factor in ((asked, 1.0), ((known & wording.body) - asked, BODY_WEIGHT)):
            for term in sorted(terms):
                for key, weight in self._owners_of(term):
                    found.setdefault(key, []).append((term, weight * factor))
        return found

    def _owners_of(self, term: str) -> tuple[tuple[str, float], ...]:
        owners = self._owners.get(term)
        if owners is None:
            owners = tuple([(key, terms[term]) for key, terms in self._tables if term in terms])
            self._owners[term] = owners
        return owners
