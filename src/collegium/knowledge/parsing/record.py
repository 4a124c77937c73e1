"""What has been found in a file so far, and how it becomes its facts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import (
    TOP,
    Binding,
    Export,
    How,
    Import,
    Symbol,
    Use,
    UseKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.knowledge.facts import Parameter

_FUNCTIONS: Final = frozenset({"function", "method"})


class Record:
    """The facts of one file while it is read. It knows nothing of trees."""

    __slots__ = ("_declared", "_local", "bindings", "exports", "imports", "lines", "symbols")

    def __init__(self) -> None:
        self.symbols: list[Symbol | None] = []
        self.imports: list[Import] = []
        self.exports: list[Export] = []
        self.bindings: list[Binding] = []
        self.lines = defaultdict[tuple[UseKind, int, str, int], list[int]](list)
        self._local: dict[int, set[str]] = {}
        self._declared: set[tuple[int, str]] = set()

    def reserve(self) -> int:
        """Return the place of a symbol that is only complete once its body has been read."""
        self.symbols.append(None)
        return len(self.symbols) - 1

    def bind(  # noqa: PLR0917 -- the fields of a binding, in their order
        self,
        scope: int,
        target: str,
        value: str,
        annotation: str,
        line: int,
        how: How = "assign",
        until: int = 0,
    ) -> None:
        """Note that a name or an attribute gets a value."""
        self.bindings.append(Binding(scope, target, value, annotation, line, how, until))
        if "." not in target:
            self._local.setdefault(scope, set()).add(target)

    def local(self, scope: int, parameters: Iterable[Parameter]) -> None:
        """Note names that mean nothing outside of the function that is the scope."""
        names = self._local.setdefault(scope, set())
        names.update(parameter.name.lstrip("*") for parameter in parameters)

    def binds(self, scope: int, name: str) -> bool:
        """Return whether a scope has bound a name so far."""
        return name in self._local.get(scope, ())

    def declare(self, scope: int, name: str) -> bool:
        """Return whether this is the first time that the scope declares a variable of the name."""
        fresh = (scope, name) not in self._declared
        self._declared.add((scope, name))
        return fresh

    def uses(self) -> tuple[Use, ...]:
        """Return what is called and named, without the plain names of local variables."""
        return tuple(
            Use(
                *(kind, scope, target),
                (lines[0],) if len(lines) == 1 else tuple(sorted({*lines})),
                given,
            )
            for (kind, scope, target, given), lines in self.lines.items()
            if kind != "reference" or "." in target or not self._is_local(scope, target)
        )

    def whole_symbols(self) -> tuple[Symbol, ...]:
        """Return the symbols, in the order in which they begin."""
        return tuple(symbol for symbol in self.symbols if symbol is not None)

    def _is_local(self, scope: int, name: str) -> bool:
        while scope != TOP:
            symbol = self.symbols[scope]
            if symbol is None:
                return False
            if symbol.kind in _FUNCTIONS and self.binds(scope, name):
                return True
            scope = symbol.parent
        return False
