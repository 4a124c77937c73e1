"""The facts of one file: what it defines, imports, binds, calls and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import FileFacts
from collegium.knowledge.languages import grammar_of, language_of, reader_of
from collegium.knowledge.letters import composed
from collegium.knowledge.parsing.encoding import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.languages.grammar import Grammar

__all__ = ["LONGEST", "parse", "read", "text_of"]

LONGEST: Final = 4 << 20  # bytes of a file that is read; of a longer one no fact is known


def parse(path: str, source: bytes, text: str | None = None) -> FileFacts:
    """Return what a file says of itself. Content never raises; a file of no language has no facts.

    `text` is that of the source, where it is known. Raises MissingGrammar where the extra that
    reads its language is not installed.
    """
    language = language_of(path, source[:200])
    if language is None or len(source) > LONGEST:
        return FileFacts(path, language or "", lines_of(source), damaged=(1,) if language else ())
    reader = reader_of(path, language)
    if reader is not None:
        return reader(path, composed(text_of(source) if text is None else text))
    return read(path, source, grammar_of(language), text)


def read(path: str, source: bytes, language: Grammar, text: str | None = None) -> FileFacts:
    """Return what a file says of itself in a given language. Raises as `parse`."""
    from collegium.knowledge.parsing.documentation import at_top  # noqa: PLC0415 -- only for code
    from collegium.knowledge.parsing.loading import tables  # noqa: PLC0415 -- only for code
    from collegium.knowledge.parsing.reading import Reading  # noqa: PLC0415 -- only for code

    loaded = tables(language)
    letters = language.letters(text_of(source) if text is None else text)
    encoded = letters.encode("utf-8", "replace")
    root = loaded.tree(encoded)
    reading = Reading(loaded, encoded)
    reading.inside(root)
    reading.finish()
    record = reading.record
    return FileFacts(
        path=path,
        language=language.name,
        lines=lines_of(encoded),
        package=reading.package,
        doc=reading.module_doc or language.documentation(reading, 1, root) or at_top(reading),
        symbols=record.whole_symbols(),
        imports=tuple(record.imports),
        exports=tuple(record.exports),
        bindings=tuple(record.bindings),
        uses=record.uses(),
        damaged=_damaged(root) if root.has_error else (),
    )


def lines_of(source: bytes) -> int:
    """Return how many lines a file has, counted by its line feeds."""
    return source.count(b"\n") + (not source.endswith(b"\n") and bool(source))


def _damaged(root: Node) -> tuple[int, ...]:
    lines: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            lines.add(node.start_point[0] + 1)
        waiting.extend(child for child in node.children if child.has_error or child.is_missing)
    return tuple(sorted(lines))
