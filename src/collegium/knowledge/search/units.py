"""What is searched for: each class, function, document section and the rest of a file, in terms."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from enum import IntEnum
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.facts import MODULE, TOP, FileFacts, Symbol, SymbolKind
from collegium.knowledge.letters import composed
from collegium.knowledge.search.terms import names_of, numbers_of, parts, spoken_numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Field(IntEnum):
    """Where in a unit a term stands."""

    NAME = 0
    WHERE = 1
    FILE = 2
    SIGNATURE = 3
    DOC = 4
    BODY = 5
    COMMENT = 6
    STRING = 7
    MEMBERS = 8


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One thing that can be found: `symbol` is its path in the file, "<module>" what is in none.

    `terms` are 8 bytes each: from the lowest, 8 bits of how often, 8 of the `Field`, 32
    of the term's number. `text` is what an encoder is to read of it.
    """

    symbol: str
    kind: SymbolKind
    start: int
    end: int
    terms: bytes
    text: str


def describe(facts: FileFacts, text: str) -> tuple[Unit, ...]:
    """The units of a file, in the order in which they begin; its text is what was parsed."""
    lines = composed(text).split("\n")
    own = _own_lines(facts, lines)
    members = defaultdict[int, list[str]](list)
    for symbol in facts.symbols:
        members[symbol.parent].append(symbol.name)
    file = names_of(facts.path.rpartition(".")[0])
    units = [_unit(facts, _module_of(facts), own[TOP], members[TOP], file)]
    units += [
        _unit(facts, symbol, own[place], members[place], file)
        for place, symbol in enumerate(facts.symbols)
        if symbol.kind != "variable"
    ]
    return tuple(units)


def _module_of(facts: FileFacts) -> Symbol:
    """The file itself, as a symbol."""
    return Symbol("module", MODULE, MODULE, TOP, 1, 1, max(1, facts.lines), 1, doc=facts.doc)


def _unit(
    facts: FileFacts,
    symbol: Symbol,
    lines: Sequence[str],
    members: Sequence[str],
    file: Sequence[str],
) -> Unit:
    """A symbol with its own lines, the names of what stands in it, and those of its file."""
    own = "\n".join(lines)
    code, comments, strings = split(own, facts.language)
    said = names_of(symbol.doc)
    written = "\n".join(code)
    if said:
        comments, strings = _unless_in(said, comments), _unless_in(said, strings)
    *holders, _ = symbol.path.split(".")
    fields = {
        Field.NAME: [symbol.name] if symbol.name != MODULE else [],
        Field.WHERE: holders,
        Field.FILE: file,
        Field.SIGNATURE: names_of(symbol.signature),
        Field.DOC: said,
        Field.BODY: names_of(written),
        Field.COMMENT: names_of("\n".join(comments)),
        Field.STRING: names_of("\n".join(strings)),
        Field.MEMBERS: members,
    }
    text = _text(symbol, holders, comments, written)
    return Unit(symbol.path, symbol.kind, symbol.start, symbol.end, _packed(fields), text)


def split(own: str, language: str) -> tuple[list[str], list[str], list[str]]:
    """Code, comments and strings; prose is one comment."""
    if language in _PROSE:
        return [], [own], []
    pieces = _SCANNERS.get(language, _C_LIKE).split(own)
    comments, strings = list[str](), list[str]()
    for piece in pieces[1::2]:
        (comments if piece[0] in "#/" else strings).append(piece)
    return pieces[::2], comments, strings


def _unless_in(doc: Sequence[str], pieces: Iterable[str]) -> list[str]:
    """The pieces that are not part of a docstring of these words, told by how they begin."""
    words = f" {' '.join(doc)} "
    return [piece for piece in pieces if f" {' '.join(_first_words(piece))} " not in words]


def _first_words(text: str) -> list[str]:
    found = _FIRST.match(text)
    return [word for word in found.groups() if word] if found else []


def _packed(fields: Mapping[Field, Iterable[str]]) -> bytes:
    """Terms, fields and counts as `Unit.terms` has them."""
    counts = Counter(
        chain.from_iterable(
            [codes for field, names in fields.items() for codes in map(_CODES_OF[field], names)]
        )
    )
    if max(counts.values(), default=0) > _MOST:
        counts = Counter({code: min(_MOST, times) for code, times in counts.items()})
    return array("Q", [code | times for code, times in counts.items()]).tobytes()


class _Codes(dict[str, tuple[int, ...]]):
    """The terms of names in a field, as `Unit.terms` has them, less the count."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._bits = field << 8
        self._numbers = numbers_of if field in _NAMING else spoken_numbers_of

    def __missing__(self, name: str) -> tuple[int, ...]:
        if len(self) == _KEPT:
            self.clear()
        codes = tuple([number << 16 | self._bits for number in self._numbers(name)])
        self[name] = codes
        return codes


def _text(symbol: Symbol, holders: Sequence[str], comments: Sequence[str], code: str) -> str:
    """What an encoder reads: the name in words, where it is, its signature, doc and first lines."""
    words = " ".join(parts(symbol.name) if symbol.name != MODULE else ())
    within = " ".join([word for holder in holders for word in parts(holder)])
    said = symbol.doc or "\n".join(comments)
    body = _spaced(code[:_LOOKED_AT])
    if len(body) <= _SHOWN:
        body = _spaced(code)
    return f"{words} {within}\n{symbol.signature[:_SIGNED]}\n{said[:_SAID]}\n{body[:_SHOWN]}"


def _spaced(code: str) -> str:
    """Code with one space wherever there was more, or another."""
    return " ".join(code.split())


def _own_lines(facts: FileFacts, lines: Sequence[str]) -> dict[int, list[str]]:
    """The lines of each symbol that stand in no symbol within it; comments above it are its own."""
    owners = [TOP] * len(lines)
    for place, symbol in enumerate(facts.symbols):
        if symbol.kind != "variable":
            first, end = _first_line(symbol, lines), min(symbol.end, len(lines))
            owners[first:end] = [place] * (end - first)
    own, begin = defaultdict[int, list[str]](list), 0
    for owner, several in groupby(owners):
        end = begin + len(list(several))
        own[owner] += lines[begin:end]
        begin = end
    return own


def _first_line(symbol: Symbol, lines: Sequence[str]) -> int:
    """Where a symbol begins, counted from 0, with the comments right above it."""
    first = min(symbol.start, len(lines)) - 1
    if symbol.kind == "section":  # there are none in prose, though headings and lists look like it
        return first
    indent = _indent(lines[first])
    while first and lines[first - 1].lstrip().startswith(_COMMENT_MARKS):
        if _indent(lines[first - 1]).rstrip() != indent.rstrip():
            break
        first -= 1
    return first


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


_COMMENT_MARKS: Final = ("#", "//", "/*", "*")
_STRING: Final = r'"(?:[^"\\\n]++|\\.)*+"'
_LONG_STRINGS: Final = r'"""(?:[^"\\]++|\\.|"(?!""))*+"""' + r"|'''(?:[^'\\]++|\\.|'(?!''))*+'''"
_QUOTED: Final = r"'(?:[^'\\\n]++|\\.)*+'"
_CHARACTER: Final = r"'(?:[^'\\\n]|\\.)'"
_TEMPLATE: Final = r"`(?:[^`\\]++|\\.)*+`"
_SLASHED: Final = r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/"
# Text is split into code, comment or string, code, ... In one group, whose choices all begin with
# a letter of their own, since then all other letters are passed over in one go.
_C_LIKE: Final = re.compile(f"({_SLASHED}|{_STRING}|{_TEMPLATE}|{_CHARACTER})", re.DOTALL)
_SCANNERS: Final = {
    "python": re.compile(f"(#[^\\n]*+|{_LONG_STRINGS}|{_STRING}|{_QUOTED})", re.DOTALL),
    "javascript": (
        _ECMASCRIPT := re.compile(f"({_SLASHED}|{_STRING}|{_TEMPLATE}|{_QUOTED})", re.DOTALL)
    ),
    "typescript": _ECMASCRIPT,
}
_PROSE: Final = frozenset({"markdown", "restructuredtext"})
_NAMING: Final = frozenset({Field.NAME, Field.WHERE, Field.MEMBERS})
_KEPT: Final = 1 << 14  # names of a field, before all are forgotten.
_CODES_OF: Final = {field: _Codes(field).__getitem__ for field in Field}
_MOST: Final = 255
# The words that tell that a comment or string is a docstring.
_FIRST: Final = re.compile(r"\W*(\w+)?\W*(\w+)?\W*(\w+)?\W*(\w+)?")
# Characters that an encoder reads; twice as many find no more and take twice the time.
_SIGNED: Final = 120
_SAID: Final = 200
_SHOWN: Final = 200
_LOOKED_AT: Final = 1000  # characters of code that nearly always have so many.
