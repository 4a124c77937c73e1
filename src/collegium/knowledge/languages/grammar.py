"""What a language is to the reader: tables from the types of its nodes to the rules for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from collegium.knowledge.letters import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tree_sitter import Node

    from collegium.knowledge.facts import Parameter
    from collegium.knowledge.parsing.frames import Given
    from collegium.knowledge.parsing.reading import Reading

# Reads one node: records what it says, and returns it written as an expression (see `facts`).
Rule: TypeAlias = "Callable[[Reading, Node], str]"
# Binds what stands left of "=" to what it is given.
Target: TypeAlias = "Callable[[Reading, Node, Given], None]"
# Reads one child of a list of parameters; it may declare several (Go's `a, b int`), or none.
ParameterRule: TypeAlias = "Callable[[Reading, Node], Iterable[Parameter]]"
# Finds the documentation of what starts on a line and has that body.
Documentation: TypeAlias = "Callable[[Reading, int, Node | None], str]"


class Hints(NamedTuple):
    """Types that documentation tells, as expressions; for where the code has no annotation."""

    parameters: Mapping[str, str]
    returns: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grammar:
    """A language as data: a new one is one file with one of these.

    `wheel` is the module that holds its tree-sitter grammar, `entry` the function in it that gives
    it. Named nodes without a rule are read for what is inside of them. `targets` need no entry for
    names and members. `joins` are what links the names of a chain beside ".". `own` are the names
    of the object itself, which refer to nothing when they stand alone. `public` tells by its name
    whether a symbol can be had from outside. `hints` reads documentation for types, `finish` what
    is only known once everything else has been read. `defaults_outside`: default values are
    evaluated where the function is defined, not where it is called. `letters` gives a text in which
    what the language takes for one name is written in one way.
    """

    name: str
    wheel: str
    entry: str = "language"
    rules: Mapping[str, Rule]
    documentation: Documentation
    targets: Mapping[str, Target] = field(default_factory=dict[str, "Target"])
    parameters: Mapping[str, ParameterRule] = field(default_factory=dict[str, "ParameterRule"])
    comments: frozenset[str] = frozenset({"comment"})
    joins: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    public: Callable[[str], bool] = lambda name: False
    hints: Callable[[Reading, str], Hints] | None = None
    finish: Callable[[Reading], None] | None = None
    defaults_outside: bool = False
    letters: Callable[[str], str] = composed
