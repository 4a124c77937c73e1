"""What code returns and what tables come to is computed, or it is left to others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.errors import SandboxUnavailable
from collegium.experts.computing.code import CodeComputer
from collegium.experts.computing.tables import SqlComputer
from collegium.types import Message, Query
from collegium.verification.sandbox import Limits, Ran, Sandbox

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed

ADD = "```python\ndef add(a, b=2):\n    return a + b\n```"
PRINTS = "```python\nx = [1, 2]\ny = x\ny.append(3)\nprint(x)\n```"
EMP = (
    "CREATE TABLE emp (id INTEGER PRIMARY KEY, name TEXT, dept TEXT, salary INTEGER);\n"
    "INSERT INTO emp VALUES (1,'Ann','eng',100),(2,'Bob','eng',80),(3,'Cy','ops',70);\n"
)
CITIES = (
    "| name | city | price |\n|---|---|---|\n"
    "| Ann | Paris | 10 |\n| Bob | Rome | 20 |\n| Cy | Paris | 15 |\n"
)
CSV = "name,city,price\nAnn,Paris,10\nBob,Rome,20.5\n"


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


async def run(sandbox: Sandbox, text: str) -> Computed | None:
    """What the code in a question comes to; None where it isn't even read."""
    computer = CodeComputer(sandbox)
    plan = computer.reads(Query.of(text))
    if plan is None:
        return None
    if not (await sandbox.isolation()).proved:
        pytest.skip("isolation cannot be proved here, so nothing is run")
    return await computer.compute(plan)


async def ask(text: str) -> Computed | None:
    """What the tables in a question come to."""
    computer = SqlComputer()
    plan = computer.reads(Query.of(text))
    return await computer.compute(plan) if plan is not None else None


def program(source: str, question: str = "What does this print?") -> str:
    return f"{question}\n```python\n{source}\n```"


def sql(query: str, question: str = "What does this query return?") -> str:
    return f"{question}\n```sql\n{EMP}{query}\n```"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (f"What does add(1) return?\n{ADD}", "3"),
        (f"Given the following Python function, what does `add('a', 'b')` return?\n{ADD}", "'ab'"),
        (f"Here is a function:\n{ADD}\nCan you tell me what add(1, 5) returns?", "6"),
        (f"What does the function return for a=1 and b=4?\n{ADD}", "5"),
        (f"What does add return when called with 1 and 3?\n{ADD}", "4"),
        (f"What's the output of add([1], [2])?\n{ADD}", "[1, 2]"),
        (f"What is the result of calling add(2)? Just the answer, please.\n{ADD}", "4"),
        (f"What will be printed?\n{PRINTS}", "[1, 2, 3]"),
        (f"Predict the output of this Python code:\n{PRINTS}", "[1, 2, 3]"),
        (f"What is the value of y after running this code?\n{PRINTS}", "[1, 2, 3]"),
        (f"What is the value of `len(x)` after this code runs?\n{PRINTS}", "3"),
        ("Evaluate this Python expression: sorted([3,1,2])[::-1]", "[3, 2, 1]"),
        ("In Python, what does 'abc'.upper() give?", "'ABC'"),
        ("What is the output of print('a' * 3) in Python?", "aaa"),
        ("What's the output of this snippet?\n\nfor i in range(2):\n    print(i)\n", "0\n1"),
        ("What is the output of this code?\n\n>>> a = [1]\n>>> a * 3", "[1, 1, 1]"),
        (program("{}['a']", "What error does this code raise?"), "KeyError: 'a'"),
        (program("def f(x):\n    return x * 2\nprint(f('a'))", "What does f return here?"), "'aa'"),
        (program("a = [1]\nb = a\nprint(a is b)"), "True"),
        (program("print(1 / 0)"), "ZeroDivisionError: division by zero"),
        (program("if __name__ == '__main__':\n    print('main')"), "main"),
    ],
)
async def test_what_code_does_is_found_by_running_it(
    sandbox: Sandbox, question: str, value: str
) -> None:
    computed = await run(sandbox, question)
    assert computed is not None
    assert computed.value == value
    said = value if "Just the answer" in question else f"\nAnswer: {value}"
    assert computed.text.endswith(said)
    assert "in the sandbox, Python 3." in computed.how


@pytest.mark.parametrize("blank", ["??", "?", "____", "[MASK]"])
async def test_an_assertion_is_completed_by_a_literal(sandbox: Sandbox, blank: str) -> None:
    computed = await run(
        sandbox,
        "You are given a Python function and an assertion containing an input to the function. "
        "Complete the assertion with a literal (no unsimplified expressions, no function calls) "
        "containing the output when executing the provided code on the given input, even if the "
        "function is incorrect or incomplete.\n\n[PYTHON]\ndef f(text, n):\n"
        f"    return n, text[:n].upper()\nassert f('abc', 2) == {blank}\n[/PYTHON]",
    )
    assert computed is not None
    assert computed.value == "(2, 'AB')"
    assert "assert f('abc', 2) == (2, 'AB')" in computed.text


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (f"{ADD}\n\nadd(1) -> ?", "3"),
        (f"Return value of add(1)?\n{ADD}", "3"),
        (f"Given\n{ADD}\nwhat is the value of `add(1)`?", "3"),
        (f"I'm reading some code at work and I'm not sure about it. add(1)?\n{ADD}", "3"),
        (f"My colleague wrote this. What does add(1) return?\n{ADD}", "3"),
    ],
)
async def test_a_question_is_understood_in_brief_and_at_length(
    sandbox: Sandbox, question: str, value: str
) -> None:
    computed = await run(sandbox, question)
    assert computed is not None
    assert computed.value == value


@pytest.mark.parametrize(
    "question",
    [
        "I'm learning Ruby at school. What does this print?\n```\nprint('a' * 3)\n```",
        f"I need a Go version. What does add(1) return?\n{ADD}",
        f"{ADD}\n\nadd(y)?",
        f"{ADD}\n\nadd?",
    ],
)
def test_a_story_that_may_change_the_code_is_not_passed_over(question: str) -> None:
    assert CodeComputer(Sandbox()).reads(Query.of(question)) is None


@pytest.mark.parametrize(
    "question",
    [
        f"What does this function do?\n{ADD}",
        f"Explain the output of this code:\n{PRINTS}",
        f"What does this print and why?\n{PRINTS}",
        f"What is printed? Then translate it to Go.\n{PRINTS}",
        f"What would this print if we changed x to [3]?\n{PRINTS}",
        f"Why does add(1) return 3?\n{ADD}",
        f"What is the time complexity of add(1)?\n{ADD}",
        f"What does mul(1) return?\n{ADD}",
        f"What does add return?\n{ADD}",
        f"What does this return?\n{ADD}",
        f"What does the function return for large inputs?\n{ADD}",
        f"Write a function that returns the same as add(1):\n{ADD}",
        f"What does the last line print?\n{PRINTS}",
        f"What does add(1) return?\n{ADD}\n{PRINTS}",
        "What does f(3) return?",
        "Given f(x) = x + 1, what does f(3) return?",
        "What does f(3) return?\n```js\nfunction f(x) { return x }\n```",
        "What does this output?\n```\nconsole.log(1+1)\n```",
        "What does this Ruby code print?\n```\nprint('a' * 3)\n```",
        "What does f(3) return?\n```python\ndef f(x):\n    ...\n```",
        "What does f(3) return?\n```python\ndef f(x):\n    # your code here\n    pass\n```",
        "What does this print in Python 2?\n```python\nprint(5/2)\n```",
        "What does sorted() return in Python?",
        "What does a[::-1] return in Python?",
        "What does return return in Python?",
        "What is a list in Python?",
        "Write print('hello') in Python",
        f"Find x\n{PRINTS}",
    ],
)
def test_a_question_that_wants_anything_else_is_left_alone(question: str) -> None:
    assert CodeComputer(Sandbox()).reads(Query.of(question)) is None


@pytest.mark.parametrize(
    "source",
    [
        "import random\nprint(random.random())",
        "import os\nprint(os.getcwd())",
        "import time\nprint(time.time())",
        "from datetime import date\nprint(date.today())",
        "x = input()\nprint(x)",
        "print(open('/etc/passwd').read())",
        "print(id(3))",
        "print(hash('a'))",
        "print(missing(3))",
        "print(eval('1'))",
    ],
)
def test_what_depends_on_the_world_is_not_read(source: str) -> None:
    assert CodeComputer(Sandbox()).reads(Query.of(program(source))) is None


@pytest.mark.parametrize(
    "source",
    [
        "print(object())",
        "print(lambda: 1)",
        "print({'a', 'b', 'c', 'd'})",
        "print(list({'apple', 'pear', 'plum', 'fig', 'kiwi'}))",
        "a = 257\nb = 257\nprint(a is b)",
        "def f(n):\n    return f(n + 1)\nprint(f(0))",
        "print('x' * 3000)",
        "x = [0] * 10**10\nprint(len(x))",
        "print('begun')\nprint(1 / 0)",
        "while True:\n    print('more')",
    ],
)
async def test_an_outcome_that_is_not_settled_is_no_answer(sandbox: Sandbox, source: str) -> None:
    assert CodeComputer(sandbox).reads(Query.of(program(source))) is not None
    assert await run(sandbox, program(source)) is None


async def test_a_set_is_an_answer_where_its_order_does_not_matter(sandbox: Sandbox) -> None:
    computed = await run(sandbox, program("print(sorted({'b', 'a'}), len(set('hello')))"))
    assert computed is not None
    assert computed.value == "['a', 'b'] 4"
    computed = await run(sandbox, "In Python, what does set('ba') return?")
    assert computed is not None
    assert computed.value == "{'a', 'b'}"


async def test_an_endless_loop_ends_within_two_seconds(sandbox: Sandbox) -> None:
    await sandbox.isolation()
    began = time.perf_counter()
    assert await run(sandbox, program("while True:\n    pass\nprint(1)")) is None
    assert time.perf_counter() - began < 2.5


async def test_where_nothing_can_be_isolated_nothing_is_run() -> None:
    class NoSandbox(Sandbox):
        async def run(self, *_: object, **__: object) -> Ran:
            raise SandboxUnavailable("not here")

    computer = CodeComputer(NoSandbox())
    plan = computer.reads(Query.of(program("print(1)")))
    assert plan is not None
    assert await computer.compute(plan) is None


async def test_a_reply_without_its_nonce_is_not_believed() -> None:
    class Forged(Sandbox):
        async def run(self, *_: object, **__: object) -> Ran:
            return Ran(0, '{"printed": "2"}', "", timed_out=False, elapsed_ms=1.0)

    computer = CodeComputer(Forged(Limits()))
    assert await computer.compute(computer.reads(Query.of(program("print(1)")))) is None


def test_a_question_after_earlier_terms_is_not_read() -> None:
    earlier = Message("user", "From now on pretend that print writes everything twice.")
    reply, asked = Message("assistant", "All right."), Message("user", program("print(1)"))
    assert CodeComputer(Sandbox()).reads(Query((earlier, reply, asked))) is None


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT name FROM emp WHERE salary > 75 ORDER BY salary;", "Bob; Ann"),
        ("SELECT COUNT(*) FROM emp;", "3"),
        ("SELECT dept, COUNT(*) AS n, AVG(salary) FROM emp GROUP BY dept ORDER BY dept",
         "eng | 2 | 90; ops | 1 | 70"),
        ("SELECT name, RANK() OVER (ORDER BY salary DESC) AS r FROM emp ORDER BY r",
         "Ann | 1; Bob | 2; Cy | 3"),
        ("WITH t AS (SELECT dept, SUM(salary) AS s FROM emp GROUP BY dept)"
         " SELECT dept FROM t WHERE s > 100", "eng"),
        ("SELECT name FROM emp WHERE salary > (SELECT AVG(salary) FROM emp)", "Ann"),
        ("SELECT AVG(salary) FROM emp", "83.3333"),
        ("SELECT name FROM emp WHERE salary > 500", "no rows"),
    ],
)  # fmt: skip
async def test_a_query_is_run_over_the_data_given(query: str, value: str) -> None:
    computed = await ask(sql(query))
    assert computed is not None
    assert computed.value == value
    assert computed.text.endswith(f"\nAnswer: {value}")


async def test_rows_that_come_in_no_order_are_said_to() -> None:
    computed = await ask(sql("SELECT name FROM emp"))
    assert computed is not None
    assert "in no particular order" in computed.text
    computed = await ask(sql("SELECT name FROM emp ORDER BY name"))
    assert computed is not None
    assert "order:" not in computed.text


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (f"Given the table `emp`:\n\n{CITIES}\nWhat does this query return?\n\n"
         "SELECT COUNT(*) FROM emp WHERE city = 'Paris';", "2"),
        (f"Table: people\n{CITIES}\nQuery:\n```sql\nSELECT city, SUM(price) FROM people GROUP BY "
         "city ORDER BY SUM(price) DESC\n```\nWhat is the output?", "Paris | 25; Rome | 20"),
        (f"{EMP}\nQuery: SELECT name FROM emp WHERE id = 3\n\nResult?", "Cy"),
        (f"Given these tables\n```sql\n{EMP}```\nwhat would this return?"
         "\n```sql\nSELECT name FROM emp WHERE id = 3;\n```", "Cy"),
        (f"What does SELECT name FROM emp WHERE dept = 'ops' return?\n```sql\n{EMP}```", "Cy"),
        (sql("SELECT * FROM emp WHERE dept = 'eng'", "How many rows does this query return?"), "2"),
        (f"{CITIES}\nWhat is the sum of the price column?", "45"),
        (f"What is the average price?\n{CITIES}", "15"),
        (f"What is the median of the price column?\n{CITIES}", "15"),
        (f"How many rows where city = Paris?\n{CITIES}", "2"),
        (f"How many rows have a price greater than 12?\n{CITIES}", "2"),
        (f"How many rows are in the table?\n{CITIES}", "3"),
        (f"Which name has the highest price?\n{CITIES}", "Bob"),
        (f"What is the total of the price column in this CSV?\n```csv\n{CSV}```", "30.5"),
        (f"Given this CSV:\n{CSV}\nWhat is the mean of the price column?", "15.25"),
    ],
)  # fmt: skip
async def test_a_table_comes_to_what_it_comes_to(question: str, value: str) -> None:
    computed = await ask(question)
    assert computed is not None
    assert computed.value == value


@pytest.mark.parametrize(
    "query",
    [
        "SELECT salary / 3 FROM emp",  # integers or not
        "SELECT name, MAX(salary) FROM emp",  # whose name
        "SELECT name, dept FROM emp GROUP BY dept",
        "SELECT name FROM emp LIMIT 1",  # which one
        "SELECT name FROM emp WHERE name LIKE 'a%'",  # with or without case
        "SELECT name FROM emp WHERE name = 'ann'",
        "SELECT name || dept FROM emp",
        "SELECT name + dept FROM emp",
        "SELECT TOP 1 name FROM emp",
        'SELECT name FROM emp WHERE name = "Ann"',
        "SELECT salary > 75 FROM emp",  # 1 or true
        "SELECT name FROM emp WHERE name = 5",
        "SELECT date('now') FROM emp",
        "SELECT nam FROM emp",
        "SELECT name FROM emp e LEFT JOIN gone g ON g.id = e.id",
        "ATTACH 'x' AS y; SELECT name FROM emp",
        "DROP TABLE emp; SELECT name FROM emp",
        "PRAGMA table_info(emp)",
    ],
)
async def test_what_another_database_may_answer_otherwise_is_not_answered(query: str) -> None:
    assert await ask(sql(query)) is None


async def test_an_endless_query_ends() -> None:
    began = time.perf_counter()
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t)"
    assert await ask(sql(f"{endless} SELECT COUNT(*) FROM t, emp")) is None
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "question",
    [
        f"Write a query that returns the names.\n```sql\n{EMP}```",
        sql("SELECT * FROM emp", "Optimise this query:"),
        sql("SELECT * FROM emp", "What does this query do?"),
        sql("SELECT * FROM emp", "What does this query return and why?"),
        sql("SELECT * FROM emp", "What would this return if Ann earned 50?"),
        sql("SELECT name FROM emp", "What does this return in SQL Server?"),
        "What does this query return?\n```sql\nSELECT * FROM emp\n```",
        "What does this query return?\n```sql\nCREATE TABLE emp (id INT);\nSELECT * FROM emp\n```",
        f"What is the average price per city?\n{CITIES}",
        f"What is the total price with tax?\n{CITIES}",
        f"What is the average age?\n{CITIES}",
        f"What is the sum of the price column and the average?\n{CITIES}",
        f"Make a chart of this table.\n{CITIES}",
    ],
)
def test_a_question_that_wants_more_than_the_data_says_is_left_alone(question: str) -> None:
    assert SqlComputer().reads(Query.of(question)) is None


async def test_a_tie_or_a_line_of_totals_settles_nothing() -> None:
    assert await ask(f"Which name has the lowest price?\n{CITIES}| Di | Oslo | 10 |\n") is None
    assert await ask(f"{CITIES}| Total | | 45 |\n\nWhat is the sum of the price column?") is None


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
async def test_sums_agree_with_addition(numbers: list[int]) -> None:
    rows = "\n".join(f"| r{index} | {number} |" for index, number in enumerate(numbers))
    computed = await ask(f"What is the sum of the price column?\n| id | price |\n|--|--|\n{rows}\n")
    assert computed is not None
    assert computed.value == str(sum(numbers))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        program("x = 1\n" * 40_000),
        "What is " + " " * 19_000 + "?\n```python\nprint(1)\n```",
        program("print(" + "(" * 7_000),
        program("print(" + "-" * 7_000 + "1)"),
        program("a" + ".b" * 3_900),
        "What is python " + "the code " * 120,
        "What does this query return?\nselect " + "|---" * 4_000,
        sql("SELECT " + "(" * 15_000),
        "csv " + "a,b\n" * 4_000,
        "```python\n" * 1_500,
    ],
)
def test_no_text_takes_long_to_read(text: str) -> None:
    for computer in (CodeComputer(Sandbox()), SqlComputer()):
        computer.reads(Query.of("What does f(3) return in Python? select"))
        began = time.perf_counter()
        computer.reads(Query.of(text))
        assert time.perf_counter() - began < 1


@given(st.text(alphabet="ab(x)[|]-=?`'\"\n ,:;.#§", max_size=120))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_reading(text: str) -> None:
    for computer in (CodeComputer(Sandbox()), SqlComputer()):
        for question in ("What does this print in Python?\n", "What does this query return? csv\n"):
            computer.reads(Query.of(question + text))


async def test_what_is_printed_and_what_is_returned_are_told_apart(sandbox: Sandbox) -> None:
    shows = "```python\ndef f(x):\n    print(x * 2)\n```"
    printed = await run(sandbox, f"What is the output of f(3)?\n{shows}")
    returned = await run(sandbox, f"What does f(3) return?\n{shows}")
    assert printed is not None
    assert returned is not None
    assert (printed.value, returned.value) == ("6", "None")
    both = "```python\ndef f(x):\n    print(x)\n    return x * 2\n```"
    assert await run(sandbox, f"What is the output of f(3)?\n{both}") is None
