"""What a question is about, down to the last number: two that differ in it are never the same.

Vectors tell what a text is about, and hardly whether it says 5 or 6, with or without, A than B or
B than A. So a question is brought to the words that carry its meaning, each in one form; and two
questions are the same only if they want the same kind of thing, have the same words, and no two of
the words stand to each other the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from collegium.gateway.caching import wording
from collegium.gateway.caching.cutting import cut
from collegium.gateway.caching.foreign import without_courtesies
from collegium.gateway.caching.synonyms import one_for

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = frozenset("HOWTO WHAT WHEN YESNO GIVE".split())
# Small words by which the same may be tied to the same; by means of which something is done, more.
_ALIKE = (frozenset(("of", "with")), frozenset(("of", "in")), frozenset(("of", "for")))
_ALIKE_IN_DOING = (*_ALIKE, frozenset(("in", "with", "using")))
_NO_ORDER = frozenset(("and", "or"))
_SAYING = re.compile(r" how .*\bsay |^ say ")
_MAY_GO_UNSAID = wording.LOOSE_LINKS | {"'s"}
Ties: TypeAlias = Mapping[str, Set[str]]
Alike: TypeAlias = Sequence[Set[str]]
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


def same(one: Particulars, other: Particulars) -> bool:
    """Whether two questions want the same answer, as far as their words can tell."""
    if one.signature != other.signature or not _same_times_and_persons(one, other):
        return False
    if not one.wanted:
        return one.words == other.words
    alike = _ALIKE_IN_DOING if one.wanted == "howto" else _ALIKE
    return (
        _calculate_alike(one.words, other.words)
        and _moved_at_most_one_part(one.words, other.words)
        and not _turned_round(one.pairs, other.pairs)
        and _attached_alike(one.pairs, other.pairs)
        and _tied_alike(one.ties, other.ties, alike)
        and _tied_in_one_order(one, other)
        and (one.words != other.words or _as_tied(one.ties, other.ties, alike))
    )


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


def _same_times_and_persons(one: Particulars, other: Particulars) -> bool:
    """Whether neither contradicts the other; mine may go unsaid only in how to do a thing."""
    if one.tense and other.tense and one.tense != other.tense:
        return False
    if ("second" in one.persons) != ("second" in other.persons):
        return False
    return one.persons == other.persons or one.wanted == "howto"


def _turned_round(one: Set[tuple[str, str]], other: Set[tuple[str, str]]) -> bool:
    """Whether two neighbours in the one stand the other way round in the other, and only there."""
    return any(
        (second, first) in other and (second, first) not in one and (first, second) not in other
        for first, second in one
    )


def _calculate_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether numbers and signs come in one order; a clause may take its own with it."""
    if not wording.CLAUSES.isdisjoint(one):
        return True
    first, second = (
        [word for word in words if len(word) == 1 or word[0].isdigit()] for words in (one, other)
    )
    return first == second


def _moved_at_most_one_part(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one order of words becomes the other when one part of it is put elsewhere."""
    start, end = 0, len(one)
    while start < end and one[start] == other[start]:
        start += 1
    while end > start and one[end - 1] == other[end - 1]:
        end -= 1
    left, right = list(one[start:end]), list(other[start:end])
    return not left or any(left[cut:] + left[:cut] == right for cut in range(1, len(left)))


def _attached_alike(one: Set[tuple[str, str]], other: Set[tuple[str, str]]) -> bool:
    """Whether every word that goes with one after it in both, goes with the same.

    A big cat in a house is no cat in a big house; to reverse a Python list is to reverse a list.
    """
    first, second = _followers(one), _followers(other)
    return all(
        first[word] & second[word]
        or any(_reaches(first, near, far) for near in first[word] for far in second[word])
        or any(_reaches(second, near, far) for near in second[word] for far in first[word])
        for word in first.keys() & second.keys()
    )


def _followers(pairs: Set[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for word, following in pairs:
        found.setdefault(word, set()).add(following)
    return found


def _reaches(followers: Mapping[str, Set[str]], word: str, wanted: str) -> bool:
    """Whether a word comes after another in one phrase."""
    seen: set[str] = set()
    open_words = [word]
    while open_words:
        word = open_words.pop()
        if word == wanted:
            return True
        if word not in seen:
            seen.add(word)
            open_words.extend(followers.get(word, ()))
    return False


def _tied_alike(one: Ties, other: Ties, alike: Alike) -> bool:
    """Whether no small word governs one thing here and another there."""
    if any(link not in _MAY_GO_UNSAID for link in one.keys() ^ other.keys()):
        return False
    if any(
        not (one[link] <= other[link] or other[link] <= one[link])
        for link in one.keys() & other.keys()
    ):
        return False
    return not any(_conflicting(*by, alike) for by in _governors(one, other))


def _tied_in_one_order(one: Particulars, other: Particulars) -> bool:
    """Whether what a small word governs twice comes in one order: to learn to swim."""
    for link in one.ties.keys() & other.ties.keys():
        both = one.ties[link] & other.ties[link]
        orders = ([word for word in each.words if word in both] for each in (one, other))
        if len(both) > 1 and next(orders) != next(orders):
            return False
    return True


def _as_tied(one: Ties, other: Ties, alike: Alike) -> bool:
    """Whether each has the small words of the other: to break in a shoe is not to break it."""
    return all(
        link in there
        or (link in ("of", "'s") and "'s" in here)
        or any({link, like} <= kind for like in there for kind in alike)
        for here, there in ((one, other), (other, one))
        for link in here
    )


def _governors(one: Ties, other: Ties) -> Iterator[tuple[set[str], set[str]]]:
    """For each word that small words govern in both, which do in the one and in the other."""
    first, second = _by_word(one), _by_word(other)
    return ((first[word], second[word]) for word in first.keys() & second.keys())


def _by_word(ties: Ties) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for link, words in ties.items():
        if link not in wording.CLAUSES:
            for word in words:
                found.setdefault(word, set()).add(link)
    return found


def _conflicting(one: Set[str], other: Set[str], alike: Alike) -> bool:
    return one.isdisjoint(other) and not any(
        {first, second} <= kind for kind in alike for first in one for second in other
    )
