"""Which files and symbols of a tree a written name means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.graph import Node
from collegium.knowledge.search.names import is_path, written
from collegium.knowledge.search.places import files, lies_in, module_of, packages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.facts import Symbol
    from collegium.knowledge.index import Entry, Index

TYPES: Final = frozenset({"class", "interface", "enum"})
NEAREST: Final = 5
# A name that is less like what was written than this, of 1, is not meant; nor is one that is by so
# much less like it than the likest.
LEAST_LIKE: Final = 0.6
LIKELY_MEANT: Final = 0.2
# So many members are compared with what was written, where many bear a name that is like its end.
MOST_COMPARED: Final = 500
# Nothing is called by more parts than this.
MOST_PARTS: Final = 100


class Target(NamedTuple):
    """A node that a name may mean; its symbol is None for a file, a folder or what is outside."""

    node: Node
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What bears a name: the targets that are meant, others that bear it too, and a remark.

    `heir` is the type that was named where the target is a member that it only inherits.
    """

    targets: tuple[Target, ...] = ()
    others: tuple[Target, ...] = ()
    heir: str = ""
    remark: str = ""


def symbols(index: Index, name: str, place: str = "") -> Sought:
    """The definitions that a name means: those that are called so in full before those in part.

    `a.f` is `f` of a type, of a module or of a package `a`; a member that a type inherits is that
    of its nearest base. `place` is a path or the name of a module or a type.
    """
    said = written(name)
    where, parts = place or said.place, said.parts
    if not parts and not said.line and "." in said.place.rpartition("/")[2]:
        # `Runner.go` may be a method, and `example.org/ink.Print` is Go's way to name a function.
        where, parts = place, tuple(said.place.replace("/", ".").split("."))
    if not parts:
        return Sought(tuple(_at_line(index, said.place, said.line)) if said.line else ())
    if len(parts) > MOST_PARTS:
        return Sought()
    if where and not is_path(where):
        owned = symbols(index, ".".join((*written(where).parts, *parts)))
        if owned.targets:
            return owned
    for folded in (False, True):
        named = index.symbols_named(parts[-1], folded=folded)
        entries = [one for one in named if not where or lies_in(one.file, where)]
        found = _ranked(entries, parts)
        if not found.targets:
            found = Sought(_of_packages(index, entries, parts))
        if found.targets:
            remark = f"nothing is called `{parts[-1]}` in just these letters" if folded else ""
            return replace(found, remark=remark)
    return _inherited(index, parts, where)


def each_once(sought: Sought) -> Sought:
    """The same, but what is defined several times at one path (overloads) is there only once."""
    return replace(sought, targets=_firsts(sought.targets), others=_firsts(sought.others))


def _firsts(bearers: Iterable[Target]) -> tuple[Target, ...]:
    """The first target of each node."""
    firsts: dict[Node, Target] = {}
    for one in bearers:
        firsts.setdefault(one.node, one)
    return tuple(firsts.values())


def outside(index: Index, name: str) -> tuple[Target, ...]:
    """What files of the tree take from elsewhere under a name."""
    said = written(name)
    full = said.place or ".".join(said.parts)
    return (Target(Node("", full)),) if index.outside(full) else ()


def nearest(index: Index, name: str) -> list[str]:
    """The names in the index that are spelled most like one, the likest first.

    Where it says whose member it is, they are the names of members together with their owners'.
    """
    said = written(name)
    wanted = said.parts[-1] if said.parts else said.place.rpartition("/")[2]
    near = _most_like(wanted, index.names())
    if len(said.parts) > 1:
        bearers = (one for known in near for one in index.symbols_named(known))
        full = [_last_parts(one, len(said.parts)) for one in islice(bearers, MOST_COMPARED)]
        near = _most_like(".".join(said.parts), dict.fromkeys(full)) or near
    return near[:NEAREST]


def _last_parts(entry: Entry, count: int) -> str:
    """The path of a symbol, with as much of its module's name as makes it so many parts."""
    path = entry.symbol.path.split(".")
    module = module_of(entry.file)
    missing = max(0, count - len(path))
    return ".".join([*module[len(module) - missing :], *path])


def _most_like(wanted: str, names: Iterable[str]) -> list[str]:
    """The names that are spelled like one, the likest first, if not much less than the likest."""
    folded = wanted.casefold()
    pairs = {folded[at : at + 2] for at in range(len(folded) - 1)} or {folded}
    near = (name for name in names if abs(len(name) - len(folded)) <= len(folded) // 2)
    shared = nlargest(40, near, key=lambda name: _shared(name.casefold(), pairs))
    matcher = SequenceMatcher(b=folded)
    likeness: dict[str, float] = {}
    for name in shared:
        matcher.set_seq1(name.casefold())
        likeness[name] = matcher.ratio()
    least = max(LEAST_LIKE, max(likeness.values(), default=0.0) - LIKELY_MEANT)
    return sorted(
        (name for name in likeness if likeness[name] > least),
        key=lambda name: (-likeness[name], name),
    )


def _shared(known: str, pairs: set[str]) -> float:
    """How much of a name is made of these pairs of letters."""
    return sum(pair in known for pair in pairs) / (len(pairs) + abs(len(known) - len(pairs)))


def _ranked(entries: Sequence[Entry], parts: tuple[str, ...]) -> Sought:
    """The entries that fit best, and those that bear the name as part of a longer one."""
    by_rank: dict[int, list[Target]] = {}
    for entry in entries:
        rank = _rank(entry, parts)
        if rank is not None:
            target = Target(Node(entry.file, entry.symbol.path), entry.symbol)
            by_rank.setdefault(rank, []).append(target)
    if not by_rank:
        return Sought()
    best = min(by_rank)
    others = [target for rank in sorted(by_rank) if rank > best for target in by_rank[rank]]
    return Sought(_ordered(by_rank[best]), _ordered(others))


def _rank(entry: Entry, parts: tuple[str, ...]) -> int | None:
    """How well a name fits: 0 is its name in full, 1 the end of it, more with its module."""
    wanted = [part.casefold() for part in parts]
    path = entry.symbol.path.casefold().split(".")
    if path == wanted:
        return 0
    if path[-len(wanted) :] == wanted:
        return 1
    if wanted[-len(path) :] != path:
        return None
    prefix = wanted[: -len(path)]
    module = [part.casefold() for part in module_of(entry.file)]
    if module[-len(prefix) :] == prefix:
        return 0
    if module[-len(prefix) - 1 : -1] == prefix:
        return 2
    rest = iter(module)
    return 3 if all(part in rest for part in prefix) else None


def _of_packages(
    index: Index, entries: Sequence[Entry], parts: tuple[str, ...]
) -> tuple[Target, ...]:
    """Those whose name goes with that of the package that their file belongs to: `gin.Context`."""
    found: list[Target] = []
    for file, symbol in entries:
        path = tuple(symbol.path.split("."))
        prefix = list(parts[: -len(path)])
        if prefix and parts[-len(path) :] == path:
            # Not only its end: what is defined further in may be had from further out.
            ends = ((one[-len(prefix) :], one[: len(prefix)]) for one in packages_of(index, file))
            if any(prefix in both for both in ends):
                found.append(Target(Node(file, symbol.path), symbol))
    return _ordered(found)


def _ordered(targets: Iterable[Target]) -> tuple[Target, ...]:
    """In order of file and line."""
    return tuple(
        sorted(targets, key=lambda one: (one.node.file, one.symbol.line if one.symbol else 0))
    )


def _at_line(index: Index, place: str, line: int) -> Iterator[Target]:
    """The innermost definition around a line."""
    for node in files(index, place):
        around = [
            symbol
            for symbol in index.symbols_of(node.file)
            if symbol.start <= line <= symbol.end and symbol.kind != "variable"
        ]
        if around:
            inner = min(around, key=lambda symbol: symbol.end - symbol.start)
            yield Target(Node(node.file, inner.path), inner)


def _inherited(index: Index, parts: tuple[str, ...], place: str) -> Sought:
    """A member by the name of a type that inherits it, in the nearest base that has it."""
    if len(parts) < 2:
        return Sought()
    owners = [
        target
        for target in symbols(index, ".".join(parts[:-1]), place).targets
        if target.symbol is not None and target.symbol.kind in TYPES
    ]
    found = [member for owner in owners if (member := _of_bases(index, owner.node, parts[-1]))]
    return Sought(_ordered(dict.fromkeys(found)), heir=".".join(parts[:-1]) if found else "")


def _of_bases(index: Index, node: Node, name: str) -> Target | None:
    seen, level = {node}, [node]
    while level:
        above: list[Node] = []
        for one in level:
            for edge in index.edges_from(one, {"inherits"}):
                if edge.target.file and edge.target not in seen and edge.trust == "resolved":
                    seen.add(edge.target)
                    above.append(edge.target)
        for base in above:
            path = f"{base.symbol}.{name}"
            symbol = index.symbol(base.file, path)
            if symbol is not None:
                return Target(Node(base.file, path), symbol)
        level = above
    return None
