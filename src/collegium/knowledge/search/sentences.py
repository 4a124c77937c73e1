"""Sentences made shorter: without what says nothing of what is asked, and without places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from collegium.knowledge.search.names import Name, is_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COURTESY = (["for", "me"], ["for", "us"], ["and", "where"])
WITHIN = frozenset({"of", "in", "from"})


class Token(NamedTuple):
    """A word with its kind, or a name; '' is the kind of a word that is not known."""

    kind: str
    word: str
    name: Name | None = None


def shortened(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without what only fills a sentence: noise, "in this codebase", "all of"."""
    said = [token for token in _apart(tokens) if token.kind not in {"noise", "deep"}]
    return list(_without_the_whole(_without_all(_as_things(said))))


def without_courtesy(tokens: Sequence[Token]) -> Sequence[Token]:
    """Leave out "for me" at the end, and "and where", which every answer tells."""
    ended = [token.word.casefold() for token in tokens[-2:]]
    return tokens[:-2] if ended in _COURTESY else tokens


def without_place(said: list[Token]) -> tuple[list[Token], str]:
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


def without_within(said: list[Token]) -> tuple[list[Token], str]:
    """Take a path that is not the only name, and follows "in", to say where answers may lie."""
    names = [token for token in said if token.name is not None]
    if len(names) != 2:
        return said, ""
    for at, token in enumerate(said):
        if token.name is None or not is_path(token.word) or not at:
            continue
        start = at - 2 if said[at - 1].kind == "thing" and at > 1 else at - 1
        end = at + 2 if [one.kind for one in said[at + 1 : at + 2]] == ["thing"] else at + 1
        if said[start].kind in WITHIN:
            return said[:start] + said[end:], token.word
    return said, ""


def _apart(said: Sequence[Token]) -> list[Token]:
    """Tell the "'s" of an owner from the one that means "is"."""
    return [
        token._replace(kind="is")
        if token.kind == "'s" and not (at and said[at - 1].name is not None)
        else token
        for at, token in enumerate(said)
    ]


def _without_all(said: Sequence[Token]) -> list[Token]:
    """Leave out "all", "all of", and make one thing of "functions, methods and classes"."""
    left: list[Token] = []
    for at, token in enumerate(said):
        before = said[at - 1].kind if at else ""
        after = said[at + 1].kind if at + 1 < len(said) else ""
        of_all = token.kind == "of" and before == "every"
        joins = token.kind == "and" and before == after == "thing"
        another = token.kind == "thing" and before in {"and", "thing"} and left[-1].kind == "thing"
        if another:
            left[-1] = left[-1]._replace(word=f"{left[-1].word} {token.word}")
        elif token.kind != "every" and not (of_all or joins):
            left.append(token)
    return left


def _as_things(said: Sequence[Token]) -> list[Token]:
    """Take what a name is used as for a thing, where it stands beside it: "the `f` helper"."""
    named = {at for at, token in enumerate(said) if token.name is not None}
    return [
        token._replace(kind="thing") if token.kind == "role" and named & {at - 1, at + 1} else token
        for at, token in enumerate(said)
    ]


def _without_the_whole(said: Sequence[Token]) -> Iterator[Token]:
    """Leave out "in this codebase"; other words for all of it mean any thing in it."""
    for at, token in enumerate(said):
        follows = said[at + 1].kind if at + 1 < len(said) else ""
        if token.kind in WITHIN and follows == "whole":
            continue
        if token.kind == "whole":
            if at and said[at - 1].kind in WITHIN:
                continue
            token = token._replace(kind="thing")  # noqa: PLW2901 -- the same token, seen anew
        yield token
