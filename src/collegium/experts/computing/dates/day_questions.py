"""How people ask about days, and what answers each question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.dates.day_sums import (
    age,
    day_of_year,
    days_in_month,
    days_in_year,
    difference,
    last_day,
    leap,
    nth_day,
    shift,
    span,
    weekday,
)

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder

DAY_QUESTIONS: tuple[tuple[str, Builder], ...] = (
    ("<day asked> (?:<be>) (?:it on )?<day:date>(?: (?:be|fall|fall on|land on|be on))?", weekday),
    ("<day:date>:? (?:is |was )?(?:on )?(?:what |which )?<weekday>", weekday),
    ("<weekday>:? (?:of |for |on )?<day:date>", weekday),
    ("<day asked> <day:date> (?:is|was|falls on|fell on|will be|falls|fell)(?: on)?", weekday),
    (
        "(?:what(?:'s| is| was) )?(?:the )?(?:day of the week|weekday) (?:of|for|on) <day:date>",
        weekday,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<are there>) between <first:date> and"
        " <last:date><counted>",
        difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<are there>) from <first:date>"
        " (?:to|until|till) <last:date><counted>",
        span,
    ),
    ("<unit:days|weeks> between <first:date> and <last:date>", difference),
    ("<unit:days|weeks>:? <first:date> (?:to|until|till|->) <last:date>", span),
    ("<unit:days|weeks> from <first:date> (?:to|until|till) <last:date>", span),
    (
        "(?:from|between) <first:date> (?:to|until|till|and) <last:date>[,:;]? "
        "(?:<how many>)<unit:days|weeks>(?:<are there>|<passed>)",
        difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<passed>) (?:between|from) <first:date> "
        "(?:and|to|until|till) <last:date>",
        difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks> (?:after|before|from) <first:date> (?:is|was) <last:date>",
        difference,
    ),
    (
        "(?:<how many>)<unit:days>(?:<are there>) (?:from|between) <first:date>"
        r" (?:to|until|till|through|and) <last:date>,? \(?<both:both>\)?",
        difference,
    ),
    (
        "<told> (?:from|between) <first:sure date> (?:to|until|till|and) <last:sure date><meantime>"
        "(?:<how many>)<unit:days>(?:<are there>)"
        " (?:(?:in )?between (?:those|these|the)(?: two)?(?: dates| days)?)<counted>",
        difference,
    ),
    (
        "<told><on><day:sure date><meantime>(?:what|which) (?:day of the week|weekday)"
        " (?:(?:is|was|will) <that>(?: be)?|<that> (?:is|was|will be|falls on|fell on))",
        weekday,
    ),
    (
        "<told><on><day:sure date><meantime>(?:on )(?:what|which) (?:day of the week|weekday)"
        " (?:(?:does|did|will|would) <that> (?:fall|be)(?: on)?|(?:is|was) <that>)",
        weekday,
    ),
    (
        "<told><on><day:sure date><meantime><date or day> <count:n> <unit:unit>s? <way:way on>",
        shift,
    ),
    (
        "<weekday asked><count:n> <unit:unit>s? <way:after|before|from> <day:date>",
        partial(shift, weekday="yes"),
    ),
    ("<date asked><count:n> <unit:unit>s? <way:after|before|from|prior to> <day:date>", shift),
    (
        "(?:what|which) (?:date|day) (?:comes|falls|lies) (?:exactly )?<count:n> <unit:unit>s? "
        "<way:after|before> <day:date>",
        shift,
    ),
    (r"<date asked><day:date> <way:plus|minus|\+|-> <count:n> <unit:unit>s?", shift),
    ("<way:add> <count:n> <unit:unit>s? to <day:date>", shift),
    ("<way:subtract> <count:n> <unit:unit>s? from <day:date>", shift),
    ("(?:is|was|will) (?:the year )?<year:year> (?:be )?a leap year", leap),
    ("(?:if|whether) (?:the year )?<year:year> (?:is|was|will be) a leap year", leap),
    ("(?:is )?leap year:? <year:year>", leap),
    ("(?:is )?<year:year>:? (?:is )?(?:an? )?leap(?: year)?", leap),
    (
        "(?:what(?:'s| is| was)? |which )?(?:the )?"
        "(?:day(?: number)? of the year|ordinal day|day number)"
        " (?:is|was|of|for) <day:date>",
        day_of_year,
    ),
    ("<date asked>(?:the )?<count:n>(?:st|nd|rd|th) day of (?:the year )?<year:year>", nth_day),
    ("<date asked>day <count:n> of (?:the year )?<year:year>", nth_day),
    (
        "(?:<how many>)days(?:<are there>) in <month:[a-z]+>(?: (?:of )?<year:year>)?",
        days_in_month,
    ),
    (
        "(?:what(?:'s| is| was| will be) )?(?:the )?(?:date of the )?last day (?:of|in) "
        "<month:[a-z]+>(?: of)? <year:year>",
        last_day,
    ),
    ("(?:<how many>)days (?:does|did) <month:[a-z]+>(?: <year:year>)? have", days_in_month),
    ("(?:<how many>)days(?:<are there>) in (?:the year )?<year:year>", days_in_year),
    ("(?:<how many>)days (?:does|did) (?:the year )?<year:year> have", days_in_year),
    ("days in <month:[a-z]+>,? <year:year>", days_in_month),
    ("(?:<how many>)days(?:<are there>) in a leap year", days_in_year),
    (
        "(?:what is the |the )?age (?:on|at|as of) <day:date> (?:if|when|of (?:someone|a person))"
        "(?: who was)? born (?:on )?<born:date>",
        age,
    ),
    (
        "how old (?:is|was|will|would) (?:someone|somebody|a person)(?: who (?:is|was))?(?: be)?"
        " born on <born:date>(?: be)?,? on <day:date>",
        age,
    ),
    (
        "(?:(?:i|he|she|they|someone|somebody|a person|my [a-z]+) (?:was |were )?)?born on"
        " <born:date>[,.;:?]? how old (?:will|was|were|is|are|am|would)"
        " (?:i|he|she|they|that person)"
        "(?: be)?,? on <day:date>",
        age,
    ),
    (
        "(?:if (?:someone|somebody|a person|i) (?:is|was) )?born on <born:date>,? how old"
        " (?:is|was|am|will|would) (?:someone|somebody|a person|they|i)(?: be)? on <day:date>",
        age,
    ),
)
