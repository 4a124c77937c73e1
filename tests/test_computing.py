"""What can be computed outright is computed exactly, and everything else is left alone."""

from __future__ import annotations

import math
import re
import time
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.experts.computing.arithmetic import Arithmetic, read_number, rounded, spelled_number
from collegium.experts.computing.base import MAX_CHARS, Computed, asked, carried_out
from collegium.experts.computing.courtesies import Heard
from collegium.experts.computing.dates import Dates
from collegium.experts.computing.texts import Texts
from collegium.experts.computing.units import Units, unit_named
from collegium.types import Message, Query

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computer

COMPUTERS: tuple[Computer, ...] = (Arithmetic(), Units(), Dates(), Texts())


async def computed(text: str) -> Computed | None:
    """What the one computer that reads `text` computes."""
    query = Query.of(text)
    plans = [(computer, plan) for computer in COMPUTERS if (plan := computer.reads(query))]
    assert len(plans) <= 1, f"{text!r} is read by {[computer.name for computer, _ in plans]}"
    for computer, plan in plans:
        return await computer.compute(plan)
    return None


async def value(text: str) -> str | None:
    answer = await computed(text)
    return answer.value if answer else None


ARITHMETIC = {
    "what's 15% of 240?": "36",
    "17 times 23": "391",
    "17 × 23 =": "391",
    "17*23=?": "391",
    "17x23": "391",
    "Hi, can you please tell me what 17 * 23 is? Thanks!": "391",
    "what does 17 times 23 equal?": "391",
    "seventeen times twenty-three": "391",
    "three hundred plus twelve": "312",
    "What is two hundred and five times three?": "615",
    "2 million divided by 4": "500000",
    "Compute 2^64 - 1": "18446744073709551615",
    "2 to the power of 10": "1024",
    "2 to the 10th power": "1024",
    "2**10": "1024",
    "what is 3 to the fourth power": "81",
    "what's 10% more than 50": "55",
    "what is the binary representation of 10?": "1010",
    "-2^3": "-8",
    "(-2)^2": "4",
    "Calculate (3 + 4) * 5 - 6 / 4": "33.5",
    "3 + 5 * (2 - 8)": "-27",
    "1,234.5 + 10": "1244.5",
    "10 − 3": "7",
    "0.1 + 0.2": "0.3",
    "What is 7/2?": "3.5",
    "What is 1/3?": "1/3",
    "how much is 3/4 + 1/8 as a fraction": "7/8",
    "3/4 + 1/8": "7/8",
    "one half plus one third": "5/6",
    "simplify 18/24": "3/4",
    "0.75 as a fraction": "3/4",
    "3/8 as a decimal": "0.375",
    "convert 3/4 to a percentage": "75%",
    "10.5 / 3.7": "2.837838",
    "half of 90": "45",
    "three quarters of 80": "60",
    "20% of 50% of 200": "20",
    "12!": "479001600",
    "What is 12!?": "479001600",
    "100!/98!": "9900",
    "7 factorial": "5040",
    "what is 5 mod 3": "2",
    "17 % 5": "2",
    "remainder when 2^100 is divided by 7": str(2**100 % 7),
    "what is the remainder of 17 divided by 5?": "2",
    "what is the square root of 144?": "12",
    "sqrt of 2 to 5 decimal places": "1.41421",
    "sqrt(16) + 9": "13",
    "sqrt(2)*sqrt(8)": "4",
    "cube root of 27": "3",
    "pi to 10 decimal places": "3.1415926536",
    "e^2": "7.389056",
    "ln(10)": "2.302585",
    "log base 2 of 8": "3",
    "sin 30 degrees": "0.5",
    "cos(60°)": "0.5",
    "sin(pi/2)": "1",
    "round 3.14159 to 2 decimals": "3.14",
    "round 2.675 to 2 decimal places": "2.68",
    "round 12345 to the nearest hundred": "12300",
    "round 12345 to 3 significant figures": "12300",
    "22/7 to 3 decimal places": "3.143",
    "round -1260 to the nearest hundred": "-1300",
    "123456789012345678905 to the nearest ten": "123456789012345678910",
    "300! to 3 significant figures": "306" + "0" * 612,
    "0.00045 in scientific notation": "4.5 × 10^-4",
    "What is 3/4 + 5/6? Give the answer as a fraction.": "19/12",
    "sqrt of 50, 2 decimal places": "7.07",
    "5/6 divided by 10/21": "7/4",
    "5/6 ÷ 10/21": "7/4",
    "12 divided by 3/4": "16",
    "half of 3/4": "0.375",
    "2 to the power of 1/2 to 3 decimals": "1.414",
    "square root of 9/16": "0.75",
    "6/2*3/4": "9/4",
    "what is negative 4 times 7": "-28",
    "if I multiply 125 by 8, what do I get?": "1000",
    "can you tell me what the remainder is when 250 is divided by 7": "5",
    "average of 3, 5, 10": "6",
    "What is the median of 3, 1, 4, 1, 5?": "3",
    "mode of 1, 2, 2, 3": "2",
    "sum of the first 100 integers": "5050",
    "sum of numbers from 1 to 100": "5050",
    "sum of odd numbers from 1 to 99": "2500",
    "sum of even numbers from 1 to 10": "30",
    "add 3, 4 and 5": "12",
    "what is the product of 6 and 7?": "42",
    "difference between 3 and 10": "7",
    "calculate the difference between 911 and 112": "799",
    "absolute difference between 404 and 403": "1",
    "Here are my test scores: 80, 90, 85, 95. What's the mean?": "87.5",
    "gcd 84, 36": "12",
    "range of 4, 18, 9": "14",
    "subtract 5 from 12": "7",
    "gcd of 12 and 18": "6",
    "gcd(120,180)": "60",
    "lcm of 4, 6 and 10": "60",
    "max of 3, 9, 2": "9",
    "sort 5, 3, 9 in descending order": "9, 5, 3",
    "is 97 prime?": "yes",
    "is 91 a prime number?": "no",
    "is 1 prime": "no",
    "is 144 a perfect square": "yes",
    "is 12 divisible by 5": "no",
    "prime factorization of 360": "2^3 × 3^2 × 5",
    "factors of 28": "1, 2, 4, 7, 14, 28",
    "how many divisors does 28 have": "6",
    "10 choose 3": "120",
    "how many ways can I choose 3 items from 10?": "120",
    "is 1024 a power of 2": "yes",
    "does 7 divide 3528 evenly?": "yes",
    "sum of the digits of 4096": "19",
    "the 10th prime number": "29",
    "increase 250 by 12%": "280",
    "what's 20% off $80?": "$64",
    "what percentage of 80 is 20": "25%",
    "20 is what percent of 80?": "25%",
    "percentage decrease from 50 to 40": "20%",
    "20 is 25% of what number": "80",
    "Which is bigger, 9.11 or 9.9?": "9.9",
    "Is 3/4 greater than 2/3?": "yes",
    "255 in hex": "FF",
    "hex FF to decimal": "255",
    "convert 0b1011 to decimal": "11",
    "convert 1011 from binary to decimal": "11",
    "what is 13 in binary": "1101",
    "2024 in roman numerals": "MMXXIV",
    "roman numeral MCMXCIV to number": "1994",
    "solve 2x + 3 = 11": "4",
    "2x + 3 = 11": "4",
    "2x + 6 = 20, x = ?": "7",
    "what number is XLII in Roman numerals?": "42",
    "A price of 250 is increased by 8%. What is the new price?": "270",
    "Solve for x: 3(x+2) = 21": "5",
    "if 2x+3=11, what is x?": "4",
    "solve x^2 - 5x + 6 = 0": "x = 2 or x = 3",
}
UNITS = {
    "convert 5 miles to km": "8.04672 km",
    "how many feet are in 3 meters": "9.84252 ft",
    "72 F in celsius": "22.2222 °C",
    "-40 F to C": "-40 °C",
    "how many seconds in a week": "604800 seconds",
    "5 feet 10 inches in cm": "177.8 cm",
    "5'10\" in cm": "177.8 cm",
    "2 hours and 30 minutes in seconds": "9000 seconds",
    "25 m/s to km/h": "90 km/h",
    "how many ounces in a pound": "16 oz",
    "1 acre in square yards": "4840 sq yd",
    "1 GiB in MiB": "1024 MiB",
    "5 us gallons in liters": "18.92705892 L",
    "how many cups in a gallon": "16 cups",
    "half a mile in feet": "2640 ft",
    "500 ml -> l": "0.5 L",
    "I ran 5 km. How many miles is that, to two decimals?": "3.11 mi",
    "My oven says 350°F. What is that in Celsius, to one decimal place?": "176.7 °C",
    "convert 12 oz to grams, rounded to the nearest gram": "340 g",
    "10000 seconds in hours, minutes and seconds": "2 hours 46 minutes 40 seconds",
    "180 cm in feet and inches": "5 ft 10.8661 in",
    "convert 10 kg to pounds rounded to 2 decimal places": "22.05 lb",
}
DATES = {
    "What day of the week was July 4, 1776?": "Thursday",
    "What day of the week did 1 January 2000 fall on?": "Saturday",
    "On which weekday was 2024-02-29?": "Thursday",
    "day of the week for 12/25/2023": "Monday",
    "How many days are there between 2024-01-01 and 2024-03-01?": "60",
    "how many days from January 1, 2024 through December 31, 2024 inclusive": "366",
    "how many weeks between 2024-01-01 and 2024-01-29": "4",
    "What date is 90 days after December 2, 2023?": "2024-03-01",
    "2024-01-15 + 1 month": "2024-02-15",
    "what day of the week is 100 days after 2024-01-01": "Wednesday",
    "is 2024 a leap year?": "yes",
    "Was 1900 a leap year?": "no",
    "what day of the year is 2024-03-01": "61",
    "what date is the 60th day of 2024": "2024-02-29",
    "how many days are in February 2024": "29",
    "how many days does 2023 have": "365",
    "how old is someone born on 1990-05-17 on 2024-05-16?": "33",
    "What time is it 3 hours 45 minutes after 10:20 am?": "2:05 PM",
    "what time will it be 90 minutes after 23:15": "00:45",
    "how long is it from 9:15 am to 5:45 pm": "8 hours 30 minutes",
    "how long is it from 08:45 to 17:20": "8 hours 35 minutes",
    "A meeting starts at 14:20 and lasts 95 minutes. When does it end?": "15:55",
    "convert 3:45 pm to 24-hour time": "15:45",
    "18:30 in 12-hour format": "6:30 PM",
    "weekday of 2010-10-10": "Sunday",
    "from 2023-01-05 to 2023-02-20, how many days?": "46",
    "last day of February 2024": "2024-02-29",
    "I was born on 12 June 1988. How old was I on 1 January 2020?": "31",
}
TEXTS = {
    "How many r's are in strawberry?": "3",
    'how many "r"s are in "strawberry"': "3",
    "how many times does the letter s appear in Mississippi?": "4",
    "How many words are in the sentence: 'The quick brown fox jumps.'": "5",
    "How many words are in the following sentence: I like cats and dogs.": "5",
    'How many words are in this sentence: "I\'m here, please."': "3",
    'how many characters are in "hello world"?': "11",
    'how many characters are in "hello world" excluding spaces?': "10",
    "how many vowels are in banana": "3",
    'How many unique letters are in "hello"?': "4",
    "Reverse the word 'stressed'": "desserts",
    "Spell cat backwards": "tac",
    "Is racecar a palindrome?": "yes",
    'is "A man, a plan, a canal: Panama" a palindrome?': "yes",
    'convert "hello World" to uppercase': "HELLO WORLD",
    "sort these words alphabetically: pear, apple, fig": "apple, fig, pear",
    'most common letter in "abba"': "a, b",
    "what is the third letter of the word banana": "n",
    'what is the last word of "I like cats."?': "cats",
    "are listen and silent anagrams?": "yes",
    'length of "abc def"': "7",
    'word count of "the early bird"': "3",
    'Remove all vowels from "computer"': "cmptr",
    'Replace every a in "banana" with o': "bonono",
    'repeat "ab" 3 times': "ababab",
    'first letters of "portable network graphics"': "png",
    'In the word "banana", how many a\'s are there?': "3",
    'Make "quiet please" uppercase.': "QUIET PLEASE",
    "Reverse this string: hello": "olleh",
}


@pytest.mark.parametrize(
    ("question", "expected"), (ARITHMETIC | UNITS | DATES | TEXTS).items(), ids=repr
)
async def test_a_question_that_is_a_computation_is_computed(question: str, expected: str) -> None:
    assert await value(question) == expected


LEFT_ALONE = """
how would I compute 17*23 in Excel?
write a function that computes 17*23
17*23 in python
what's wrong with 2+2=5
explain why 0.1+0.2 isn't 0.3
What is 17*23? Explain your reasoning.
Suppose 17*23 were 400, what is 17*23?
If I have 3 apples and buy 5 more how many do I have?
A train travels 60 miles in 2 hours. What is its speed?
and times 3?
what about 15%?
What's 15% of my salary?
was ist 17 mal 23
combien font 17*23
1,5 + 2
-2^2
200 + 10%
half of 10 plus 4
20% of 50 plus 10
square root of 16 plus 9
Compute 17*23!
2+3!
3!!
log(100)
-7 mod 3
8/2(2+2)
5k + 3
2 1/2 + 3
two and a half times 4
３ + ４
2x
what is 42
what is the value of pi
What is 24/7?
What is 9/11?
2024-03-01
555-1234
what is 1010 in binary
1011 to decimal
what is 2 + 2 in base 3
average of 3,5 and 7
average of 1,200 and 300
sum of one hundred and five
standard deviation of 1, 2, 3
what is the sum of numbers between 1 and 100
what is the sum of the first 100 even numbers
sum of 3 and 4 times 5
solve 2x + 3y = 11
solve 1/2x = 4
is 3 a prime or composite
100 USD in EUR
5 gallons in liters
1 GB in MB
5 tons to kg
how many days in a year
how many ounces in a cup
5 Mm to m
how do I convert 5 miles to km
5 miles to km and then to m
how many minutes in a football game
how many feet does a spider have
What day was 03/04/2024?
what day is march 3
what day is it today
how many days until Christmas
3 days after
3 days from now
how many days in february
how many business days between 2024-01-01 and 2024-02-01
100 days after 2024-01-01 excluding weekends
what day was February 30, 2023
What day of the week was September 1, 1582?
what time is it 2 hours after 10:20
what time is it 3 hours after 5 pm in Tokyo
how many letters are in English
how many letters are in the alphabet
how many characters are in Hamlet
how many r's are in it
how many r's are in this sentence?
How many words are in this sentence: I like you please
How many words are in this sentence: I like cats. Also translate it.
how many words in "state-of-the-art design"
how many vowels in rhythm
reverse engineering
write a function to reverse the string "hello"
how many words are in "hello" and why
Encode "hello" with ROT13
12 / 3/4
12÷3/4
3/4 squared
12 divided by 3/4/2
What is the difference between 911 and 112?
what's the difference between 2.0 and 3.0
difference between 802.11 and 802.3
What is 7-Eleven?
what is 6-pack plus 1
y = 2x + 3
x = 3 + 4
the mean of 3, 4, x
The temperature fell 10 degrees C. What is that in F?
I ran half of 5 km. How many miles is that?
how long is it from 09:00 to 05:00
A flight leaves at 10:00 am and arrives at 1:00 pm. How long is it?
walk backwards
Remove all a's from "Anna"
For my octal homework, what is 7 + 1?
I'm studying modular arithmetic. What is 7 + 8?
I'm in Java class. What is 7/2?
I want a poem. What is 2 + 2?
My numbers are doubled. What is 2 + 2?
""".strip().splitlines()


@pytest.mark.parametrize("question", LEFT_ALONE)
def test_what_is_not_only_a_computation_is_left_alone(question: str) -> None:
    assert [computer.name for computer in COMPUTERS if computer.reads(Query.of(question))] == []


@pytest.mark.parametrize(
    "question",
    [
        "9^9^9",
        "10^5000",
        "1000000!",
        "0/0",
        "5/0",
        "0^0",
        "1e999",
        "1e999 * 1e999 * 1e999 * 1e999 * 1e999",
        "square root of -4",
        "tan(90 degrees)",
        "sin(30)",
        "mode of 1, 2, 3",
        "solve x^2 = 2",
        "round -2.5 to the nearest integer",
        "which is bigger, 1/2 or 0.5",
        "percentage increase from 100 to 80",
        "-300 C in K",
        "2024-01-31 plus 1 month",
        "3/0 + 1",
        "what is 5/0 % of 3",
    ],
)
async def test_what_has_no_one_answer_has_none(question: str) -> None:
    assert await value(question) is None


@pytest.mark.parametrize(
    "text",
    [
        "9" * 200_000,
        "(" * 10_000 + "1" + ")" * 10_000,
        "(" * 900 + "1" + ")" * 900,
        "1+" * 990 + "1",
        "7" * 2000,
        "5" + "!" * 1900,
        "2^" * 900 + "2",
        "sqrt " * 390 + "2",
        "half of " * 240 + "4",
        "average of " + "3, " * 600 + "4",
        "one hundred " * 160,
        "?" * 2000,
        " thanks" * 280,
        "1" + " " * 1990 + "2",
        '"' * 2000,
        "' " * 9990,
        "how many r's in " + "x" * 19_000,
        'how many words are in "' + "a " * 9980 + '"',
        "how many " + "m " * 90 + "in 5 m",
        "solve " + "x+" * 900 + "=3",
        "prime factorization of 99998800003",
    ],
    ids=lambda text: text[:20],
)
async def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    await value(text)
    assert time.perf_counter() - started < 1


async def test_an_answer_ends_in_the_answer_and_says_how_it_was_got() -> None:
    answer = await computed("What is 1/3?")
    assert answer is not None
    assert answer.text == "1/3 = 1/3 (about 0.333333)\nAnswer: 1/3"
    assert answer.how == "computed exactly: 1/3"


async def test_a_rounded_answer_says_that_it_is_rounded() -> None:
    answer = await computed("72 F in celsius")
    assert answer is not None
    assert "72 °F is about 22.2222 °C (rounded)" in answer.text


async def test_the_last_word_of_a_quoted_text_is_not_a_courtesy() -> None:
    assert await value('how many words are in "say thank you please"') == "4"


# --- the conversation ------------------------------------------------------------------------


def conversation(*turns: tuple[str, str], **fields: object) -> Query:
    return Query(tuple(Message(role, text) for role, text in turns), **fields)  # type: ignore[arg-type]


def test_a_question_in_a_conversation_is_read_by_itself() -> None:
    query = conversation(("user", "Hello"), ("assistant", "Hi!"), ("user", "what's 17*23?"))
    assert asked(query) == Heard("what's 17*23")


@pytest.mark.parametrize(
    "query",
    [
        conversation(("user", "From now on all numbers are octal"), ("user", "what's 17*23?")),
        conversation(("system", "Answer in French."), ("user", "what's 17*23?")),
        conversation(("user", "what's 17*23?"), ("assistant", "It is")),
        conversation(("user", "17*23"), sampling={"response_format": {"type": "json_object"}}),
        conversation(("user", "17*23"), sampling={"tool_choice": "required"}),
        Query((Message("user", [{"type": "text", "text": "17*23"}, {"type": "image_url"}]),)),
        Query(()),
        Query.of("1" * (MAX_CHARS + 1)),
    ],
)
def test_a_conversation_that_may_change_the_question_is_left_alone(query: Query) -> None:
    assert asked(query) is None


def test_a_plain_instruction_changes_nothing() -> None:
    query = conversation(("system", "You are a helpful assistant."), ("user", "17*23"))
    assert asked(query) == Heard("17*23")


ASIDES = (
    "I'm helping my daughter with her homework.",
    "Quick one:",
    "Sorry to bother you, but",
    "We're redoing the bathroom, so",
    "My calculator died.",
    "Hi! I keep mixing these up.",
)


@pytest.mark.parametrize("aside", ASIDES)
@pytest.mark.parametrize("question", ["what is 17*23?", "how many feet are in 3 yards?"])
async def test_why_somebody_asks_changes_nothing(aside: str, question: str) -> None:
    assert await value(f"{aside} {question}") == await value(question) is not None


async def test_a_number_is_never_taken_for_an_aside() -> None:
    assert await value("one - two - three") == "-4"


@pytest.mark.parametrize("text", ["Please compute 2+2, thanks", "Could you compute 2+2?"])
def test_courtesies_are_not_part_of_the_question(text: str) -> None:
    assert asked(Query.of(text)) == Heard("compute 2+2")


def test_a_plan_is_what_reads_returned() -> None:
    with pytest.raises(TypeError, match="what `reads` returned"):
        carried_out("17 * 23")


# --- compared with other ways to compute -----------------------------------------------------

NUMBERS = st.integers(0, 999) | st.decimals(0, 99, places=2)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, Fraction]:
    """An expression and its value, worked out beside it."""
    if depth == 0 or draw(st.booleans()):
        number = draw(NUMBERS)
        return str(number), Fraction(number)
    left, a = draw(expressions(depth - 1))
    right, b = draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*/" if b else "+-*"))
    results = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}
    return f"(({left}) {sign} ({right}))", results[sign]


@settings(deadline=None)
@given(expressions())
async def test_an_expression_has_the_value_that_fractions_give_it(
    case: tuple[str, Fraction],
) -> None:
    text, expected = case
    answer = await value(f"{text} + 0 as a fraction")
    assert answer is not None
    assert Fraction(answer) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(1, 99)), min_size=1, max_size=8))
async def test_precedence_is_that_of_mathematics(terms: list[tuple[str, int]]) -> None:
    text = "7" + "".join(f" {sign} {number}" for sign, number in terms)
    assert await value(f"what is {text}?") == str(eval(text))


@settings(deadline=None)
@given(st.fractions(0, 1000, max_denominator=1000), st.integers(0, 6))
def test_rounding_errs_by_half_a_unit_at_most(number: Fraction, places: int) -> None:
    assert abs(Fraction(rounded(number, places)) - number) <= Fraction(1, 2 * 10**places)


@given(st.integers(0, 999_999))
@settings(deadline=None)
def test_a_number_in_words_is_read_back(number: int) -> None:
    assert spelled_number(in_words(number)) == number
    assert read_number(in_words(number)) == number


def in_words(number: int) -> str:
    small = (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen"
    ).split()
    tens = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
    if number < 20:
        return small[number]
    if number < 100:
        return tens[number // 10] + (f"-{small[number % 10]}" if number % 10 else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = f" {in_words(number % size)}" if number % size else ""
    return f"{in_words(number // size)} {name}{rest}"


@settings(deadline=None)
@given(st.integers(2, 10**6))
async def test_the_prime_factors_multiply_to_the_number(number: int) -> None:
    factors = await value(f"prime factorization of {number}")
    assert factors is not None
    assert eval(factors.replace("×", "*").replace("^", "**")) == number
    prime = all(number % d for d in range(2, math.isqrt(number) + 1))
    assert await value(f"is {number} prime?") == ("yes" if prime else "no")


@pytest.mark.parametrize("function", ["sqrt", "cbrt", "ln", "log10", "log2", "exp"])
async def test_irrational_functions_agree_with_an_independent_library(function: str) -> None:
    mpmath: Any = pytest.importorskip("mpmath")
    with mpmath.workdps(40):
        if function == "log2":
            expected = mpmath.log(7, 2)
        else:
            expected = getattr(mpmath, {"ln": "log"}.get(function, function))(7)
        answer = await value(f"{function}(7) to 20 decimal places")
        assert answer is not None
        assert abs(mpmath.mpf(answer) - expected) <= mpmath.mpf(10) ** -20 / 2


@given(st.integers(-720, 720))
@settings(deadline=None)
async def test_sines_agree_with_the_language(degrees: int) -> None:
    answer = await value(f"sin({degrees} degrees) to 9 decimal places")
    if answer is None:  # a sine of zero is not told from a very small one
        assert degrees % 180 == 0
    else:
        assert float(answer) == pytest.approx(math.sin(math.radians(degrees)), abs=1e-9)


CONVERTED = {
    "mile": "km",
    "inch": "cm",
    "yard": "m",
    "nautical_mile": "m",
    "pound": "kg",
    "ounce": "g",
    "stone": "kg",
    "hectare": "m²",
    "knot": "m/s",
    "mph": "m/s",
    "us gallon": "l",
    "imperial gallon": "l",
    "atm": "pa",
    "fortnight": "s",
    "kWh": "j",
}
PINT_NAMES = {
    "us gallon": "gallon",
    "imperial gallon": "imperial_gallon",
    "m²": "m**2",
    "l": "liter",
}


def test_the_factors_of_units_agree_with_an_independent_library() -> None:
    pint: Any = pytest.importorskip("pint")
    registry = pint.UnitRegistry(non_int_type=Fraction)
    for name, other in CONVERTED.items():
        unit, base = unit_named(name.lower().replace("_", " ")), unit_named(other)
        assert unit is not None
        assert base is not None
        pint_name, pint_base = PINT_NAMES.get(name, name), PINT_NAMES.get(other, other)
        expected = registry.Quantity(1, pint_name).to({"pa": "Pa", "j": "J"}.get(other, pint_base))
        assert float(unit.factor / base.factor) == pytest.approx(float(expected.magnitude), 1e-12)


@given(st.integers(-100, 1000))
@settings(deadline=None)
async def test_temperatures_there_and_back_are_the_same(degrees: int) -> None:
    there = await value(f"{degrees} C to F")
    assert there is not None
    assert Fraction(there.removesuffix(" °F")) == Fraction(degrees * 9, 5) + 32


DAYS = st.dates(date(1753, 1, 1), date(2200, 12, 31))


@given(DAYS, DAYS)
@settings(deadline=None)
async def test_days_between_dates_are_those_of_the_calendar(first: date, last: date) -> None:
    assert await value(f"how many days between {first} and {last}?") == str(
        abs((last - first).days)
    )


async def test_what_is_read_in_two_ways_is_left_alone() -> None:
    assert await value("How many days from 2024-03-01 to 2024-02-01?") is None
    assert await value("(-8)^(1/3)") is None
    assert await value("8^(1/3)") == "2"


@given(DAYS, st.integers(1, 5000))
@settings(deadline=None)
async def test_days_after_a_date_are_those_of_the_calendar(day: date, count: int) -> None:
    spoken = f"{day.strftime('%B')} {day.day}, {day.year}"
    end = day + timedelta(days=count)
    assert await value(f"What date is {count} days after {spoken}?") == str(end)
    assert await value(f"what day of the week is {spoken}?") == day.strftime("%A")


@given(st.integers(0, 1439), st.integers(1, 3000))
@settings(deadline=None)
async def test_minutes_after_a_time_are_those_of_the_clock(start: int, minutes: int) -> None:
    hour, minute = divmod(start, 60)
    told = f"{(hour - 1) % 12 + 1}:{minute:02} {'pm' if hour >= 12 else 'am'}"
    hour, minute = divmod((start + minutes) % 1440, 60)
    expected = f"{(hour - 1) % 12 + 1}:{minute:02} {'PM' if hour >= 12 else 'AM'}"
    assert await value(f"what time is it {minutes} minutes after {told}?") == expected


PLAIN = st.text("abcdefgh XYZ.,!", min_size=1, max_size=40)


@given(PLAIN, st.sampled_from("abcz"))
@settings(deadline=None)
async def test_letters_and_characters_are_counted(text: str, letter: str) -> None:
    assert await value(f'how many {letter}\'s are in "{text}"?') == str(text.lower().count(letter))
    assert await value(f'how many characters are in "{text}"?') == str(len(text))
    assert await value(f'reverse the string "{text}"') == text[::-1]


@given(st.lists(st.from_regex("[a-z]{1,8}", fullmatch=True), min_size=1, max_size=12))
@settings(deadline=None)
async def test_words_are_counted_and_sorted(words: list[str]) -> None:
    text = " ".join(words)
    assert await value(f'how many words are in "{text}"?') == str(len(words))
    if len(words) > 1:
        assert await value(f'sort the words in "{text}" alphabetically') == " ".join(sorted(words))


@given(st.text(max_size=300))
@settings(deadline=None)
async def test_no_text_breaks_the_reading(text: str) -> None:
    await value(text)


@given(st.text("0123456789+-*/^()!%., x=ofandthepi\"':°", max_size=60))
@settings(deadline=None)
async def test_no_formula_breaks_the_computing(text: str) -> None:
    answer = await computed(text)
    if answer is not None:
        assert re.search(r"\nAnswer: .+\Z", answer.text)


def test_a_decimal_comes_out_as_it_went_in() -> None:
    assert read_number("1,234.50") == Fraction(Decimal("1234.5"))
