"""Which interfaces a type of Go has: those whose methods are all among its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, is_open, thing, values
from collegium.knowledge.resolving.shape import owner_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_TESTS: Final = "_test.go"
_DEEPEST: Final = 8  # embedded in one another
_MANY: Final = "..."
# Two names of one type.
_SAME: Final = {"uint8": "byte", "int32": "rune"}


class _Method(NamedTuple):
    """A method by where it stands; of one outside only how much it takes and gives is known."""

    file: str = ""
    symbol: int = TOP
    takes: int = 0
    gives: int = 0


Methods: TypeAlias = dict[str, _Method]

# Interfaces of the standard library that others embed most.
_OUTSIDE: Final[Mapping[str, Mapping[str, _Method]]] = {
    "error": {"Error": _Method(takes=0, gives=1)},
    "fmt.Stringer": {"String": _Method(takes=0, gives=1)},
    "io.Closer": {"Close": _Method(takes=0, gives=1)},
    "io.Reader": {"Read": _Method(takes=1, gives=2)},
    "io.Writer": {"Write": _Method(takes=1, gives=2)},
}
_JOINED: Final[Mapping[str, Sequence[str]]] = {
    "io.ReadWriter": ("io.Reader", "io.Writer"),
    "io.ReadCloser": ("io.Reader", "io.Closer"),
    "io.WriteCloser": ("io.Writer", "io.Closer"),
    "io.ReadWriteCloser": ("io.Reader", "io.Writer", "io.Closer"),
}


def implemented(reader: Interpreter, kind: Atom) -> Atoms:
    """Return the interfaces of the tree that have a method and are had by a type or a pointer."""
    key = ("go interfaces", kind.file, kind.symbol)
    return reader.world.remembered(key, lambda: _implemented(reader.full, kind), UNKNOWN)


def _implemented(reader: Interpreter, kind: Atom) -> Atoms:
    shape = reader.world.within(kind.file, kind.symbol)
    symbol = shape.symbols[kind.symbol] if shape else None
    if symbol is None or symbol.kind == "interface" or symbol.parent != TOP:
        return UNKNOWN
    methods = _had(reader, kind)
    wanted = dict.fromkeys(each for name in methods for each in _asking(reader, name))
    return tuple(each for each in wanted if _has(reader, kind, methods, each))


def _has(reader: Interpreter, kind: Atom, methods: Methods, interface: Atom) -> bool:
    beside = _folder(kind.file) == _folder(interface.file)
    if interface.file.endswith(_TESTS) and not beside:
        return False
    asked = _asked(reader, interface, _DEEPEST)
    if asked is None or not asked.keys() <= methods.keys():
        return False
    if not beside and not all(name[:1].isupper() for name in asked):
        return False
    return all(_fits(reader, methods[name], method) for name, method in asked.items())


def _asking(reader: Interpreter, name: str) -> Atoms:
    """Return the interfaces that ask for a method of this name themselves."""
    key = ("go asking", name)
    return reader.world.remembered(key, lambda: _found(reader, name), UNKNOWN)


def _found(reader: Interpreter, name: str) -> Atoms:
    found: list[Atom] = []
    for shape, place in reader.world.bearing(name):
        parent = shape.symbols[place].parent
        if shape.home.family != "go" or shape.symbols[place].owner or parent == TOP:
            continue
        reader.world.within(shape.path, parent)
        if shape.symbols[parent].kind == "interface" and shape.symbols[parent].parent == TOP:
            found.append(Atom("class", shape.path, parent))
    return tuple(dict.fromkeys(found))


def _asked(reader: Interpreter, interface: Atom, left: int) -> Methods | None:
    """Return the methods of an interface, its embedded ones' too; None where not all are known."""
    if not interface.file:
        return _asked_outside(interface.name)
    shape = reader.world.within(interface.file, interface.symbol)
    if shape is None or not left or shape.symbols[interface.symbol].kind != "interface":
        return None
    methods = _standing(shape, interface.symbol)
    for written in shape.symbols[interface.symbol].bases:
        embedded = reader.base(Site(shape, TOP), written)
        if len(embedded) != 1:
            return None
        asked = _asked(reader, embedded[0], left - 1)
        if asked is None:
            return None
        methods = {**asked, **methods}
    return methods


def _asked_outside(name: str) -> Methods | None:
    known = [_OUTSIDE[part] for part in _JOINED.get(name, (name,)) if part in _OUTSIDE]
    return {method: each for one in known for method, each in one.items()} if known else None


def _standing(shape: Shape, interface: int) -> Methods:
    """Return the methods that stand in an interface itself."""
    return {
        symbol.name: _Method(shape.path, place)
        for place, symbol in enumerate(shape.symbols)
        if symbol.parent == interface and symbol.kind == "method"
    }


def _had(reader: Interpreter, kind: Atom) -> Methods:
    """Return the methods of a type; of those that are promoted the shallowest of each name."""
    methods: Methods = {}
    hidden: set[str] = set()
    level, seen = [kind], {kind}
    while level and len(seen) < _DEEPEST:
        below: list[Atom] = []
        for each in level:
            own, fields, embedded = _of_type(reader, each)
            methods.update({name: method for name, method in own.items() if name not in hidden})
            hidden.update(own, fields)
            below += [one for one in embedded if one not in seen]
        seen.update(below)
        level = below
    return methods


def _of_type(reader: Interpreter, kind: Atom) -> tuple[Methods, Sequence[str], list[Atom]]:
    """Return what a type has itself: methods, names of fields, and the types that it embeds."""
    shape = reader.world.within(kind.file, kind.symbol)
    if shape is None:
        return {}, (), []
    symbol = shape.symbols[kind.symbol]
    if symbol.kind == "interface":
        return _asked(reader, kind, _DEEPEST) or {}, (), []
    fields = shape.fields(kind.symbol)
    embedded = [
        atom._replace(args=())
        for written in symbol.bases
        if owner_name(written) in fields  # else the type is made of another, without its methods
        for atom in reader.base(Site(shape, symbol.parent), written)
        if atom.file
    ]
    return _declared(reader, kind.file, symbol.name), fields, embedded


def _declared(reader: Interpreter, path: str, owner: str) -> Methods:
    """Return the methods of a type that its package declares, for tests as well or not."""
    folder = _folder(path)
    files = [path] if path.endswith(_TESTS) else []
    files += [one for one in reader.world.folder(folder) if _counts(one)]
    methods: Methods = {}
    for file in files:
        shape = reader.world.within(file, TOP, owner)
        if shape is not None:
            for place in shape.owned_by(owner):
                methods.setdefault(shape.symbols[place].name, _Method(file, place))
    return methods


def _counts(path: str) -> bool:
    return path.endswith(".go") and not path.endswith(_TESTS)


def _fits(reader: Interpreter, method: _Method, asked: _Method) -> bool:
    """Return whether two methods take and give the same, as far as that is known."""
    if method == asked:
        return True
    takes, gives = _signature(reader, method)
    if not asked.file:
        return not method.file or (len(takes), len(gives)) == (asked.takes, asked.gives)
    wanted, promised = _signature(reader, asked)
    return _alike(takes, wanted) and _alike(gives, promised)


def _signature(reader: Interpreter, method: _Method) -> tuple[list[Atoms], list[Atoms]]:
    """Return what a method takes and what it gives, in order."""
    key = ("go signature", method.file, method.symbol)
    nothing: tuple[list[Atoms], list[Atoms]] = [], []
    return reader.world.remembered(key, lambda: _read(reader.full, method), nothing)


def _read(reader: Interpreter, method: _Method) -> tuple[list[Atoms], list[Atoms]]:
    shape = reader.world.within(method.file, method.symbol) if method.file else None
    if shape is None:
        return [], []
    symbol = shape.symbols[method.symbol]
    site = Site(shape, shape.annotation_scope(method.symbol))
    taken = symbol.parameters[1:] if symbol.owner else symbol.parameters
    given = parse(symbol.returns)
    several = given[2] if given[:2] == ("item", ("name", "struct")) else (given,)
    takes = [
        _taken(each.name, values(reader.types(site, parse(each.annotation)))) for each in taken
    ]
    gives = [values(reader.types(site, each)) for each in several if symbol.returns]
    return takes, gives


def _taken(name: str, held: Atoms) -> Atoms:
    """Return what a parameter takes; `...T` is another type than a slice of T."""
    return (thing(_MANY, held),) if name.startswith("*") else held


def _alike(some: Sequence[Atoms], others: Sequence[Atoms]) -> bool:
    """Return whether types are the same one by one; one that is not known is like any."""
    return len(some) == len(others) and all(map(_same, some, others))


def _same(one: Atoms, other: Atoms) -> bool:
    if not one or not other or is_open(one) or is_open(other):
        return True
    return len(one) == len(other) and all(
        _place(each) == _place(fellow) and _alike(each.args, fellow.args)
        for each, fellow in zip(one, other, strict=True)
    )


def _place(atom: Atom) -> tuple[str, str, int, str]:
    return atom.kind, atom.file, atom.symbol, _SAME.get(atom.name, atom.name)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
