"""The languages that are read: one file each, loaded when a file of it is first met."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.knowledge.facts import FileFacts
    from collegium.knowledge.languages.grammar import Grammar

# Where the table of a language lies, beside this file: a module, and the name in it.
_TABLES: Final = {
    "python": "python:PYTHON",
    "javascript": "javascript:JAVASCRIPT",
    "typescript": "typescript:TYPESCRIPT",
    "tsx": "typescript:TSX",
    "go": "go:GO",
    "rust": "rust:RUST",
    "java": "java:JAVA",
}
CODE: Final = frozenset(_TABLES)
# What reads what has no grammar: documents, and by its name what tells of a package.
_OF_DOCUMENTS: Final = "..documents:sections"
_DOCUMENTS: Final = frozenset({"markdown", "restructuredtext", "text"})
_MANIFESTS: Final = {
    "package.json": ".ecmascript.manifests:facts",
    "tsconfig.json": ".ecmascript.manifests:facts",
    "jsconfig.json": ".ecmascript.manifests:facts",
    "go.mod": "..manifests:manifest",
    "Cargo.toml": "..manifests:manifest",
}
_EXTENSIONS: Final = {
    "py": "python",
    "pyi": "python",
    "pyw": "python",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "jsx": "javascript",
    "ts": "typescript",
    "mts": "typescript",
    "cts": "typescript",
    "tsx": "tsx",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "md": "markdown",
    "markdown": "markdown",
    "mdx": "markdown",
    "rst": "restructuredtext",
    "txt": "text",
}
_INTERPRETERS: Final = {"python": "python", "node": "javascript", "deno": "typescript"}
_PROSE: Final = frozenset({"readme", "changelog", "changes", "contributing", "news", "history"})
_SHEBANG: Final = re.compile(rb"#!\s*\S*?(?:/env\s+(?:-\S+\s+)*)?([A-Za-z]+)[\d.]*(?:\s|$)")


def language_of(path: str, head: bytes = b"") -> str | None:
    """Return the language of a file by its name, else by the interpreter its first line names.

    It is "markdown", "restructuredtext" or "text" for documents, and "manifest" for a file that
    tells of a package.
    """
    name = path.rpartition("/")[2]
    if name in _MANIFESTS:
        return "manifest"
    stem, _, extension = name.rpartition(".")
    if stem:
        return _EXTENSIONS.get(extension.lower())
    if name.lower() in _PROSE:
        return "text"
    shebang = _SHEBANG.match(head)
    return _INTERPRETERS.get(shebang[1].decode().lower()) if shebang else None


@cache
def grammar_of(language: str) -> Grammar:
    """Return the table of a language that is code. Raises KeyError for one that is not known."""
    found: Grammar = _load(f".{_TABLES[language]}")
    return found


def reader_of(path: str, language: str) -> Callable[[str, str], FileFacts] | None:
    """Return what reads the path and the text of a file that needs no grammar, None for code."""
    if language == "manifest":
        found: Callable[[str, str], FileFacts] = _load(_MANIFESTS[path.rpartition("/")[2]])
        return found
    return _load(_OF_DOCUMENTS) if language in _DOCUMENTS else None


@cache
def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module, __name__), name)
