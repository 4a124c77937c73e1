"""What a question is about, down to the last number: two that differ in it are never the same.

Vectors tell what a text is about, and hardly whether it says 5 or 6, with or without, A than B or
B than A. So a question is brought to the words that carry its meaning, each in one form, and to how
they stand to each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from collegium.gateway.caching import wording
from collegium.gateway.caching.cutting import cut
from collegium.gateway.caching.foreign import without_courtesies
from collegium.gateway.caching.synonyms import one_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MARKS = frozenset("HOWTO WHAT WHEN YESNO GIVE".split())
_NO_ORDER = frozenset(("and", "or"))
_SAYING = re.compile(r" how .*\bsay |^ say ")
_MATTER_OF_FORM = frozenset(("do", "does", "did"))


@dataclass(frozen=True, slots=True)
class Particulars:
    """A question without its wording.

    `wanted` is the kind of thing it asks for, `words` what it says, in order; `tense` is '' where
    none is told. `ties` has for each small word (to, than, before, not, ...) the words it governs,
    `pairs` the words that stand next to each other, `persons` who is spoken of.
    """

    wanted: str
    words: tuple[str, ...]
    tense: str = ""
    persons: frozenset[str] = frozenset()
    ties: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    pairs: frozenset[tuple[str, str]] = frozenset()

    @property
    def signature(self) -> tuple[str, tuple[str, ...]]:
        """What questions that are the same have in common, for all their order."""
        return self.wanted, tuple(sorted(self.words))


def read(text: str) -> Particulars | None:
    """The particulars of a question; None where they cannot be told, or there are none."""
    found = cut(text)
    if found is None:
        return None
    foreign = without_courtesies(found.line)
    if foreign is not None:
        words = tuple(found.meant(word) for word in foreign)
        return Particulars("", words) if words else None
    mentions = not found.kept and (
        not wording.MENTIONING.isdisjoint(found.line.split())
        or _SAYING.search(found.line) is not None
    )
    tokens = _tokens(found.line, verbatim=mentions)
    reader = _Reader(verbatim=mentions)
    for token, following in pairwise((*tokens, "")):
        reader.take(found.meant(token), following)
    return reader.particulars(yes_or_no=_asks_yes_or_no(tokens))


def _tokens(line: str, *, verbatim: bool) -> list[str]:
    """The words without what comes before and after the question, and with one way to ask it."""
    before = ""
    while line != before:
        before = line
        for pattern, to in wording.OPENERS if verbatim else (*wording.OPENERS, *wording.CLOSERS):
            line = pattern.sub(to, line)
        line = wording.FRONTED.sub(r" \2 \1 ", f" {line.strip(' .,')} ")
    for pattern, to in wording.FRAMES:
        line = pattern.sub(to, line)
    return line.split()


def _asks_yes_or_no(tokens: Sequence[str]) -> bool:
    """Whether the text, or what stands after a comma in it, begins with is, does, can, ..."""
    starts = (0, *(place + 1 for place, token in enumerate(tokens) if token in (",", ".")))
    return any(tokens[start] in wording.AUXILIARIES for start in starts if start < len(tokens))


class _Reader:
    """Takes the words of a question one by one, and knows what each stands by."""

    def __init__(self, *, verbatim: bool) -> None:
        self._verbatim = verbatim
        self._wanted = self._tense = ""
        self._persons: set[str] = set()
        self._words: list[str] = []
        self._alone: list[bool] = []
        self._parted: list[bool] = []
        self._ties: dict[str, set[str]] = {}
        self._joined: set[int] = set()
        self._link = self._clause = self._last = ""
        self._definite = self._led = self._acts = False

    def take(self, word: str, following: str) -> None:
        """Take one word, told which is next."""
        if word in (",", "."):
            self._link = self._clause = self._last = ""
        elif not self._wanted and (word in _MARKS or word in wording.QUESTION_WORDS):
            self._wanted = "what" if word in ("WHAT", "which") else word.lower()
            self._link = self._last = ""
        elif self._verbatim or (word == "a" and _ends_there(following)):
            self._add(word)
        elif word in _MATTER_OF_FORM and _ends_there(following):
            self._add("do")
        else:
            self._take_meaning(word)

    def particulars(self, *, yes_or_no: bool) -> Particulars | None:
        """What the words came to; None if there is nothing that they say."""
        if not self._words:
            return None
        if len(self._words) == 1 and self._definite:  # what the time is, not what time is
            self._add("the")
        words = tuple(self._in_one_order())
        return Particulars(
            self._wanted or ("yesno" if yes_or_no else "what"),
            words,
            self._tense,
            frozenset(self._persons),
            {link: frozenset(tied) for link, tied in self._ties.items()},
            frozenset((self._words[place - 1], self._words[place]) for place in self._joined),
        )

    def _in_one_order(self) -> list[str]:
        """The words, with single ones about an `and` or `or` in the order of the alphabet."""
        words = list(self._words)
        for place in range(1, len(words) - 1):
            ended = place + 2 >= len(words) or self._parted[place + 2]
            both = self._alone[place - 1] and ended
            if words[place] in _NO_ORDER and both:
                words[place - 1], words[place + 1] = sorted((words[place - 1], words[place + 1]))
                self._joined.discard(place - 1)  # what stands before them stands before both
        return words

    def _take_meaning(self, word: str) -> None:
        self._note(word)
        if word in wording.CLAUSES:
            self._clause, self._link = word, ""
        elif word in wording.LINKS and word not in _NO_ORDER:
            self._link = word
        if word not in wording.DROPPED:
            self._take_word(word)
        elif word in wording.ARTICLES:
            self._led = True
        else:
            self._last = ""
            if word in wording.VERBS_OF_FORM:
                self._link, self._acts = "", True

    def _take_word(self, word: str) -> None:
        owner = word.removesuffix("'s").removesuffix("'")
        if owner and word[0] != "'" and owner != word:
            self._add(one_for(owner))
            for link in ("of", "'s"):
                self._ties.setdefault(link, set()).add(one_for(owner))
        else:
            self._add(one_for(word))

    def _note(self, word: str) -> None:
        self._definite = self._definite or word == "the"
        if word in wording.PAST:
            self._tense = "past"
        elif word in wording.PRESENT:
            self._tense = self._tense or "present"
        elif word in wording.FIRST_PERSON:
            self._persons.add("first")
        elif word in wording.SECOND_PERSON:
            self._persons.add("second")

    def _add(self, word: str) -> None:
        self._alone.append(self._led or not self._last)
        self._parted.append(not self._last and not self._acts)
        self._led = self._acts = False
        self._words.append(word)
        if word in _NO_ORDER:
            self._last = ""
            return
        if self._last:
            self._joined.add(len(self._words) - 1)
        self._last = word
        for governor in (self._link, self._clause):
            if governor and governor != word:
                self._ties.setdefault(governor, set()).add(word)


def _ends_there(following: str) -> bool:
    """Whether what comes next shows that the verb before it was the one that counts."""
    return following in ("", ",", ".") or following in wording.LINKS | wording.CLAUSES
