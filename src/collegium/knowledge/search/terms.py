"""Words of code and of what is asked about it, as numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A name, or a word: letters of any script, digits and underscores, as in `getHTTPResponse_2`.
NAME: Final = re.compile(r"\w+")
_SPACED: Final = bytes(code if NAME.match(chr(code)) else ord(" ") for code in range(256))
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
# Scripts that set no space between words: their words are pairs of characters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
_LONGEST: Final = 64
# "the client's", "doesn't", "they're": what follows the apostrophe says nothing.
_CONTRACTED = re.compile(r"n['\u2019]t\b|(?<=\w)['\u2019](?:s|d|m|re|ve|ll)\b", re.IGNORECASE)

STOP_WORDS: Final = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each few for from further
    had has have having he her here hers him his how i if in into is it its itself just me more
    most my no nor not now of off on once only or other our out over own same she should so some
    such than that the their them then there these they this those through to too under until up
    us very via was we were what when where whether which while who whom why will with within
    without would you your
    """.split()
)


# Words of languages that are on nearly every line, or say nothing of what it is about.
_KEYWORDS: Final = frozenset(
    """
    async await class const def else export fn fun func function impl import let mut new package
    private pub public return self static struct this type var void
    """.split()
)


def names_of(text: str) -> list[str]:
    """The names and words in a text, in their order."""
    if text.isascii():  # in a fifth of the time
        return text.encode("ascii").translate(_SPACED).decode("ascii").split()
    return NAME.findall(text)


def number_of(term: str) -> int:
    """32 bits that stand for a term, the same in every process."""
    return crc32(term.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A lower-case word without the ending of its plural, participle or doer.

    It only has to be the same for words of one family: "parse", "parser", "parsing" are "pars".
    """
    if not word.isascii():
        return word
    for endings in _ENDINGS:
        for ending, instead, left in endings:
            if word.endswith(ending) and len(word) - len(ending) >= left:
                word = word[: len(word) - len(ending)] + instead
                break
    if len(word) < _SHORTEST:
        return word
    if word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word.removesuffix("e")


_SHORTEST: Final = 4
# Of each step the first that fits: the ending, what stands for it, how many letters must stay.
_ENDINGS: Final = (
    (("ies", "y", 2), ("ss", "ss", 0), ("us", "us", 0), ("is", "is", 0), ("s", "", 3)),
    (("ied", "y", 2), ("eed", "eed", 0), ("ing", "", 3), ("ed", "", 3)),
    (("er", "", 4),),
)


def parts(name: str) -> list[str]:
    """The words that a name is made of, in lower case: "getHTTPResponse" is get, http, response."""
    if name.isascii():
        return [part.lower() for part in _PARTS.findall(name)]
    return [word for part in _spelled(name) for word in _pairs(part.lower())]


def _spelled(name: str) -> Iterator[str]:
    """Words of a name with letters beyond ASCII, cut where a capital follows a small letter."""
    begin = 0
    for place, letter in enumerate(name):
        if letter == "_" or (place and letter.isupper() and name[place - 1].islower()):
            yield name[begin:place]
            begin = place + (letter == "_")
    yield name[begin:]


def _pairs(word: str) -> Iterator[str]:
    end = 0
    for run in _UNSPACED.finditer(word):
        yield from filter(None, [word[end : run.start()]])
        text = run.group()
        yield from (text[at : at + 2] for at in range(max(1, len(text) - 1)))
        end = run.end()
    yield from filter(None, [word[end:]])


@lru_cache(maxsize=1 << 16)
def terms_of(name: str) -> tuple[str, ...]:
    """What a name is found by: the stems of its parts, and all of it where they are several.

    The whole is written "=getresponse" for `get_response` and `getResponse` alike.
    """
    if len(name) > _LONGEST:
        name = name[:_LONGEST]
    words = parts(name)
    stems = tuple([stem(word) for word in words])
    return stems if len(words) < 2 else (*stems, whole(words))


def whole(words: Iterable[str]) -> str:
    """The term of a name that is these words."""
    return "=" + "".join(words)


@lru_cache(maxsize=1 << 16)
def numbers_of(name: str) -> tuple[int, ...]:
    """The numbers of a name's terms."""
    return tuple([number_of(term) for term in terms_of(name)])


def spoken_numbers_of(name: str) -> tuple[int, ...]:
    """The numbers of a name's terms; none of a word that is everywhere."""
    return () if name in STOP_WORDS or name in _KEYWORDS else numbers_of(name)


def asked(text: str) -> dict[str, str]:
    """The terms of a question, and the words that they stand for: of its names, and of neighbours.

    "parse url" may be the name `parse_url`, which is found by "=parseurl".
    """
    names = NAME.findall(_CONTRACTED.sub("", text))
    spoken = [name for name in names if name.lower() not in STOP_WORDS] or names
    terms = {term: name for name in spoken for term in terms_of(name)}
    words = [(name, parts(name)) for name in names]
    for (one, first), (other, second) in pairwise(words):
        terms.setdefault(whole([*first, *second]), f"{one} {other}")
    return terms
