"""Whether a sentence is a question that the graph answers, and which one.

Read by its words alone. Precision comes first: only a sentence that says nothing but such a
question is one. "Why does `f` call `g` twice?" is not, and goes to the search with its names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from collegium.knowledge.search.names import Name, is_path, names_in
from collegium.knowledge.search.phrases import Intent, Lexicon, lexicons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# No graph question is longer: what is, tells a story.
LONGEST_CHARS, MOST_WORDS = 320, 24
DEEP: frozenset[Intent] = frozenset({"subclasses", "bases"})
_WORDS = re.compile(r"['’]s\b|[^\W_](?:[\w-]*\w)?")  # noqa: RUF001 -- both apostrophes
_WITHIN = frozenset({"of", "in", "from"})
# What a plain word cannot be if it is to be taken for a name, and one of which has to be said then:
# "the definition of done" asks for no definition.
_NEVER = _WITHIN | frozenset(
    "noise every and pronoun thing what that do person where whole by 's".split()
)
_ASKING = frozenset("what where was que whence caller callee importer sub".split())


@dataclass(frozen=True, slots=True)
class Question:
    """A question for the graph.

    `name` is what it is about, as written. `place` is the file, module or type it is said to be
    in, `within` the file or folder from which answers are wanted; '' where nothing is said. `deep`
    asks for what is more than one step away as well. It is not `sure` if the name is a plain word,
    so that only an index can tell whether it is a name at all.
    """

    intent: Intent
    name: str
    place: str = ""
    within: str = ""
    deep: bool = False
    sure: bool = True


class _Token(NamedTuple):
    kind: str
    word: str
    name: Name | None = None


def read(text: str) -> Question | None:
    """The graph question that a text is, or None where it is anything else."""
    if not text.strip() or len(text) > LONGEST_CHARS:
        return None
    words = _words(text, names_in(text))
    if len(words) > MOST_WORDS:
        return None
    readings = (_read(words, lexicon) for lexicon in lexicons())
    return next((question for question in readings if question is not None), None)


def _words(text: str, names: Sequence[Name]) -> list[_Token]:
    """The words of a text without accents and in lower case, with its names among them."""
    tokens: list[_Token] = []
    at = 0
    for name in (*names, None):
        end = name.start if name is not None else len(text)
        tokens += [_Token("", word) for word in _WORDS.findall(text, at, end)]
        if name is not None:
            tokens.append(_Token("X", name.text, name))
            at = name.end
    return tokens


def _read(words: Sequence[_Token], lexicon: Lexicon) -> Question | None:
    tokens = [_of_kind(token, lexicon) for token in words]
    unknown = [at for at, token in enumerate(tokens) if not token.kind]
    named = any(token.name for token in tokens)
    if len(unknown) > 1:
        return None
    if unknown or not named:
        return _read_plain(tokens, unknown or _plain(tokens), lexicon)
    return _question(tokens, lexicon)


def _read_plain(
    tokens: Sequence[_Token], places: Iterable[int], lexicon: Lexicon
) -> Question | None:
    """The question that it is if a plain word at one of the places is a name."""
    if not any(token.kind in _ASKING for token in tokens):
        return None
    for at in places:
        word = tokens[at].word
        taken = _Token("X", word, Name(word, 0, 0, quoted=False))
        question = _question([*tokens[:at], taken, *tokens[at + 1 :]], lexicon, sure=False)
        if question is not None:
            return question
    return None


def _plain(tokens: Sequence[_Token]) -> Iterator[int]:
    """Where a word that has a meaning of its own could be a name all the same, the last first."""
    return (at for at in reversed(range(len(tokens))) if tokens[at].kind not in _NEVER)


def _of_kind(token: _Token, lexicon: Lexicon) -> _Token:
    if token.name is not None:
        return token
    folded = folded_word(token.word)
    if folded == "'s":
        return _Token("'s", token.word)
    kind = lexicon.kinds.get(folded) or ("opener" if folded in lexicon.openers else "")
    return _Token(kind, token.word)


def folded_word(word: str) -> str:
    """A word in lower case, its accents and curly apostrophes made plain."""
    parts = unicodedata.normalize("NFD", word.casefold().replace("’", "'"))  # noqa: RUF001
    return "".join(char for char in parts if not unicodedata.combining(char))


def _question(tokens: Sequence[_Token], lexicon: Lexicon, *, sure: bool = True) -> Question | None:
    deep = any(token.kind == "deep" for token in tokens)
    said = [token for token in _apart(tokens) if token.kind not in {"noise", "deep"}]
    said = list(_without_the_whole(_without_all(_as_things(said))))
    said, place = _without_place(said)
    said, within = _without_within(said)
    names = [token for token in said if token.name is not None]
    if len(names) != 1:
        return None
    intent = _intent(said, lexicon, sure=sure)
    if intent is None or (deep and intent not in DEEP):
        return None
    return Question(intent, names[0].word, place, within, deep, sure)


def _intent(said: Sequence[_Token], lexicon: Lexicon, *, sure: bool) -> Intent | None:
    """What is asked for, with or without words that begin a request."""
    while said:
        for kinds in _variants([token.kind for token in said]):
            intent = lexicon.phrases.get(kinds)
            if intent is None and sure:
                intent = lexicon.phrases.get(tuple("N" if kind == "X" else kind for kind in kinds))
            if intent is not None:
                return intent
        if folded_word(said[0].word) not in lexicon.openers or said[0].name is not None:
            return None
        said = said[1:]
    return None


def _variants(kinds: list[str]) -> Iterator[tuple[str, ...]]:
    """The kinds as they are, and with "the function" or "class" beside the name left out."""
    yield tuple(kinds)
    at = kinds.index("X")
    before = kinds[at - 1] == "thing" if at else False
    after = kinds[at + 1 : at + 2] == ["thing"]
    if before:
        yield (*kinds[: at - 1], *kinds[at:])
    if after:
        yield (*kinds[: at + 1], *kinds[at + 2 :])
    if before and after:
        yield (*kinds[: at - 1], "X", *kinds[at + 2 :])


def _apart(said: Sequence[_Token]) -> list[_Token]:
    """Tell the "'s" of an owner from the one that means "is"."""
    return [
        token._replace(kind="is")
        if token.kind == "'s" and not (at and said[at - 1].name is not None)
        else token
        for at, token in enumerate(said)
    ]


def _without_all(said: Sequence[_Token]) -> list[_Token]:
    """Leave out "all", "all of", and all but the first of "functions, methods and classes"."""
    left: list[_Token] = []
    for at, token in enumerate(said):
        before = said[at - 1].kind if at else ""
        after = said[at + 1].kind if at + 1 < len(said) else ""
        of_all = token.kind == "of" and before == "every"
        joins = token.kind == "and" and before == after == "thing"
        another = token.kind == "thing" and before in {"and", "thing"} and left[-1].kind == "thing"
        if token.kind != "every" and not (of_all or joins or another):
            left.append(token)
    return left


def _as_things(said: Sequence[_Token]) -> list[_Token]:
    """Take what a name is used as for a thing, where it stands beside it: "the `f` helper"."""
    named = {at for at, token in enumerate(said) if token.name is not None}
    return [
        token._replace(kind="thing") if token.kind == "role" and named & {at - 1, at + 1} else token
        for at, token in enumerate(said)
    ]


def _without_the_whole(said: Sequence[_Token]) -> Iterator[_Token]:
    """Leave out "in this codebase"; other words for all of it mean any thing in it."""
    for at, token in enumerate(said):
        follows = said[at + 1].kind if at + 1 < len(said) else ""
        if token.kind in _WITHIN and follows == "whole":
            continue
        if token.kind == "whole":
            if at and said[at - 1].kind in _WITHIN:
                continue
            token = token._replace(kind="thing")  # noqa: PLW2901 -- the same token, seen anew
        yield token


def _without_place(said: list[_Token]) -> tuple[list[_Token], str]:
    """Take what follows the name to say where it is: "X of class Y", "X (in path)", "Y's X"."""
    kinds = " ".join(token.kind for token in said)
    owner = re.search(r"(?<!\S)X 's (?=(?:thing )?X(?!\S))", kinds)
    if owner is not None:
        at = kinds[: owner.start()].count(" ")
        return said[:at] + said[at + 2 :], said[at].word
    placed = re.search(r"(?<!\S)X (?:thing )?(?:of|in|from) (?:thing )?X(?: thing)?(?!\S)", kinds)
    if placed is not None:
        first = kinds[: placed.start()].count(" ")
        last = first + placed.group().count(" ")
        place = next(token.word for token in reversed(said[: last + 1]) if token.name is not None)
        return said[: first + 1] + said[last + 1 :], place
    beside = re.search(r"(?<!\S)X X(?!\S)", kinds)
    if beside is not None:
        at = kinds[: beside.start()].count(" ")
        if is_path(said[at + 1].word):
            return said[: at + 1] + said[at + 2 :], said[at + 1].word
    return said, ""


def _without_within(said: list[_Token]) -> tuple[list[_Token], str]:
    """Take a path that is not the only name, and follows "in", to say where answers may lie."""
    names = [token for token in said if token.name is not None]
    if len(names) != 2:
        return said, ""
    for at, token in enumerate(said):
        if token.name is None or not is_path(token.word) or not at:
            continue
        start = at - 2 if said[at - 1].kind == "thing" and at > 1 else at - 1
        end = at + 2 if [one.kind for one in said[at + 1 : at + 2]] == ["thing"] else at + 1
        if said[start].kind in _WITHIN:
            return said[:start] + said[end:], token.word
    return said, ""
