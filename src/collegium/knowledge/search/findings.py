"""What a question finds: the nouns that the graph and the search answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from collegium.knowledge.graph import CERTAIN, Trust
from collegium.knowledge.search.phrases import Intent

# What was asked for: one of the graph's questions, or a search.
Asked: TypeAlias = Intent | Literal["search"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A file or a symbol that was found, and why.

    `line` is where to look: where it is defined, or where it does first what was asked for, of
    which `lines` are all places, ascending. `start` and `end` are its own lines. What lies outside
    of the tree has no `file`. `symbol` is '' for a whole file, "<module>" for the code at its top.
    `of` is the place among `Findings.targets` of the one that it belongs to, -1 for none. `score`
    orders what a search found; what a graph knows has 1.
    """

    file: str
    symbol: str = ""
    kind: str = ""
    line: int = 0
    start: int = 0
    end: int = 0
    signature: str = ""
    snippet: str = ""
    score: float = 1.0
    trust: Trust = "resolved"
    why: str = ""
    lines: tuple[int, ...] = ()
    of: int = -1

    @property
    def place(self) -> str:
        """Where to look: the file and the lines; the file alone where no line is known."""
        lines = self.lines or ((self.line,) if self.line else ())
        return f"{self.file}:{','.join(map(str, lines))}" if lines else self.file

    @property
    def name(self) -> str:
        """What it is called: the symbol, or the file where it is a whole one."""
        return self.symbol or self.file


@dataclass(frozen=True, slots=True)
class Through:
    """What calls a target by way of a method that it overrides.

    `base` is that method, whose `of` is the place of the target; `found` are its callers which do
    not call the target itself for sure.
    """

    base: Finding
    found: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """The answer to a question.

    `targets` are the definitions that bear the name that was asked about; `others` bear it as well,
    but are known by a longer one. An answer that is `exact` is `found`, and all of it; `perhaps`
    holds what only bears a name that fits, and `through` what calls a method that a target
    overrides, and so may call the target when the program runs; `namesakes` calls something of its
    name, which many definitions bear. `by` are the definitions that were
    asked about as doing something, or as where a path begins: `found` is then what they do, or the
    path with both its ends. `note` says in a sentence what else there is to say, that nothing has
    the name for example.
    """

    intent: Asked
    name: str
    found: tuple[Finding, ...] = ()
    exact: bool = False
    targets: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    perhaps: tuple[Finding, ...] = ()
    through: tuple[Through, ...] = ()
    namesakes: tuple[Finding, ...] = ()
    by: tuple[Finding, ...] = ()
    note: str = ""
    within: str = ""
    took_ms: float = 0.0

    def of(self, target: int) -> tuple[Finding, ...]:
        """What was found for one of the targets."""
        return tuple(finding for finding in self.found if finding.of == target)


def is_certain(trust: Trust) -> bool:
    """Whether an edge of this trust belongs to an exact answer."""
    return trust in CERTAIN
