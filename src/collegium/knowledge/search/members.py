"""What a file or a type defines."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.search.targets import TYPES, Target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from collegium.knowledge.facts import Symbol, SymbolKind
    from collegium.knowledge.index import Index

# In these a type's methods may stand in other files: of its folder, or anywhere.
_FOLDERS: Final = frozenset({".go"})
_ANYWHERE: Final = frozenset({".rs"})
_CODE: Final = frozenset({"function", "method"})


def members(index: Index, target: Target, kinds: Collection[SymbolKind]) -> list[Target]:
    """What is defined right in a target, each path once; of these kinds, if any are given.

    Of a file, what is of the kinds may stand in a type as well, but in no function.
    """
    found: dict[Node, Target] = {}
    for file in _files(index, target):
        symbols = index.symbols_of(file)
        for symbol in symbols:
            if _is_member(symbol, symbols, target, kinds):
                node = Node(file, symbol.path)
                found.setdefault(node, Target(node, symbol))
    return list(found.values())


def _is_member(
    symbol: Symbol, symbols: list[Symbol], target: Target, kinds: Collection[SymbolKind]
) -> bool:
    if kinds and symbol.kind not in kinds:
        return False
    holder = symbol.path.rpartition(".")[0]
    if target.symbol is not None or not kinds:
        return holder == target.node.symbol
    around = {symbol.path.rsplit(".", depth)[0] for depth in range(1, symbol.path.count(".") + 1)}
    return not any(one.kind in _CODE and one.path in around for one in symbols)


def _files(index: Index, target: Target) -> Iterator[str]:
    """The file of a target, and others that add to it."""
    file = target.node.file
    yield file
    ending = PurePosixPath(file).suffix
    if target.symbol is None or target.symbol.kind not in TYPES:
        return
    if ending not in _FOLDERS | _ANYWHERE:
        return
    folder = PurePosixPath(file).parent
    bearers = {one.file for one in index.symbols_named(target.symbol.name)}
    for other in index.files_holding(ending):
        near = ending in _ANYWHERE or PurePosixPath(other).parent == folder
        if PurePosixPath(other).suffix == ending and near and other not in bearers:
            yield other
