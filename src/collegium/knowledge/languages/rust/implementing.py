"""impl blocks: methods outside of their types, and traits that types have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.facts import Symbol
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

IMPLEMENTED: Final = "impl "  # before the name of a type: the symbol, or binding, of its traits
_TYPES: Final = frozenset({"class", "interface", "enum"})


def implementation(reading: Reading, node: Node) -> str:
    """Read the methods of an impl block, and note the trait that the type gets by it."""
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    trait = node.child_by_field_name("trait")
    if kind is None:
        return reading.inside(node)
    owner = reading.stem(kind)
    name = owner.partition("[")[0].rpartition(".")[2]
    if trait is not None:
        reading.bind(IMPLEMENTED + name, reading.stem(trait), node, annotation=owner)
    if body is not None and name != UNKNOWN:
        with reading.owned(owner, name):
            reading.inside(body)
    return UNKNOWN


def join_traits(reading: Reading) -> None:
    """Give the types of the file their traits; those of types elsewhere become symbols."""
    record = reading.record
    for binding in record.bindings:
        if not binding.target.startswith(IMPLEMENTED):
            continue
        name = binding.target.removeprefix(IMPLEMENTED)
        for place, symbol in enumerate(record.symbols):
            if symbol and symbol.name == name and symbol.kind in _TYPES:
                joined = tuple(dict.fromkeys((*symbol.bases, binding.value)))
                record.symbols[place] = msgspec.structs.replace(symbol, bases=joined)
                break
        else:
            record.symbols.append(
                Symbol(
                    kind="module",
                    name=binding.target,
                    path=f"impl {binding.value} for {binding.annotation}",
                    parent=binding.scope,
                    line=binding.line,
                    start=binding.line,
                    end=binding.line,
                    body=binding.line,
                    owner=binding.annotation,
                    bases=(binding.value,),
                )
            )
    record.bindings[:] = [
        binding for binding in record.bindings if not binding.target.startswith(IMPLEMENTED)
    ]
