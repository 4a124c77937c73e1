"""What impl blocks and macros of a whole tree give to a type or a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, united

if TYPE_CHECKING:
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


def own_type(reader: Interpreter, site: Site) -> Atoms:
    """Return the type around, or "Self" where only the receiver will tell."""
    scope = site.scope
    while scope != TOP:
        symbol = site.shape.symbols[scope]
        if symbol.kind in {"class", "enum", "interface"}:
            return (Atom("class", site.shape.path, scope, "Self"),)
        if symbol.kind == "method":
            return tuple(atom._replace(kind="class") for atom in reader.receiver(site.shape, scope))
        scope = symbol.parent
    return (Atom("class", name="Self"),)


def owned(reader: Interpreter, path: str, kind: Atom, name: str) -> Atoms:
    """Return the methods of a file whose impl block is of just this type."""
    shape = reader.world.head(path)
    if shape is None or shape.home.family != "rust":
        return UNKNOWN
    owners = {atom.symbol: atom for atom in reader.owned(path, kind, name)}
    return tuple(atom for place, atom in owners.items() if _is_of(reader, shape, place, kind))


def _is_of(reader: Interpreter, shape: Shape, place: int, kind: Atom) -> bool:
    symbol = shape.symbols[place]
    owners = reader.types(Site(shape, symbol.parent), parse(symbol.owner.partition("[")[0]))
    return any((atom.file, atom.symbol) == (kind.file, kind.symbol) for atom in owners)


def implemented(reader: Interpreter, kind: Atom) -> Atoms:
    """Return the traits that a type gets in files that do not define it."""
    home = reader.world.within(kind.file, kind.symbol)
    if home is None:
        return UNKNOWN
    blocks = reader.world.bearing(f"impl {home.symbols[kind.symbol].name}")
    return united(_traits(reader, shape, place, kind) for shape, place in blocks)


def _traits(reader: Interpreter, shape: Shape, block: int, kind: Atom) -> Atoms:
    """Return the traits of an impl block if it is of just this type."""
    reader.world.within(shape.path, block)
    if not _is_of(reader, shape, block, kind):
        return UNKNOWN
    symbol = shape.symbols[block]
    site = Site(shape, symbol.parent)
    return united(reader.types(site, parse(base)) for base in symbol.bases)


def behind(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    """Return what is had under a name by way of `Deref`."""
    targets = reader.method_results(Atom("instance", atom.file, atom.symbol), "deref")
    return united(reader.member(each, name) for each in targets if each.file)


def macro(reader: Interpreter, name: str) -> Atoms:
    """Return the macros of the tree that bear a name."""
    found: list[Atom] = []
    for shape, place in reader.world.bearing(name):
        reader.world.within(shape.path, place)
        if "macro" in shape.symbols[place].marks:
            found.append(Atom("function", shape.path, place))
    return tuple(found)
