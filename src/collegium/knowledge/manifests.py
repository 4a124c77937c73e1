"""Manifests of Go and Rust: the files in which a tree says by what name others know it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from collegium.knowledge.facts import FileFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GO_MODULE: Final = re.compile(r'^\s*module\s+"?([^\s"]+)', re.MULTILINE)


def manifest(path: str, text: str) -> FileFacts:
    """Return the facts of a go.mod or a Cargo.toml: the name of what it describes, as package."""
    read = _READERS.get(path.rpartition("/")[2])
    package = read(text) if read else ""
    lines = text.count("\n") + (bool(text) and not text.endswith("\n"))
    return FileFacts(path, "manifest", lines, package=package)


def _go(text: str) -> str:
    found = _GO_MODULE.search(text)
    return found[1] if found else ""


def _cargo(text: str) -> str:
    """Return the name of the library, which is that of the package with underscores."""
    import tomllib  # noqa: PLC0415 -- only for who reads Rust

    try:
        settings = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):  # the second: brackets within brackets
        return ""
    for part in ("lib", "package"):
        table: object = settings.get(part)
        name = cast("dict[str, object]", table).get("name") if isinstance(table, dict) else None
        if isinstance(name, str):
            return name.replace("-", "_")
    return ""


_READERS: Final[Mapping[str, Callable[[str], str]]] = {"go.mod": _go, "Cargo.toml": _cargo}
