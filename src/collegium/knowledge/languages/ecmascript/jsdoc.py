"""Types in JSDoc comments, as expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP, Import
from collegium.knowledge.languages.grammar import Hints
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.documentation import above
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_TAG: Final = re.compile(r"@(param|arg|argument|returns?|type|typedef|property|prop)\s*\{")
_NAME: Final = re.compile(r"\s*\[?\s*([\w$]+)(?![\w$.\[])")
_IMPORT: Final = re.compile(r"@import\s+(.+?)\s+from\s+[\"']([^\"']+)[\"']", re.DOTALL)
_WORD: Final = re.compile(r"""\s*([\w$]+(?:\.[\w$]+)*|\.?<|["'][^"']*["']|[^\s\w$])""")
_ANYTHING: Final = frozenset({
    "any", "unknown", "mixed", "object", "Object", "function", "typeof", "keyof",
})  # fmt: skip
_PRIMITIVES: Final = frozenset({
    "bigint", "boolean", "null", "number", "string", "symbol", "undefined", "void",
})  # fmt: skip
_CLOSING: Final = {"(": ")", "{": "}", "[": "]"}
_SAYING_NOTHING: Final = frozenset({"", UNKNOWN, "<Array>", "<None>", "Map()", "Set()"})
_NEAR: Final = 3  # lines, blank but for the last, between a comment and what it documents


def documentation(reading: Reading, line: int, body: Node | None = None) -> str:
    """Return the comments that touch a line from above, or a block comment a little further up."""
    if line - 1 not in reading.comments:
        for end in range(line - 2, line - 1 - _NEAR, -1):
            if end in reading.comments:
                return above(reading, end + 1, body) if _is_block(reading, end) else ""
    return above(reading, line, body)


def _is_block(reading: Reading, end: int) -> bool:
    return reading.comments[end][1].startswith("/**")


def hints(reading: Reading, doc: str) -> Hints:
    """Return the types of parameters and of the result that a comment gives."""
    parameters: dict[str, str] = {}
    returns = ""
    for tag, kind, end in _tags(reading, doc):
        name = _NAME.match(doc, end)
        if tag.startswith("return"):
            returns = returns or kind
        elif tag in {"param", "arg", "argument"} and name:
            parameters.setdefault(name[1], kind)
    return Hints(parameters, returns)


def told(reading: Reading, statement: Node, value: str) -> str:
    """Return the type that a comment gives to what a statement binds.

    '' where it gives none, or where the value says more: it is more than an empty container.
    """
    _, comment = reading.comments.get(reading.line(statement) - 1, (0, ""))
    if "@type" not in comment or value not in _SAYING_NOTHING:
        return ""
    return next((kind for tag, kind, _ in _tags(reading, comment) if tag == "type"), "")


def definitions(reading: Reading) -> None:
    """Note the types that comments define (`@typedef`) and import (`@import`)."""
    for _, comment in reading.comments.values():
        if "@typedef" in comment or "@import" in comment:
            _define(reading, comment)


def _define(reading: Reading, comment: str) -> None:
    for taken in _IMPORT.finditer(comment):
        for name in re.findall(r"[\w$]+", taken[1]):
            reading.record.imports.append(Import(TOP, taken[2], name, name, 0))
    described = ""
    for tag, kind, end in _tags(reading, comment):
        name = _NAME.match(comment, end)
        if tag == "typedef" and name:
            described = kind if kind != UNKNOWN else reading.hidden()
            reading.record.bind(TOP, name[1], described, "", 1)
        elif tag in {"property", "prop"} and name and described.startswith("#"):
            reading.record.bind(TOP, f"{described}.{name[1]}", "", kind, 1, "field")


def _tags(reading: Reading, doc: str) -> Iterator[tuple[str, str, int]]:
    for tag in _TAG.finditer(doc):
        end = _end_of(doc, tag.end())
        kind = expression(reading, doc[tag.end() : end])
        if kind != UNKNOWN or tag[1] == "typedef":
            yield tag[1], kind, end + 1


def _end_of(doc: str, start: int) -> int:
    depth = 1
    for place in range(start, len(doc)):
        depth += {"{": 1, "}": -1}.get(doc[place], 0)
        if not depth:
            return place
    return len(doc)


def expression(reading: Reading, text: str) -> str:
    """Return a type of JSDoc as an expression; "_" where it tells nothing or cannot be read."""
    return _Types(reading, text).read()


class _Types:
    """Reads one type, word by word."""

    def __init__(self, reading: Reading, text: str) -> None:
        self._reading = reading
        self._words = [found[1] for found in _WORD.finditer(text[:240])]
        self._place = 0

    def read(self) -> str:
        """Return alternatives, as far as they go."""
        options = [self._one()]
        while self._next() in {"|", "&"}:
            self._place += 1
            options.append(self._one())
        known = [option for option in options if option != UNKNOWN]
        return writing.either(known) if known else UNKNOWN

    def _next(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def _taken(self) -> str:
        word = self._next()
        self._place += 1
        return word

    def _one(self) -> str:
        while self._next() in {"?", "!", "=", "."}:
            self._place += 1
        word = self._taken()
        if word == "(":
            written = self.read()
            self._place += 1
        elif word in _CLOSING:
            written = self._skipped(_CLOSING[word])
        elif word == "import" and self._next() == "(":
            written = self._imported()
        elif word and (word[0].isalpha() or word[0] in "_$"):
            written = self._named(word)
        else:
            return UNKNOWN
        return self._suffixed(written)

    def _imported(self) -> str:
        """Read `import("./a").B`, which gets a hidden name."""
        self._place += 1
        module = self._taken().strip("\"'")
        self._place += 2
        name = self._taken()
        if not module or not name.isidentifier():
            return UNKNOWN
        alias = f"{self._reading.hidden()}m"
        self._reading.record.imports.append(Import(TOP, module, name, alias, 0))
        return self._named(alias)

    def _named(self, name: str) -> str:
        if self._next() in {"<", ".<"}:
            self._place += 1
            return writing.item(name, ", ".join(self._arguments()))
        if self._next() == "(":
            self._place += 1
            return self._skipped(")")
        if name in _PRIMITIVES:
            return f"<{name}>" if name not in {"null", "undefined"} else "<None>"
        return UNKNOWN if name in _ANYTHING else name

    def _arguments(self) -> Iterator[str]:
        yield self.read()
        while self._next() == ",":
            self._place += 1
            yield self.read()
        self._place += 1

    def _skipped(self, closing: str) -> str:
        while self._next() not in {closing, ""}:
            self._place += 1
        self._place += 1
        return UNKNOWN

    def _suffixed(self, written: str) -> str:
        while self._next() in {"[", "?", "!", "="}:
            if self._next() == "[":
                self._place += 1
                written = writing.item("Array", written)
            self._place += 1
        return written
