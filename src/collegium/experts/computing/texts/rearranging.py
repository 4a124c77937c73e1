"""Reversing, sorting and replacing the letters and words of a text."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.base import answer
from collegium.experts.computing.texts.forms import NOUN
from collegium.experts.computing.texts.given import VOWELS, shown

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder, Plan

MAX_REPEATED = 500


def _reverse(given: str) -> Plan:
    return partial(answer, given[::-1], f"{shown(given)} reversed is {given[::-1]}")


def _reverse_words(given: str) -> Plan:
    if re.search(r"[^\w\s']", given):
        raise ValueError("punctuation stays or moves")
    value = " ".join(reversed(given.split()))
    return partial(answer, value, f"The words in reverse order: {value}")


def _palindrome(given: str) -> Plan:
    signs = [sign.lower() for sign in given if sign.isalnum()]
    holds = bool(signs) and signs == signs[::-1]
    value = "yes" if holds else "no"
    ignored = ", spaces, signs and capitals apart" if len(signs) < len(given) else ""
    said = f"{shown(given)} {'reads' if holds else 'does not read'} the same backwards{ignored}"
    return partial(answer, value, f"{value.capitalize()}, {said}.")


def _anagram(given: str, other: str) -> Plan:
    first, second = (sorted(c.lower() for c in text if c.isalnum()) for text in (given, other))
    if given.lower() == other.lower():
        raise ValueError("a word is an anagram of itself to some")
    value = "yes" if first == second else "no"
    same = "the same letters" if first == second else "different letters"
    return partial(answer, value, f"{value.capitalize()}, {given} and {other} have {same}.")


def _cased(given: str, case: str) -> Plan | None:
    if not given.isascii():
        return None
    upper = re.match("upper|capital|all caps", case.lower())
    value = given.upper() if upper else given.lower()
    return partial(answer, value, f"In {'upper' if upper else 'lower'} case: {value}")


def _repeated(given: str, times: str) -> Plan | None:
    value = given * int(times)
    if not value or len(value) > MAX_REPEATED:
        return None
    return partial(answer, value, f"{shown(given)} {times} times is {value}")


def _initials(given: str) -> Plan | None:
    words = given.split()
    if len(words) < 2 or not all(re.fullmatch("[A-Za-z]+", word) for word in words):
        return None
    value = "".join(word[0] for word in words)
    return partial(answer, value, f"The first letters of {shown(given)}: {value}")


def _replaced(given: str, letter: str, new: str) -> Plan | None:
    if len(letter) != 1 or len(new) != 1 or not given.isascii() or letter.swapcase() in given:
        return None
    value = given.replace(letter, new)
    return partial(answer, value, f'{shown(given)} with "{new}" for every "{letter}": {value}')


def _removed(given: str, letter: str | None = None) -> Plan | None:
    taken = VOWELS if letter is None else {letter}
    doubtful = "y" in given.lower() if letter is None else letter.swapcase() in given
    if doubtful or not given.isascii():
        return None
    value = "".join(sign for sign in given if sign.lower() not in taken)
    if not value.strip() or "  " in value or value != value.strip():
        return None
    return partial(answer, value, f"What is left of {shown(given)}: {value}")


def _sort_words(given: str, backwards: str | None = None) -> Plan:
    comma = "," in given
    words = [w.strip() for w in given.split(",")] if comma else given.split()
    words[-1] = words[-1].removeprefix("and ").rstrip(".")
    if len(words) < 2 or not all(re.fullmatch("[A-Za-z]+", word) for word in words):
        raise ValueError("other than plain words are sorted in several ways")
    words.sort(key=str.lower, reverse=bool(backwards))
    value = (", " if comma else " ").join(words)
    return partial(
        answer, value, f"In {'reverse ' if backwards else ''}alphabetical order: {value}"
    )


def _sort_letters(given: str) -> Plan:
    if not re.fullmatch("[a-z]+|[A-Z]+", given):
        raise ValueError("capitals are sorted in several ways")
    value = "".join(sorted(given))
    return partial(answer, value, f"The letters of {shown(given)} in alphabetical order: {value}")


REARRANGING: tuple[tuple[str, Builder], ...] = (
    ("(?:reverse|write backwards|(?:what is |what's )?the reverse of) <sure>", _reverse),
    (
        "(?:what is|what's|spell|write) <sure>(?: spelled| written)?"
        " (?:backwards?|reversed|in reverse)",
        _reverse,
    ),
    (
        "(?:how (?:to|(?:do|would|can) (?:you|i)) )(?:spell|write) <sure>"
        " (?:backwards?|in reverse)",
        _reverse,
    ),
    ("spell (?P<given>[a-z]{3,}) (?:backwards?|in reverse)", _reverse),
    ("(?P<given>§0§)(?: spelled| written)? (?:backwards|in reverse|reversed)", _reverse),
    ("(?:what is |what's )?(?P<given>[a-z]{3,}) spelled (?:backwards|in reverse)", _reverse),
    (
        f"reverse(?: the| this)?(?: following)?(?: letters (?:of|in))?(?: {NOUN})?"
        "(?: (?:for me|letter by letter))?: (?P<given>§0§)(?: after colon)?",
        _reverse,
    ),
    ("reverse (?:the )?(?:order of )?(?:the )?words in <sure>", _reverse_words),
    (
        rf"(?:is|check if|check whether|if|whether) (?:(?:the |this )?{NOUN} )?"
        r"(?P<given>§0§|[a-z]{2,}|[0-9]+) (?:is )?a palindrome",
        _palindrome,
    ),
    ("(?:palindrome: )?(?P<given>§0§):?(?: is)?(?: an?)? palindrome", _palindrome),
    ("palindrome: (?P<given>§0§)(?: after colon)?", _palindrome),
    ("are <first word> and <second word> anagrams(?: of each other)?", _anagram),
    ("(?P<given>§0§) and (?P<other>§1§):? (?:are they )?anagrams(?: of each other)?", _anagram),
    ("(?:is|whether) <first word> (?:is )?an anagram of <second word>", _anagram),
    ("(?:convert|change|put|turn|write) <sure> (?:to|into|in) (?:all )?<case>", _cased),
    (r"(?P<case>uppercase|lowercase) <sure>", _cased),
    ("(?P<case>upper|lower):? (?P<given>§0§)", _cased),
    ("make <sure> (?:all )?<case>", _cased),
    (
        "(?P<case>uppercase|lowercase)(?: (?:this|the|following|sentence|word|text|string))*"
        ": (?P<given>§0§) after colon",
        _cased,
    ),
    (
        "(?:convert|change|put|turn|write) (?:(?:this|the|following|sentence|word|text|string) )+"
        "(?:to|into|in) (?:all )?<case>: (?P<given>§0§) after colon",
        _cased,
    ),
    ("(?:repeat|write) (?P<given>§0§) <times> times", _repeated),
    (
        "(?:<what is>(?:first letters|initials) (?:of|in|from)(?: each word (?:of|in))?"
        "|first letter of (?:each|every) word (?:of|in)) <sure>",
        _initials,
    ),
    ("<sure> (?:to|into|in) (?:all )?<case>", _cased),
    (
        "(?:replace|swap|change) (?:every|each|all|all the) (?:letter |occurrences? of )?"
        "(?P<letter>§0§|[a-z])(?:'?s)? in <second> (?:with|to|by|for) (?:the letter |an? )?"
        "(?P<new>§2§|[a-z])",
        _replaced,
    ),
    (
        "(?:replace|swap|change) (?:every|each|all|all the) (?:letter |occurrences? of )?"
        "(?P<letter>[a-z])(?:'?s)? in <sure> (?:with|to|by|for) (?:the letter |an? )?"
        "(?P<new>§1§|[a-z])",
        _replaced,
    ),
    (
        "(?:replace|swap|change) (?:every|each|all|all the) (?:letter |occurrences? of )?"
        "(?P<letter>§0§) (?:with|to|by|for) (?:the letter |an? )?(?P<new>§1§) in"
        f" (?:(?:the |this )?(?:following )?{NOUN}:? )?(?P<given>§2§)",
        _replaced,
    ),
    (
        "(?:remove|delete|drop|strip|take out) (?:all )?(?:the )?vowels (?:from|in|of) <sure>",
        _removed,
    ),
    (
        "(?:remove|delete|drop|strip|take out) (?:every|each|all|all the)(?: letter| the)? "
        "(?P<letter>[a-z])(?:'?s)? (?:from|in|of) <sure>",
        _removed,
    ),
    (
        "(?:sort|order|alphabetize|arrange|put)(?: (?:the|these|this|following|words|list|names|in"
        "|of|for me|please))*(?: (?:alphabetically|(?:in |into )?alphabetical order))?(?: for me)?"
        ": (?P<given>§0§) after colon",
        _sort_words,
    ),
    ("(?:in )?alphabetical order: (?P<given>§0§) after colon", _sort_words),
    (
        "(?:sort|order|alphabetize|arrange) (?:the )?words (?:in|of) (?P<given>§0§)"
        "(?: alphabetically| (?:in|into) alphabetical order)",
        _sort_words,
    ),
    (
        "(?:sort|order|arrange|alphabetize) the letters (?:of|in) <sure>"
        "(?: alphabetically| (?:in|into) alphabetical order)?",
        _sort_letters,
    ),
)
