"""The edges that leave one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import MODULE, TOP
from collegium.knowledge.graph import Edge, EdgeKind, Node, Trust
from collegium.knowledge.resolving.aliases import behind_name, behind_variable
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import Atom, Atoms
from collegium.knowledge.resolving.candidates import candidates
from collegium.knowledge.resolving.mentions import mentioned
from collegium.knowledge.resolving.scoping import variable_scope
from collegium.knowledge.resolving.shape import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import FileFacts, Import, Use
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_RANK: Final[dict[Trust, int]] = {"candidate": 0, "inherited": 1, "resolved": 2}


def root_of(expression: Expr) -> str:
    """Return the name that an expression begins with, '' where it begins with none."""
    while expression[0] in ("attribute", "call", "item", "element", "enter", "await"):
        expression = expression[1]
    return str(expression[1]) if expression[0] == "name" else ""


class EdgeBook:
    """The edges of a file as they are found; the same edge seen twice is one, the surer counts."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: dict[tuple[Node, EdgeKind, Node], tuple[Trust, set[int]]] = {}

    def note(
        self, source: Node, kind: EdgeKind, target: Node, lines: Iterable[int], trust: Trust
    ) -> None:
        """Add an edge, or lines to one that is known."""
        before = self._seen.get((source, kind, target))
        if before is None or _RANK[trust] > _RANK[before[0]]:
            self._seen[source, kind, target] = (trust, set(lines))
        elif before[0] == trust:
            before[1].update(lines)

    def edges(self) -> tuple[Edge, ...]:
        """Return all edges in canonical order."""
        return tuple(
            Edge(source, kind, target, trust, tuple(sorted(lines)))
            for (source, kind, target), (trust, lines) in sorted(self._seen.items())
        )


class Resolver:
    """Finds the edges of one file."""

    def __init__(self, reader: Interpreter, shape: Shape, facts: FileFacts) -> None:
        """Read `facts` (arranged in `shape`) with `reader`."""
        self._reader, self._shape, self._facts = reader, shape, facts
        self._attempt = reader.world.eventually
        self._book = EdgeBook()
        self._nodes = [Node(shape.path, symbol.path) for symbol in shape.symbols]
        self._nodes.append(Node(shape.path, MODULE))  # at TOP, the last place

    def edges(self) -> tuple[Edge, ...]:
        """Return the edges in canonical order."""
        self._definitions()
        for wanted in self._facts.imports:
            if wanted.line:  # else it only says which type a comment means
                self._import(wanted)
        for use in self._facts.uses:
            self._use(use)
        return self._book.edges()

    def _node(self, scope: int) -> Node:
        return self._nodes[scope]

    def _target(self, atom: Atom) -> Node | None:
        """Return the node of a definition; None where it is none of the tree."""
        if atom.kind == "module" and atom.symbol == TOP:
            return Node(atom.file)
        world = self._reader.world
        shape = world.within(atom.file, atom.symbol, atom.name) if atom.file else None
        if shape is None:
            return None
        if atom.kind in ("class", "function", "module"):
            return Node(atom.file, shape.symbols[atom.symbol].path)
        if atom.kind == "variable":
            places = shape.child(atom.symbol, atom.name)
            return Node(atom.file, shape.symbols[places[0]].path) if places else None
        return None

    def _definitions(self) -> None:
        for place, symbol in enumerate(self._shape.symbols):
            parent = Node(self._shape.path) if symbol.parent == TOP else self._node(symbol.parent)
            self._book.note(parent, "defines", self._node(place), (symbol.line,), "resolved")
            if self._shape.is_type(place):
                self._inheritance(place)
            elif symbol.kind in FUNCTIONS:
                self._overriding(place)

    def _inheritance(self, place: int) -> None:
        symbol = self._shape.symbols[place]
        site = Site(self._shape, symbol.parent)
        for written in symbol.bases:
            root = root_of(parse(written))
            # What a local name holds is only one of the bases that it may hold.
            loose = not root or self._shape.is_local(symbol.parent, root)
            bases = self._attempt(self._reader.base, site, written)
            self._inherits(place, bases, "candidate" if loose else "resolved")
        kind, home = Atom("class", self._shape.path, place), self._shape.home
        given = self._attempt(home.further_bases, self._reader, kind)
        self._inherits(place, given, "resolved")
        self._inherits(place, self._attempt(home.implemented, self._reader, kind), "inherited")

    def _inherits(self, place: int, bases: Atoms, trust: Trust) -> None:
        line = self._shape.symbols[place].line
        for base in bases:
            target = self._target(base) if base.file else Node("", base.name)
            if target:
                self._book.note(self._node(place), "inherits", target, (line,), trust)

    def _overriding(self, place: int) -> None:
        kinds = self._attempt(self._reader.receiver, self._shape, place)
        symbol, home = self._shape.symbols[place], self._shape.home
        name = symbol.name
        for kind in kinds:
            found = self._attempt(self._reader.member, kind._replace(name="super"), name)
            above = self._attempt(home.overridden, self._reader, symbol, found)
            self._overrides(place, above, "resolved")
            plain = Atom("class", kind.file, kind.symbol)
            for had in self._attempt(home.implemented, self._reader, plain):
                asked = self._attempt(self._reader.declared, had, name)
                self._overrides(place, asked, "inherited")

    def _overrides(self, place: int, overridden: Atoms, trust: Trust) -> None:
        line = self._shape.symbols[place].line
        for atom in overridden:
            target = self._target(atom)
            if target and atom.kind == "function" and target != self._node(place):
                self._book.note(self._node(place), "overrides", target, (line,), trust)

    def _import(self, wanted: Import) -> None:
        source, lines = Node(self._shape.path), (wanted.line,)
        home = self._shape.home
        modules = self._attempt(home.module, self._reader, self._shape, wanted)
        for module in modules:
            target = self._target(module) if module.file else Node("", module.name)
            if target and target != source:
                self._book.note(source, "imports", target, lines, "resolved")
        if wanted.name in ("", "*"):
            return
        for atom in self._attempt(home.imported, self._reader, self._shape, wanted):
            target = self._target(atom) if atom.file else Node("", atom.name)
            if target and target != source:
                self._book.note(source, "imports", target, lines, "resolved")

    def _use(self, use: Use) -> None:
        if use.kind == "mention":
            self._mention(use)
            return
        expression = parse(use.target)
        if not self._varies(use.scope, root_of(expression)):
            self._at(use, expression, use.lines)
            return
        for line in use.lines:
            self._at(use, expression, (line,))

    def _mention(self, use: Use) -> None:
        found = mentioned(self._reader.world, use.target)
        trust: Trust = "resolved" if len(found) == 1 else "candidate"
        source = Node(self._shape.path) if use.scope == TOP else self._node(use.scope)
        for target in found:
            self._book.note(source, "documents", target, use.lines, trust)

    def _varies(self, scope: int, root: str) -> bool:
        """Whether what begins with this name may mean something else on another line."""
        chained = root in self._shape.chained.get(scope, ())
        return not root or chained or self._shape.is_flowing(scope, root)

    def _at(self, use: Use, expression: Expr, lines: tuple[int, ...]) -> None:
        site = Site(self._shape, use.scope, lines[0])
        source = self._node(use.scope)
        found = self._attempt(self._reader.meaning, site, expression)
        if use.given >= 0:
            found = self._attempt(site.shape.home.taking, self._reader, found, use.given)
        if use.kind == "call":
            self._calls(site, source, expression, found, lines)
        else:
            self._references(source, found, lines)
        self._prefixes(site, source, expression, lines)

    def _prefixes(self, site: Site, source: Node, expression: Expr, lines: tuple[int, ...]) -> None:
        """Note what the parts of a chain name on the way: `Box` and `Box.lid` in `Box.lid.open`."""
        prefix = expression
        while prefix[0] == "attribute":
            prefix = prefix[1]
            if prefix[0] == "attribute" or (
                prefix[0] == "name" and not self._shape.is_local(site.scope, prefix[1])
            ):
                found = self._attempt(self._reader.meaning, site, prefix)
                self._references(source, found, lines)

    def _calls(
        self, site: Site, source: Node, expression: Expr, found: Atoms, lines: tuple[int, ...]
    ) -> None:
        home = self._shape.home
        by_name = expression[0] == "name" and not home.calls_through_variables
        if by_name and variable_scope(site, expression[1]) is not None:
            # What else it holds was named where it was taken.
            named = self._attempt(behind_name, self._reader, site, expression[1])
            self._called(source, named, lines)
            return
        for atom in found:
            if atom.kind == "variable" or self._reader.is_property(atom):
                self._references(source, (atom,), lines)
                if not home.calls_through_variables:
                    named = self._attempt(behind_variable, self._reader, atom)
                    self._called(source, named, lines)
                    continue
            self._called(source, self._attempt(home.call_targets, self._reader, atom), lines)
        if not found:
            for target in candidates(self._reader, site, expression):
                self._book.note(source, "calls", target, lines, "candidate")

    def _called(self, source: Node, callees: Atoms, lines: tuple[int, ...]) -> None:
        for callee in callees:
            target = self._target(callee) if callee.kind in ("function", "class") else None
            if target:
                self._book.note(source, "calls", target, lines, "resolved")

    def _references(self, source: Node, found: Atoms, lines: tuple[int, ...]) -> None:
        for atom in found:
            target = self._target(atom)
            if target and target.symbol:
                self._book.note(source, "references", target, lines, "resolved")
