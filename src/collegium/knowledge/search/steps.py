"""The edges that answer a question about one target, over one step or any number of them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import MODULE
from collegium.knowledge.graph import Node
from collegium.knowledge.search.ends import INBOUND, OUTBOUND
from collegium.knowledge.search.overriding import CONSTRUCTORS
from collegium.knowledge.search.targets import TYPES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.knowledge.graph import Edge
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.phrases import Intent


# What asks for whatever uses a name, in the code as it is written.
_USES: Final = frozenset({"references", "tests"})


def edges_about(index: Index, intent: Intent, target: Target) -> Iterator[Edge]:
    """The edges that answer a question about one target; what is outside stands for its members."""
    if intent in INBOUND:
        node, kinds = target.node, INBOUND[intent]
        if intent in _USES and target.symbol is None:
            kinds = (*kinds, "imports")  # a file is used by being imported
        for one in [node] if node.file else index.outside(node.symbol):
            edges = index.edges_to(one, kinds)
            yield from (edge for edge in edges if intent not in _USES or _is_written(edge))
        return
    for node in own_nodes(index, target) if intent == "callees" else (target.node,):
        yield from index.edges_from(node, OUTBOUND[intent])


def _is_written(edge: Edge) -> bool:
    """Whether the code names the target: a type of Go has an interface without a word."""
    return edge.kind != "inherits" or edge.trust != "inherited"


def own_nodes(index: Index, target: Target) -> Iterator[Node]:
    """The nodes whose calls count as the target's: a type's constructor, all that a file holds."""
    node = target.node
    yield node
    if target.symbol is None:
        yield Node(node.file, MODULE)
        yield from (Node(node.file, symbol.path) for symbol in index.symbols_of(node.file))
    elif target.symbol.kind in TYPES:
        names = (*CONSTRUCTORS, target.symbol.name)
        yield from (Node(node.file, f"{node.symbol}.{name}") for name in names)


def called_as(node: Node) -> Iterator[Node]:
    """What is called where a node is: itself, and the type whose constructor it is."""
    yield node
    owner, _, name = node.symbol.rpartition(".")
    if owner and name in {*CONSTRUCTORS, owner.rpartition(".")[2]}:
        yield Node(node.file, owner)


def all_steps(
    index: Index, intent: Intent, target: Target, edges: Sequence[Edge]
) -> Iterator[Edge]:
    """The edges, and those that follow from what they lead to, each node once."""
    seen = {target.node}
    waiting = deque(edges)
    while waiting:
        edge = waiting.popleft()
        node = edge.source if intent in INBOUND else edge.target
        if node in seen:
            continue
        seen.add(node)
        yield edge
        if node.file:
            waiting += edges_about(index, intent, Target(node, index.symbol(*node)))


def holds(holder: Node, node: Node) -> bool:
    """Whether a node is another, or stands in it."""
    inside = node.symbol == holder.symbol or node.symbol.startswith(f"{holder.symbol}.")
    return node.file == holder.file and (not holder.symbol or inside)
