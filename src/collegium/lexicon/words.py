"""Words and phrases: how a text is cut, the same for queries and for the terms that match them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PHRASE = 4
MIN_STEM, MAX_STEM = 4, 12

_ASCII_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|\w+(?:['\-.&]\w+)*(?:\+\+|\#)?", re.ASCII)
_IS = re.compile(
    r"\b(what|where|who|how|when|why|it|that|there|here|he|she)(?:'s|(?<=what|here)s)\b"
)
_OWNER = re.compile(r"'s\b")
_ELIDED = re.compile(r"\b(?:qu|[ldjmtscn]|dell|nell|all|sull)'(?=\w{2})")

# What people say before they say what they want, as `cut` has it; the longest that fits is taken
# off, repeatedly.
_COURTESIES = """
please|pls|plz|kindly|hi|hello|hey|hi there|hello there|dear|good morning|good evening|thanks|ok
okay|so|now|and|also|just|then|well|um|again|guys|everyone|team|chatgpt|assistant|question
quick question|can you|could you|would you|will you|can u|could u|can i|could i|may i
would you mind|are you able to
i want you to|i need you to|i would like you to|i'd like you to|i want to|i need to|i would like to
i'd like to|i want|i need|i would like|i'd like|help me|help me to|help me with|i am trying to
i'm trying to|i have to|let us|lets|your task is to|you have to|you should|you need to
you will
i was wondering|i wonder|do you know|tell me|to
bitte|hallo|kannst du|können sie|könntest du|könnten sie|kannst du mir|kannst du mir bitte|mir|mal
por favor|hola|puedes|podrías|me puedes|me podrías|puede|necesito|quiero|ayúdame a|necesito que
il te plaît|il vous plaît|bonjour|peux-tu|peux tu|pouvez-vous|pourriez-vous|peux-tu me|je veux
aide-moi à|aimerais|pode|você pode|preciso|preciso de|oi|olá|puoi|per favore|ciao|mi puoi|potresti
пожалуйста|привет|можешь|помоги|мне|помогите|здравствуйте|kan je|alsjeblieft|hoi|proszę|cześć|lütfen
请|帮 我|请 帮 我|麻 烦|你 能|你 好|能 不 能|请 问|帮 忙|我 想|给 我|请 你
"""
COURTESIES = frozenset(_COURTESIES.strip().replace("\n", "|").split("|"))


def cut(text: str) -> list[str]:
    """The words of a text, in order, lower-cased and in one spelling."""
    text = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()
    text = text.replace("’", "'").replace("ʼ", "'")
    if "'" in text or "whats" in text or "wheres" in text:
        text = _IS.sub(r"\1 is", text.replace("let's", "let us"))
        text = _ELIDED.sub(" ", _OWNER.sub("", text))
    return (_ASCII_WORD if text.isascii() else _any_word()).findall(text)


@cache
def _any_word() -> re.Pattern[str]:
    """A word of any script; compiled when first needed, since that takes milliseconds.

    Scripts that write no spaces (and Korean, which glues its particles on) are taken a character at
    a time, so that phrases match as words do elsewhere; katakana comes in words of its own. Marks
    above and below letters belong to words.
    """
    letter = r"\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
    return re.compile(
        r"[\u30a1-\u30ff]+"
        r"|[\u0e00-\u0e7f\u3005-\u3007\u3040-\u309f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
        r"|\d+(?:[.,:/]\d+)*"
        rf"|[{letter}]+(?:['\-.&][{letter}]+)*(?:\+\+|\#)?"
    )


def grams(words: Sequence[str]) -> set[str]:
    """The words, their phrases of up to four, and the stems (`begi*`) of the long ones."""
    found = set(words)
    stems = set(chain.from_iterable(map(_stems, found)))
    for size in range(2, MAX_PHRASE + 1):
        found.update(map(" ".join, zip(*(words[start:] for start in range(size)), strict=False)))
    return found | stems


@lru_cache(maxsize=4096)
def _stems(word: str) -> tuple[str, ...]:
    # The memo is of a pure function: most of what people write is made of the same few words.
    if len(word) < MIN_STEM or word[0].isdigit():
        return ()
    return tuple(f"{word[:size]}*" for size in range(MIN_STEM, min(len(word), MAX_STEM) + 1))


def openers(words: Sequence[str]) -> set[str]:
    """`^write`, `^write a`, ...: the words a text opens with, when it has come to the point."""
    start = after_courtesies(words)
    return {"^" + " ".join(words[start:end]) for end in range(start + 1, start + 1 + MAX_PHRASE)}


def after_courtesies(words: Sequence[str]) -> int:
    """How many of the first words are politeness; never all of them."""
    start = 0
    while start < len(words) - 1:
        longest = next(
            (
                size
                for size in range(min(6, len(words) - start - 1), 0, -1)
                if " ".join(words[start : start + size]) in COURTESIES
            ),
            0,
        )
        if not longest:
            break
        start += longest
    return start
