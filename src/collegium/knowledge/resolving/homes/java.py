"""Java: packages by name, members of types in scope, types within types."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, thing, united, values
from collegium.knowledge.resolving.homes import java_library as library
from collegium.knowledge.resolving.homes import java_overloads as overloads
from collegium.knowledge.resolving.homes.base import Home
from collegium.knowledge.resolving.inheritance import by_c3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments, Site
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


class Java(Home):
    """The rules of Java: a simple name is a member around, an import, or of the same package."""

    family = "java"
    receiver_name = "this"
    members_in_scope = True
    block_scoped = True
    declared_decides = True
    elements: ClassVar[Mapping[str, int]] = {"new": 0}
    items: ClassVar[Mapping[str, int]] = {"new": 0}
    common = frozenset(
        "accept add addAll append apply asList build call clear close compare compareTo contains "
        "containsKey copy create equals execute find flush forEach format get getClass getKey "
        "getMessage getName getType getValue hasNext hashCode indexOf init isEmpty iterator keySet "
        "length map matches name next of parse print println put putAll read remove replace reset "
        "run set setName size sort split start stop stream substring test toArray toString "
        "valueOf values write".split()
    )

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the file of the type that is imported, or the package or type of a star."""
        if wanted.name == "*":
            return _type(reader, wanted.module) or _package(reader, importer, wanted.module)
        found = self.imported(reader, importer, wanted)
        files = dict.fromkeys(atom.file for atom in found if atom.file)
        return tuple(Atom("module", file=path) for path in files)

    def imported(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the type, or the static members of a type, that an import names."""
        found = _type(reader, f"{wanted.module}.{wanted.name}")
        if not found:
            around = _type(reader, wanted.module)
            found = united(reader.member(kind, wanted.name) for kind in around)
        return found or (outside(f"{wanted.module}.{wanted.name}"),)

    def starred(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return nothing: the same package comes before what is imported as a whole."""
        return UNKNOWN

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return what the package has under a name, what stars import, what Java itself has."""
        found = _in_package(reader, shape.package, name)
        if found:
            return found
        stars = shape.stars.get(TOP, ())
        for star in stars:
            if found := _from_star(reader, star, name):
                return found
        if name in library.LANGUAGE or name in library.PRIMITIVE:
            return (outside(name),)
        if name == shape.package.partition(".")[0] or name in library.DOMAINS:
            return (outside(name),)
        foreign = [star for star in stars if star.level or name[:1].isupper()]
        return united((outside(f"{star.module}.{name}"),) for star in foreign[:1])

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return what `super` stands for, and the word that arrays are written with."""
        if name == "new":
            return (outside("new"),)
        return reader.above(site) if name == "super" else None

    def call_targets(self, reader: Interpreter, callee: Atom) -> Atoms:
        """Return what a call calls: `super(...)` the type above."""
        if callee.name == "super" and callee.kind == "instance":
            return tuple(base for base in reader.bases(callee) if _is_class(reader, base))
        return (callee,)

    def taking(self, reader: Interpreter, callees: Atoms, given: int) -> Atoms:
        """Return the methods that take so many arguments: those found, else others up the line."""
        return overloads.taking(reader, callees, given) if given >= 0 else callees

    def overridden(self, reader: Interpreter, method: Symbol, above: Atoms) -> Atoms:
        """Return the methods above that have as many parameters."""
        return overloads.overridden(reader, method, above)

    def ancestors(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return a type and those above it, a narrower interface before a wider one."""
        return by_c3(kind, reader.bases(kind), lambda base: _line(reader, base))

    def elsewhere(self, reader: Interpreter, kind: Atom, name: str) -> Atoms:
        """Return nothing: a type has all its methods in its body."""
        return UNKNOWN

    def further_members(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return `Outer.this`, and what every object or enumeration has."""
        if atom.kind == "class" and name == "this":
            return values((atom,))
        if name in library.OF_OBJECT:
            return (outside(f"Object.{name}"),)
        if not _is_enumeration(reader, atom):
            return UNKNOWN
        if atom.kind == "class" and name in {"values", "valueOf"}:
            return (outside(f"Enum.{name}", values((atom,))),)
        return (outside(f"Enum.{name}"),) if name in library.OF_ENUM else UNKNOWN

    def member_of_outside(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return a type of the tree by its full name, or a member that keeps what it holds."""
        full = f"{atom.name}.{name}"
        found = _type(reader, full) if atom.kind == "outside" else UNKNOWN
        return found or (outside(full, *atom.args),)

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what calling gives: of collections and holders what they hold."""
        return library.called(callee) or super().called(reader, callee, given)

    def element(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what a loop over an array or collection gives."""
        line = reader.lineage(atom) if atom.kind == "instance" else (atom,)
        for each in line:
            if held := library.element(each):
                return held
        return super().element(reader, atom)

    def parameter(self, name: str, held: Atoms) -> Atoms:
        """Return what a parameter holds: `T... xs` is an array."""
        return (thing("new", held),) if name.startswith("*") else held


def _line(reader: Interpreter, base: Atom) -> Atoms:
    return reader.lineage(base) if base.file else (base,)


def _type(reader: Interpreter, full: str) -> Atoms:
    """Return the type of the tree that has a full name: package, types around, its own."""
    return reader.world.remembered(("java type", full), lambda: _typed(reader, full), UNKNOWN)


def _typed(reader: Interpreter, full: str) -> Atoms:
    package, _, name = full.rpartition(".")
    if not name[:1].isupper():
        return UNKNOWN
    found = _in_package(reader, package, name)
    if found or not package:
        return found
    return united(reader.member(around, name) for around in _type(reader, package))


def _from_star(reader: Interpreter, star: Import, name: str) -> Atoms:
    """Return what `a.b.*` gives under a name: of a type its types, or with `static` all it has."""
    around = _type(reader, star.module)
    found = united(reader.member(kind, name) for kind in around)
    if not star.level:
        found = tuple(atom for atom in found if atom.kind == "class")
    return found or _in_package(reader, star.module, name)


def _in_package(reader: Interpreter, package: str, name: str) -> Atoms:
    key = ("java package", package, name)
    return reader.world.remembered(key, lambda: united(_bearing(reader, package, name)), UNKNOWN)


def _bearing(reader: Interpreter, package: str, name: str) -> Iterator[Atoms]:
    for path in reader.world.bearers(name):
        shape = reader.world.within(path, TOP, name)
        if shape and shape.home.family == "java" and shape.package == package:
            places: Sequence[int] = shape.child(TOP, name)
            yield tuple(Atom("class", path, place) for place in places)


def _package(reader: Interpreter, importer: Shape, package: str) -> Atoms:
    """Return the folder of a package, if it lies beside that of the importer."""
    own = importer.package.replace(".", "/")
    folder = importer.path.rpartition("/")[0]
    if not folder.endswith(own):
        return (outside(package),)
    path = folder.removesuffix(own) + package.replace(".", "/")
    return (Atom("module", file=path),) if reader.world.exists(path) else (outside(package),)


def _symbol_kind(reader: Interpreter, atom: Atom) -> str:
    shape = reader.world.within(atom.file, atom.symbol) if atom.file else None
    return "" if shape is None or atom.symbol == TOP else shape.symbols[atom.symbol].kind


def _is_class(reader: Interpreter, atom: Atom) -> bool:
    return _symbol_kind(reader, atom) == "class"


def _is_enumeration(reader: Interpreter, atom: Atom) -> bool:
    return _symbol_kind(reader, atom) == "enum"
