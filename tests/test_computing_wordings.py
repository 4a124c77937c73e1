"""Politeness, context and wishes for a form change neither what is asked nor what it comes to."""

from __future__ import annotations

import time

import pytest

from collegium.experts.computing.arithmetic import Arithmetic
from collegium.experts.computing.base import Computed
from collegium.experts.computing.code import CodeComputer
from collegium.experts.computing.dates import Dates
from collegium.experts.computing.tables import SqlComputer
from collegium.experts.computing.texts import Texts
from collegium.experts.computing.units import Units
from collegium.experts.computing.wishes import granted, without_first_wish, without_last_wish
from collegium.types import Query
from collegium.verification.sandbox import Sandbox

COMPUTERS = (Arithmetic(), Units(), Dates(), Texts(), SqlComputer())
READERS = (*COMPUTERS, CodeComputer(Sandbox()))
EMPLOYEES = (
    "| id | name | dept | salary |\n|---|---|---|---|\n"
    "| 1 | Ann | IT | 5000 |\n| 2 | Bob | HR | 4000 |\n| 3 | Cid | IT | 6000 |"
)
TEAMS = "team,points\nReds,12\nBlues,18\nGreens,9"
ORDERS = (
    "CREATE TABLE orders (id INT, customer TEXT, amount INT);\n"
    "INSERT INTO orders VALUES (1, 'Ann', 50), (2, 'Bob', 70), (3, 'Ann', 30);"
)


async def computed(question: str) -> Computed | None:
    query = Query.of(question)
    for computer in COMPUTERS:
        if (plan := computer.reads(query)) is not None:
            return await computer.compute(plan)
    return None


def readers(question: str) -> list[str]:
    return [reader.name for reader in READERS if reader.reads(Query.of(question)) is not None]


CONVERSATIONAL = {
    "Could you tell me what 256.80 divided by 4 is? Thanks!": "64.2",
    "My result is odd: (8 + 6) * 3 - 10. Could you work it out for me please?": "32",
    "I was wondering if you could help me with a quick calculation: what is 12.5% of 640?": "80",
    "I need to scale a recipe, so could you please multiply 3/4 by 6?": "4.5",
    "I'd appreciate it if you could tell me the greatest common divisor of 84 and 126.": "42",
    "Hello, hope you're well. I have a quick math problem: what's 36% of 125?": "45",
    "Quick check please - does 1729 divided by 7 equal 247?": "yes",
    "The package weighs 2.4 kg. Can you tell me what that is in grams?": "2400 g",
    "My friend from the UK says he weighs 12 stone. How much is that in kg?": "76.20351816 kg",
    "Would you be so kind as to convert 25 °C to Fahrenheit for me?": "77 °F",
    "It's 30 degrees Celsius here today. What would that be in Fahrenheit?": "86 °F",
    "I was born on 23 November 1990 and I'm curious, what weekday was that?": "Friday",
    "My passport was issued on 2019-07-08. What day of the week was that?": "Monday",
    "The warranty started on June 1, 2023. What date is 180 days after that?": "2023-11-28",
    "We begin on 2024-04-10. Could you tell me what the date will be 45 days later?": "2024-05-25",
    "My train leaves at 14:35 and the trip takes 2 hours. What time will I arrive?": "16:35",
    "My shift starts at 22:15 and ends at 06:45. How long is that?": "8 hours 30 minutes",
    "My daughter asked me how to spell “giraffe” backwards. Can you help?": "effarig",
    'Here\'s a sentence: "She sells sea shells". How many times does s occur in it?': "6",
    "Could you check whether the word “deified” is a palindrome? Thank you!": "yes",
    "I'm writing and want to know how many letters are in 'photosynthesis'.": "14",
    f"I exported this from our CRM:\n\n{TEAMS}\n\nWhat's the highest points?": "18",
    f"Sorry for the basic question, but who has the highest salary?\n\n{EMPLOYEES}": "Cid",
    f"A colleague sent me this:\n\n{EMPLOYEES}\n\nI'd like to know the sum of the salary column.": (
        "15000"
    ),
    f"I made this:\n\n{ORDERS}\n\nCan you tell me what `SELECT MAX(id) FROM orders` returns?": "3",
    f"I have a table called staff:\n\n{EMPLOYEES}\n\nHow many rows does the query "
    "SELECT * FROM staff WHERE dept = 'IT' return?": "2",
}


@pytest.mark.parametrize(("question", "expected"), CONVERSATIONAL.items(), ids=repr)
async def test_what_is_said_around_a_question_changes_nothing(question: str, expected: str) -> None:
    answer = await computed(question)
    assert answer is not None
    assert answer.value == expected
    assert answer.text.endswith(f"\nAnswer: {expected}")


BARE = {
    "17*46, just the number": "782",
    "What is 15% of 90? Give just the number, without units or explanation.": "13.5",
    "Reply with the number only: 88 * 12": "1056",
    "Evaluate 9! / 7!. Output only the final answer.": "72",
    "2^16 = ? digits only, no commas": "65536",
    "What's 20% off $80? Number only.": "64",
    "Is 221 prime? Answer with yes or no.": "no",
    "5 km in m, number only": "5000",
    "How many feet in a mile? Just the number.": "5280",
    "What weekday was 2016-02-29? Just the day name.": "Monday",
    "days in feb 2024, number only": "29",
    'Reverse the word "planet". Output only the reversed word.': "tenalp",
    "Alphabetize: kiwi, fig, plum, lime. Just the list.": "fig, kiwi, lime, plum",
    "How many words are in the following sentence? Just the number.\n\nTime flies": "2",
    f"{EMPLOYEES}\n\nSQL: SELECT name FROM staff WHERE dept = 'HR'\n\nResult only.": "Bob",
    f"{TEAMS}\n\naverage points? just the number": "13",
    f"{ORDERS}\nSELECT MIN(amount) FROM orders;\n\nJust give the result.": "30",
    f"{ORDERS}\n\nSELECT customer FROM orders WHERE id = 2\n\nOutput only": "Bob",
    f"How many rows have dept = IT? Answer with a number only.\n\n{EMPLOYEES}": "2",
}


@pytest.mark.parametrize(("question", "expected"), BARE.items(), ids=repr)
async def test_who_wants_just_the_answer_gets_just_the_answer(question: str, expected: str) -> None:
    answer = await computed(question)
    assert answer is not None
    assert (answer.value, answer.text) == (expected, expected)


FORMS = {
    "3/8 + 1/6 in lowest terms": "13/24",
    "Simplify 84/126. Lowest terms.": "2/3",
    "7/8 -> percent": "87.5%",
    "Convert 3 miles to meters. Round to the nearest meter.": "4828 m",
    "2024-02-10 + 30 days, as YYYY-MM-DD": "2024-03-11",
    "6 months after 2024-03-15, YYYY-MM-DD": "2024-09-15",
    "Give the date 10 days before 2024-03-05 in ISO format.": "2024-02-24",
    "What date is 45 days before 15 August 2022? Give the answer as DD/MM/YYYY.": "01/07/2022",
    "What is the date 2 weeks after December 25, 2024? Use the format MM/DD/YYYY.": "01/08/2025",
    "date 30 days after 15 June 2024 in DD.MM.YYYY format": "15.07.2024",
    "What date is 9 days after 2024-03-01? Format: Month D, YYYY": "March 10, 2024",
    "How many days from 2025-01-01 to 2025-04-01, not counting the first day?": "90",
    "How many days from 2024-06-01 to 2024-06-30, counting both the first and the last day?": "30",
    "How many days from 2024-05-01 to 2024-05-20 inclusive?": "20",
    "3:15 pm in 24h format": "15:15",
    "lowercase this: HELLO THERE": "hello there",
    'Replace every "o" with "0" in "foo book".': "f00 b00k",
    "Count the letters in the following word:\nencyclopedia": "12",
}


@pytest.mark.parametrize(("question", "expected"), FORMS.items(), ids=repr)
async def test_the_form_that_is_asked_for_is_given(question: str, expected: str) -> None:
    answer = await computed(question)
    assert answer is not None
    assert answer.value == expected


@pytest.mark.parametrize(
    "question",
    [
        "What does `'a-b'.split('-')` return in Python? Value only.",
        "What would the output be?\n```python\nprint(1)\n```",
        "```python\nprint(1)\n```\nOutput only.",
        "Value of total after this runs?\n```python\ntotal = 2\nfor k in [1]:\n    total += k\n```",
        "A friend wrote this and I'm curious what it gives back when I call it with 7:\n"
        "```python\ndef g(x):\n    return x % 3\n```",
    ],
)
def test_code_is_read_in_any_of_these_wordings(question: str) -> None:
    assert readers(question) == ["code"]


NEAR_MISSES = (
    "What is 17*46? Answer in French.",
    "17*46, answer in words",
    "Just the number of people living in Oslo",
    "Answer with a number only: how many planets have rings?",
    "Number only: how many times does 7 go into my age?",
    "My answer is negative: 3 + 4",
    "In base 8, what is 7 + 6? Digits only.",
    "I want to negate it. What is 3 + 4?",
    "does 0.1 + 0.2 equal 0.3",
    "5 cups in ml, number only",
    "The oven should be 50 degrees Fahrenheit hotter. What's that in Celsius?",
    "The suitcase limit is 23 kg per person. How much is that in pounds for us?",
    "I'm a mile from 5 km. How many miles is that?",
    "My recipe takes 2 liters of water each. How many ml is that?",
    "My wedding is a week after 8 August 2026. What day of the week is that?",
    "The party on 2024-03-01 got moved a day so what day of the week is that?",
    "The party on 2024-03-01 was moved, what day of the week is that?",
    "is 1010 equal to 10",
    "The day before 8 August 2026, what weekday was that?",
    "The meeting is every Friday starting 2024-03-01. What date is 10 days later?",
    "The contract runs from 2024-03-01 to 2024-05-31. How many days is that?",
    "How many days from 2024-03-01 to 2024-03-10, excluding both the start and end date?",
    "How many days from 2025-01-01 to 2025-04-01, not counting Sundays?",
    "What date is 10 days after 2024-03-01, counting the start date?",
    "2024-02-10 + 30 days in Chinese",
    "My flight leaves at 14:35 and the trip takes 2 hours. What time will I arrive?",
    "How many words are in the following sentence? Just the number.",
    'Given "abc", how many permutations does it have?',
    "How many letters are in the word I am thinking of? Just the number.",
    'How many characters are in "a1", letters only?',
    f"{EMPLOYEES}\n\nWho should get a raise? Just the name.",
    f"{EMPLOYEES}\n\nWho has the highest salary excluding Cid?",
    f"{EMPLOYEES}\n\n`SELECT SUM(salary) FROM staff` is wrong. Fix it.",
    f"{TEAMS}\n\nPlot this. Just the result.",
    "Output only the bug.\n```python\nprint(2 ** 5)\n```",
    "Just the fix.\n```python\nprint(2 ** 5)\n```",
)


@pytest.mark.parametrize("question", NEAR_MISSES)
def test_what_only_looks_like_a_computation_is_left_alone(question: str) -> None:
    assert readers(question) == []


@pytest.mark.parametrize(
    "question",
    [
        "What is 3 + 4? Answer with one word.",
        "What is 3 + 4? Yes or no?",
        "What weekday was 2016-02-29? Just the number.",
        "10 days after 2024-03-01, just the weekday",
        "What weekday was 2016-02-29? Answer as YYYY-MM-DD.",
    ],
)
async def test_an_answer_of_another_kind_than_is_wished_is_not_given(question: str) -> None:
    assert await computed(question) is None


def test_a_wish_is_taken_from_either_end() -> None:
    assert without_first_wish("Number only: 2 + 2") == (
        "2 + 2",
        frozenset({"bare", "number"}),
    )
    assert without_last_wish("2 + 2, no explanation please") == ("2 + 2", frozenset({"bare"}))
    assert without_last_wish("what is the answer") == ("what is the answer", frozenset())


def test_a_number_alone_has_no_unit() -> None:
    answer = Computed("30.48 cm", "12 in = 30.48 cm\nAnswer: 30.48 cm", "")
    assert granted(answer, frozenset({"bare", "number"})) == Computed("30.48", "30.48", "")
    assert granted(Computed("Friday", "", ""), frozenset({"number"})) is None
    assert granted(Computed("2 hours 5 minutes", "", ""), frozenset({"number"})) is None


@pytest.mark.parametrize(
    "text",
    [
        "only the answer and nothing else, " * 58,
        "what is 5" + " number" * 200 + " only",
        "what is 3 " + "of the final single exact " * 60 + "number",
        ". could you " * 160,
        "name,age\n" + "a,b\n" * 400,
        "select " * 200 + "`select " * 100,
        "how many words " + "the following " * 12 + "?\nabc",
    ],
    ids=lambda text: text[:20],
)
def test_no_wish_takes_long_to_hear(text: str) -> None:
    readers("what is 3 + 4")
    started = time.perf_counter()
    readers(text)
    assert time.perf_counter() - started < 1


async def test_an_exclamation_mark_behind_a_number_is_no_politeness() -> None:
    answer = await computed("What is 9! / 7!? Thanks!")
    assert answer is not None
    assert answer.value == "72"
