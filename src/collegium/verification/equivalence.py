"""When two answers are the same answer: a normal form for each, compared as text."""

# ruff: noqa: RUF001 -- the punctuation of many scripts

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_object
from collegium.verification.latex import plain_latex
from collegium.verification.literals import NOT_A_LITERAL, canonical, literal
from collegium.verification.plain_numbers import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Of a longer answer only the beginning is normalised; the rest counts as it is written.
LONGEST = 4_000

# Of a container or a formula that is longer than this only the wording is compared.
STRUCTURED = 2_000

CURRENCY = re.compile(
    r"[$€£¥₹]|\b(?:us\s?)?(?:dollars?|usd|euros?|eur|pounds sterling|gbp|rupees?|yen)\b|°(?![cf])|"
    r"\bdegrees?\b(?!\s*(?:c|f)\b)",
    re.IGNORECASE,
)
UNIT = re.compile(r"\s?[^\W\d_][^\d=+*/^\\|<>]{0,60}")
BASED = re.compile(r"(-?\w{1,80})_(?:\{\w{1,3}\}|\w{1,3})")
ASSIGNED = re.compile(r"[a-zA-Z]\s?=\s?(?=[^=]{1,400}\Z)")
LETTER = re.compile(
    r"[\s\W_]*(?<!°)(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ll]etter)\W{0,3})?(?:([A-Z])(?=[\s)\].:,*}-]|\Z)|([a-j])(?=[).:\]]|\Z))",
)
# A that is an article, I that is somebody: A cat, I don't know.
WORD_AFTER_A = re.compile(r"[AI]\s+[a-z]")
ARTICLE = re.compile(r"\b(?:the|an?)\s+(?=\S)")
DOT = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|(?<=\d),(?=\d{3}(?!\d))")
WORD = re.compile(r"[^\W\d_]{4}")
HYPHEN = re.compile(r"(?<=[^\W\d_])[-‐‑–—_](?=[^\W\d_])")
PUNCTUATION = str.maketrans(
    dict.fromkeys('!?:;"“”„«»‘`()[]{}…¡¿。、，！？：；「」『』（）【】《》·•*~|', " ")
    | dict.fromkeys("'’\u200b\ufeff\u00ad", "")
)
FORMULA = re.compile(
    r".*[\\^]|(?!.*[^\W\d_]{4})(?:.*[=+*/<>|]|.*\d\(|.*\)\(|.*\([^)]*,)", re.DOTALL
)
BEFORE_NFKC = str.maketrans(
    {digit: f"^{n}" for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    | {"−": "-", "–": "-", "⁄": "/", "√": "\\sqrt", "π": "\\pi", "∞": "\\infty"}
)
VULGAR = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")


def key(answer: str, form: str = "text") -> str | None:
    """A normal form: two answers of one `form` are the same answer where their keys are equal.

    `form` is that of `collegium.types.Task`. The key is None where the answer is empty, and takes
    some ten microseconds for a short answer.
    """
    answer = answer.strip()
    if not answer:
        return None
    if len(answer) > LONGEST:
        return _long_key(answer)
    if form == "code":
        return _code_key(answer)
    answer = _unified(answer)
    if form == "choice":
        return _choice_key(answer)
    return _text_key(answer, drop_unit=form == "number")


def same(a: str, b: str, form: str = "text") -> bool:
    """Whether two answers of one `form` are the same answer; two empty ones are not."""
    mine = key(a, form)
    return mine is not None and mine == key(b, form)


def tool_calls_key(calls: Sequence[Mapping[str, Any]]) -> str | None:
    """A normal form of tool calls: their names and arguments, in order; None where there are none.

    The order of the keys of arguments does not count; arguments of broken JSON count as text.
    """
    return "\n".join(_call_key(call) for call in calls) or None


def choice(answer: str) -> str | None:
    """The letter of the option that `answer` is or begins with, in upper case."""
    answer = plain_latex(answer) if "\\" in answer else answer
    letter = LETTER.match(answer)
    if letter is None or WORD_AFTER_A.match(answer, letter.start(letter.lastindex or 0)):
        return None
    return (letter[1] or letter[2]).upper()


def _long_key(answer: str) -> str:
    rest = hashlib.blake2b(answer[LONGEST:].encode("utf-8", "surrogatepass"), digest_size=8)
    return f"{_wording(_unified(answer[:LONGEST]))}…{rest.hexdigest()}"


def _unified(answer: str) -> str:
    """One way of writing every character, no mathematics delimiters, no emphasis around it."""
    if not answer.isascii():
        answer = VULGAR.sub(" ", answer.translate(BEFORE_NFKC))
        answer = unicodedata.normalize("NFKC", answer).translate(BEFORE_NFKC).strip() or answer
    if answer[0] in "*_`$\\" or answer[-1] in "*_`$.":
        answer = answer.strip("*_` \n") or answer
    if "\\" in answer or "$" in answer:
        return plain_latex(answer) or answer
    return answer


def _choice_key(answer: str) -> str:
    letter = choice(answer)
    return f"choice {letter}" if letter else _text_key(answer, drop_unit=False)


def _code_key(answer: str) -> str:
    """Literals by value, anything else by its lines; letters keep their case."""
    if answer.startswith("```"):
        answer = answer.strip("`").partition("\n")[2].strip() or answer
    value = literal(answer)
    if value is NOT_A_LITERAL:
        value = "\n".join(line.rstrip() for line in answer.splitlines() if line.strip())
    return f"value {canonical(value)}"


def _text_key(answer: str, *, drop_unit: bool) -> str:
    if len(answer) <= STRUCTURED:
        quantity = _number_key(answer, drop_unit=drop_unit)
        if quantity is not None:
            return quantity
        if (based := BASED.fullmatch(answer)) and number(based[1]) is not None:
            return f"number {number(based[1])}"  # in base 3, told as 121 or as 121_3
        if answer[0] in "([{" and (container := _container_key(answer)):
            return container
        if ASSIGNED.match(answer):
            return _text_key(ASSIGNED.sub("", answer, count=1), drop_unit=drop_unit)
        if FORMULA.match(answer):
            return "formula " + re.sub(r"\s+", "", answer).rstrip(".")
    return _wording(answer)


def _number_key(answer: str, *, drop_unit: bool) -> str | None:
    value = number(answer)
    if value is None:
        bare = CURRENCY.sub("", answer).strip().rstrip(".").rstrip()
        percent = bare.endswith("%")
        value = number(bare.rstrip("%\\ "))
        if value is None and drop_unit:
            value = _leading_number(bare)
        if value is not None and percent and not drop_unit:
            return f"number {value}%"
    return None if value is None else f"number {value}"


def _leading_number(answer: str) -> Any | None:
    """The number before a unit: 12 apples."""
    for end, character in enumerate(answer):
        if character.isalpha() and UNIT.fullmatch(answer[end:]):
            return number(answer[:end].rstrip())
    return None


def _container_key(answer: str) -> str | None:
    if answer[0] == "(" and (sequence := _sequence_key(answer, only_numbers=True)):
        return sequence
    value = _json(answer) if answer[0] in "{[" else NOT_A_LITERAL
    if value is NOT_A_LITERAL:
        value = literal(answer)
    return _sequence_key(answer) if value is NOT_A_LITERAL else f"value {canonical(value)}"


def _json(answer: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return NOT_A_LITERAL


def _sequence_key(answer: str, *, only_numbers: bool = False) -> str | None:
    """Tuples and intervals of numbers and formulas: (1/2, 3) and [0, 1)."""
    if answer[-1] not in ")]}" or answer[1:-1].count(",") not in range(1, 50):
        return None
    parts = (part.strip() for part in answer[1:-1].split(","))
    keys = [_number_key(part, drop_unit=False) or re.sub(r"\s+", "", part) for part in parts]
    formulas = [part for part in keys if not part.startswith("number ")]
    if formulas and (only_numbers or any(WORD.search(part) for part in formulas)):
        return None
    return f"sequence {answer[0]}{'; '.join(keys)}{answer[-1]}"


def _wording(answer: str) -> str:
    """Plain text: no case, no articles, no punctuation, one space between words."""
    words = HYPHEN.sub(" ", answer.casefold()).translate(PUNCTUATION)
    words = " ".join(ARTICLE.sub("", DOT.sub(_dot, words)).split())
    return f"text {words or answer.casefold()}"


def _dot(mark: re.Match[str]) -> str:
    return "" if mark[0] == "," and mark.string[mark.end() : mark.end() + 1].isdigit() else " "


def _call_key(call: Mapping[str, Any]) -> str:
    function = call.get("function")
    called = function if is_object(function) else call
    return f"{called.get('name', '')} {_arguments_key(called.get('arguments'))}"


def _arguments_key(arguments: object) -> str:
    if isinstance(arguments, str) and arguments.strip():
        value = _json(arguments)
        return f"broken: {arguments.strip()}" if value is NOT_A_LITERAL else canonical(value)
    return canonical(arguments or {})
