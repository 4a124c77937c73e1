"""Where the modules of Python lie in a tree."""

from __future__ import annotations

import posixpath
import sys
from typing import TYPE_CHECKING, Final

from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.facts import Import
    from collegium.knowledge.resolving.interpreter import Interpreter

_PACKAGE: Final = ("__init__.py", "__init__.pyi")


def modules(reader: Interpreter, importer: str, wanted: Import) -> Atoms:
    """Return the module that an import names: of the tree, or outside; () where it is missing."""
    if wanted.level:
        folder = posixpath.dirname(importer)
        for _ in range(wanted.level - 1):
            folder = posixpath.dirname(folder)
        return at(reader, posixpath.join(folder, *_parts(wanted.module)))
    return absolute(reader, importer, wanted.module)


def absolute(reader: Interpreter, importer: str, module: str) -> Atoms:
    """Return the module of a full name: from the folders above the importer, then anywhere."""
    folder = posixpath.dirname(importer)
    key = ("python module", folder, module)
    return reader.world.remembered(key, lambda: _absolute(reader, folder, module), UNKNOWN)


def at(reader: Interpreter, path: str) -> Atoms:
    """Return the module at a path without its extension: a file, a package, or a plain folder."""
    for file in (*(posixpath.join(path, name) for name in _PACKAGE), f"{path}.py", f"{path}.pyi"):
        if reader.world.exists(file):
            return (Atom("module", file),)
    return (Atom("module", path),) if path and reader.world.exists(path) else UNKNOWN


def inside(reader: Interpreter, module: Atom, name: str) -> Atoms:
    """Return the module of this name in a package; () where `module` is none or has none."""
    folder, file = posixpath.split(module.file)
    if file in _PACKAGE:
        return at(reader, posixpath.join(folder, name))
    return UNKNOWN if file.endswith((".py", ".pyi")) else at(reader, f"{module.file}/{name}")


def _absolute(reader: Interpreter, folder: str, module: str) -> Atoms:
    parts = _parts(module)
    for root in _roots(reader, folder):
        found = at(reader, posixpath.join(root, *parts))
        if found and found[0].file.endswith((".py", ".pyi")):
            return found
    if parts[0] in sys.stdlib_module_names:
        return (outside(module),)
    found = _anywhere(reader, folder, parts) or _plain_folder(reader, folder, parts)
    return found or (outside(module),)


def _plain_folder(reader: Interpreter, folder: str, parts: list[str]) -> Atoms:
    """Return the folder of code without `__init__` (PEP 420) that a name means."""
    for root in _roots(reader, folder):
        path = posixpath.join(root, *parts)
        if any(file.endswith((".py", ".pyi")) for file in reader.world.folder(path)):
            return (Atom("module", path),)
    return UNKNOWN


def _roots(reader: Interpreter, folder: str) -> tuple[str, ...]:
    """Return the folders above that can hold top-level modules: those that are no packages."""
    none: tuple[str, ...] = ()
    return reader.world.remembered(
        ("python roots", folder), lambda: tuple(_found_roots(reader, folder)), none
    )


def _found_roots(reader: Interpreter, folder: str) -> Iterator[str]:
    if not _is_package(reader, folder):
        yield folder
    if folder:
        yield from _roots(reader, posixpath.dirname(folder))


def _anywhere(reader: Interpreter, folder: str, parts: list[str]) -> Atoms:
    """Return the module that some other folder of the tree is the root of; the nearest one."""
    tail = "/".join(parts)
    homes = [*(f"{tail}/{name}" for name in _PACKAGE), f"{tail}.py"]
    found = [
        file
        for home in homes
        for file in reader.world.files_named(posixpath.basename(home))
        if file.endswith(f"/{home}")
        and not _is_package(reader, file.removesuffix(home).rstrip("/"))
    ]
    nearest = min(found, key=lambda file: (-_shared(file, folder), len(file), file), default="")
    return (Atom("module", nearest),) if nearest else UNKNOWN


def _shared(path: str, folder: str) -> int:
    return len(posixpath.commonprefix([path.split("/"), folder.split("/")]))


def _is_package(reader: Interpreter, folder: str) -> bool:
    return any(reader.world.exists(posixpath.join(folder, name)) for name in _PACKAGE)


def _parts(module: str) -> list[str]:
    return module.split(".") if module else []
