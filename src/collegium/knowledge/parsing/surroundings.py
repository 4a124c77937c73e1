"""Where in a file the reader is: the text of nodes, and the scope around them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from collegium.knowledge.facts import TOP
from collegium.knowledge.parsing.frames import NOTHING, Frame, Owned, Preface
from collegium.knowledge.parsing.writing import LONGEST, slices, texts

if TYPE_CHECKING:
    from collections.abc import Generator

    from tree_sitter import Node


class Surroundings:
    """What rules may ask about the code around a node, and how they say that it changes.

    `text` gives the source of a node.
    """

    def __init__(self, source: bytes) -> None:
        self.text, self._slice = texts(source), slices(source)
        self._first_line: int = 1
        self._frame: Frame = Frame(TOP, "module")
        self._preface: Preface = NOTHING
        self._owned: Owned = Owned()
        self._hidden: int = 0

    @property
    def scope(self) -> int:
        """The place of the symbol whose code this is."""
        return self._frame.scope

    @property
    def scope_kind(self) -> str:
        """The kind of what this stands in directly; "module" at the top of the file."""
        return self._frame.kind

    @property
    def scope_around(self) -> int:
        """The place of the symbol around the one whose code this is."""
        return TOP if self._frame.around is None else self._frame.around.scope

    @property
    def receives(self) -> bool:
        """Whether a function without a name, but with a `this`, is between here and the symbol."""
        return self._frame.receives

    @property
    def preface(self) -> Preface:
        """What stands before the definition that is being read."""
        return self._preface

    def brief(self, node: Node) -> str:
        """Return the source of a node, '' where it is longer than any expression that is kept."""
        return "" if node.end_byte - node.start_byte > LONGEST else self.text(node)

    def line(self, node: Node) -> int:
        """Return the line on which a node begins, from 1."""
        return node.start_point[0] + self._first_line

    def end(self, node: Node) -> int:
        """Return the last line on which a node has text."""
        row, column = node.end_point
        return row + self._first_line - (column == 0 and row > node.start_point[0])

    def elsewhere(self, name: str, scope: int) -> None:
        """Note that a name that is bound here belongs to another scope (`global`)."""
        self._frame.elsewhere[name] = scope

    def returned(self, value: str) -> None:
        """Note what the function around returns."""
        self._frame.results += (value,)

    def yielded(self, value: str) -> None:
        """Note what the generator around yields."""
        self._frame.yielded += (value,)

    @contextmanager
    def prefaced(
        self, node: Node, *, marks: tuple[str, ...] = (), exported: bool = False
    ) -> Generator[None]:
        """Let what is defined within begin where the node does, with these marks."""
        before = self._preface
        start = before.start or self.line(node)
        self._preface = Preface(start, before.marks + marks, before.exported or exported)
        yield
        self._preface = before

    @contextmanager
    def owned(self, owner: str, under: str) -> Generator[None]:
        """Let functions defined within be methods of a type, with that before their name."""
        before, self._owned = self._owned, Owned(owner, under)
        yield
        self._owned = before

    @contextmanager
    def anonymous(self, node: Node | None = None, *, receives: bool = False) -> Generator[Frame]:
        """Read a function without a name: the scope stays, what it returns is its own.

        What it binds holds to the end of the node; `receives` says that it has a `this` of its own.
        """
        frame, preface = self._frame, self._preface
        until = frame.until if node is None else self.end(node)
        receives = receives or frame.receives
        self._frame = Frame(frame.scope, "function", frame.path, frame, until, receives)
        self._preface = NOTHING
        yield self._frame
        self._frame, self._preface = frame, preface

    @contextmanager
    def branching(self, node: Node) -> Generator[None]:
        """Let what is bound within hold to the end of a block that may be passed over."""
        frame = self._frame
        until, frame.until = frame.until, self.end(node)
        yield
        frame.until = until

    def hidden(self) -> str:
        """Return a name that nothing else in the file has."""
        self._hidden += 1
        return f"#{self._hidden}"
