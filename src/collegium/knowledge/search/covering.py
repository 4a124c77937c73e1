"""Which tests try a definition: those that use it themselves, and how many reach it by others."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.search.findings import is_certain
from collegium.knowledge.search.purpose import is_trial
from collegium.knowledge.search.steps import called_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collegium.knowledge.index import Index

MOST_VISITED: Final = 5_000
# What a test itself is called, by the habits of every language, beside what only helps tests.
_CALLED_SO: Final = re.compile(r"test(?![a-z])|Test(?![a-z])")
_CODE: Final = frozenset({"function", "method"})
# In Rust, tests stand in a module beside what they try.
_INLINE: Final = frozenset({"tests", "test"})


def is_test(file: str, symbol: str) -> bool:
    """Whether code is there to try other code."""
    inline = file.endswith(".rs") and not _INLINE.isdisjoint(symbol.split("."))
    return inline or is_trial(file)


def reaching(index: Index, nodes: Iterable[Node]) -> list[Node]:
    """The tests that, over any number of calls, call one of the nodes; what only helps is none."""
    seen = dict.fromkeys(nodes)
    waiting = deque(seen)
    found: dict[Node, None] = {}
    while waiting and len(seen) < MOST_VISITED:
        for node in _callers(index, waiting.popleft()):
            if node not in seen:
                further = dict.fromkeys(called_as(node))
                seen |= further
                waiting += further
                test = _test_of(index, node) if is_test(*node) else None
                if test is not None:
                    found[test] = None
    return list(found)


def _callers(index: Index, node: Node) -> Iterator[Node]:
    calls = index.edges_to(node, {"calls"})
    return (edge.source for edge in calls if is_certain(edge.trust))


def _test_of(index: Index, node: Node) -> Node | None:
    """The test that code of a test file is of: what is called so, or what nothing else calls."""
    parts = node.symbol.split(".")
    for depth, part in enumerate(parts, start=1):
        if _CALLED_SO.match(part):
            around = Node(node.file, ".".join(parts[:depth]))
            symbol = index.symbol(*around)
            if symbol is not None and symbol.kind in _CODE:
                return around
    own = set(called_as(node))
    called = any(caller not in own for one in own for caller in _callers(index, one))
    return None if called else node
