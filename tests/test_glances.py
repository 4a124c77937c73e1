"""What a glance rules out would not have been found by looking."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.experts.computing import courtesies, wishes
from collegium.experts.computing.arithmetic import expressions, numerals, wanted
from collegium.lexicon import signs
from collegium.lexicon.glances import Glance, folded
from collegium.routing import classifier

SIGNS = sorted(signs._SHAPES)
AROUND = st.text(alphabet="aeK1.,:;-?!() \n'\"_/", max_size=12)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_shape_that_is_there_could_be_there(sign: str) -> None:
    shape = signs._SHAPES[sign]

    @settings(max_examples=20, deadline=None)
    @given(st.from_regex(shape), AROUND, AROUND)
    def check(text: str, before: str, after: str) -> None:
        for whole in (text, f"{before}\n{text}\n{after}", before + text + after):
            if shape.search(whole):
                assert signs.could_be(sign, whole, Glance.at(whole)), whole

    check()


@pytest.mark.parametrize("letter", ["İ", "ı", "\u212a", "ſ"])
def test_letters_fold_as_patterns_that_ignore_case_fold_them(letter: str) -> None:
    matched = [plain for plain in "iks" if re.fullmatch(plain, letter, re.IGNORECASE)]
    assert matched == [folded(letter)]


def test_no_other_letter_is_taken_for_a_plain_one() -> None:
    plain = re.compile("[a-z]", re.IGNORECASE)
    for code in range(128, 0x30000):
        if plain.fullmatch(chr(code)):
            assert folded(chr(code)) in "abcdefghijklmnopqrstuvwxyz", hex(code)


@pytest.mark.parametrize(
    ("pattern", "needles"),
    [(classifier._CODE_WANTED, classifier._MADE), (classifier._AMOUNT_WANTED, classifier._ASKING)],
)
def test_what_is_asked_for_shows_its_words(
    pattern: re.Pattern[str], needles: tuple[str, ...]
) -> None:
    @settings(max_examples=100, deadline=None)
    @given(st.from_regex(pattern))
    def check(text: str) -> None:
        lowered = text.lower()
        if pattern.search(lowered):
            assert any(needle in lowered for needle in needles)

    check()


@settings(max_examples=25, deadline=None)
@given(st.from_regex(wishes._last()))
def test_a_wish_ends_in_one_of_its_last_words(text: str) -> None:
    assert wishes.last_word(text.replace("\u2019", "'")) in wishes.LAST_WORDS


@settings(max_examples=100, deadline=None)
@given(st.from_regex(courtesies._closing()))
def test_a_closing_ends_in_one_of_its_words(text: str) -> None:
    assert wishes.last_word(text) in courtesies.CLOSING_WORDS or text.endswith("?!")


@settings(max_examples=80, deadline=None)
@given(st.from_regex(wanted._form_asked(), fullmatch=True))
def test_a_wanted_form_ends_in_one_of_its_endings(text: str) -> None:
    assert text.removesuffix(")").endswith(wanted.ENDINGS)


_CONSUMED = [
    *(pattern.pattern for pattern, _ in expressions._REWORDED),
    expressions._ORDINAL_POWER.pattern,
    expressions._PART.pattern,
    numerals._SPELLED.pattern,
    numerals._SCALED.pattern,
]


@pytest.mark.parametrize("pattern", _CONSUMED)
def test_the_words_of_expressions_are_known(pattern: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.from_regex(pattern))
    def check(text: str) -> None:
        for found in re.finditer(pattern, text):
            words = expressions._WORD.findall(found[0])
            assert set(words) <= expressions.WORDS, found[0]

    check()


def test_expressions_in_words_are_read_as_before() -> None:
    for text in (
        "two hundred and five times the cube root of 27",
        "fifteen percent of 80",
        "three quarters of 12",
        "5 to the third power",
        "the natural log of e",
        "logbase10(100) + sin 30 degrees",
        "0xdead + 1",
        "7 modulo 3",
        "\\frac{1}{2} times 4",
        "2 * pi over 3",
    ):
        assert expressions.expression(text) is not None, text
    for text in ("the capital of 3 countries", "5 apples", "x + 1", "twelve monkeys"):
        assert expressions.expression(text) is None, text


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="0123aehiplrtxz πΠ_-\u212aſ.,'HEX", max_size=30))
def test_numbers_are_found_where_a_search_would_find_them(text: str) -> None:
    words = "|".join((*numerals.NUMBER_WORDS, "half", "third", "quarter", "pi", "e"))
    search = re.compile(rf"[0-9]|\b(?:{words})\b|π|roman|arabic|hex", re.IGNORECASE)
    assert numerals.has_numbers(text) == (search.search(text) is not None)
