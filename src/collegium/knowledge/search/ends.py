"""What stands at the other end of edges, as findings: where, on which lines, and how sure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.search.findings import Finding, is_certain
from collegium.knowledge.search.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.graph import Edge, EdgeKind
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.phrases import Intent

INBOUND: Final[dict[Intent, tuple[EdgeKind, ...]]] = {
    "callers": ("calls",),
    "subclasses": ("inherits",),
    "importers": ("imports",),
    "references": ("calls", "references", "inherits"),
    "documents": ("documents",),
    "overrides": ("overrides",),
    "tests": ("calls", "references", "inherits"),
}
OUTBOUND: Final[dict[Intent, tuple[EdgeKind, ...]]] = {
    "callees": ("calls",),
    "bases": ("inherits",),
    "imports": ("imports",),
}
DID: Final[dict[EdgeKind, str]] = {
    "calls": "calls it",
    "references": "refers to it",
    "inherits": "inherits from it",
    "imports": "imports it",
    "documents": "names it",
    "overrides": "overrides it",
}


def ends(index: Index, intent: Intent, edges: Iterable[Edge]) -> Iterator[Finding]:
    """What stands at the other end of the edges, each once, in order of file and line."""
    by_node: dict[Node, list[Edge]] = {}
    for edge in edges:
        node = edge.source if intent in INBOUND else edge.target
        if intent == "importers":
            node = Node(node.file)
        if node.file or intent != "callees":
            by_node.setdefault(node, []).append(edge)
    found = [_end(index, intent, node, of_it) for node, of_it in by_node.items()]
    yield from sorted(found, key=lambda one: (one.file or "\uffff", one.line, one.symbol))


def _end(index: Index, intent: Intent, node: Node, edges: Sequence[Edge]) -> Finding:
    sure = [edge for edge in edges if is_certain(edge.trust)] or edges
    trust = min((edge.trust for edge in sure), key=("resolved", "inherited", "candidate").index)
    lines = tuple(sorted({line for edge in sure for line in edge.lines}))
    defined = definition(index, Target(node, index.symbol(*node) if node.symbol else None))
    if intent in INBOUND:
        did = dict.fromkeys(DID[edge.kind] for edge in sure)
        why = " and ".join(did)
        line = lines[0] if lines else defined.line
        return replace(defined, line=line, lines=lines, trust=trust, why=why)
    why = f"at {edges[0].source.file}:{', '.join(map(str, lines))}" if lines else ""
    return replace(defined, trust=trust, why=why)


def definition(index: Index, target: Target) -> Finding:
    """A node as what it is and where it is defined."""
    node, symbol = target
    if symbol is not None:
        return Finding(
            *(node.file, node.symbol, symbol.kind, symbol.line, symbol.start, symbol.end),
            signature=symbol.signature,
        )
    if node.symbol:
        return Finding(*node, kind="module" if node.file else "outside", line=int(bool(node.file)))
    is_file = bool(PurePosixPath(node.file).suffix)
    return Finding(node.file, kind="file" if is_file else "folder", line=int(is_file))
