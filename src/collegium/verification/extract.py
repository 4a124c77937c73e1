"""What a model's text holds: its final answer, its numbers, SQL, JSON and citations."""

# ruff: noqa: RUF001 -- the punctuation of many scripts

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import islice

from collegium.verification.blocks import Block, code_blocks
from collegium.verification.equivalence import choice
from collegium.verification.jsontext import answer_field, json_value
from collegium.verification.latex import balanced, plain_latex
from collegium.verification.plain_numbers import NUMBER, PLAIN, number

__all__ = [
    "Block", "Citation", "citations", "code_blocks", "final_answer", "json_value", "numbers",
    "sql_statements",
]  # fmt: skip

# A final answer stands at the end: of longer texts only the end is read.
TAIL = 20_000
SHORT = 200

# So many, from the last, are looked at, and so many citations from the first.
STATEMENTS = 16
CITATIONS = 1_000

STATEMENT = re.compile(
    r"\\f?boxed\s{0,3}\{|^[ \t]{0,9}####[ \t]*(?=\S)|"
    r"\b(?:answer|result|option|choice)\b(?:\s+to\s[^.\n:]{1,80}?)?[*_ \t]{0,4}"
    r"(?::|=|\bis\b(?!\s+not\b)|\bwould be\b|\bshould be\b|\bwill be\b)[:*_ \t]{0,5}(?:\n\s{0,9})?|"
    r"(?:antwort|réponse|respuesta|resposta|risposta|ответ|答案|答え|정답|antwoord|svar|cevap)"
    r"[*_ \t]{0,4}(?:[:：=]|\b(?:ist|est|es|é|è|is|är|er)\b|[是は为為])[:*_ \t]{0,5}(?:\n\s{0,9})?",
    re.IGNORECASE | re.MULTILINE,
)
BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
REASON = re.compile(
    r"[.!](?=\s|$)(?<!\b\w\.)|,?\s+(?:because|since|which|so that|as it)\b|\s+\((?=[a-z]{3})|。"
)
# After a semicolon: the next item of a list is short, and begins like none of these.
PROSE = re.compile(
    r"\s*(?:(?:it|its|this|that|these|they|there|he|she|we|you|so|as|because|since|hence|thus|"
    r"therefore|however|but|and|not|see|i\.?e|e\.?g|namely|in|if|when|where|while)\b|(?:[^\s;]+\s+){4})",
    re.IGNORECASE,
)
LETTERED = re.compile(
    r"(?:\(|\boption\s|\*\*)([A-Ja-j])\)|\boption\s([A-J])\b"
    r"|^[ \t*_([]{0,6}([A-J])(?=[).:]|[ \t*_.)\]]{0,4}$)"
    # At the end a letter is a choice where it is said to be one, not in 100 °C or World War I.
    r"|(?:\b(?i:is|it's|be|was|choose|choosing|chose|pick|picked|picking|select|selected|selecting|"
    r"with|for|so|thus|hence|therefore|choice|letter|answer|say|guess|namely)|[:=,→])"
    r"[ \t*_(\[]{1,6}([A-J])[.)*\]]{0,3}\s{0,9}\Z",
    re.MULTILINE,
)
NUMBERED = re.compile(rf"(?<![\w.])-?\$?(?:{NUMBER.pattern})(?:\s?/\s?\d{{1,15}})?(?!\w)%?")
WITH_UNIT = re.compile(rf"(?<![\w.])-?\$?(?:{PLAIN})(?=[^\W\d_])")
SQL = re.compile(
    r"\b(?:select|with|insert|update|delete|create|drop|alter|replace)\b", re.IGNORECASE
)
CITED = re.compile(
    r"(?<![\w/.-])((?:[\w.-]{1,80}/){0,12}[\w-]{1,80}(?:\.[\w-]{1,20}){0,3}\.[a-zA-Z]\w{0,9}):(\d{1,7})(?:-(\d{1,7}))?"
    r"|\[(?:passage|source|doc(?:ument)?|ref)?\s?#?(\d{1,4}(?:\s?[,;]\s?\d{1,4}){0,20})\](?!\()",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """What a text refers to: lines `first` to `last` of a file, or a passage by its number.

    Of a passage `source` is its number in brackets, "[2]", and the lines are 0. `start` and `end`
    are where the reference stands in the text.
    """

    source: str
    first: int
    last: int
    start: int
    end: int


def final_answer(text: str, form: str = "text") -> str | None:
    r"""The final answer of a model's text, as it is written there; None where it gives none.

    The "answer" of a JSON object counts first, then the last of: \boxed{...}, #### ..., "Answer:
    ...", "the answer is ...". Then what is bold in the last paragraph, and then, by `form`: the
    last number, the last option letter, the last block of code, the JSON, or all of a short text.
    """
    text = text[-TAIL:]
    field = answer_field(text)
    if field is not None and (found := _field_value(field, form)):
        return found
    for statement in reversed(deque(STATEMENT.finditer(text), maxlen=STATEMENTS)):
        if found := _fitting(_stated(text, statement), form):
            return found
    return _emphasised(text, form) or _by_form(text, form)


def numbers(text: str) -> tuple[str, ...]:
    """The numbers in `text` as they are written, currency signs left out."""
    return tuple(found[0].replace("$", "") for found in NUMBERED.finditer(text))


def sql_statements(text: str) -> tuple[str, ...]:
    """The SQL statements of the blocks marked sql, of unmarked ones, or of a text that is SQL."""
    blocks = code_blocks(text)
    sources = [block.source for block in blocks if "sql" in block.language or not block.language]
    if not blocks and SQL.match(text.lstrip()):
        sources = [text]
    pieces = (piece.strip() for source in sources for piece in _split_sql(source))
    return tuple(piece for piece in pieces if SQL.search(piece))


def citations(text: str) -> tuple[Citation, ...]:
    """References to lines of files (`path/file.py:12-20`) and to numbered passages (`[1]`)."""
    found: list[Citation] = []
    for match in islice(CITED.finditer(text), CITATIONS):
        path, first, last, passages = match.groups()
        if path:
            found.append(Citation(path, int(first), int(last or first), *match.span()))
            continue
        named = (f"[{int(passage)}]" for passage in re.findall(r"\d+", passages))
        found.extend(Citation(passage, 0, 0, *match.span()) for passage in named)
    return tuple(found)


def _stated(text: str, statement: re.Match[str]) -> str:
    if statement[0].endswith("{"):
        return balanced(text, statement.end())
    line = text[statement.end() : statement.end() + 1_000].split("\n", 1)[0]
    return line.strip()


def _field_value(field: str, form: str) -> str | None:
    """The answer in a field of its own: in code its spaces count, and it may be empty."""
    if form != "code" or field.strip() != field or not field:
        return repr(field) if form == "code" else _fitting(field, form)
    return field


def _fitting(stated: str, form: str) -> str | None:
    """What of a statement is an answer of `form`."""
    stated = stated.strip()
    if not stated:
        return None
    if form == "choice":
        return _choice_in(stated)
    if form == "number":
        return _number_in(stated)
    if form in {"code", "json"}:
        return _unquoted(stated) or None
    return _sentence(stated) or None


def _choice_in(stated: str) -> str | None:
    letter = choice(stated.lstrip("$\"'` "))
    if letter:
        return letter
    found = LETTERED.search(stated)
    return _letter(found) if found else None


def _number_in(stated: str) -> str | None:
    plain = plain_latex(stated).strip("*_` ").rstrip(".")
    if number(plain) is not None:
        return plain
    plain = plain.rpartition("=")[2]
    found = NUMBERED.search(plain) or WITH_UNIT.search(plain)
    return found[0].replace("$", "") if found else None


def _sentence(stated: str) -> str:
    """The statement up to where reasons begin, without the marks around it."""
    end = REASON.search(stated, 1)
    if end and "\\" not in stated[: end.start()]:
        stated = stated[: end.start()]
    return _unquoted(_listed(stated))


def _listed(stated: str) -> str:
    """A statement up to the semicolon that prose follows; other semicolons divide a list."""
    for end in re.finditer(";", stated):
        if "\\" in stated[: end.start()]:
            break
        if PROSE.match(stated, end.end()) or not stated[end.end() :].strip():
            return stated[: end.start()]
    return stated


def _unquoted(stated: str) -> str:
    stated = stated.strip().strip("*_").strip()
    for mark in ("`", "$", '"'):
        if len(stated) > 2 and stated[0] == stated[-1] == mark and stated.count(mark) == 2:
            stated = stated[1:-1] if mark != '"' else stated
    return stated.strip()


def _emphasised(text: str, form: str) -> str | None:
    last_paragraph = text.rstrip().rpartition("\n\n")[2]
    for bold in reversed(BOLD.findall(last_paragraph)):
        if not bold.rstrip().endswith(":") and (found := _fitting(bold, form)):
            return found
    return None


def _by_form(text: str, form: str) -> str | None:
    if form == "number":
        found = numbers(text)
        return found[-1] if found else None
    if form == "choice":
        return _choice_in_prose(text)
    if form == "code" and (blocks := code_blocks(text)):
        return blocks[-1].source.strip() or None
    if form == "json":
        return _json_in(text)
    whole = text.strip()
    return _unquoted(whole) if 0 < len(whole) <= SHORT and "\n" not in whole else None


def _choice_in_prose(text: str) -> str | None:
    if letter := choice(text.strip()):
        return letter
    found = deque(LETTERED.finditer(text), maxlen=1)
    return _letter(found[0]) if found else None


def _letter(found: re.Match[str]) -> str:
    return str(found[1] or found[2] or found[3] or found[4]).upper()


def _json_in(text: str) -> str | None:
    blocks = [block.source for block in code_blocks(text) if block.language in {"json", ""}]
    source = blocks[-1] if blocks else text
    return source.strip() if json_value(source) is not None else None


def _split_sql(source: str) -> list[str]:
    """Statements apart, where semicolons are not in quotes or comments."""
    pieces, start = list[str](), 0
    for token in re.finditer(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|;", source, re.DOTALL):
        if token[0] == ";":
            pieces.append(source[start : token.start()])
            start = token.end()
    return [*pieces, source[start:]]
