"""The nouns of the graph: nodes, edges, and how sure an edge is."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

EdgeKind: TypeAlias = Literal[
    "defines", "imports", "calls", "inherits", "overrides", "references", "documents"
]
# resolved: the one definition that is meant. inherited: a definition further up or down the line
# of inheritance that may stand for it when the program runs. candidate: it bears the name.
Trust: TypeAlias = Literal["resolved", "inherited", "candidate"]
CERTAIN: tuple[Trust, ...] = ("resolved", "inherited")


class Node(NamedTuple):
    """A file, a folder that is a module, or a symbol of a file.

    `symbol` is '' for the file or folder itself, "<module>" for the code at its top. What lies
    outside of the tree has no `file`, and its full name as `symbol` ("os.path.join").
    """

    file: str
    symbol: str = ""


def anything_called(name: str, family: str, *, member: bool) -> Node:
    """Return what stands for all that bears a name in a family of languages, as called so.

    It is the target of a candidate where the definitions are too many to be targets themselves;
    `member` tells `x.name()` from `name()`.
    """
    return Node("", f"{family} {'.' * member}{name}()")


class Edge(NamedTuple):
    """`source` does something with `target`; `lines` are where in the source's file, ascending."""

    source: Node
    kind: EdgeKind
    target: Node
    trust: Trust
    lines: tuple[int, ...]
