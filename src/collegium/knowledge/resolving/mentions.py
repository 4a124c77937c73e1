"""What a name in a document means: the symbols of the tree that it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.resolving.world import World

MOST: Final = 4  # with more bearers than this, a mention says nothing
_CODE: Final = ("class", "interface", "enum", "function", "method", "variable", "module")


def mentioned(world: World, written: str) -> Sequence[Node]:
    """Return the symbols that a written name fits; none if they are too many.

    "Outer.inner" fits every path that ends so; "package.module.Outer" the symbol "Outer" of a
    file anywhere in folders of these names.
    """
    parts = written.removesuffix("()").replace("::", ".").replace("#", ".").split(".")
    none: tuple[Node, ...] = ()
    found = world.remembered(("mentioned", *parts), lambda: _fitting(world, parts), none)
    return found if len(found) <= MOST else ()


def _fitting(world: World, parts: list[str]) -> tuple[Node, ...]:
    nodes = (
        Node(shape.path, shape.symbols[place].path)
        for shape, place in world.bearing(parts[-1])
        if shape.symbols[place].kind in _CODE
    )
    return tuple(dict.fromkeys(node for node in nodes if _fits(node, parts)))


def _fits(node: Node, parts: list[str]) -> bool:
    own = node.symbol.split(".")
    shared = min(len(own), len(parts))
    if own[-shared:] != parts[-shared:]:
        return False
    folders = node.file.rpartition(".")[0].removesuffix("/__init__").split("/")
    # A package may give what one of its modules defines: `flask.Flask` lies anywhere in flask.
    return all(part in folders for part in parts[:-shared])
