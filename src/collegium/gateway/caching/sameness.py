"""Whether two questions are the same, by their particulars.

Where there is doubt they are not: a question answered anew costs a call, a wrong answer more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, TypeAlias

from collegium.gateway.caching.wording import CLAUSES, LOOSE_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.gateway.caching.particulars import Particulars

Ties: TypeAlias = Mapping[str, Set[str]]
Alike: TypeAlias = Sequence[Set[str]]

# Small words by which the same may be tied to the same; by means of which something is done, more.
_ALIKE: Alike = (frozenset(("of", "with")), frozenset(("of", "in")), frozenset(("of", "for")))
_ALIKE_IN_DOING: Alike = (*_ALIKE, frozenset(("in", "with", "using")))
_MAY_GO_UNSAID = LOOSE_LINKS | {"'s"}


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
    if not CLAUSES.isdisjoint(one):
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
        if link not in CLAUSES:
            for word in words:
                found.setdefault(word, set()).add(link)
    return found


def _conflicting(one: Set[str], other: Set[str], alike: Alike) -> bool:
    return one.isdisjoint(other) and not any(
        {first, second} <= kind for kind in alike for first in one for second in other
    )
