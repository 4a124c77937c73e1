"""Small changes to a query that leave what is asked as it was; training meets them on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_BEFORE = (
    "please ", "hi, ", "hello! ", "hey, ", "can you help me? ", "quick question: ", "question: ",
    "i need help with this. ", "could you please help: ", "good morning. ", "ok so ", "um ",
)  # fmt: skip
_AFTER = (
    " thanks",
    " thank you!",
    " please",
    " pls",
    " thx",
    " asap",
    " cheers",
    " many thanks in advance",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def altered(text: str, rng: random.Random) -> str:
    """The text with one or two of: typos, other casing, politeness, spaces, a lost end mark."""
    for change in rng.sample((_typos, _casing, _polite, _spaced, _unmarked), rng.choice((1, 1, 2))):
        text = change(text, rng)
    return text


def _typos(text: str, rng: random.Random) -> str:
    characters = list(text)
    for _ in range(max(1, min(6, len(text) // 60))):
        places = [i for i, one in enumerate(characters[:600]) if one.isascii() and one.isalpha()]
        if len(places) < 4:
            break
        place = rng.choice(places)
        kind = rng.randrange(4)
        if kind == 0 and place + 1 < len(characters):
            characters[place : place + 2] = characters[place : place + 2][::-1]
        elif kind == 1:
            del characters[place]
        elif kind == 2:
            characters.insert(place, characters[place])
        else:
            characters[place] = rng.choice(_LETTERS)
    return "".join(characters)


def _casing(text: str, rng: random.Random) -> str:
    return rng.choice((str.lower, str.upper, str.title, str.capitalize))(text)


def _polite(text: str, rng: random.Random) -> str:
    if rng.random() < 0.6:
        text = rng.choice(_BEFORE) + text
    return text + rng.choice(_AFTER) if rng.random() < 0.6 else text


def _spaced(text: str, rng: random.Random) -> str:
    return rng.choice(("  {}", "{}  ", "\n{}\n", "{}\n\n")).format(
        text.replace(" ", "  ", rng.randrange(1, 4))
    )


def _unmarked(text: str, rng: random.Random) -> str:
    stripped = text.rstrip(" ?.!\n")
    return (stripped or text) + rng.choice(("", "", ".", "??", "!", " ..."))
