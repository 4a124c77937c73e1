"""Questions that are a conversion and nothing else, read whole into a plan."""

from __future__ import annotations

import re
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic import Wanted, in_digits, wanted_form
from collegium.experts.computing.units.conversions import Part, convert, convert_split, parts_of
from collegium.experts.computing.units.measures import unit_named

if TYPE_CHECKING:
    from collegium.experts.computing.base import Plan

# In lower case these would be taken for others: megametres, megagrams, millions, kibibits.
_CASE_MATTERS = re.compile(r"(?<![A-Za-z])(?:Mm|Mg|M|Ms|ML|Ml|[kKmMgGtT]ib|PA|pA|mW)(?![A-Za-z])")


_NUMBER = r"[-\u2212]?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_QUANTITY = rf"(?:{_NUMBER}|half an?|an?|one) ?[^0-9,;:?!=+()]+?"
_AMOUNT = rf"(?P<amount>{_QUANTITY}(?:(?:,? and |,? )?{_NUMBER} ?[a-z]+)?)"
_STORY = r"(?P<story>(?:it's|that's|i'm)|[a-z',]+(?: [a-z',]+){1,19}) "
_TAIL = (
    r"(?: of (?!.*\b(?:each|per|every|or|and|plus|more|less|it|them)\b.*[.,;:!?])[a-z]+"
    r"(?: [a-z]+)?)?"
    r"(?: (?:here|outside|inside|right now))*"
    r"(?: (?:long|tall|high|wide|away|today|yesterday|deep))?[.,;:!?]* (?:so )?"
)
_IT = "(?:that|this|it|the distance|the temperature|the weight)"
_HOW = "how (?:much|far|long|tall|heavy|hot|cold|fast)"
_ASKED = (
    rf"(?:(?:what(?:'s| is| would)|{_HOW} is|convert) {_IT}(?: be)?"
    rf"|(?:what|{_HOW}) {_IT} (?:is|would be))"
)
_NEAREST_UNIT = re.compile(
    r"(?P<rest>.+?)[,.;?]? \(?(?:round(?:ed|ing)?(?: it| that)? )?(?:to the )?nearest"
    r" (?:whole )?(?P<unit>[a-z ]+?)\)?"
)
_CHANGES_AMOUNT = frozenset(
    """
    half twice double triple third thirds quarter quarters of times plus minus less more fewer than
    extra another other per every each between by not over under up down on square cubic
    """.split()
)
_HAS = frozenset("is says reads shows at to was it's about said".split())
_UNIT = r"(?P<unit>[^0-9,;:?!=+()]+?[23²³]?|[a-z]+, [a-z]+,? and [a-z]+)"


def read(text: str) -> Plan | None:
    """Return the plan of `text`, a question without courtesies, if all of it is a conversion."""
    if _CASE_MATTERS.search(text):
        return None
    body = in_digits(" ".join(text.lower().replace("\u2019", "'").split()))
    body = re.sub(r" ?(?:->|=>|\u2192) ?", " to ", body).removeprefix("convert: ")
    body = re.sub(r"([0-9])'([0-9]{1,2})(?:\"|'')", r"\1 feet \2 inches", body)
    body, wanted = wanted_form(body)
    nearest = _NEAREST_UNIT.fullmatch(body)
    if nearest and not wanted.form:
        body, wanted = nearest["rest"], Wanted("places")
    for form in _forms():
        match = form.fullmatch(body)
        if match is None or not _is_plain_story(match.groupdict().get("story"), match["amount"]):
            continue
        plan = _read_conversion(match["amount"], match["unit"], wanted)
        if plan and not (nearest and unit_named(nearest["unit"]) != unit_named(match["unit"])):
            return plan
    return None


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(form)
        for form in (
            rf"{_AMOUNT} = (?:\?|how many|what in) {_UNIT}",
            rf"{_STORY}{_AMOUNT}{_TAIL}{_ASKED} (?:in|to|into) {_UNIT}",
            rf"{_STORY}{_AMOUNT}{_TAIL}how many {_UNIT} "
            r"(?:(?:is|are|was|does|would) (?:that|this|it)(?: be| make)?"
            r"|(?:that|this|it) (?:is|makes))",
            rf"(?:(?:convert|change|turn|express|what is|what's|what are|how much is|how much are"
            rf"|how (?:long|tall|heavy|far|fast|hot|cold|big|high) is) )?(?:the )?{_AMOUNT} "
            rf"(?:to|in|into|as|converted to|expressed in) {_UNIT}",
            rf"how many {_UNIT} (?:(?:are|is) )?(?:there )?(?:are )?"
            rf"(?:in|per|make(?: up)?|equals?|to|is|are) {_AMOUNT}",
            rf"(?:the )?number of {_UNIT} in {_AMOUNT}",
            rf"(?:what is |what's )?{_AMOUNT} (?:is|equals|=|are|in) how many {_UNIT}",
            rf"how many {_UNIT} (?:does|do) {_AMOUNT} (?:equal|have|contain|make)",
        )
    )


def _is_plain_story(story: str | None, amount: str) -> bool:
    """Whether what is told before an amount takes nothing from it: "I ran", not "I ran half of".

    A temperature must be one that something has, not by how much it changed.
    """
    words = (story or "").split()
    if not words or _CHANGES_AMOUNT & set(words):
        return not words
    parts = parts_of(amount)
    if "from" in words[-2:]:  # "a mile from 5 km"
        return False
    return parts[0][1].dimension != "temperature" or words[-1] in _HAS if parts else False


def _read_conversion(amount: str, name: str, wanted: Wanted) -> Plan | None:
    target, parts = unit_named(name), parts_of(amount)
    if not parts or wanted.form in {"percent", "fraction", "scientific"}:
        return None
    if target is None:
        return _read_split(amount, parts, name, wanted)
    units = [unit for _, unit in parts]
    if any(unit.dimension != target.dimension for unit in units) or target.label == units[0].label:
        return None
    if len(parts) > 1 and not (units[0].factor > units[1].factor and not units[0].zero):
        return None
    return partial(convert, amount, parts, target, wanted)


def _read_split(amount: str, parts: list[Part], name: str, wanted: Wanted) -> Plan | None:
    """Read a conversion into several units at once: "feet and inches"."""
    named = [unit_named(each) for each in re.split(r",? and |, ", name)]
    targets = [unit for unit in named if unit is not None and not unit.zero]
    units = [unit for _, unit in parts] + targets
    is_ordered = all(large.factor > small.factor for large, small in pairwise(targets))
    if len(targets) < max(2, len(named)) or len({unit.dimension for unit in units}) > 1:
        return None
    return partial(convert_split, amount, parts, targets, wanted) if is_ordered else None
