"""Terms with weights, and what they say of a wording."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from collegium.errors import ConfigError
from collegium.lexicon.signs import SIGNS
from collegium.lexicon.words import MAX_PHRASE, MAX_STEM, MIN_STEM, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.lexicon.wording import Wording

BODY_WEIGHT = 0.5
# How often an expert is acceptable, by the evidence it finds in the project's own prompts.
EVEN_EVIDENCE, SPREAD = 10.0, 3.3


@dataclass(frozen=True)
class Vocabulary:
    """The terms by which queries of one kind are known, each with its weight.

    Raises:
        ConfigError: a term is empty, has more than four words, or names no sign; or a weight is
            not a finite number.
    """

    terms: Mapping[str, float]
    _known: frozenset[str] = field(init=False, repr=False, compare=False)
    _latest: tuple[Wording, list[tuple[str, float]]] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    def __post_init__(self) -> None:
        compiled: dict[str, float] = {}
        for term, weight in self.terms.items():
            if not math.isfinite(weight):
                raise ConfigError(f"the weight of the term {term!r} is {weight}, not a number")
            compiled[compiled_term(term)] = float(weight)
        object.__setattr__(self, "terms", MappingProxyType(compiled))
        object.__setattr__(self, "_known", frozenset(compiled))

    @classmethod
    def of_compiled(cls, terms: Mapping[str, float]) -> Self:
        """A vocabulary of terms that are spelled as `compiled_term` spells them; none is checked.

        Thousands are quickly made so.
        """
        made = cls.__new__(cls)
        object.__setattr__(made, "terms", MappingProxyType(dict(terms)))
        object.__setattr__(made, "_known", frozenset(terms))
        return made

    def evidence(self, wording: Wording) -> float:
        """The weights of the terms that are there; those only in the body count for half."""
        return sum(weight for _, weight in self._found(wording))

    def matches(self, wording: Wording) -> tuple[tuple[str, float], ...]:
        """The terms that are there with what each adds, strongest first."""
        return tuple(sorted(self._found(wording), key=lambda found: (-found[1], found[0])))

    def speaks(self, wording: Wording) -> bool:
        """Whether one of its words is there that counts for it, and not only a sign."""
        found = self._found(wording)
        return any(weight > 0 and not term.startswith("<") for term, weight in found)

    def _found(self, wording: Wording) -> list[tuple[str, float]]:
        # The memo is of a pure function: the gate, the expert and the reasons want to know in turn.
        latest = self._latest
        if latest is None or latest[0] is not wording:
            latest = (wording, self._look(wording))
            object.__setattr__(self, "_latest", latest)
        return latest[1]

    def _look(self, wording: Wording) -> list[tuple[str, float]]:
        known, terms = self._known, self.terms
        asked = (known & wording.grams) | (known & wording.signs)
        supplied = (known & wording.body) - asked
        found = [(term, terms[term]) for term in sorted(asked)]
        return found + [(term, terms[term] * BODY_WEIGHT) for term in sorted(supplied)]


def assess(evidence: float) -> float:
    """An expert's own confidence, from 0.05 up to below 1, of the evidence it found.

    Half at 10, which is a few usual words or two or three that are hardly used otherwise.
    """
    return 1 / (1 + math.exp((EVEN_EVIDENCE - min(100.0, max(0.0, evidence))) / SPREAD))


def compiled_term(term: str) -> str:
    """A term as `read` writes it.

    Raises:
        ConfigError: it is no term.
    """
    bare = term.strip().lower()
    if bare.startswith("<"):
        if bare not in SIGNS:
            raise ConfigError(f"there is no sign {term!r}; there are: {', '.join(sorted(SIGNS))}")
        return bare
    opener, stem = bare.startswith("^"), bare.endswith("*")
    words = cut(bare.strip("^*"))
    if not 1 <= len(words) <= MAX_PHRASE:
        raise ConfigError(f"the term {term!r} has {len(words)} words; it must have 1 to 4")
    if stem and (len(words) > 1 or not MIN_STEM <= len(words[0]) <= MAX_STEM):
        raise ConfigError(
            f"the stem {term!r} is too short, too long or several words; it must be the beginning "
            f"of one word, with {MIN_STEM} to {MAX_STEM} letters"
        )
    return "^" * opener + " ".join(words) + "*" * stem
