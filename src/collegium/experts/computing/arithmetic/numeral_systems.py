"""The same whole number in another base, or in Roman numerals."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.numerals import whole_number_of
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Computed, Plan

MAX_DIGITS, MAX_ROMAN = 300, 3999

_BASES = MappingProxyType(
    {"binary": 2, "octal": 8, "decimal": 10, "denary": 10, "hex": 16, "hexadecimal": 16}
)
_MARKS = MappingProxyType({"0x": 16, "0b": 2, "0o": 8})
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "M CM D CD C XC L XL X IX V IV I".split(),
        strict=True,
    )
)


def _read_base(digits: str, target: str, source: str | None = None) -> Plan | None:
    """Read the digits in the base that is named; without a name they are decimal if they can be."""
    marked, wanted = _MARKS.get(digits[:2]), _base_of(target)
    base = _base_of(source) if source else marked or 10
    if base == wanted or (marked and marked != base):
        return None
    if not (source or marked or _is_clearly_decimal(digits, wanted)):
        return None
    return partial(_rebased, digits[2:] if marked else digits, base, wanted)


def _is_clearly_decimal(digits: str, wanted: int) -> bool:
    """Whether nobody would take `digits` for those of another base, unlike in "101 to binary"."""
    looks_binary = len(digits) > 1 and not set(digits) - set("01")
    return wanted != 10 and not (wanted == 2 and looks_binary)


def _base_of(name: str) -> int:
    return int(name[4:].strip(" -")) if name.startswith("base") else _BASES[name]


def _rebased(digits: str, base: int, wanted: int) -> Computed:
    if not (2 <= base <= 36 and 2 <= wanted <= 36) or len(digits) > MAX_DIGITS:
        raise Uncomputable(f"bases are from 2 to 36, not {base} and {wanted}")
    value = _in_base(int(digits, base), wanted)
    return answer(value, f"{digits.upper()} in base {base} is {value} in base {wanted}.")


def _in_base(number: int, base: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, base)
        digits = _DIGITS[digit] + digits
    return digits


def _roman(number: int) -> str:
    numeral = ""
    for value, letters in _ROMAN:
        numeral += letters * (number // value)
        number %= value
    return numeral


def _read_to_roman(number: str) -> Plan | None:
    n = whole_number_of(number)
    if not 0 < n <= MAX_ROMAN:
        return None
    return partial(answer, _roman(n), f"{n} in Roman numerals is {_roman(n)}.")


def _read_from_roman(numeral: str) -> Plan | None:
    numeral = numeral.upper()
    number = next((n for n in range(1, MAX_ROMAN + 1) if _roman(n) == numeral), None)
    if number is None:
        return None
    return partial(answer, str(number), f"The Roman numeral {numeral} is {number}.")


FORMS: Forms = (
    ("<digits:digits> (?:to|in|into|as)(?: an?)? <target:base><form>", _read_base),
    (
        "<the><source:base><form> <digits:digits> (?:to|in|into|as)(?: an?)? <target:base><form>",
        _read_base,
    ),
    (
        r"<digits:digits> \(?(?:in |from )?<source:base><form>\)?"
        " (?:to|in|into|as)(?: an?)? <target:base><form>",
        _read_base,
    ),
    (
        "(?:convert )?(?:from )?<source:base> to <target:base>: ?<digits:digits>",
        _read_base,
    ),
    (
        "<the><target:binary|octal|hex(?:adecimal)?><form> (?:of|for) <digits:[0-9]+>",
        partial(_read_base, source="decimal"),
    ),
    ("<number:whole> (?:to|in|into|as)(?: an?)? roman(?: numerals?)?", _read_to_roman),
    ("<the>roman numerals? (?:of|for) <number:whole>", _read_to_roman),
    (
        "<the>roman numerals? <numeral:[ivxlcdm]+>"
        "(?: (?:to|in|as|into) (?:an? )?(?:arabic|decimal|numbers?|digits)(?: numerals?)?)?",
        _read_from_roman,
    ),
    (
        "(?:what |which )?(?:number|value) (?:is|does) <the>(?:roman numeral )?"
        "<numeral:[ivxlcdm]{2,}>(?: (?:in|as an?) roman numerals?| (?:represent|stand for|mean))?",
        _read_from_roman,
    ),
    (
        "<the>(?:roman numeral )?<numeral:[ivxlcdm]{2,}> "
        r"(?:\(?(?:from |in )?roman numerals?\)? )?"
        "(?:to|in|into|as)(?: an?)? (?:arabic|decimal|ordinary|normal|regular)"
        "(?: numerals?| numbers?| digits| form)?",
        _read_from_roman,
    ),
)
