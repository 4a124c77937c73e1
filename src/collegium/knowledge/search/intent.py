"""Whether a sentence is a question that the graph answers, and which one.

Read by its words alone. Precision comes first: only a sentence that says nothing but such a
question is one. "Why does `f` call `g` twice?" is not, and goes to the search with its names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from collegium.errors import EmptyQuery
from collegium.knowledge.search.names import Name, is_path, may_be_prose, names_in, says_nothing
from collegium.knowledge.search.phrases import Intent, Lexicon, lexicons
from collegium.knowledge.search.sentences import (
    WITHIN,
    Token,
    shortened,
    without_courtesy,
    without_place,
    without_within,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.facts import SymbolKind

# No graph question is longer: what is, tells a story.
LONGEST_CHARS, MOST_WORDS = 320, 24
DEEP: frozenset[Intent] = frozenset({"subclasses", "bases", "overrides"})
_WORDS = re.compile(r"['’]s\b|[^\W_](?:[\w-]*\w)?")  # noqa: RUF001 -- both apostrophes
# What a plain word cannot be if it is to be taken for a name, and one of which has to be said then:
# "the definition of done" asks for no definition.
_NEVER = WITHIN | frozenset(
    "noise every and pronoun thing what que that do person where how whole by 's".split()
)
_ASKING = frozenset("what where was que whence caller callee importer sub".split())
_PLURAL = re.compile(r"[^\W_A-Z]+[^\W_s]s")
# "Welche Funktionen ruft X auf?" asks for what X calls: where the verb is in the singular, and what
# stands before it is not, X is who does it.
_TURNED: Final[dict[Intent, Intent]] = {
    "callers": "callees",
    "importers": "imports",
    "subclasses": "bases",
}
# What X does there, no edge tells.
_AMISS: Final[frozenset[Intent]] = frozenset({"references", "overrides", "where", "documents"})

_ANY: Final[frozenset[SymbolKind]] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """A question for the graph.

    `name` is what it is about, as written. `place` is the file, module or type it is said to be
    in, `within` the file or folder from which answers are wanted; '' where nothing is said. `deep`
    asks for what is more than one step away as well. `by` is what is asked to do it, or where a
    path begins; `kinds` are those of the members that are wanted, none: all. It is not `sure` if
    the name may be a word of prose, so that only an index can tell whether it is a name at all.
    """

    intent: Intent
    name: str
    place: str = ""
    within: str = ""
    deep: bool = False
    sure: bool = True
    by: str = ""
    kinds: frozenset[SymbolKind] = frozenset()


def about(intent: Intent, name: str, *, deep: bool = False, by: str = "") -> Question:
    """The question about what somebody wrote for a name.

    Raises:
        EmptyQuery: there is no name, or no other end of a path.
    """
    if says_nothing(name) or (intent == "path" and says_nothing(by)):
        raise EmptyQuery("the name is empty; it needs one such as `f`, `Type.f` or `a/b.py`")
    return Question(intent, name, deep=deep, by=by)


def read(text: str) -> Question | None:
    """The graph question that a text is, or None where it is anything else."""
    if len(text) > LONGEST_CHARS or not text.strip():
        return None
    words = _words(text, names_in(text))
    if len(words) > MOST_WORDS:
        return None
    readings = (_read(words, lexicon) for lexicon in lexicons())
    question = next((question for question in readings if question is not None), None)
    if question is not None and any(token.name and may_be_prose(token.name) for token in words):
        return replace(question, sure=False)
    return question


def folded_word(word: str) -> str:
    """A word in lower case, its accents and curly apostrophes made plain."""
    parts = unicodedata.normalize("NFD", word.casefold().replace("’", "'"))  # noqa: RUF001
    return "".join(char for char in parts if not unicodedata.combining(char))


def _words(text: str, names: Sequence[Name]) -> list[Token]:
    """The words of a text, with its names among them; their kinds are not known yet."""
    tokens: list[Token] = []
    at = 0
    for name in (*names, None):
        end = name.start if name is not None else len(text)
        tokens += [Token("", word) for word in _WORDS.findall(text, at, end)]
        if name is not None:
            tokens.append(Token("X", name.text, name))
            at = name.end
    return tokens


def _read(words: Sequence[Token], lexicon: Lexicon) -> Question | None:
    tokens = [_of_kind(token, lexicon) for token in without_courtesy(words)]
    unknown = [at for at, token in enumerate(tokens) if not token.kind]
    named = any(token.name for token in tokens)
    if len(unknown) > 1:
        return None
    if unknown and named:
        pair = _read_half(tokens, unknown[0], lexicon)
        if pair is not None:
            return pair
    if unknown or not named:
        return _read_plain(tokens, unknown or _plain(tokens), lexicon)
    return _question(tokens, lexicon)


def _read_half(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> Question | None:
    """The question about two names that it is if a plain word with a capital is one of them."""
    word = tokens[at].word
    if not word[:1].isupper():
        return None
    taken = Token("X", word, Name(word, 0, 0, quoted=False))
    pair = _pair([*tokens[:at], taken, *tokens[at + 1 :]], lexicon)
    return None if pair is None else replace(pair, sure=False)


def _read_plain(
    tokens: Sequence[Token], places: Iterable[int], lexicon: Lexicon
) -> Question | None:
    """The question that it is if a plain word at one of the places is a name."""
    if not any(token.kind in _ASKING for token in tokens):
        return None
    for at in places:
        if _is_prose(tokens, at, lexicon):
            continue
        word = tokens[at].word
        taken = Token("X", word, Name(word, 0, 0, quoted=False))
        own = bool(at) and word[:1].isupper() and not lexicon.capital_nouns
        question = _question([*tokens[:at], taken, *tokens[at + 1 :]], lexicon, coded=own)
        if question is not None and not _is_defined_by_somebody(question, tokens):
            return replace(question, sure=False)
    return None


def _is_defined_by_somebody(question: Question, tokens: Sequence[Token]) -> bool:
    """Whether it is asked who defines a plain word in the plural: "which files define options"."""
    passive = any(token.kind == "is" for token in tokens)
    return question.intent == "where" and not passive and bool(_PLURAL.fullmatch(question.name))


def _plain(tokens: Sequence[Token]) -> Iterator[int]:
    """Where a word that has a meaning of its own could be a name all the same, the last first."""
    return (at for at in reversed(range(len(tokens))) if tokens[at].kind not in _NEVER)


def _is_prose(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether what stands around a plain word says that it is no name: "where are the options"."""
    before = [folded_word(token.word) for token in tokens[max(0, at - 2) : at]]
    beside = tokens[at + 1].kind if at + 1 < len(tokens) else ""
    is_noun = lexicon.capital_nouns or tokens[at].word.islower()
    if before[-1:] and before[-1] in lexicon.articles:
        return is_noun and beside != "thing"
    asked_where = any(token.kind == "where" for token in tokens[:at])
    return asked_where and any(word in lexicon.several for word in before)


def _of_kind(token: Token, lexicon: Lexicon) -> Token:
    if token.name is not None:
        return token
    folded = folded_word(token.word)
    if folded == "'s":
        return Token("'s", token.word)
    kind = lexicon.kinds.get(folded) or ("opener" if folded in lexicon.openers else "")
    return Token(kind, token.word)


def _question(tokens: Sequence[Token], lexicon: Lexicon, *, coded: bool = True) -> Question | None:
    """The question that tokens are; `coded` says that the name could be nothing else."""
    deep = any(token.kind in {"deep", "heirs", "forebears"} for token in tokens)
    said = shortened([_stepless(token) for token in tokens])
    pair = _pair(said, lexicon)
    if pair is not None:
        return _over_steps(pair) if deep else pair
    said, place = without_place(said)
    said, within = without_within(said)
    names = [token for token in said if token.name is not None]
    if len(names) != 1:
        return None
    found = _intent(said, lexicon, coded=coded)
    if found is None:
        return None
    intent, kinds = found
    if deep and intent not in DEEP:
        return None
    if _is_turned(said, lexicon):
        if intent in _AMISS:
            return None
        intent = _TURNED.get(intent, intent)
    return Question(intent, names[0].word, place, within, deep, kinds=kinds)


def _stepless(token: Token) -> Token:
    """A token that means one step where it means several: "descendants" are subclasses, all."""
    return token._replace(kind={"heirs": "sub", "forebears": "base"}.get(token.kind, token.kind))


def _pair(said: Sequence[Token], lexicon: Lexicon) -> Question | None:
    """The question whether one name does something with another: "does `f` call `g`?"."""
    names = [token.word for token in said if token.name is not None]
    if len(names) != 2:
        return None
    followed = [*said[1:], None]
    said = [  # "the function `f`" is `f`
        token
        for token, after in zip(said, followed, strict=True)
        if token.kind != "thing" or after is None or after.name is None
    ]
    for first, second in (("A", "X"), ("X", "A")):
        letters = iter((first, second))
        kinds = [next(letters) if token.name is not None else token.kind for token in said]
        for at in _beginnings(said, lexicon):
            intent = lexicon.pairs.get(tuple(kinds[at:]))
            if intent is not None:
                by, name = names if first == "A" else reversed(names)
                return Question(intent, name, by=by)
    return None


def _over_steps(pair: Question) -> Question | None:
    """Whether one calls another over any number of steps; of other doings no steps are known."""
    return replace(pair, intent="path") if pair.intent in {"callers", "path"} else None


def _beginnings(said: Sequence[Token], lexicon: Lexicon) -> Iterator[int]:
    """Where a question may begin: at once, and after words that begin a request."""
    for at, token in enumerate(said):
        yield at
        if token.name is not None or folded_word(token.word) not in lexicon.openers:
            return


def _intent(
    said: Sequence[Token], lexicon: Lexicon, *, coded: bool
) -> tuple[Intent, frozenset[SymbolKind]] | None:
    """What is asked for, with or without words that begin a request; and the kinds that are."""
    for at in _beginnings(said, lexicon):
        for kept in _variants(said[at:]):
            for kinds in _spellings(kept, lexicon, coded=coded):
                intent = lexicon.phrases.get(kinds)
                if intent is not None:
                    wanted = zip(kept, kinds, strict=True)
                    symbols = (_kinds_of(token, lexicon) for token, kind in wanted if kind == "M")
                    return intent, next(symbols, _ANY)
    return None


def _variants(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens as they are, and with "the function" or "class" beside the name left out."""
    yield list(tokens)
    at = next((at for at, token in enumerate(tokens) if token.name is not None), None)
    if at is None:
        return
    before = bool(at) and tokens[at - 1].kind == "thing"
    after = [token.kind for token in tokens[at + 1 : at + 2]] == ["thing"]
    if before:
        yield [*tokens[: at - 1], *tokens[at:]]
    if after:
        yield [*tokens[: at + 1], *tokens[at + 2 :]]
    if before and after:
        yield [*tokens[: at - 1], tokens[at], *tokens[at + 2 :]]


def _spellings(
    tokens: Sequence[Token], lexicon: Lexicon, *, coded: bool
) -> Iterator[tuple[str, ...]]:
    """The kinds of tokens, as phrases may have them."""
    name = next((token.word for token in tokens if token.name is not None), "")
    for letter in ("X", *("N" * coded), *("P" * (coded and is_path(name)))):
        kinds = [letter if token.name is not None else token.kind for token in tokens]
        yield tuple(kinds)
        defined = ["M" if _kinds_of(token, lexicon) else "" for token in tokens]
        if any(defined):
            yield tuple(own or kind for own, kind in zip(defined, kinds, strict=True))


def _kinds_of(token: Token, lexicon: Lexicon) -> frozenset[SymbolKind]:
    """The kinds of symbols that a thing is: "functions and methods"; none if it is no symbol."""
    if token.kind != "thing":
        return _ANY
    told = [lexicon.definitions.get(folded_word(word), _ANY) for word in token.word.split()]
    return _ANY.union(*told) if all(told) else _ANY


def _is_turned(said: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether a verb in the singular stands between things in the plural and a name."""
    words = [folded_word(token.word) for token in said]
    return any(
        not lexicon.things.isdisjoint(one.split())
        and verb in lexicon.one
        and said[at + 2].name is not None
        for at, (one, verb) in enumerate(pairwise(words[:-1]))
    )
