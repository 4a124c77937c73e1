"""What is searched for: each class, function, document section and the rest of a file, in terms."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from enum import IntEnum
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.facts import MODULE, TOP, FileFacts, Symbol, SymbolKind
from collegium.knowledge.letters import composed
from collegium.knowledge.search.terms import NAME, numbers_of, parts, spoken_numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


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
    file = NAME.findall(facts.path.rpartition(".")[0])
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
    code, comments, strings = _split(own, facts.language)
    said = NAME.findall(symbol.doc)
    if said:
        comments, strings = _unless_in(said, comments), _unless_in(said, strings)
    *holders, _ = symbol.path.split(".")
    fields = {
        Field.NAME: [symbol.name] if symbol.name != MODULE else [],
        Field.WHERE: holders,
        Field.FILE: file,
        Field.SIGNATURE: NAME.findall(symbol.signature),
        Field.DOC: said,
        Field.BODY: NAME.findall("\n".join(code)),
        Field.COMMENT: NAME.findall("\n".join(comments)),
        Field.STRING: NAME.findall("\n".join(strings)),
        Field.MEMBERS: members,
    }
    text = _text(symbol, holders, comments, code)
    return Unit(symbol.path, symbol.kind, symbol.start, symbol.end, _packed(fields), text)


def _split(own: str, language: str) -> tuple[list[str], list[str], list[str]]:
    """Code, comments and strings; prose is one comment."""
    if language in _PROSE:
        return [], [own], []
    pieces = _SCANNERS.get(language, _C_LIKE).split(own)
    return pieces[::3], list(filter(None, pieces[1::3])), list(filter(None, pieces[2::3]))


def _unless_in(doc: Sequence[str], pieces: Iterable[str]) -> list[str]:
    """The pieces that are not part of a docstring of these words, told by how they begin."""
    words = f" {' '.join(doc)} "
    return [piece for piece in pieces if f" {' '.join(_first_words(piece))} " not in words]


def _first_words(text: str) -> list[str]:
    return [found.group() for found in islice(NAME.finditer(text), _TOLD)]


def _packed(fields: Mapping[Field, Iterable[str]]) -> bytes:
    """Terms, fields and counts as `Unit.terms` has them."""
    counts = Counter(
        chain.from_iterable(
            chain.from_iterable(map(_CODES[field], names)) for field, names in fields.items()
        )
    )
    return array("Q", [code | min(_MOST, times) for code, times in counts.items()]).tobytes()


def _codes(field: Field) -> Callable[[str], tuple[int, ...]]:
    """A function from a name to its terms in a field, as `Unit.terms` has them, less the count."""
    numbers = numbers_of if field in _NAMING else spoken_numbers_of

    @lru_cache(maxsize=1 << 14)
    def codes(name: str) -> tuple[int, ...]:
        return tuple([number << 16 | field << 8 for number in numbers(name)])

    return codes


def _text(
    symbol: Symbol, holders: Sequence[str], comments: Sequence[str], code: Sequence[str]
) -> str:
    """What an encoder reads: the name in words, where it is, its signature, doc and first lines."""
    words = " ".join(parts(symbol.name) if symbol.name != MODULE else ())
    within = " ".join([word for holder in holders for word in parts(holder)])
    said = symbol.doc or "\n".join(comments)
    body = " ".join(" ".join(code).split())
    return f"{words} {within}\n{symbol.signature[:_SIGNED]}\n{said[:_SAID]}\n{body[:_SHOWN]}"


def _own_lines(facts: FileFacts, lines: Sequence[str]) -> dict[int, list[str]]:
    """The lines of each symbol that stand in no symbol within it; comments above it are its own."""
    owners = [TOP] * len(lines)
    for place, symbol in enumerate(facts.symbols):
        if symbol.kind != "variable":
            first, end = _first_line(symbol, lines), min(symbol.end, len(lines))
            owners[first:end] = [place] * (end - first)
    own = defaultdict[int, list[str]](list)
    for owner, line in zip(owners, lines, strict=True):
        own[owner].append(line)
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
_STRING: Final = r'"(?:[^"\\\n]|\\.)*"'
_LONG_STRINGS: Final = r'"""(?:[^\\]|\\.)*?"""' + r"|'''(?:[^\\]|\\.)*?'''"
_QUOTED: Final = r"'(?:[^'\\\n]|\\.)*'"
_CHARACTER: Final = r"'(?:[^'\\\n]|\\.)'"
_TEMPLATE: Final = r"`(?:[^`\\]|\\.)*`"
_SLASHED: Final = r"//[^\n]*|/\*.*?\*/"
# Text is split into code, comment, string, code, comment, string, ...
_C_LIKE: Final = re.compile(f"({_SLASHED})|({_STRING}|{_TEMPLATE}|{_CHARACTER})", re.DOTALL)
_SCANNERS: Final = {
    "python": re.compile(f"(#[^\\n]*)|({_LONG_STRINGS}|{_STRING}|{_QUOTED})", re.DOTALL),
    "javascript": (
        _ECMASCRIPT := re.compile(f"({_SLASHED})|({_STRING}|{_TEMPLATE}|{_QUOTED})", re.DOTALL)
    ),
    "typescript": _ECMASCRIPT,
}
_PROSE: Final = frozenset({"markdown", "restructuredtext"})
_NAMING: Final = frozenset({Field.NAME, Field.WHERE, Field.MEMBERS})
_CODES: Final = {field: _codes(field) for field in Field}
_MOST: Final = 255
_TOLD: Final = 4  # Words that tell that a comment or string is a docstring.
# Characters that an encoder reads; twice as many find no more and take twice the time.
_SIGNED: Final = 120
_SAID: Final = 200
_SHOWN: Final = 200
