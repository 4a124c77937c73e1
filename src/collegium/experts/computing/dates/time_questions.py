"""How people ask about times of day, and what answers each question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.experts.computing.dates.time_sums import (
    between_times,
    clock,
    ending,
    in_12_hours,
    in_24_hours,
)

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder

TIME_QUESTIONS: tuple[tuple[str, Builder], ...] = (
    ("<time asked><length> <way:after|before|from> <time:time>", clock),
    ("<time asked><minutes only> <way:after|before|from> <time:time>", clock),
    (
        "(?:<converted>)?<time:time> (?:in|to|into|as|on)(?: an?| the)? (?:24|twenty[ -]four)"
        "[ -]?(?:hours?|hrs?|h)<clock>",
        in_24_hours,
    ),
    ("(?:<converted>)?<time:time> (?:in|to|into|as)(?: an?)? military time", in_24_hours),
    (
        "(?:<converted>)?<time:time> (?:in|to|into|as|on)(?: an?| the)? (?:12|twelve)"
        "[ -]?(?:hours?|hrs?|h)<clock>",
        in_12_hours,
    ),
    ("<event> <starts> at <time:time> and <lasts> <length>[.,;:?]? <ends asked>", ending),
    ("<event> <starts> at <time:time> and <lasts> <minutes only>[.,;:?]? <ends asked>", ending),
    (
        "(?:if )?(?:i|we|my (?:train|bus)|our (?:train|bus)|the (?:train|bus))"
        " (?:leaves?|departs?|sets? off|starts?|am leaving|are leaving)(?: home)? at <time:time>"
        ",? and (?:the |my |our )?(?:trip|journey|drive|ride|commute|way there|walk)"
        " (?:takes|lasts|is) <length>(?: long)?[.,;:?]? (?:so )?(?:when|(?:at )?what time)"
        " (?:will|do|would|does) (?:i|we|it|the train|the bus) (?:arrive|get there|be there)",
        ending,
    ),
    (r"<time asked><time:time> <way:plus|minus|\+|-> <length>", clock),
    (r"<time asked><time:time> <way:plus|minus|\+|-> <minutes only>", clock),
    ("<way:add> <length> to <time:time>", clock),
    ("<way:add> <minutes only> to <time:time>", clock),
    ("<way:subtract> <length> from <time:time>", clock),
    ("<way:subtract> <minutes only> from <time:time>", clock),
    (
        "how (?:long|much time) (?:is it |is there |is |passes )?(?:from|between) <first:time>"
        " (?:to|until|till|and) <last:time>",
        between_times,
    ),
    (
        "<event> <starts> at <first:time> and (?:ends|finishes|ended|finished|is over) at"
        " <last:time>[.,;:?]? how long (?:is|was|does|did) (?:it|that|the [a-z]+)(?: last)?",
        between_times,
    ),
    (
        "(?:<how many>)<unit:hours|minutes>(?:<are there>) (?:from|between) <first:time>"
        " (?:to|until|and) <last:time>",
        between_times,
    ),
)
