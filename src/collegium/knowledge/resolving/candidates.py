"""What a call may mean of which only the name is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node, anything_called
from collegium.knowledge.resolving.shape import FUNCTIONS, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.resolving.arguments import Site
    from collegium.knowledge.resolving.interpreter import Interpreter

MOST: Final = 12  # with more bearers than this, a name alone says nothing


def candidates(reader: Interpreter, site: Site, callee: Expr) -> Sequence[Node]:
    """Return the definitions that bear the name of what is called.

    If they are too many, one node stands for all of them. A name that containers of every language
    share counts only where one definition bears it.
    """
    member = callee[0] == "attribute"
    if not member and (callee[0] != "name" or site.shape.is_local(site.scope, callee[1])):
        return ()
    found = _bearing(reader, callee[-1], top=not member)
    most = 1 if callee[-1] in reader.home.common else MOST
    if len(found) <= most:
        return found
    return (anything_called(callee[-1], reader.home.family, member=member),)


def _bearing(reader: Interpreter, name: str, *, top: bool) -> tuple[Node, ...]:
    key = ("bearing", reader.home.family, name, top)
    return reader.world.remembered(key, lambda: _found(reader, name, top=top), ())


def _found(reader: Interpreter, name: str, *, top: bool) -> tuple[Node, ...]:
    kinds = (*FUNCTIONS, *TYPES) if top else FUNCTIONS
    found = [
        Node(shape.path, shape.symbols[place].path)
        for shape, place in reader.world.bearing(name)
        if shape.home.family == reader.home.family
        and shape.symbols[place].kind in kinds
        and top == (shape.symbols[place].kind != "method")
    ]
    return tuple(dict.fromkeys(found))
