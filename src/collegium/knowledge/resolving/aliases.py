"""Other names for a definition: `render = console.render`, and then `render()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, united
from collegium.knowledge.resolving.scoping import variable_scope

if TYPE_CHECKING:
    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Binding
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

LONGEST: Final = 6  # names in a row, each of which is another one's


def behind_name(reader: Interpreter, site: Site, name: str, left: int = LONGEST) -> Atoms:
    """Return the definitions that a variable of a function around is just another name of.

    () unless it is bound once, to a name or a chain of names.
    """
    scope, shape = variable_scope(site, name), site.shape
    if scope is None or shape.parameter(scope, name):
        return UNKNOWN
    return _named(reader, shape, scope, name, left)


def behind_variable(reader: Interpreter, variable: Atom, left: int = LONGEST) -> Atoms:
    """Return the definitions that a variable at the top of a file is just another name of.

    () for anything else, and where it is bound twice.
    """
    if variable.kind != "variable" or variable.symbol != TOP:
        return UNKNOWN  # a property, or an attribute, which may be set from anywhere
    shape = reader.world.within(variable.file, TOP, variable.name)
    return UNKNOWN if shape is None else _named(reader, shape, TOP, variable.name, left)


def _named(reader: Interpreter, shape: Shape, scope: int, name: str, left: int) -> Atoms:
    binding = _only_binding(shape, scope, name)
    if binding is None or not left or not shape.home.assignments_bind:
        return UNKNOWN
    expression, site = parse(binding.value), Site(shape, scope, binding.line)
    if not _is_chain(expression):
        return UNKNOWN
    if expression[0] == "name" and variable_scope(site, expression[1]) is not None:
        return behind_name(reader, site, expression[1], left - 1)
    found = reader.meaning(site, expression)
    return united([_definition(reader, atom, left - 1) for atom in found])


def _only_binding(shape: Shape, scope: int, name: str) -> Binding | None:
    """Return what gives a name its value, if it has no other."""
    bindings = shape.bound(scope, name)
    defined = any(shape.symbols[each].kind != "variable" for each in shape.child(scope, name))
    if len(bindings) != 1 or defined or shape.imported(scope, name):
        return None
    return bindings[0] if bindings[0].how == "assign" else None


def _definition(reader: Interpreter, atom: Atom, left: int) -> Atoms:
    if atom.kind == "variable":
        return behind_variable(reader, atom, left)
    is_one = atom.kind in ("class", "function") and not reader.is_property(atom)
    return (atom,) if is_one else UNKNOWN


def _is_chain(expression: Expr) -> bool:
    while expression[0] == "attribute":
        expression = expression[1]
    return bool(expression[0] == "name")
