"""What an expression can mean: definitions, types and their values, as small tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AtomKind: TypeAlias = Literal[
    "class",  # a type of the tree itself
    "instance",  # a value of that type
    "function",  # a function or method of the tree
    "variable",  # a name bound to a value at the top of a file or in a type
    "module",  # a file or folder that is a module
    "outside",  # a type, function or module from outside of the tree
    "thing",  # a value of an outside type
    "parameter",  # a type parameter
    "object",  # an object without a type, by a name of its home's own (ECMAScript)
]


class Atom(NamedTuple):
    """One meaning. A union is a tuple of them, and () is what cannot be told.

    `file` and `symbol` are the place of a definition; a module has the symbol -1, and a variable
    that of the scope it is bound in. `name` is a variable's or a type parameter's name, the full
    name of what is outside, and "Self" on a type that stands for whatever the receiver's is.
    `args` are the arguments of a generic type (a union of values each), or a type parameter's
    bound; on a member those of the type that it is defined in. `receiver` is what a member was
    taken from.
    """

    kind: AtomKind
    file: str = ""
    symbol: int = -1
    name: str = ""
    args: tuple[tuple[Atom, ...], ...] = ()
    receiver: tuple[Atom, ...] = ()


Atoms: TypeAlias = tuple[Atom, ...]

UNKNOWN: Final[Atoms] = ()
WIDEST: Final = 12  # members of a union; a wider one says nothing in earnest
# The outside type whose values are types themselves: `type[X]`, `Class<X>`.
META: Final = "type"


def outside(name: str, *args: Atoms) -> Atom:
    """Return the atom of what bears this full name outside of the tree."""
    return Atom("outside", name=name, args=args)


def thing(name: str, *args: Atoms) -> Atom:
    """Return a value of an outside type."""
    return Atom("thing", name=name, args=args)


def united(unions: Iterable[Atoms]) -> Atoms:
    """Return the union of unions, in order of first appearance."""
    first: Atoms = UNKNOWN
    found: dict[Atom, None] | None = None
    for union in unions:
        if not first or union == first:
            first = first or union
        elif union:
            found = found or dict.fromkeys(first)
            found.update(dict.fromkeys(union))
    return first if found is None else tuple(found)[:WIDEST]


def values(atoms: Atoms) -> Atoms:
    """Return the values of these types: what a name annotated with them holds."""
    if len(atoms) == 1:
        return _values(atoms[0])
    return united([_values(atom) for atom in atoms])


def types_of(atoms: Atoms) -> Atoms:
    """Return the types of these values: the inverse of `values`."""
    return tuple(_type(atom) for atom in atoms)


def is_open(atoms: Atoms) -> bool:
    """Return whether there are type parameters or "Self" among these atoms or their arguments."""
    for atom in atoms:
        if atom.kind == "parameter" or atom.name == "Self":
            return True
        if atom.args and any(map(is_open, atom.args)):
            return True
    return False


def substituted(atoms: Atoms, meant: Mapping[str, Atoms]) -> Atoms:
    """Return `atoms` with type parameters and "Self" replaced by what they stand for here."""
    return united([_replaced(atom, meant) for atom in atoms])


def _values(atom: Atom) -> Atoms:
    if atom.kind == "class":
        return (Atom("instance", *atom[1:]),)
    if atom.kind != "outside":
        return (atom,)
    if atom.name == META and atom.args:
        return types_of(atom.args[0])
    return (Atom("thing", *atom[1:]),)


def _type(atom: Atom) -> Atom:
    if atom.kind == "instance":
        return Atom("class", *atom[1:])
    if atom.kind == "thing":
        return Atom("outside", *atom[1:])
    return outside(META, (atom,)) if atom.kind in ("class", "outside") else atom


def _replaced(atom: Atom, meant: Mapping[str, Atoms]) -> Atoms:
    if atom.kind == "parameter":
        return meant.get(atom.name, (atom,))
    if atom.name == "Self" and "Self" in meant:
        return meant["Self"] if atom.kind == "instance" else types_of(meant["Self"])
    if not atom.args:
        return (atom,)
    return (atom._replace(args=tuple(substituted(args, meant) for args in atom.args)),)
