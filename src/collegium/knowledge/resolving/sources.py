"""What the resolver is offered, what a file shows to others, and what resolving gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from collegium.knowledge.facts import (  # noqa: TC001 -- msgspec reads the annotations
    Binding,
    Export,
    Import,
    Symbol,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import FileFacts
    from collegium.knowledge.graph import Edge


class Interface(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What other files may know of a file: no lines, no bodies.

    While two interfaces are equal, no other file need be resolved again. Symbols keep their
    positions; of the bindings only those stay that can be seen from outside, or that a result
    or an attribute which can be seen depends on.
    """

    path: str
    language: str
    package: str = ""
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    exports: tuple[Export, ...] = ()
    bindings: tuple[Binding, ...] = ()


class Sources(Protocol):
    """A tree as the resolver sees it; every answer is cheap, and sorted where it is a sequence."""

    def facts(self, path: str) -> FileFacts | None:
        """All of a file; asked only of the file that is being resolved."""
        ...

    def interface(self, path: str) -> Interface | None:
        """What others may know of a file; None where there is none."""
        ...

    def bearers(self, name: str) -> Sequence[str]:
        """The files with a symbol of this name."""
        ...

    def exists(self, path: str) -> bool:
        """Whether the tree has this file or folder."""
        ...

    def folder(self, path: str) -> Sequence[str]:
        """The files directly in a folder; '' is the root."""
        ...

    def files_named(self, tail: str) -> Sequence[str]:
        """The files whose last part is `tail`."""
        ...


class Resolution(NamedTuple):
    r"""The edges that leave one file, in canonical order, and all that they depend on.

    The keys of `reads` are "file:PATH" (an interface), "head:PATH" and "in:PATH\0NAME" (parts of
    one), "name:NAME" (bearers), "path:PATH" (existence), "folder:PATH" (members) and "tail:NAME"
    (files of that name).
    """

    edges: tuple[Edge, ...]
    reads: frozenset[str]
