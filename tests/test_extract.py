from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.verification.equivalence import key, same, tool_calls_key
from collegium.verification.extract import (
    Block,
    citations,
    code_blocks,
    final_answer,
    json_value,
    numbers,
    sql_statements,
)

if TYPE_CHECKING:
    from fractions import Fraction

HOSTILE = [
    "(" * 200_000, "=" * 200_000, "1 + " * 50_000, "answer is " * 20_000, "\\boxed{" * 30_000,
    '"answer":' * 25_000, '{"a":' * 40_000, "```\n" * 50_000, "**" * 100_000, "9" * 200_000,
    "[1]" * 60_000, "a/" * 100_000, "'" * 200_000, "/*" * 100_000, "\n" * 200_000, "$" * 200_000,
    "\u2028" * 100_000, "1,111" * 40_000, "\x1b[2J" * 50_000, "a_" * 100_000, "'\\" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "form", "answer"),
    [
        ('```json\n{"reasoning": "6 * 8 = 48, less 1", "answer": "47"}\n```', "number", "47"),
        ('{"reasoning": "so "it" is", "answer": "Paris"}', "text", "Paris"),
        ('{"reasoning": "half", "answer": "\\frac{1}{2}"}', "text", "\\frac{1}{2}"),
        ('{"reasoning": "cut off", "answer": "12', "number", "12"),
        ('{"reasoning": "a list", "answer": [1, 2]}', "code", "[1, 2]"),
        ('{"reasoning": "spaces count", "answer": "  x "}', "code", "'  x '"),
        ('{"answer": ""}', "code", "''"),
        ("Answer: Paris", "text", "Paris"),
        ("Answer:\n\nParis", "text", "Paris"),
        ("The answer is 42, because 6 * 7 = 42.", "text", "42"),
        ("The answer is 3. No, wait: the answer is 4.", "number", "4"),
        ("Therefore $x = \\boxed{\\frac{1}{2}}$.", "text", "\\frac{1}{2}"),
        ("6 * 8 - 1\n#### 47", "number", "47"),
        ("There are many.\n\nSo it is **47**.", "number", "47"),
        ("The total is 3 + 4, hence 7 apples", "number", "7"),
        ("Final answer: $1,234.50 in all", "number", "1,234.50"),
        ("The answer is 48g.", "number", "48"),
        ("Die Antwort ist 12.", "number", "12"),
        ("答案是：42。", "number", "42"),
        ("The correct answer is B) Paris", "choice", "B"),
        ("(B)", "choice", "B"),
        ("B.", "choice", "B"),
        ("Option B", "choice", "B"),
        ("The answer is **(C)**.", "choice", "C"),
        ("The answer is not A. The answer is B.", "choice", "B"),
        ("I rule out A and B, so D", "choice", "D"),
        ("So I'd go with C.", "choice", "C"),
        ("It is not A: E", "choice", "E"),
        ("C) 100 °C", "choice", "C"),
        ("Answer: D. World War I", "choice", "D"),
        ("Water boils at 100 °C\n\nB", "choice", "B"),
        ("Answer: Chen; Dora; Fatma", "text", "Chen; Dora; Fatma"),
        ("**Chen; Dora; New York**", "text", "Chen; Dora; New York"),
        ("Answer: Chen; Dora; that leaves Eve out", "text", "Chen; Dora"),
        ("Answer: 1; 2; 3; 4; 5; 6", "text", "1; 2; 3; 4; 5; 6"),
        ("Answer: Paris; it is the capital", "text", "Paris"),
        ("Answer: Paris; everybody in the country knows that", "text", "Paris"),
        ("Use this:\n```python\nprint(1)\n```", "code", "print(1)"),
        ('Here you are: {"a": 1}', "json", 'Here you are: {"a": 1}'),
        ("Paris", "text", "Paris"),
    ],
)
def test_the_final_answer_is_found(text: str, form: str, answer: str) -> None:
    assert final_answer(text, form) == answer


@pytest.mark.parametrize(
    "text",
    [
        "100 °C", "37°C", "°C", "It boils at 100 °C.", "World War I", "The answer is World War I",
        "Vitamin C", "Answer: Plan B", "The answer is Hepatitis B.", "Answer: I don't know",
        "A cat",
    ],
)  # fmt: skip
def test_a_letter_that_is_part_of_something_else_is_no_choice(text: str) -> None:
    assert final_answer(text, "choice") is None


@pytest.mark.parametrize("form", ["text", "number", "choice", "code", "json"])
def test_a_text_without_an_answer_has_none(form: str) -> None:
    assert final_answer("", form) is None
    assert final_answer("\n  \n", form) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "1000.0"), ("$1000", "1000"), ("1000 dollars", "1000"), ("10^3", "1000"),
        ("1e3", "1000"), ("2 x 10^5", "200000"), ("1/2", "0.5"), (r"\frac{1}{2}", "0.5"),
        (r"$\frac12$", "1/2"), ("½", "0.5"), ("1½", "1.5"), ("10²", "100"), ("１２", "12"),
        ("−5", "-5"), ("x = 5", "5"), (r"90^\circ", "90"), ("121_3", "121"),
        (r"2\sqrt{3}", r"2 \sqrt3"), ("2√3", r"2\sqrt{3}"), (r"\left( 1, 2 \right)", "(1,2)"),
        (r"\boxed{\text{Paris}}", "paris"), ("(1/2, 3)", "(0.5,3)"), ("[0, 1)", "[0,1)"),
        ("[1, 2]", "[1,2]"), ("'ab'", '"ab"'), ("{1, 2}", "{2,1}"),
        ('{"a": 1, "b": [true]}', '{"b": [true], "a": 1.0}'),
        ("Paris", "  **paris**. "), ("The Eiffel Tower!", "eiffel tower"),
        ("well-known", "well known"), ("the cat's", "The cat’s"), ("Straße", "STRASSE"),
        ("東京。", "東京"), ("Привет, мир", "привет мир"),
    ],
)  # fmt: skip
def test_answers_that_mean_the_same_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("50%", "0.5"), ("50%", "50"), ("'1'", "1"), ("True", "1"), ("[1, 2]", "(1, 2)"),
        ("5 km", "5 m"), ("C++", "C"), ("C#", "C"), ("1.5", "15"), ("-1", "1"), ("2^3", "2^4"),
        ("x+1", "x-1"), ("no", "yes"), ("1e400", "1e401"), ("[0, 1)", "[0, 1]"), ("a b", "ab"),
    ],
)  # fmt: skip
def test_answers_that_differ_have_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_in_numbers_a_unit_does_not_count() -> None:
    assert same("12 apples", "12", "number")
    assert same("25%", "25", "number")
    assert not same("12 apples", "13 apples", "number")


def test_in_code_letters_keep_their_case_and_strings_their_spaces() -> None:
    assert same("'Ab'", '"Ab"', "code")
    assert same("Ab", "'Ab'", "code")
    assert not same("'Ab'", "'ab'", "code")
    assert not same("' ab'", "'ab'", "code")
    assert not same("'1'", "1", "code")


def test_in_choices_the_letter_counts() -> None:
    assert same("B) Paris", "(b)", "choice")
    assert not same("B", "C", "choice")


def test_an_empty_answer_has_no_key_and_is_not_the_same_as_another() -> None:
    assert key("") is None
    assert key(" \n") is None
    assert not same("", "")


def test_long_answers_differ_by_their_ends() -> None:
    assert key("a" * 200_000) == key("a" * 200_000)
    assert key("a" * 200_000) != key("a" * 199_999 + "b")


@given(st.fractions(max_denominator=10**6))
def test_a_fraction_is_the_same_number_in_any_writing(value: Fraction) -> None:
    plain = f"{value.numerator}/{value.denominator}"
    latex = rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    assert key(plain) == key(latex)
    assert same(plain, plain, "number")


@given(st.text(max_size=60), st.sampled_from(["text", "number", "choice", "code", "json"]))
def test_any_text_has_a_key_and_is_itself(text: str, form: str) -> None:
    assert same(text, text, form) == bool(text.strip())
    final_answer(text, form)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner),
        max_leaves=8,
    )
)
def test_a_literal_is_the_same_however_it_is_spaced(value: object) -> None:
    written = repr(value)
    if written[0] in "[(":
        assert same(written, f"{written[0]} {written[1:]}", "code")


def test_tool_calls_are_compared_by_name_and_arguments() -> None:
    one = [{"id": "1", "function": {"name": "f", "arguments": '{"b": 1, "a": [2]}'}}]
    other = [{"id": "2", "function": {"name": "f", "arguments": '{"a":[2.0],"b":1}'}}]
    assert tool_calls_key(one) == tool_calls_key(other)
    assert tool_calls_key(one) != tool_calls_key([{"name": "g", "arguments": {"a": [2], "b": 1}}])
    assert tool_calls_key([{"name": "f", "arguments": "{broken"}]) is not None
    assert tool_calls_key([]) is None


def test_code_blocks_are_found_closed_or_not() -> None:
    text = (
        "a\n```Python\nx = 1\n```\nb\n~~~\ny\n```\n~~~\n````md\n```\nz\n```\n````\n```sql\nSELECT 1"
    )
    assert code_blocks(text) == (
        Block("python", "x = 1"),
        Block("", "y\n```"),
        Block("md", "```\nz\n```"),
        Block("sql", "SELECT 1"),
    )
    assert code_blocks("no fence") == ()


def test_numbers_are_found_as_they_are_written() -> None:
    assert numbers("$1,000.50, 3/4 and -5, but not v1.2.3") == ("1,000.50", "3/4", "-5")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ('Sure:\n```json\n{"a": 1}\n```', {"a": 1}),
        ('It is {"a": "}"} as asked.', {"a": "}"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ("nothing", None),
        ("{" * 1000, None),
        ('{"a": NaN}', None),
    ],
)
def test_json_is_found_whole_fenced_or_in_prose(text: str, value: object) -> None:
    assert json_value(text) == value


def test_sql_statements_are_split_outside_quotes() -> None:
    text = "```sql\nSELECT ';' AS a; -- the; end\nSELECT 2;\n```"
    assert sql_statements(text) == ("SELECT ';' AS a", "-- the; end\nSELECT 2")
    assert sql_statements("select 1") == ("select 1",)
    assert sql_statements("I would select the first one.") == ()


def test_citations_of_files_and_passages_are_found() -> None:
    found = citations("See src/a/b.py:12-20, x.py:3 and [1], [2, 3], [passage 4]; not [5](url).")
    assert [(c.source, c.first, c.last) for c in found] == [
        ("src/a/b.py", 12, 20),
        ("x.py", 3, 3),
        ("[1]", 0, 0),
        ("[2]", 0, 0),
        ("[3]", 0, 0),
        ("[4]", 0, 0),
    ]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:8]))
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.process_time()
    for form in ("text", "number", "choice", "code", "json"):
        final_answer(text, form)
        key(text, form)
        key(text[:1_900], form)
    for read in (numbers, json_value, sql_statements, citations, code_blocks):
        read(text)
    assert time.process_time() - began < 2.0
