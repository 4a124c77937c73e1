"""What people say around a question: greetings, thanks, how short the answer should be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from collegium.experts.computing.asides import IDLE, without_aside, without_last_story
from collegium.experts.computing.wishes import (
    NO_WISHES,
    Wishes,
    last_word,
    without_first_wish,
    without_last_wish,
)

MAX_COURTESIES, MAX_CLOSING_CHARS = 8, 100
# What closes a question ends in one of these, or in "?!".
CLOSING_WORDS = frozenset(
    """
    thanks you thx cheers ta much lot bunch million advance again please pls plz me quickly quick
    exactly can could mind help out this that it answer result them us recipe project homework
    report class presentation assignment essay friend colleague party form spreadsheet quiz trip
    exam test invoice article blog value
    """.split()
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A question without what is said around it, and how the answer is to be said."""

    text: str
    wishes: Wishes = NO_WISHES


def heard(text: str, *, ending: bool = True, idle: frozenset[str] = IDLE) -> Heard:
    """Return `text` without greetings, asides, "please", thanks and wishes for a form.

    An aside is a sentence before the question that is made of `idle` words alone. With `ending`
    False the end is left as it was written, question marks too.
    """
    return _heard(text, ending, idle)


@lru_cache(maxsize=16)
def _heard(text: str, ending: bool, idle: frozenset[str]) -> Heard:
    # The memo is of a pure function: every computer hears the same question, one after the other.
    wishes = NO_WISHES
    for _ in range(MAX_COURTESIES):
        before = text
        text, wished = _without_opening(text, idle)
        wishes |= wished
        if ending:
            text, wished = without_last_wish(_without_closing(text))
            wishes |= wished
        if text == before:
            break
    return Heard(text.strip(), wishes)


def without_courtesies(text: str, *, ending: bool = True, idle: frozenset[str] = IDLE) -> str:
    """Return the text that is `heard`."""
    return heard(text, ending=ending, idle=idle).text


def without_inner_courtesies(text: str) -> str:
    """Return `text` without "could you tell me" and the like between two of its sentences."""
    return _inner().sub("", text)


def _without_opening(text: str, idle: frozenset[str]) -> tuple[str, Wishes]:
    wished = without_first_wish(text)
    if wished[1]:
        return wished
    if need := _need().match(text[:MAX_CLOSING_CHARS]):
        return text[need.end() :], NO_WISHES
    if opening := _opening().match(text):
        return text[opening.end() :], NO_WISHES
    return without_aside(text, idle), NO_WISHES


def _without_closing(text: str) -> str:
    text = text.rstrip(" \t\n?.")
    tail = text[-MAX_CLOSING_CHARS:]
    may_close = last_word(tail) in CLOSING_WORDS or tail.endswith("?!")
    closing = _closing().search(tail) if may_close else None
    if closing is None:
        return without_last_story(text)
    return text[: len(text) - len(tail) + closing.start()]


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(
        r"""\s*(?:
      (?:hi|hello|hey|hiya|greetings|good\ (?:morning|afternoon|evening))
      (?:\ (?:there|again|all|everyone|guys))?[\s,.!:;-]+
    | (?:ok|okay|so|well|um|alright|right|anyway|basically)[\s,.:]+
    | (?:(?:a|one|another|just\ a)\ )?(?:quick|simple|easy|short|dumb|silly|random|math|maths)
      \ (?:(?:math|maths|python|sql|coding|programming)\ )?(?:question|one|check|calculation
      |conversion|sum)(?:\ please)?\s*[:,.!?-]+\s*
    | (?:question|q|problem|calculation)\s*:\s*
    | (?:please|pls|plz|kindly|quickly|just|simply)[\s,:]+
    | (?:any\ chance\ )?(?:can|could|would|will)\ (?:you|u)\s+
    | (?:if\ )?you\ (?:can|could|might)\s+(?:please\s+)?
    | sorry\ (?:for|about)\ (?:the|this|my)\ (?:(?:very|so|basic|silly|dumb|stupid|simple|trivial
      |beginner)\ )*questions?[,.]\ (?:but\ )?
    | be\ so\ kind\ (?:as\ to|and)\s+
    | i(?:['\u2019]d|\ would)\ (?:be\ (?:very\ |really\ )?(?:grateful|thankful|glad|happy)
      |(?:really\ |very\ much\ )?appreciate\ it|love\ it|like\ it)\s+(?=if\ you)
    | (?:help(?:\ me)?\ with|i\ have|i['\u2019]ve\ got|here(?:['\u2019]s|\ is))
      \ (?:a|an|this|some|my|the)\ (?:(?:quick|simple|easy|small|short|little|basic|math|maths)\ )*
      (?:question|calculation|conversion|problem|sum|computation|one|thing)\s*(?:for\ you)?[:,.]\s*
    | (?:my|a|our|his|her|the)\ (?:son|daughter|friend|boss|teacher|kid|child|wife|husband|partner
      |colleague|student|brother|sister|mother|father|mom|mum|dad|nephew|niece|client|neighbou?r)
      \ (?:just\ )?(?:asked|asks|is\ asking|was\ asking|wants\ to\ know|is\ wondering)
      (?:\ me)?[\s:,]+(?=what|how|if|whether|which|who|when|to)
    | (?:check|verify|confirm)\ (?:for\ me\ )(?=if|whether)
    | (?:are\ you\ |be\ )able\ to\s+
    | i(?:['\u2019]d|\ would)\ like\ (?=the\b|a\b)
    | (?:(?:do|would)\ you\ )?mind\ (?:telling|giving|showing)\ me\s+
    | do\ me\ a\ favou?r(?:\ and|,|:)\s+
    | (?:help\ me\ (?:to\ )?(?:understand|see)(?=\s+what)|help\ me(?:\ to)?
      |i\ need\ help(?:\ to)?|help\ me\ with)\s+(?=\w)
    | i(?:(?:\ just|\ really)?\ (?:need|want)|(?:['\u2019]d|\ would)\ (?:like|love))
      (?:\ you)?\ to\ (?:know\ )?
    | i(?:\ just)?\ need\ (?=the\b|an?\b|[$\u20ac\u00a3\d])
    | i(?:['\u2019]m|\ am|\ was)\ (?:curious|(?:just\ )?wondering)[\s,:]+
    | (?:i(?:['\u2019]m|\ am|\ was)\ )?trying\ to\ (?=(?:figure|work|find|calculate|compute|see)\b)
    | (?:but|and|also)[\s,]+(?=(?:what|how|is|which|can|could|would|do|does)\b)
    | wondering\ (?=what|how|if|whether|which|who|when)
    | (?:figure|work|find)\ out\ (?=what|how|if|whether|which|who|when)
    | i(?:['\u2019]m|\ am)\ not\ sure\s+(?=what|how|if|whether|which|who|when)
    | i\ (?:forgot|forget|(?:can|don|couldn)['\u2019]?t\ (?:quite\ |really\ )?
      (?:remember|know|tell|see|figure\ out|work\ out|understand))
      \s+(?=what|how|if|whether|which|who|when)
    | (?:tell|give|show|remind)\ me\b[\s,:]+
    | (?:do\ you\ (?:happen\ to\ )?know|any\ idea|let\ me\ know|see)
      \s+(?=what|how|if|whether|which|who|when)
    )""",
        re.IGNORECASE | re.VERBOSE,
    )


@cache
def _closing() -> re.Pattern[str]:
    return re.compile(
        r"""(?:
      \?!
    | (?:(?<![\d)])!)?[\s,.;?-]{1,9}(?:thanks|thank\ you|thx|cheers|ta)
      (?:\ (?:so|very)\ much|\ a\ (?:lot|bunch|million)|\ in\ advance|\ again)?[\s!.]{0,9}
    | (?:(?<![\d)])!)?[\s,.?]{1,9}(?:please|pls|plz)[\s!.]{0,9}
    | [\s,]{1,9}(?:for\ me|quickly|real\ quick|exactly|(?:will|would|can|could)\ you)
    | [\s,.?(-]{1,9}if\ you\ (?:can|could|don['\u2019]?t\ mind)
    | [.?!:;,]\ {1,3}(?:(?:can|could|would|will)\ you\ )?(?:please\ )?
      (?:(?:help(?:\ me)?(?:\ out|\ with\ (?:this|that|it))?)
      |(?:work|figure)\ (?:it|this|that|them)\ out|tell\ me
      |(?:give|tell)\ me\ (?:that|the\ (?:answer|result))
      |(?:count|check|compute|calculate|solve|convert|evaluate|do)\ (?:them|it|this|that))
      (?:\ for\ (?:me|us))?
    | \ for\ (?:a|an|my|our|the|this|some)\ (?:school\ |work\ |little\ |new\ )?
      (?:recipe|project|homework|report|class|presentation|assignment|essay|friend|colleague|party
      |form|spreadsheet|quiz|trip|exam|test|invoice|article|blog)
    | [.?!:;]\ {1,3}what(?:['\u2019]s|\ is|\ would\ be)\ the\ (?:answer|result|value)
    )\Z""",
        re.IGNORECASE | re.VERBOSE,
    )


@cache
def _inner() -> re.Pattern[str]:
    # A request within the text: what it is polite about stands behind it.
    return re.compile(
        r"""(?<=[.!?,;:]\s)(?:(?:so|and|but|also|now)[ ,]\ ?)?(?:
      (?:can|could|would|will)\ you\ (?:please\ |kindly\ |maybe\ )?
        (?:(?:tell|remind|give|show|let)\ me\ (?:know\ )?
        |help\ me\ (?:figure|find|work)\ out[ ]
        |(?:work|figure|find)\ out\ (?=what|how|which|if|whether)|(?=convert|calculate|compute)
        |check\ (?=if|whether|what|how|which))
      | please\ (?:(?:tell|give|show)\ me\ )?
      | (?:do\ you\ (?:happen\ to\ )?know|any\ idea)\ (?=what|how|which|if|whether)
      | (?:i(?:['\u2019]d|\ would)\ like\ to\ know
        |i(?:['\u2019]m|\ am|\ was)\ (?:just\ )?(?:wondering|curious),?
        |i\ (?:just\ )?(?:need|want)\ to\ (?:know|find\ out|figure\ out)
        )\ (?=what|how|which|if|whether)
      )""",
        re.IGNORECASE | re.VERBOSE,
    )


@cache
def _need() -> re.Pattern[str]:
    # What somebody needs the answer for, before they ask.
    return re.compile(
        r"\s*i (?:need|have|want) to [a-z]+ (?:a|an|the|my|our|some) [a-z]+(?: [a-z]+)?,? so"
        r"(?= (?:can|could|would|will|please|what|how)\b)",
        re.IGNORECASE,
    )
