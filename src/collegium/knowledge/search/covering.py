"""Which tests try a definition: those that use it themselves, and how many reach it by others."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from collegium.knowledge.search.findings import is_certain
from collegium.knowledge.search.purpose import is_trial
from collegium.knowledge.search.steps import called_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index import Index

MOST_VISITED: Final = 5_000
# In Rust, tests stand in a module beside what they try.
_INLINE: Final = frozenset({"tests", "test"})


def is_test(file: str, symbol: str) -> bool:
    """Whether code is there to try other code."""
    inline = file.endswith(".rs") and not _INLINE.isdisjoint(symbol.split("."))
    return inline or is_trial(file)


def reaching(index: Index, nodes: Iterable[Node]) -> list[Node]:
    """The tests that call something which, over any number of calls, calls one of the nodes."""
    seen = dict.fromkeys(nodes)
    waiting = deque(seen)
    found: list[Node] = []
    while waiting and len(seen) < MOST_VISITED:
        for edge in index.edges_to(waiting.popleft(), {"calls"}):
            if not is_certain(edge.trust):
                continue
            for node in called_as(edge.source):
                if node not in seen:
                    seen[node] = None
                    (found if is_test(*node) else waiting).append(node)
    return found
