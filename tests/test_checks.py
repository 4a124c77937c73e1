from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.types import Query, Task, Verdict
from collegium.verification.arithmetic_check import ArithmeticCheck
from collegium.verification.checks import Verifier, standard_checks
from collegium.verification.citation_check import CitationCheck
from collegium.verification.equation_check import EquationCheck
from collegium.verification.json_check import JsonCheck
from collegium.verification.python_check import PythonCheck
from collegium.verification.sandbox import Limits, Sandbox
from collegium.verification.sql_check import SqlCheck
from collegium.verification.steps import steps
from collegium.verification.units_check import UnitsCheck

if TYPE_CHECKING:
    from fractions import Fraction

    from collegium.verification.checks import Check

HOSTILE = [
    "(" * 200_000, "=" * 200_000, "1 + " * 50_000, "1=1+" * 50_000, "[1]" * 60_000,
    '"' * 200_000, "```python\n" + "(" * 200_000, "```python\n" + "-" * 40_000 + "1",
    "```python\n" + "9**" * 10_000 + "9", "```sql\nselect " + "(" * 90_000, "5 km = 5 m " * 13_000,
    "x = " * 50_000, "x=1," * 50_000, "\x1b[2J" * 50_000, "\u2028" * 200_000, "{" * 200_000,
    "f(" * 90_000, "9" * 200_000, "x = 9^9^9^9^9", "9**9**9**9 = 1", "x = 1e400", "1/0 = 5",
    "x = " + "(" * 3_000, "NaN + Infinity = 3", "```python\nx = '\\d'\n```", "```python\n\0\n```",
    "a b " * 50_000 + "=", "\\frac{" * 30_000 + "=", "** " * 60_000 + "=", "1+1=2 " * 30_000,
]  # fmt: skip


async def found(check: Check, question: str, text: str, **fields: Any) -> str:
    query = Query.of(question, **fields)
    if not check.fits(query, text):
        return "unfit"
    verdict = await check.check(query, text)
    assert verdict.check == check.name
    return verdict.outcome


@pytest.fixture
async def sandbox() -> Sandbox:
    """A sandbox that isolates; where none can, what needs it is skipped."""
    sandbox = Sandbox(Limits(wall_s=2.0))
    isolation = await sandbox.isolation()
    if not isolation.proved:
        pytest.skip(f"nothing is run without isolation: {isolation.why}")
    return sandbox


RIGHT_SUMS = [
    "12 * 7 = 84", "80/2 = 40", "3 + 4 × 5 = 23", "15% of 80 = 12", "$20 x 5 = $100",
    "5 × 3 = 15 apples", "2 + 3 = 5 = 10 / 2 = 5", "1/3 = 0.33", "2/3 = 0.66", "1/3 = 0.333...",
    r"$12 \times 7 = 84$", r"\frac{10}{2} = 5", r"\(3 \cdot 4 = 12\)", "1,000 + 500 = 1,500",
    "2/3 ≈ 0.67", "(4/20) * 100 = 20%", "4/20 = 20%", "100% - 20% = 80%", "So **3 + 4 = 7**.",
    "1. 3 + 4 = 7", "1) 3 + 4 = 7", "- 3 + 4 = 7", "Step 1: 16 - 3 - 4 = 9", "x = 10 - 4 = 6",
    "2(3 + 4) = 14", "2**3 = 8", "2 ** 3 = 8", "2^3 = 8", "5 apples + 3 apples = 8 apples",
    "-3 + 4 = 1", "9 eggs * $2/egg = $18", "3 + 4 = **7**", "(3)(4) = 12", "3² + 4² = 25",
    "sqrt(16) + 2 = 6", "he makes 9 * 2 = $<<9*2=18>>18", "1.2 * 10 = 1.2 x 10^1",
]  # fmt: skip
WRONG_SUMS = [
    "12 * 7 = 85", "80/2 = 41", "3 + 4 × 5 = 35", "15% of 80 = 13", "$20 x 5 = $90",
    "5 × 3 = 16 apples", "2/3 = 0.6", "1/3 = 0.34", r"\frac{10}{2} = 4", "1,000 + 500 = 1,600",
    "16 - 3 - 4 = 8", "x = 10 - 4 = 7", "100% - 20% = 90%", "3 + 4 = **8**", "17*23 = 381",
    "1234 * 5 ≈ 9000", "so 2 + 2 = 4 = 1 + 1",
]  # fmt: skip
NO_SUMS = [
    "x = 3", "2x + 3 = 7", "f(2) = 4", "f(2) + 3 = 7", "7 = 1 (mod 3)", "2^3 = 1 (mod 7)",
    "1 km = 1000 m", "Step 1 = 5", "24 hours = 1 day", "10 - 3 = 7 - 2", "2024-01-15 = Monday",
    "12/25/2024 = 5", "v1.2.3 = 4", "[0, 1) = 3", "x^2 - 5x + 6 = 0", "a + 3 = 8",
    "7 / 2 = 3 remainder 1", "7 / 2 = 3 R1", "90 / 60 = 1 hour 30 minutes", "42 / 5 = 8",
    "pages 10-15 = 6 pages", "10:30 + 1 = 11:30", "3,5 + 2 = 5,5", "1/2 hour = 30 minutes",
    "2 hours + 30 minutes = 150 minutes", "5 * 200,000 = 1 million", "0.25 * 3 = 75 cents",
    "C(5,2) = 10", "5! + 1 = 121", "log_2 8 + 1 = 4", "x2 + 3 = 9", "3 + 4 == 8", "3 + 4 != 8",
    "3 + 4 <= 8", "n(n+1)/2 = 10", "a_1 + 3 = 4", "1 1/2 + 1 = 2.5", "|3 - 5| = 2", "50 + 20% = 60",
    "2√3 + 1 = 4", "Total - 3 + 4 = 9", "3 + 4 = 7x", "6/2(1+2) = 9", "2 + 2 = 11 in base 3",
    "10 cm + 1 m = 110 cm", "12 + 3 = 3 o'clock", "a = 3 + 4i = 5", "6^2 = 10 \\mod 13",
    "9**9**9**9 = 1", "1/0 = 5", "is 9 + 10 = 21?", "0b11 + 1 = 4", "6^2 = 24 - 2xy",
    "1 (1x1) + 4 (2x2) = 5", "200/5 + 200/125 = 40 + 1", "600 * 0.67 = 400", "sin(30) + 1 = 2",
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT_SUMS)
def test_a_right_sum_is_seen_to_be_right(text: str) -> None:
    found = steps(text)
    assert found
    assert all(step.right for step in found)


@pytest.mark.parametrize("text", WRONG_SUMS[:-1])
def test_a_wrong_sum_is_seen_to_be_wrong(text: str) -> None:
    assert any(not step.right for step in steps(text))


@pytest.mark.parametrize("text", NO_SUMS)
def test_what_may_mean_something_else_is_no_mistake(text: str) -> None:
    assert all(step.right for step in steps(text))


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 1000), st.sampled_from("+-*"),
    st.integers(-3, 3),
)  # fmt: skip
def test_sums_are_computed_exactly(a: int, b: int, c: int, sign: str, off: int) -> None:
    value = {"+": a + b * c, "-": a - b * c, "*": a * b * c}[sign]
    (step,) = steps(f"Then {a} {sign} {b} * {c} = {value + off}.")
    assert step.value == value
    assert step.right == (off == 0)


@given(st.fractions(0, 1000, max_denominator=900))
def test_a_result_may_be_rounded_to_the_digits_it_shows(value: Fraction) -> None:
    claimed = f"{float(value):.3f}"
    (step,) = steps(f"{value.numerator} / {value.denominator} = {claimed}")
    assert step.right


@given(st.text(alphabet="0123456789+-*/=()^%$ .,xabof≈√²\\{}\n", max_size=80))
def test_no_text_breaks_the_reading_of_sums(text: str) -> None:
    steps(text)


async def test_a_mistake_is_told_with_what_would_be_right() -> None:
    verdict = await ArithmeticCheck().check(Query.of("?"), "So 12 * 7 = 85 and 1 + 1 = 2.")
    assert verdict == Verdict("failed", "12 * 7 = 85, but it is 84", "arithmetic")
    assert await found(ArithmeticCheck(), "?", "1 + 1 = 2 and 2 * 3 = 6") == "passed"
    assert await found(ArithmeticCheck(), "?", "x = 3") == "unknown"


DOUBLE = "Here:\n```python\ndef f(x):\n    return x * 2\n```\n"


@pytest.mark.parametrize(
    ("question", "text", "outcome"),
    [
        ("Write f.\n>>> f(2)\n4\n>>> f(3)\n6", DOUBLE, "passed"),
        ("Write f such that f(2) -> 4 and f(3) returns 7.", DOUBLE, "failed"),
        ("Write f.\nassert f(2) == 4\nassert f(3) == 6 and f(0) == 0", DOUBLE, "passed"),
        ("Write f.\nassert f(2) == 5", DOUBLE, "failed"),
        ("Write f.\nInput: x = 2\nOutput: 4\n\nInput: 5\nOutput: 10", DOUBLE, "passed"),
        ("Write f. `f([1, 2])` should return `[1, 2, 1, 2]`.", DOUBLE, "passed"),
        ("f(0.1) == 0.2, f('a') -> 'aa', f((1,)) => (1, 1)", DOUBLE, "passed"),
        ("print(f(2))  # 4\nprint(f(3))  # Output: 7", DOUBLE, "failed"),
        ("f(2) returns 5 but it should return 4. Fix it.", DOUBLE, "unknown"),
        ("Write f.", DOUBLE, "unknown"),
        ("Write f.", "```python\ndef f(:\n```", "failed"),
        ("f(2) == 4", DOUBLE.replace("def", "import os\nos._exit(0)\ndef"), "failed"),
        ("f(2) == 4", DOUBLE.replace("def", "import sys\nsys.exit(0)\ndef"), "failed"),
        ("f(2) == 5", DOUBLE.replace("def", "print('passed 5')\ndef"), "failed"),
        ("f(2) == 4", DOUBLE.replace("return", "while x: pass\n    return"), "failed"),
        ("f(2) == 4", DOUBLE.replace("return", "raise ValueError(x)\n    return"), "failed"),
        ("f(2) == 4", DOUBLE.replace("def", "import no_such_module\ndef"), "unknown"),
        ("f(2) == 4", DOUBLE + "Use:\n```python\nprint(f(int(input())))\n```", "passed"),
        ("f(2) == 4", "def f(x):\n    return x + 2", "passed"),
        ("f(2) == 4", "The function def is short.", "unknown"),
    ],
)
async def test_code_is_run_on_the_examples_of_the_question(
    sandbox: Sandbox, question: str, text: str, outcome: str
) -> None:
    assert await found(PythonCheck(sandbox), question, text) == outcome


async def test_every_example_that_goes_wrong_is_told(sandbox: Sandbox) -> None:
    verdict = await PythonCheck(sandbox).check(
        Query.of("f(2) -> 4\nf(3) -> 7\nf('a') -> 1"), DOUBLE
    )
    assert verdict.evidence == (
        "1 of 3 examples go right; f(3) gave 6, not 7; f('a') gave 'aa', not 1"
    )


async def test_without_a_sandbox_code_is_only_compiled() -> None:
    verdict = await PythonCheck(None).check(Query.of("f(2) == 5"), DOUBLE)
    assert (verdict.outcome, verdict.evidence) == ("unknown", "it compiles")


ENDLESS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT sum(n) FROM r"
TABLES = "CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1,'a'),(2,'b;');\nNames?"


@pytest.mark.parametrize(
    ("sql", "outcome"),
    [
        ("SELECT name FROM t;", "passed"),
        ("SELECT nme FROM t;", "failed"),
        ("SELECT name FROM u;", "failed"),
        ("SELECT name FRM t", "failed"),
        ("SELECT name FROM t WHERE name ILIKE 'a'", "unknown"),
        ("SELECT TOP 1 name FROM t", "unknown"),
        (ENDLESS, "unknown"),
        ("SELECT * FROM pragma_table_info('t')", "unknown"),
        ("SELECT zeroblob(1000000000)", "unknown"),
        ("ATTACH 'x.db' AS x; SELECT 1", "passed"),
        ("SELECT name FROM t WHERE name = 'b;'", "passed"),
        ("CREATE VIEW v AS SELECT 1; SELECT * FROM v", "unknown"),
        ("DELETE FROM t", "unfit"),
    ],
)  # fmt: skip
async def test_sql_is_run_on_the_tables_of_the_question(sql: str, outcome: str) -> None:
    assert await found(SqlCheck(), TABLES, f"```sql\n{sql}\n```") == outcome


async def test_tables_may_be_followed_by_prose() -> None:
    tables = "CREATE TABLE t (a INT)\n\nINSERT INTO t VALUES (1)\nWhich rows are there?"
    assert await found(SqlCheck(), tables, "```sql\nSELECT a FROM t\n```") == "passed"


async def test_sql_without_tables_is_not_judged() -> None:
    assert await found(SqlCheck(), "names?", "```sql\nSELECT name FROM t\n```") == "unknown"


@pytest.fixture(scope="module")
def units() -> UnitsCheck:
    """A check that loads its units once; without pint there is none."""
    pytest.importorskip("pint")
    return UnitsCheck()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("5 km = 5000 m", "passed"),
        ("3 miles = 4.83 km", "passed"),
        ("3 miles is about 5 km", "passed"),
        ("3 miles = 5.2 km", "failed"),
        ("1 km = 100 m", "failed"),
        ("72 °F = 22.2 °C", "passed"),
        ("60 mph = 96.56 km/h", "passed"),
        ("5 km = 3 kg", "unknown"),
        ("5 apples = 3 m", "unfit"),
        ("2 * 5 km = 10000 m", "unfit"),
        ("1.5 hours = 1 hour 30 minutes", "unfit"),
    ],
)
async def test_conversions_are_computed_again(units: UnitsCheck, text: str, outcome: str) -> None:
    assert await found(units, "?", text) == outcome


@pytest.mark.parametrize(
    ("question", "text", "outcome"),
    [
        ("Solve 2x + 3 = 11", "x = 4", "passed"),
        ("Solve 2x + 3 = 11", "2x = 8, so x = 4.", "passed"),
        ("Solve 2x + 3 = 11", "The answer is x = 5.", "failed"),
        ("find x if x^2 - 5x + 6 = 0", "x = 2 or x = 3", "passed"),
        ("find x if x^2 - 5x + 6 = 0", "The solutions are $x = 2$ and $x = 4$", "failed"),
        ("Solve for x: x^2 = 2", "x = ±√2", "passed"),
        ("Solve for x: x^2 = 2", r"$x = \pm \sqrt{2}$", "passed"),
        ("Solve x^2 = 2", "x = 1.414", "passed"),
        ("Solve x^2 = 2", "x = 1.424", "failed"),
        ("Solve 3x = 1", r"\boxed{\frac{1}{3}}", "passed"),
        ("Solve the equation 5(x - 2) = 3x + 4 for x.", "**x = 7**", "passed"),
        ("What is x if 3x - 7 = 14?", "Answer: 7", "passed"),
        ("Solve x^2 + 1 = 0", "No real solutions", "unknown"),
        ("Solve 1/x = 0", "x = 0", "unknown"),
        ("Solve 2x = 4", "x = 9^9^9^9", "unknown"),
        ("Solve x + y = 3", "x = 3", "unfit"),
        ("What is the value of 3x if x = 2?", "6", "unfit"),
    ],
)
async def test_solutions_are_put_into_the_equation(question: str, text: str, outcome: str) -> None:
    assert await found(EquationCheck(), question, text) == outcome


def wants(schema: object) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}


INTEGER_A = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "pattern": {"pattern": "(a+)+$"}},
    "required": ["a"],
}


@pytest.mark.parametrize(
    ("schema", "text", "outcome"),
    [
        (INTEGER_A, '{"a": 1}', "passed"),
        (INTEGER_A, '{"a": "x"}', "failed"),
        (INTEGER_A, "nope", "failed"),
        (INTEGER_A, '{"a": NaN}', "failed"),
        (INTEGER_A, '{"a": 1, "pattern": "' + "a" * 60 + '!"}', "passed"),
        (INTEGER_A, "[" * 100_000, "failed"),
        ({"$ref": "https://example.com/schema"}, '{"a": 1}', "unknown"),
        ({"$ref": "#"}, '{"a": 1}', "unknown"),
        ({"type": "no such type"}, '{"a": 1}', "unknown"),
    ],
)
async def test_json_is_validated_against_the_schema(
    schema: object, text: str, outcome: str
) -> None:
    assert await found(JsonCheck(), "?", text, sampling=wants(schema)) == outcome


async def test_json_is_checked_where_it_is_asked_for() -> None:
    assert await found(JsonCheck(), "Return only valid JSON.", "[1") == "failed"
    assert await found(JsonCheck(), "What?", "[1", task=Task(form="json")) == "failed"
    assert await found(JsonCheck(), "How do I write dates in JSON?", "As text.") == "unfit"


PASSAGES = "[1] The cat sat on the mat and looked at the moon.\n[2] Dogs bark.\nQuestion: what?"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("The cat sat [1]. Dogs bark [2].", "passed"),
        ("The cat sat [3].", "failed"),
        ('It says "The cat sat on the  mat and" [1].', "passed"),
        ('It says "the cat slept on the mat" [1].', "failed"),
        ('It says "the cat sat ... at the moon" [1].', "passed"),
        ("The list is [].", "unknown"),
        ("Nothing is cited.", "unfit"),
    ],
)
async def test_citations_are_looked_up(text: str, outcome: str) -> None:
    assert await found(CitationCheck(), PASSAGES, text) == outcome


class Says:
    """A check that finds what it is told to find."""

    def __init__(self, name: str, outcome: str) -> None:
        self.name = name
        self._outcome = outcome

    def fits(self, query: Query, text: str) -> bool:
        return self._outcome != "unfit"

    async def check(self, query: Query, text: str) -> Verdict:
        if self._outcome == "raises":
            raise RuntimeError("a check of other people's")
        return Verdict(self._outcome, f"{self.name} {self._outcome}", self.name)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["passed", "failed", "unknown"], Verdict("failed", "1 failed", "1")),
        (["passed", "unknown", "passed"], Verdict("passed", "0 passed; 2 passed", "0, 2")),
        (["raises", "passed"], Verdict("passed", "1 passed", "1")),
        (["raises"], Verdict("unknown", "the check itself failed", "0")),
        (["unfit", "unknown"], Verdict("unknown", "1 unknown", "1")),
        ([], Verdict("unknown")),
    ],
)
async def test_verdicts_are_joined(outcomes: list[str], verdict: Verdict) -> None:
    checks = [Says(str(number), outcome) for number, outcome in enumerate(outcomes)]
    assert await Verifier(checks).verify(Query.of("?"), "text") == verdict


EVERYTHING = (
    "Return only JSON. Solve 2x + 3 = 11. CREATE TABLE t (a);\n[1] hello world\nf(2) == 4\n"
)


@pytest.fixture(scope="module")
def every_check() -> tuple[Check, ...]:
    """Every check, with what they load once loaded."""
    checks = standard_checks(None)
    asyncio.run(Verifier(checks).verify(Query.of(EVERYTHING), "5 km = 5000 m"))
    return checks


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
async def test_no_answer_takes_long_to_check_or_breaks_a_check(
    every_check: tuple[Check, ...], text: str
) -> None:
    query = Query.of(EVERYTHING)
    began = time.process_time()
    for check in every_check:
        if check.fits(query, text):
            assert (await check.check(query, text)).outcome in {"passed", "failed", "unknown"}
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
async def test_no_question_takes_long_or_breaks_a_check(
    every_check: tuple[Check, ...], text: str
) -> None:
    answer = f"x = 3 [1] {DOUBLE}\n```sql\nSELECT 1\n```"
    began = time.process_time()
    for check in every_check:
        if check.fits(Query.of(text), answer):
            await check.check(Query.of(text), answer)
    assert time.process_time() - began < 1.0
