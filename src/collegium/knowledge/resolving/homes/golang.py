"""Go: a folder is a package, whose files see each other's names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from collegium.knowledge.facts import TOP
from collegium.knowledge.languages.go.words import PREDECLARED
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, thing, united
from collegium.knowledge.resolving.homes import golang_interfaces as interfaces
from collegium.knowledge.resolving.homes.base import Home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments, Site
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

ROOT: Final = "."  # how the folder of the tree itself is called, as a module
_WORDS: Final = {"map": "map", "chan": "chan", "func": "func", "range": "range", "struct": "tuple"}
_VERSION: Final = re.compile(r"v\d+$")
_STANDARD: Final = frozenset(
    "archive arena bufio builtin bytes cmp compress container context crypto database debug embed "
    "encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime "
    "net os path plugin reflect regexp runtime slices sort strconv strings structs sync syscall "
    "testing text time unicode unique unsafe weak C".split()
)
# Hosts whose modules are named by an owner and a repository.
_BY_OWNER: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org", "golang.org"})


class Go(Home):
    """The rules of Go: packages, promoted members, methods anywhere in a package."""

    family = "go"
    block_scoped = True
    declared_decides = True
    elements: ClassVar[Mapping[str, int]] = {"map": 1, "chan": 0}
    items: ClassVar[Mapping[str, int]] = {"map": 1}
    common = frozenset(
        "Add Close Copy Done Err Error Errorf Fatal Fatalf Flush Format Get Header Init Len Less "
        "Lock Log Logf Next Print Printf Println Read Reset Run Seek Set Start Stop String Swap "
        "Unlock Unwrap Value Wait Write WriteString".split()
    )

    def receiver(self, symbol: Symbol) -> str:
        """Return the name of a method's receiver, which is its first parameter."""
        return symbol.parameters[0].name if symbol.owner and symbol.parameters else ""

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the folder of the package that a path names."""
        path = wanted.module
        return reader.world.remembered(
            ("go package", path), lambda: _package(reader, path), UNKNOWN
        )

    def exported(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what any file of a package has under a name, if it is not one of its tests."""
        return _declared(reader, module.file, name, tests=False)

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return what the other files of the package have under a name."""
        folder, is_test = _folder(shape.path), shape.path.endswith("_test.go")
        found = _declared(reader, folder, name, tests=is_test, package=shape.package)
        if found:
            return found
        if name in PREDECLARED:
            return (outside(name),)
        if not shape.inside:
            reader.world.shape(shape.path)
        return united(_renamed(reader, shape, wanted, name) for wanted in shape.imports)

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return what the words stand for that types are written with."""
        return (outside(_WORDS[name]),) if name in _WORDS else None

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what a loop over something gives, as a pair of key and element."""
        if callee.name == "range" and callee.kind == "outside":
            return united(self._pair(reader, over) for over in given[0])
        return super().called(reader, callee, given)

    def _pair(self, reader: Interpreter, over: Atom) -> Atoms:
        line = reader.lineage(over) if over.kind == "instance" else (over,)
        for each in line:
            if each.name in ("map", "iter.Seq2") and len(each.args) == 2:
                return (thing("tuple", *each.args),)
            if each.name in ("chan", "iter.Seq") and each.args:
                return (thing("tuple", each.args[0]),)
        return UNKNOWN

    def elsewhere(self, reader: Interpreter, kind: Atom, name: str) -> Atoms:
        """Return a type's methods from all files of its package."""
        folder = _folder(kind.file)
        files = [path for path in reader.world.bearers(name) if _is_in(path, folder)]
        return united(reader.owned(path, kind, name) for path in files)

    def implemented(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the interfaces whose methods a type has."""
        return interfaces.implemented(reader, kind)

    def parameter(self, name: str, held: Atoms) -> Atoms:
        """Return what a parameter holds: `xs ...T` is a slice."""
        return (thing("map", (thing("int"),), held),) if name.startswith("*") else held


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or ROOT


def _is_in(path: str, folder: str) -> bool:
    return path.endswith(".go") and _folder(path) == folder


def _declared(
    reader: Interpreter, folder: str, name: str, *, tests: bool, package: str = ""
) -> Atoms:
    """Return what the files of a package have under a name, by its tests as well or not."""
    found: list[Atoms] = []
    for path in reader.world.bearers(name):
        if not _is_in(path, folder) or (path.endswith("_test.go") and not tests):
            continue
        shape = reader.world.within(path, TOP, name)
        if shape and shape.child(TOP, name) and (not package or shape.package == package):
            found.append(reader.top(path, name))
    return united(found)


def _renamed(reader: Interpreter, shape: Shape, wanted: Import, name: str) -> Atoms:
    """Return the package that an import means, if it is called so although its path is not."""
    if not wanted.alias or wanted.alias == name:
        return UNKNOWN
    modules = shape.home.module(reader, shape, wanted)
    return tuple(atom for atom in modules if atom.file and _name_of(reader, atom.file) == name)


def _name_of(reader: Interpreter, folder: str) -> str:
    """Return what a package calls itself."""
    for path in _sources(reader, folder):
        shape = reader.world.head(path)
        if shape is not None:
            return shape.package
    return ""


def _sources(reader: Interpreter, folder: str) -> Sequence[str]:
    listed = reader.world.folder("" if folder == ROOT else folder)
    return [path for path in listed if path.endswith(".go") and not path.endswith("_test.go")]


def _package(reader: Interpreter, path: str) -> Atoms:
    """Return the folder of a package by the modules of the tree, else by the end of its path."""
    roots = [
        (shape.package, _folder(manifest))
        for manifest in reader.world.files_named("go.mod")
        if (shape := reader.world.head(manifest)) and shape.package
    ]
    folders = [
        _joined(root, path[len(name) :].lstrip("/"))
        for name, root in sorted(roots, key=lambda root: -len(root[0]))
        if path == name or path.startswith(name + "/")
    ]
    if not roots:
        folders = _guesses(reader, path)
    for folder in folders:
        if _sources(reader, folder):
            return (Atom("module", file=folder),)
    return (outside(path),)


def _joined(root: str, rest: str) -> str:
    return "/".join(part for part in (root, rest) if part not in {"", ROOT}) or ROOT


def _guesses(reader: Interpreter, path: str) -> list[str]:
    """Return the folders that a path may mean in a tree without go.mod, the likeliest first."""
    parts = path.split("/")
    if parts[0] in _STANDARD:
        return [path]
    host = parts[0]
    shortest = 3 if host in _BY_OWNER else 2 if "." in host else 1
    tails = ["/".join(parts[start:]) for start in range(shortest, len(parts))]
    own = [part for part in parts if not _VERSION.match(part)]
    is_root = len(own) <= shortest and _name_of(reader, ROOT) == own[-1]
    return [path, *tails, *([ROOT] if is_root else [])]
