"""What calls a method by way of one that it overrides.

`session.send()` may run `FileSession.send` where `session` is declared as a `Session`: the call is
one of `Session.send`, and by that of everything that overrides it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from collegium.knowledge.search.ends import definition, ends
from collegium.knowledge.search.findings import is_certain
from collegium.knowledge.search.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.findings import Finding

# What the name of a constructor is within its type; Java's bears the type's own. A call of one
# means that one: nothing is chosen when the program runs.
CONSTRUCTORS: Final = ("__init__", "__new__", "__post_init__", "constructor")


def callers_through(index: Index, node: Node) -> Iterator[tuple[Finding, tuple[Finding, ...]]]:
    """Each method that one overrides, over any number of steps, with what calls it, if anything.

    A call that says whose method it means (`super().send()`, `Session.send(self)`) is none.
    """
    if node.symbol.rpartition(".")[2] in CONSTRUCTORS:
        return
    for base in _overridden(index, node):
        calls = [edge for edge in index.edges_to(base, {"calls"}) if is_certain(edge.trust)]
        calling = tuple(
            replace(one, trust="inherited")
            for one in ends(index, "callers", calls)
            if not _says_whose(index, one, base)
        )
        if calling:
            yield definition(index, Target(base, index.symbol(*base))), calling


def _overridden(index: Index, node: Node) -> list[Node]:
    """The methods that one overrides, the nearest first."""
    found = [node]
    for one in found:
        above = (edge.target for edge in index.edges_from(one, {"overrides"}))
        found += [base for base in above if base not in found]
    return found[1:]


def _says_whose(index: Index, calling: Finding, base: Node) -> bool:
    """Whether all of a method's calls of the one of its name in a base go to just that one."""
    owner, _, name = base.symbol.rpartition(".")
    facts = index.facts(calling.file) if calling.symbol.rpartition(".")[2] == name else None
    if facts is None:
        return False
    said = {
        line
        for use in facts.uses
        if use.kind == "call" and use.target.startswith(("super", f"{owner}."))
        for line in use.lines
    }
    return said.issuperset(calling.lines)
