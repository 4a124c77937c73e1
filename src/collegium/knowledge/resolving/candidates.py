"""What a call may mean of which only the name is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.resolving.shape import FUNCTIONS, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.resolving.arguments import Site
    from collegium.knowledge.resolving.interpreter import Interpreter

MOST: Final = 12  # with more bearers than this, a name alone says nothing


def candidates(reader: Interpreter, site: Site, callee: Expr) -> Sequence[Node]:
    """Return the definitions that bear the name of what is called; none if they are too many.

    A name that containers of every language share counts only where one definition bears it.
    """
    if callee[0] == "name" and not site.shape.is_local(site.scope, callee[1]):
        found = _bearing(reader, callee[1], top=True)
    elif callee[0] == "attribute":
        found = _bearing(reader, callee[2], top=False)
    else:
        return ()
    most = 1 if callee[-1] in reader.home.common else MOST
    return found if len(found) <= most else ()


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
