"""Files by what people call them: a path, the end of one, a module's name, a package's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.search.names import is_path, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.index import Index

# A file of one of these names is known by its folder.
_FOLDERS_OWN: Final = frozenset({"__init__", "index", "mod", "__main__"})
# What says how others call a tree, or a folder of it.
_MANIFESTS: Final = ("go.mod", "Cargo.toml", "package.json")
# Where a package keeps what its own name means.
_ENTRANCES: Final = ("src/lib.rs", "index.js", "index.ts", "src/index.ts")
_ROOT: Final = "."


def files(index: Index, name: str, place: str = "") -> list[Node]:
    """The files, and the folders that are imported, that a path or a module's name means."""
    said = written(name)
    wanted = said.place if said.place and not said.parts else ".".join(said.parts)
    last = module_parts(wanted)[-1]
    near = index.files_holding(last)
    whole = [path for path in near if f"/{wanted}".endswith(f"/{path}")]
    if whole:
        return [Node(max(whole, key=len))]
    found = [path for path in near if is_module(path, wanted)]
    folders = sorted({folder for path in near for folder in _folders(path, last)})
    found += [folder for folder in folders if is_module(f"{folder}/index", wanted)]
    named = list(dict.fromkeys([*found, *_of_packages(index, wanted)]))
    return [
        Node(path)
        for path in named
        if (not place or lies_in(path, place)) and (path in near or _is_imported(index, path))
    ]


def packages_of(index: Index, path: str) -> Iterator[list[str]]:
    """What others call the module that a file is, in parts: by its package, by its manifests."""
    facts = index.facts(path)
    if facts is not None and facts.package:
        yield _parts(facts.package)
    for manifest in (one for name in _MANIFESTS for one in index.files_holding(name)):
        folder = manifest.rpartition("/")[0]
        if path.startswith(f"{folder}/" if folder else ""):
            facts = index.facts(manifest)
            inner = module_of(path.removeprefix(f"{folder}/"))
            within = [part for part in inner if part not in {"src", "lib"}]
            yield [*_parts(facts.package if facts is not None else ""), *within]


def _of_packages(index: Index, wanted: str) -> Iterator[str]:
    """The folders and files that a name means which begins with that of a package of the tree."""
    parts = _parts(wanted)
    for manifest in (path for name in _MANIFESTS for path in index.files_holding(name)):
        rest = _beyond(index, manifest, parts)
        if rest is None:
            continue
        inner = [*manifest.split("/")[:-1], *rest]
        yield "/".join(inner) or _ROOT
        if rest:
            within = index.files_holding(rest[-1])
            yield from (path for path in within if is_module(path, "/".join(rest)))
        else:
            yield from ("/".join([*inner, file]) for file in _ENTRANCES)


def _beyond(index: Index, manifest: str, parts: list[str]) -> list[str] | None:
    """What follows the name of the package, or the end of it; None if it does not begin so."""
    facts = index.facts(manifest)
    package = _parts(facts.package) if facts is not None else []
    for at in range(len(package)):
        tail = package[at:]
        if parts[: len(tail)] == tail:
            return parts[len(tail) :]
    return None


def _parts(package: str) -> list[str]:
    return [part for part in re.split(r"::|[./]", package) if part]


def _is_imported(index: Index, path: str) -> bool:
    return bool(index.edges_to(Node(path), {"imports"}))


def lies_in(path: str, place: str) -> bool:
    """Whether a file is at a place: a path, from wherever it begins, a folder, a module's name."""
    wanted = place.replace("\\", "/").removeprefix("./").strip("/")
    return f"/{wanted}/" in f"/{path}/" or is_module(path, wanted)


def is_module(path: str, name: str) -> bool:
    """Whether a file is what a module's name or a path, with its ending or without, means.

    A path may begin above the root of the tree, as an absolute one does.
    """
    parts = module_parts(name)
    if path.split("/")[-len(parts) :] == parts or f"/{'/'.join(parts)}".endswith(f"/{path}"):
        return True
    module = module_of(path)
    return bool(module) and module[-len(parts) :] == parts


def module_parts(name: str) -> list[str]:
    """The parts of a module's name, or of a path from wherever it begins."""
    if is_path(name):
        parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    else:
        parts = [part for part in name.replace("::", ".").split(".") if part]
    return parts or [name]


def module_of(path: str) -> list[str]:
    """The parts of a module's name: those of its path, without an ending and `__init__`."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0] or name
    return folders if stem in _FOLDERS_OWN and folders else [*folders, stem]


def _folders(path: str, name: str) -> Iterator[str]:
    """The folders of a path that have a name."""
    folders = path.split("/")[:-1]
    for at, folder in enumerate(folders):
        if folder == name:
            yield "/".join(folders[: at + 1])
