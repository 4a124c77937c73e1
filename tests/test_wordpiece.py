"""Cutting text into the pieces of a BERT vocabulary."""

import pytest

from collegium.encoders.excerpt import token_numbers
from collegium.encoders.wordpiece import WordPiece, words
from collegium.routing.shelf import BUILTIN

SMALL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "run", "##ning", "!", "a"]


def test_a_word_is_cut_into_the_longest_pieces_there_are() -> None:
    pieces = WordPiece(SMALL)
    assert pieces.numbers("unaffable running!") == [4, 5, 6, 7, 8, 9]


def test_a_word_of_unknown_pieces_is_one_unknown() -> None:
    assert WordPiece(SMALL).numbers("unxable a") == [1, 10]


def test_a_vocabulary_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no \[CLS\], \[SEP\]"):
        WordPiece(["[UNK]", "a"])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Don't PANIC", ["don", "'", "t", "panic"]),
        ("déjà vu, naïve", ["deja", "vu", ",", "naive"]),
        ("北京2024", ["北", "京", "2024"]),
        ("tabs\tand\u00a0spaces\u200b", ["tabs", "and", "spaces"]),
        ("snake_case()", ["snake", "_", "case", "(", ")"]),
        ("¿qué?", ["¿", "que", "?"]),
        ("null\x00byte\x1b[0m", ["nullbyte", "[", "0m"]),
    ],
)
def test_words_are_what_bert_was_taught_on(text: str, cut: list[str]) -> None:
    assert words(text) == cut


# What the published tokeniser of all-MiniLM-L6-v2 gives for the same texts.
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Hello, world!", [7592, 1010, 2088, 999]),
        ("unbelievably", [4895, 8671, 2666, 3567, 6321]),
    ],
)
def test_the_builtin_vocabulary_gives_the_published_numbers(text: str, numbers: list[int]) -> None:
    assert WordPiece.load(BUILTIN / "vocabulary.txt").numbers(text) == numbers


def test_a_long_text_is_read_at_both_ends() -> None:
    pieces = WordPiece(SMALL)
    numbers = token_numbers(pieces, "run " * 500 + "!" * 500, 20)
    assert len(numbers) == 20
    assert numbers[0] == pieces.first
    assert numbers[-1] == pieces.separator
    assert numbers[1:12] == [7] * 11
    assert numbers[-6:-1] == [9] * 5


def test_a_short_text_is_read_whole() -> None:
    pieces = WordPiece(SMALL)
    assert token_numbers(pieces, "a run!", 20) == [2, 10, 7, 9, 3]


def test_nothing_is_two_marks() -> None:
    assert token_numbers(WordPiece(SMALL), "", 20) == [2, 3]
