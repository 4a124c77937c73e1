"""The walk over the tree of one file: what the rules of a language may ask and do."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP, Export, Import, Parameter, Symbol
from collegium.knowledge.parsing.documentation import with_hints
from collegium.knowledge.parsing.frames import NOTHING, Frame, Given, Owned
from collegium.knowledge.parsing.record import Record
from collegium.knowledge.parsing.rules import branch, keep_comment
from collegium.knowledge.parsing.surroundings import Surroundings
from collegium.knowledge.parsing.writing import UNKNOWN, signature, slices, texts

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.facts import How, SymbolKind, UseKind
    from collegium.knowledge.languages.grammar import Rule
    from collegium.knowledge.parsing.loading import Tables

_DEEPEST: Final = 150  # nodes within nodes; what is deeper waits until the rest has been read
_NESTED: Final = 100  # symbols within symbols; what is defined deeper is no symbol
_TYPES: Final = frozenset({"class", "interface", "enum"})
_HOLDERS: Final = _TYPES | {"module"}


class Reading(Surroundings):
    """One file as it is read. Every node is read once or never, else its calls count twice.

    `rules` are by the numbers of types of nodes. `comments` are those that have their lines for
    themselves: by the last of these, the first and the text.
    """

    def __init__(self, tables: Tables, source: bytes) -> None:
        super().__init__(source)
        self.grammar = tables.grammar
        self.record = Record()
        self.comments: dict[int, tuple[int, str]] = {}
        self.package = ""
        self.module_doc = ""
        self._tables = tables
        self.rules = tables.rules
        self._lines = self.record.lines
        self._depth = 0
        self._later: deque[tuple[Rule, Node, Frame]] = deque()

    def value(self, node: Node) -> str:
        """Read a node, and return it as an expression."""
        rule = self.rules.get(node.kind_id)
        if rule is None:
            return UNKNOWN
        if self._depth >= _DEEPEST:
            return self._leave(rule, node)
        self._depth += 1
        written = rule(self, node)
        self._depth -= 1
        return written

    def stem(self, node: Node) -> str:
        """Read a node; a plain chain of names is returned only, not noted as a reference."""
        rule = self._tables.stems.get(node.kind_id)
        return self.value(node) if rule is None else self.apply(rule, node)

    def annotation(self, node: Node | None) -> str:
        """Read a type; '' where there is none."""
        return "" if node is None else self.value(node)

    def inside(self, node: Node) -> str:
        """Read everything inside of a node."""
        if self._depth >= _DEEPEST:
            return self._leave(Reading.inside, node)
        self._depth += 1
        rules = self.rules
        for child in node.children:
            rule = rules.get(child.kind_id)
            if rule is not None:
                rule(self, child)
        self._depth -= 1
        return UNKNOWN

    def values(self, node: Node) -> list[str]:
        """Read what is inside of a node, and return its parts as expressions."""
        if self._depth >= _DEEPEST:
            self._leave(Reading.inside, node)
            return []
        self._depth += 1
        rules = self.rules
        written = [
            rule(self, child)
            for child in node.children
            if (rule := rules.get(child.kind_id)) is not None and rule is not keep_comment
        ]
        self._depth -= 1
        return written

    def branch(self, node: Node) -> str:
        """Read everything inside of a block that may be passed over when the program runs."""
        frame = self._frame
        until, frame.until = frame.until, self.end(node)
        self.inside(node)
        frame.until = until
        return UNKNOWN

    def others(self, node: Node, *read: Node | None) -> None:
        """Read everything inside of a node but what has been read of it already."""
        done = {one.id for one in read if one is not None}
        for child in node.children:
            if child.id not in done:
                self.value(child)

    def field(self, node: Node, name: str) -> str:
        """Read what a node has under a field; '' where it has nothing there."""
        child = node.child_by_field_name(name)
        return "" if child is None else self.value(child)

    def default(self, node: Node | None) -> str:
        """Read the default value of a parameter, in the scope where it is evaluated."""
        if node is None:
            return ""
        frame = self._frame
        if self.grammar.defaults_outside and frame.around is not None:
            self._frame = frame.around
        written = self.value(node)
        self._frame = frame
        return written

    def parameters(self, *nodes: Node | None) -> tuple[Parameter, ...]:
        """Read lists of parameters; what is none is the only parameter of a function itself."""
        rules = self._tables.parameters
        return tuple(
            parameter
            for node in nodes
            if node is not None
            for child in ([node] if node.kind_id in rules else node.children)
            if (rule := rules.get(child.kind_id)) is not None
            for parameter in rule(self, child)
        )

    def use(self, kind: UseKind, target: str, node: Node, given: int = -1) -> None:
        """Note that the scope calls or names something; its line is the last one of the node."""
        if target != UNKNOWN and target[:1] != "<":
            line = node.end_point[0] + self._first_line
            self._lines[kind, self._frame.scope, target, given].append(line)

    def take(
        self,
        module: str,
        name: str,
        alias: str,
        node: Node,
        *,
        level: int = 0,
        exported: bool = False,
    ) -> None:
        """Note an import."""
        line = self.line(node)
        self.record.imports.append(
            Import(self._frame.scope, module, name, alias, line, level, exported)
        )

    def export(self, name: str, value: str, node: Node) -> None:
        """Note what others get of this file under a name."""
        self.record.exports.append(Export(name, value, self.line(node)))

    def bind(
        self,
        target: str,
        value: str,
        node: Node,
        *,
        annotation: str = "",
        how: How = "assign",
        statement: Node | None = None,
    ) -> None:
        """Note that a name or an attribute gets a value.

        A name that a `statement` declares in a module or a type is a variable, which is a symbol.
        """
        frame = self._frame
        scope = frame.elsewhere.get(target, frame.scope)
        until = 0 if scope != frame.scope else frame.until
        self.record.bind(scope, target, value, annotation, self.line(node), how, until)
        if statement is None or "." in target:
            return
        if (scope == TOP or frame.kind in _HOLDERS) and self.record.declare(scope, target):
            self._variable(target, node, statement, scope)

    def assign(self, node: Node, given: Given) -> None:
        """Bind what stands left of "=", by the language's targets."""
        target = self._tables.targets.get(node.kind_id)
        if target is not None and self._depth < _DEEPEST:
            self._depth += 1
            target(self, node, given)
            self._depth -= 1
        elif node.kind_id not in self._tables.stems:
            self.value(node)
        elif given.span is not None:
            self.narrow(self.stem(node), given.annotation, *given.span, value=given.value)
        else:
            how: How = "assign" if given.value or self.scope_kind not in _TYPES else "field"
            self.bind(
                self.stem(node),
                given.value,
                node,
                annotation=given.annotation,
                how=how,
                statement=given.statement,
            )

    def binder(self, name: str) -> int:
        """Return the innermost scope around that has bound a name so far, else this scope."""
        frame: Frame | None = self._frame
        while frame is not None:
            if self.record.binds(frame.scope, name):
                return frame.scope
            frame = frame.around
        return self.scope

    def narrow(
        self, target: str, annotation: str, first: int, last: int, *, value: str = ""
    ) -> None:
        """Note that something is of a type, or has a value, from one line to another."""
        if first <= last:
            self.record.bind(self._frame.scope, target, value, annotation, first, "narrow", last)

    def keep_comment(self, node: Node) -> None:
        """Keep a comment, unless it stands behind code."""
        start, end = node.start_byte, node.end_byte
        if not self._slice(start - node.start_point[1], start).strip():
            self.comments[self.end(node)] = (self.line(node), self._slice(start, end))

    def define(
        self,
        node: Node,
        name: Node | str,
        *,
        kind: SymbolKind,
        body: Node | None,
        head: Sequence[Node | None] = (),
        parameters: Node | Sequence[Node] | None = None,
        returns: Node | None = None,
        bases: tuple[str, ...] = (),
        marks: tuple[str, ...] = (),
        owner: str = "",
        under: str = "",
        awaits: bool = False,
        exported: bool = False,
        returns_body: bool = False,
    ) -> int:
        """Note a symbol, read it in its own scope, and return its place.

        `head` is read before the parameters (type parameters), `returns_body` says that the body
        is an expression, which is what the function returns.
        """
        frame, preface, owned = self._frame, self._preface, self._owned
        if frame.path.count(".") >= _NESTED:
            if body is not None:
                self._read_body(body, returns=returns_body)
            return frame.scope
        title = name if isinstance(name, str) else self.text(name)
        owner, under = owner or owned.owner, under or owned.under
        if kind == "function" and (owner or frame.kind in _TYPES):
            kind = "method"
        path = ".".join(part for part in (frame.path, under, title) if part)
        start = preface.start or self.line(node)
        doc = self.grammar.documentation(self, start, body)
        place = self.record.reserve()
        inner = Frame(place, kind, path, frame)
        self._frame, self._preface, self._owned = inner, NOTHING, Owned()
        for before in head:
            self.annotation(before)
        taken = self.parameters(*_several(parameters))
        self.record.local(place, taken)
        result = self.annotation(returns)
        remarks = self._remarks(node, *_several(parameters))
        if doc and self.grammar.hints is not None:
            taken, result = with_hints(taken, result, self.grammar.hints(self, doc))
        if body is not None:
            self._read_body(body, returns=returns_body)
        self._frame, self._preface, self._owned = frame, preface, owned
        self.record.symbols[place] = Symbol(
            kind=kind,
            name=title,
            path=path,
            parent=frame.scope,
            line=self.line(node if isinstance(name, str) else name),
            start=start,
            end=self._last_line(node),
            body=self.line(body or node),
            signature=signature(self._slice, node, body, remarks),
            doc=doc,
            owner=owner,
            parameters=taken,
            returns=result,
            results=inner.outcome(),
            bases=bases,
            marks=preface.marks + marks,
            yields=bool(inner.yielded),
            awaits=awaits,
            exported=exported or preface.exported or self.grammar.public(title),
        )
        return place

    def _read_body(self, body: Node, *, returns: bool) -> None:
        if returns:
            self.returned(self.value(body))
        elif self.rules.get(body.kind_id) is branch:
            self.inside(body)
        else:
            self.value(body)

    def embedded(self, text: str, line: int, rule: Rule) -> str:
        """Read by a rule the tree of a text that stands in a string on a line."""
        source = text.encode("utf-8", "replace")
        root = self._tables.tree(source)
        if root.has_error:
            return UNKNOWN
        before = self.text, self._slice, self._first_line
        self.text, self._slice, self._first_line = texts(source), slices(source), line
        written = self.apply(rule, root)
        self.text, self._slice, self._first_line = before
        return written

    def finish(self) -> None:
        """Read what lay too deep to be read where it stood."""
        while self._later:
            rule, node, self._frame = self._later.popleft()
            self._preface, self._owned = NOTHING, Owned()
            rule(self, node)
        self._frame = Frame(TOP, "module")
        if self.grammar.finish is not None:
            self.grammar.finish(self)

    def apply(self, rule: Rule, node: Node) -> str:
        """Read a node by a rule; where it lies too deep, later, and it cannot be told."""
        if self._depth >= _DEEPEST:
            return self._leave(rule, node)
        self._depth += 1
        written = rule(self, node)
        self._depth -= 1
        return written

    def _leave(self, rule: Rule, node: Node) -> str:
        self._later.append((rule, node, self._frame))
        return UNKNOWN

    def _remarks(self, *nodes: Node | None) -> list[Node]:
        """Keep the comments between the parts of a definition, and return them."""
        remarks = [
            child
            for node in nodes
            if node is not None
            for child in node.children
            if self.rules.get(child.kind_id) is keep_comment
        ]
        for remark in remarks:
            self.keep_comment(remark)
        return remarks

    def _last_line(self, node: Node) -> int:
        end = self.end(node)
        while end in self.comments:  # which tree-sitter takes into the block that it follows
            parts = [one for one in node.children if one.type not in self.grammar.comments]
            if not parts:
                break
            node = parts[-1]
            end = self.end(node)
        return end

    def _variable(self, name: str, node: Node, statement: Node, scope: int) -> None:
        place = self.record.reserve()
        around = self._frame.path if scope == self._frame.scope else ""
        start = self._preface.start or self.line(statement)
        self.record.symbols[place] = Symbol(
            kind="variable",
            name=name,
            path=f"{around}.{name}" if around else name,
            parent=scope,
            line=self.line(node),
            start=start,
            end=self.end(statement),
            body=self.line(statement),
            signature=signature(self._slice, statement, None),
            doc=self.grammar.documentation(self, start, None),
            marks=self._preface.marks,
            exported=self._preface.exported or self.grammar.public(name),
        )


def _several(nodes: Node | Sequence[Node] | None) -> Sequence[Node | None]:
    return nodes if isinstance(nodes, Sequence) else (nodes,)
