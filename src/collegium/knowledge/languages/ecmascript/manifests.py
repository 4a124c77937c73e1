"""package.json and tsconfig.json: what names of modules mean in a package."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from collegium.jsonvalues import is_array, is_object
from collegium.knowledge.facts import Export, FileFacts, Import

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGE: Final = "manifest"
_MAIN: Final = ("source", "types", "typings", "module", "main", "browser")
_COMMENTS: Final = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS: Final = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])', re.DOTALL)
_DEEPEST: Final = 8  # conditions within conditions


def facts(path: str, text: str) -> FileFacts:
    """Return a package's name and what it exports, or what a tsconfig makes of names.

    Each thing a name may mean is an export of that name, in order of preference: "." is the
    package itself, "#x" a name of its own, "@/*" one of `paths`. What cannot be read is empty.
    """
    try:
        told: object = json.loads(_plain(text))
    except (ValueError, RecursionError):
        told = None
    if not is_object(told):
        return FileFacts(path, LANGUAGE, text.count("\n") + 1, damaged=(1,))
    name = told.get("name")
    return FileFacts(
        path,
        LANGUAGE,
        text.count("\n") + 1,
        package=name if isinstance(name, str) else "",
        imports=tuple(_extended(told)),
        exports=tuple(Export(name, value, 1) for name, value in dict.fromkeys(_mapped(told))),
    )


def _plain(text: str) -> str:
    """Return JSON without comments, and without commas behind the last of something."""
    for left_out in (_COMMENTS, _LAST_COMMAS):
        text = left_out.sub(lambda found: found[1] or "", text)
    return text


def _extended(told: dict[str, object]) -> Iterator[Import]:
    for module in _strings(told.get("extends"), 0):
        yield Import(-1, module, "*", "", 1, exported=True)


def _mapped(told: dict[str, object]) -> Iterator[tuple[str, str]]:
    exports = told.get("exports")
    if is_object(exports) and any(key.startswith(".") for key in exports):
        yield from _each(exports)
    else:
        yield from ((".", value) for value in _strings(exports, 0))
    yield from ((".", value) for key in _MAIN for value in _strings(told.get(key), 0))
    yield from _each(told.get("imports"))
    options = told.get("compilerOptions")
    if is_object(options):
        yield from _paths(options)


def _paths(options: dict[str, object]) -> Iterator[tuple[str, str]]:
    base = options.get("baseUrl")
    start = f"{base.strip('/')}/" if isinstance(base, str) and base.strip("./") else ""
    for name, value in _each(options.get("paths")):
        yield name, start + value.removeprefix("./")
    if isinstance(base, str):
        yield "*", f"{start}*"


def _each(mapping: object) -> Iterator[tuple[str, str]]:
    for name, values in mapping.items() if is_object(mapping) else ():
        yield from ((name, value) for value in _strings(values, 0))


def _strings(value: object, depth: int) -> Iterator[str]:
    """Give the texts in a value, whatever the conditions they stand under."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and is_object(value):
        for inner in value.values():
            yield from _strings(inner, depth + 1)
    elif depth < _DEEPEST and is_array(value):
        for inner in value:
            yield from _strings(inner, depth + 1)
