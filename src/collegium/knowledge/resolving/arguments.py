"""Where an expression is read, and what a call is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from collegium.knowledge.resolving.atoms import UNKNOWN, Atoms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


class Site(NamedTuple):
    """Where an expression is read; line 0 is anywhere in its scope."""

    shape: Shape
    scope: int
    line: int = 0


class Arguments:
    """What a call is given, worked out when asked."""

    def __init__(self, reader: Interpreter, site: Site | None, written: Sequence[Expr]) -> None:
        """Keep the expressions and where they stand; None where nothing is given."""
        self.site = site
        self.positional = [each for each in written if each[0] != "keyword"]
        self.keywords = {each[1]: each[2] for each in written if each[0] == "keyword"}
        self._reader = reader

    def __len__(self) -> int:
        """Return how many there are by position."""
        return len(self.positional)

    def __getitem__(self, place: int) -> Atoms:
        """Return what can be at a position; () where there is none."""
        if self.site is None or place >= len(self.positional):
            return UNKNOWN
        return self._reader.types(self.site, self.positional[place])

    def named(self, name: str) -> Atoms:
        """Return what is given by keyword; () where it is not."""
        if self.site is None or name not in self.keywords:
            return UNKNOWN
        return self._reader.types(self.site, self.keywords[name])
