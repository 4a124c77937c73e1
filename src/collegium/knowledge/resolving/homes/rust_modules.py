"""Where the modules of Rust are, and what paths lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving import scoping
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_ROOTS: Final = ("lib.rs", "main.rs")
_FOLDER: Final = "mod.rs"


def module_around(shape: Shape, scope: int) -> Atom:
    """Return the module that a scope stands in."""
    while scope != TOP and shape.symbols[scope].kind != "module":
        scope = shape.symbols[scope].parent
    return Atom("module", shape.path, scope)


def above(reader: Interpreter, module: Atom) -> Atoms:
    """Return the module that a module stands in: around it, or of the file above."""
    shape = reader.world.within(module.file, module.symbol)
    if shape is None:
        return UNKNOWN
    if module.symbol != TOP:
        return (module_around(shape, shape.symbols[module.symbol].parent),)
    folder, _, name = module.file.rpartition("/")
    if name in {_FOLDER, *_ROOTS}:
        folder = folder.rpartition("/")[0]
    return _first_of(reader, [*(f"{folder}/{root}" for root in (_FOLDER, *_ROOTS)), f"{folder}.rs"])


def root(reader: Interpreter, path: str) -> Atoms:
    """Return the root of the crate of a file: the nearest lib.rs or main.rs above, or itself."""
    folder, _, name = path.rpartition("/")
    if name in _ROOTS or folder.rpartition("/")[2] in {"tests", "examples", "benches", "bin"}:
        return (Atom("module", path),)
    while True:
        around = f"{folder}/" if folder else ""
        if found := _first_of(reader, [around + root for root in _ROOTS]):
            return found
        if not folder:
            return (Atom("module", path),)
        folder = folder.rpartition("/")[0]


def _first_of(reader: Interpreter, paths: Sequence[str]) -> Atoms:
    for path in paths:
        if reader.world.exists(path.lstrip("/")):
            return (Atom("module", path.lstrip("/")),)
    return UNKNOWN


def child_module(reader: Interpreter, shape: Shape, scope: int, name: str) -> Atoms:
    """Return the file of a module that is declared with `mod name;`."""
    folder, _, file = shape.path.rpartition("/")
    is_root = file in {_FOLDER, *_ROOTS} or root(reader, shape.path)[0].file == shape.path
    parts = [folder, *([] if is_root else [file.removesuffix(".rs")])]
    while scope != TOP:
        parts.insert(2, shape.symbols[scope].name)
        scope = shape.symbols[scope].parent
    base = "/".join(part for part in (*parts, name) if part)
    return _first_of(reader, [f"{base}.rs", f"{base}/{_FOLDER}"])


def crate(reader: Interpreter, name: str) -> Atoms:
    """Return the root of a crate of the tree by its name."""
    for manifest in reader.world.files_named("Cargo.toml"):
        shape = reader.world.head(manifest)
        if shape and shape.package == name:
            folder = manifest.rpartition("/")[0]
            return _first_of(reader, [f"{folder}/src/{root}" for root in _ROOTS])
    return UNKNOWN


def path_to(reader: Interpreter, shape: Shape, scope: int, path: str) -> Atoms:
    """Return what a path leads to, from the crate, from here, or from another crate."""
    return _path(reader, shape, scope, path, alone="::" not in path)


def path_before(reader: Interpreter, shape: Shape, scope: int, path: str) -> Atoms:
    """Return what a path leads to that goes on: a name alone may be one of this module."""
    return _path(reader, shape, scope, path, alone=False)


def _path(reader: Interpreter, shape: Shape, scope: int, path: str, *, alone: bool) -> Atoms:
    key = ("rust path", shape.path, module_around(shape, scope).symbol, path, alone)
    return reader.world.remembered(
        key, lambda: _walked(reader, shape, scope, path, alone=alone), UNKNOWN
    )


def _walked(reader: Interpreter, shape: Shape, scope: int, path: str, *, alone: bool) -> Atoms:
    first, *names = path.split("::")
    found = _start(reader, shape, scope, first, alone=alone)
    for name in names:
        found = united(reader.member(atom, name) for atom in found)
    return found


def _start(reader: Interpreter, shape: Shape, scope: int, name: str, *, alone: bool) -> Atoms:
    here = module_around(shape, scope)
    if name == "crate":
        return root(reader, shape.path)
    if name == "self":
        return (here,)
    if name == "super":
        return above(reader, here)
    if not alone:
        if not shape.inside:
            reader.world.within(shape.path, here.symbol, name)
        declared = [one for one in shape.imported(here.symbol, name) if one.level]
        found = united(child_module(reader, shape, one.scope, name) for one in declared)
        places = (scoping.symbol_atom(shape, place) for place in shape.child(here.symbol, name))
        found = found or tuple(atom for atom in places if atom)
        if found:
            return found
        others = [one for one in shape.imported(here.symbol, name) if not one.level]
        if others:
            return united(shape.home.imported(reader, shape, one) for one in others)
    return crate(reader, name) or (outside(name),)
