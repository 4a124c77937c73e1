"""What the reader keeps in mind about the code that is around the node it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_RESULTS: Final = 12


class Preface(NamedTuple):
    """What stands before a definition: where that begins, decorators or modifiers, `export`."""

    start: int = 0
    marks: tuple[str, ...] = ()
    exported: bool = False


NOTHING: Final = Preface()


class Owned(NamedTuple):
    """The type that functions defined here are methods of, and what their path has before."""

    owner: str = ""
    under: str = ""


class Given(NamedTuple):
    """What a target gets: a value and an annotation.

    `statement` is what declares a variable, if it does; `span` are the only lines where it holds.
    """

    value: str
    annotation: str = ""
    statement: Node | None = None
    span: tuple[int, int] | None = None

    def part(self, value: str) -> Given:
        """Return what one part of the target gets: that value, and no annotation."""
        return Given(value, "", self.statement, self.span)


@dataclass(slots=True)
class Frame:
    """Code that is read in one scope: that of a symbol, or of a function without a name in it.

    `until` is the last line of the innermost block in it that may be passed over, 0 outside of
    one; `receives` tells that it has a `this` of its own, without being a symbol; `elsewhere` are
    names that it binds for another scope.
    """

    scope: int
    kind: str
    path: str = ""
    around: Frame | None = None
    until: int = 0
    receives: bool = False
    results: tuple[str, ...] = ()
    yielded: tuple[str, ...] = ()
    elsewhere: dict[str, int] = field(default_factory=dict[str, int])

    def outcome(self) -> tuple[str, ...]:
        """Return the different things that a generator yields, or else a function returns."""
        return tuple(dict.fromkeys(self.yielded or self.results))[:_MOST_RESULTS]
