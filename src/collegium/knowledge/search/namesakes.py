"""Calls of a name that too many definitions bear for the name to say which is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node, anything_called
from collegium.knowledge.languages import language_of
from collegium.knowledge.resolving.homes import home_of
from collegium.knowledge.search.ends import ends
from collegium.knowledge.search.steps import own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collegium.knowledge.index import Index
    from collegium.knowledge.search.findings import Finding
    from collegium.knowledge.search.phrases import Intent
    from collegium.knowledge.search.targets import Target

NAMED: Final = 5
# What may be done by a call, so that a call of which only the name is known may do it.
ABOUT_CALLS: Final[frozenset[Intent]] = frozenset({"callers", "references"})


def calls_by_name(index: Index, targets: Iterable[Target]) -> Iterator[Finding]:
    """What calls something that bears a target's name, of which no more is known.

    What calls several targets by one name is told of the first.
    """
    seen = set[Node]()
    for at, target in enumerate(targets):
        node = _anything_called_so(target)
        if node is not None and node not in seen:
            seen.add(node)
            edges = index.edges_to(node, {"calls"})
            yield from (replace(one, of=at) for one in ends(index, "callers", edges))


def calling_remark(index: Index, targets: Iterable[Target]) -> str:
    """Which names the targets call that many definitions bear; '' where they call none."""
    edges = (
        edge
        for target in targets
        for node in own_nodes(index, target)
        for edge in index.edges_from(node, {"calls"})
        if not edge.target.file
    )
    names = sorted({edge.target.symbol.rpartition(" ")[2].strip(".()") for edge in edges})
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" * (len(names) > NAMED)
    bear = "a name that" if len(names) == 1 else "names that"
    return f"also called is something named {listed}{more}, {bear} many definitions bear"


def remark(name: str, found: Iterable[Finding]) -> str:
    """How many calls there are of which only the name is known; '' where there are none."""
    count = sum(len(one.lines) for one in found)
    if not count:
        return ""
    calls = "one more call" if count == 1 else f"{count} more calls"
    return (
        f"{calls} of something named `{name.rpartition('.')[2]}` may be it too, and "
        f"{'is' if count == 1 else 'are'} not shown: many definitions bear that name"
    )


def _anything_called_so(target: Target) -> Node | None:
    if target.symbol is None:
        return None
    home = home_of(language_of(target.node.file) or "")
    is_method = target.symbol.kind == "method"
    return anything_called(target.symbol.name, home.family, member=is_method)
