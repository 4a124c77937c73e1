"""How one definition comes to call another: the shortest chain of calls."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.graph import Node
from collegium.knowledge.search.ends import definition
from collegium.knowledge.search.findings import is_certain
from collegium.knowledge.search.steps import called_as, own_nodes
from collegium.knowledge.search.targets import TYPES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from collegium.knowledge.graph import Edge
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.findings import Finding

# So many definitions are looked at, some tenth of a millisecond each, before a search gives up.
MOST_VISITED: Final = 10_000


class Chain(NamedTuple):
    """The definitions from one to the other, both included; none where no chain of calls is known.

    Unless it is `whole`, not every definition that can be reached was looked at.
    """

    found: tuple[Finding, ...]
    whole: bool = True


def chain(index: Index, sources: Sequence[Target], targets: Sequence[Target]) -> Chain:
    """The shortest chain of calls from one of the sources to one of the targets.

    One whose calls all mean just what comes next is wanted; where there is none, it may go through
    what overrides a method that is called.
    """
    found = _shortest(index, sources, targets, overriding=False)
    if found.found or not found.whole:
        return found
    return _shortest(index, sources, targets, overriding=True)


def _shortest(
    index: Index, sources: Sequence[Target], targets: Sequence[Target], *, overriding: bool
) -> Chain:
    wanted = {node for target in targets for node in called_as(target.node)}
    # From which node each was come to, and by which edge; None where the search began.
    came: dict[Node, tuple[Node, Edge] | None] = {
        node: None for source in sources for node in _within(index, source)
    }
    waiting = deque(came)
    while waiting and len(came) < MOST_VISITED:
        before = waiting.popleft()
        for edge in _next(index, before, overriding=overriding):
            node = edge.source if edge.kind == "overrides" else edge.target
            if node in wanted:
                return Chain(_told(index, came, (before, edge)))
            if node.file and node not in came:
                came[node] = before, edge
                waiting.append(node)
    return Chain((), whole=not waiting)


def _within(index: Index, source: Target) -> Iterator[Node]:
    """Where a chain may begin: all members of a type, all that a file holds."""
    yield from own_nodes(index, source)
    if source.symbol is not None and source.symbol.kind in TYPES:
        begin = f"{source.node.symbol}."
        for symbol in index.symbols_of(source.node.file):
            if symbol.path.startswith(begin):
                yield Node(source.node.file, symbol.path)


def _next(index: Index, node: Node, *, overriding: bool) -> Iterator[Edge]:
    """The calls that a node makes, and what may run in its place."""
    symbol = index.symbol(*node) if node.symbol else None
    for own in own_nodes(index, Target(node, symbol)) if symbol is not None else (node,):
        yield from (edge for edge in index.edges_from(own, {"calls"}) if is_certain(edge.trust))
    if overriding:
        yield from index.edges_to(node, {"overrides"})


def _told(
    index: Index, came: Mapping[Node, tuple[Node, Edge] | None], last: tuple[Node, Edge]
) -> tuple[Finding, ...]:
    steps: list[Finding] = []
    before = last[0]
    step: tuple[Node, Edge] | None = last
    while step is not None:
        before, edge = step
        turns = edge.kind == "overrides"
        lines = ",".join(map(str, edge.lines))
        why = f"overrides {before.symbol}" if turns else f"called at {edge.source.file}:{lines}"
        node = edge.source if turns else edge.target
        steps.append(_step(index, node, why, sure=not turns))
        step = came[before]
    return (_step(index, before, "", sure=True), *reversed(steps))


def _step(index: Index, node: Node, why: str, *, sure: bool) -> Finding:
    found = definition(index, Target(node, index.symbol(*node) if node.symbol else None))
    return replace(found, why=why, trust="resolved" if sure else "inherited")
