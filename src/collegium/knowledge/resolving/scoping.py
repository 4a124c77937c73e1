"""What a name means where it stands: the scopes around it, from the inside out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, united, values
from collegium.knowledge.resolving.flow import DENIAL, innermost, reaching
from collegium.knowledge.resolving.shape import FUNCTIONS, TYPE_PARAMETER, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import Binding, Parameter
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


def named(reader: Interpreter, site: Site, name: str) -> Atoms:
    """Return what a name means at a site; () where that cannot be told."""
    shape, scope, line = site.shape, site.scope, site.line
    if not shape.is_inner(name):
        scope = TOP
    unseen: Atoms = UNKNOWN
    while scope != TOP:
        symbol = shape.symbols[scope]
        found: Atoms | None = None
        if symbol.kind in FUNCTIONS:
            found = _in_function(reader, Site(shape, scope, line), name)
            line = 0
        elif _is_scope(site, scope, name):
            found = in_body(reader, shape, scope, name)
        elif shape.home.members_in_scope:
            found = reader.member(Atom("instance", shape.path, scope, "Self"), name) or None
            if found and found[0].kind == "outside":  # it may be one of a base that is not seen
                unseen, found = found, None
        if not found:
            starred = from_stars(reader, shape, scope, name)
            found = tuple(atom for atom in starred if atom.file) or found
        if found is not None:
            return found
        scope = symbol.parent
    found = _in_passing(reader, Site(shape, TOP, line), name) if line else None
    if found is not None:
        return found
    return _outermost(reader, shape, name) or unseen


def _is_scope(site: Site, scope: int, name: str) -> bool:
    """Whether what has no parameters knows a name that stands in it, or is its type parameter."""
    shape = site.shape
    if shape.symbols[scope].kind not in TYPES or shape.is_parameter(scope, name):
        return True
    return scope == site.scope and shape.home.body_is_scope


def _outermost(reader: Interpreter, shape: Shape, name: str) -> Atoms:
    """Return what a name means at the top of its file, or everywhere in its language.

    What would be of a module outside that all is taken from gives way to the language's own.
    """
    # What a file of its own has no word of needs no look: its own parts are no reads of it.
    bare = shape.inside and not shape.has(TOP, name) and TOP not in shape.stars
    found = UNKNOWN if bare else reader.top(shape.path, name)
    if found and (found[0].file or shape.has(TOP, name)):
        return found
    return shape.home.visible(reader, shape, name) or found


def variable_scope(site: Site, name: str) -> int | None:
    """Return the function around whose variable or parameter a name is that holds here, if any."""
    shape, scope, line = site.shape, site.scope, site.line
    while scope != TOP:
        if shape.parameter(scope, name):
            return scope
        bindings = shape.bound(scope, name)
        if shape.symbols[scope].kind in FUNCTIONS and bindings:
            blocks = shape.home.block_scoped
            if not blocks or reaching(bindings, line, blocks=True)[0]:
                return scope if shape.is_local(scope, name) else None
            line = 0
        scope = shape.symbols[scope].parent
    return None


def in_body(reader: Interpreter, shape: Shape, scope: int, name: str) -> Atoms | None:
    """Return what a type's or file's own body defines under a name, None if nothing.

    A field that is only declared is a member but no name: `date: date` means the type outside.
    """
    found = definitions(reader, shape, scope, name)
    bindings = [binding for binding in shape.bound(scope, name) if shape.lasts(binding)]
    if bindings and all(binding.how == "field" for binding in bindings):
        return tuple(atom for atom in found if atom.kind != "variable") or None
    if bindings:
        found = united([found, (Atom("variable", shape.path, scope, name),)])
    return found or (UNKNOWN if shape.imported(scope, name) else None)


def at_top(reader: Interpreter, path: str, name: str) -> Atoms:
    """Return what the top of a file means by a name: defined, imported, or had with a `*`."""
    shape = reader.world.within(path, TOP, name)
    if shape is None:
        return UNKNOWN
    found = in_body(reader, shape, TOP, name)
    return from_stars(reader, shape, TOP, name) if found is None else found


def from_stars(reader: Interpreter, shape: Shape, scope: int, name: str) -> Atoms:
    """Return what the modules give under a name of which a scope takes everything.

    What is outside counts only where none of the tree has that name.
    """
    stars = shape.stars.get(scope, ())
    modules = (module for star in stars for module in shape.home.module(reader, shape, star))
    found = united(shape.home.starred(reader, module, name) for module in modules)
    return tuple(atom for atom in found if atom.file) or found


def definitions(reader: Interpreter, shape: Shape, scope: int, name: str) -> Atoms:
    """Return the symbols and imports that a scope has under a name."""
    places, imports = shape.child(scope, name), shape.imported(scope, name)
    if not places and not imports:
        return UNKNOWN
    symbols = (symbol_atom(shape, place) for place in places)
    taken = (shape.home.imported(reader, shape, each) for each in imports)
    return united([tuple([atom for atom in symbols if atom]), *taken])


def symbol_atom(shape: Shape, place: int) -> Atom | None:
    """Return the atom of a symbol; None for what no code can name."""
    symbol = shape.symbols[place]
    if symbol.kind in TYPES:
        return Atom("class", shape.path, place)
    if symbol.kind in FUNCTIONS:
        return Atom("function", shape.path, place)
    if symbol.kind == "variable":
        return Atom("variable", shape.path, symbol.parent, symbol.name)
    return Atom("module", shape.path, place) if symbol.kind == "module" else None


def bound_to(reader: Interpreter, site: Site, bindings: Sequence[Binding]) -> Atoms:
    """Return what bindings give their target, read at their own places."""
    return united(_value(reader, site, binding) for binding in bindings)


def _in_passing(reader: Interpreter, site: Site, name: str) -> Atoms | None:
    """Return what a name means on a line of an anonymous function at the top, or after a check."""
    shape = site.shape
    passing = [each for each in shape.bound(TOP, name) if not shape.lasts(each)]
    if not passing:
        return None
    chosen, _ = reaching(passing, site.line, blocks=True)
    before = (
        bound_to(reader, site, chosen) if chosen else reader.settled(reader.top(shape.path, name))
    )
    found = narrowed_to(reader, site, name, before)
    return found or (before if chosen else None)


def _in_function(reader: Interpreter, site: Site, name: str) -> Atoms | None:
    shape, scope = site.shape, site.scope
    bindings = shape.bound(scope, name)
    parameter = shape.parameter(scope, name)
    if not bindings:
        if shape.home.receiver(shape.symbols[scope]) == name:
            return reader.receiver(shape, scope)
        if not parameter:
            inner = definitions(reader, shape, scope, name)
            return inner or (UNKNOWN if shape.imported(scope, name) else None)
    key = ("local", shape.path, shape.inside, scope, name, site.line, reader.fuel)
    return reader.world.remembered(
        key, lambda: _local(reader, site, name, parameter), None, here=shape.inside
    )


def _local(reader: Interpreter, site: Site, name: str, parameter: Parameter | None) -> Atoms | None:
    before = _assigned(reader, site, name, parameter)
    return narrowed_to(reader, site, name, before or UNKNOWN) or before


def narrowed_to(reader: Interpreter, site: Site, chain: str, before: Atoms) -> Atoms:
    """Return what a check of its type says of a name or chain at a site; () where there is none.

    `before` is what it holds by all that was bound to it; what was surely bound since the check
    puts an end to it.
    """
    checks = site.shape.narrowings(site.scope, chain)
    holding = [each for each in checks if each.line <= site.line <= each.until]
    if not holding:
        return UNKNOWN
    bindings = site.shape.bound(site.scope, chain)
    chosen, surely = reaching(bindings, site.line, blocks=site.shape.home.block_scoped)
    newest = chosen[-1].line if chosen else 0
    denials = [each for each in holding if each.annotation.startswith(DENIAL)]
    for denial in denials:
        if denial.line >= newest:
            before = _without(reader, before, reader.types(site, parse(denial.annotation)))
    narrowing = innermost([each for each in holding if each not in denials])
    if narrowing is None:
        return before if denials else UNKNOWN
    found = bound_to(reader, site, [narrowing])
    if narrowing.value:
        return found
    later = [binding for binding in chosen if binding.line > narrowing.line]
    if surely and len(later) == len(chosen):
        return UNKNOWN
    return united([refined(reader, before, found), bound_to(reader, site, later)])


def _assigned(
    reader: Interpreter, site: Site, name: str, parameter: Parameter | None
) -> Atoms | None:
    blocks = site.shape.home.block_scoped
    bindings = site.shape.bound(site.scope, name)
    chosen, surely = reaching(bindings, site.line, blocks=blocks)
    found = [definitions(reader, site.shape, site.scope, name)]
    if parameter and not surely:
        found.append(_given(reader, site, parameter))
    found.append(bound_to(reader, site, chosen))
    passing = blocks or all(binding.how in ("narrow", "parameter") for binding in bindings)
    if passing and not (chosen or parameter or found[0]):
        return None  # what holds in another place only leaves the name to the scopes around
    told = united(found)
    if told or parameter or any(binding.value != "<None>" for binding in chosen):
        return told
    # Nothing but "nothing" so far: what is bound further down may come round in a loop.
    return bound_to(reader, site, reaching(bindings, 0, blocks=False)[0])


def _without(reader: Interpreter, before: Atoms, denial: Atoms) -> Atoms:
    """Return what a value can be that was found to be none of some types; all if none is left."""
    denied = values(united(held for atom in denial for held in atom.args))
    left = [atom for atom in before if not any(_is_a(reader, atom, other) for other in denied)]
    return tuple(left) or before


def refined(reader: Interpreter, declared: Atoms, checked: Atoms) -> Atoms:
    """Return what is known of a value of declared types that was found to be of others too.

    A subtype says more than its supertype, whichever of the two was declared; what has nothing
    to do with the declared types counts only where nothing else does.
    """
    found: list[Atom] = []
    for want in checked:
        found += [each for each in declared if _is_a(reader, each, want)] or [
            want for each in declared if _is_a(reader, want, each)
        ][:1]
    return tuple(dict.fromkeys(found)) or checked


def _is_a(reader: Interpreter, atom: Atom, other: Atom) -> bool:
    if atom.kind != "instance" or other.kind != "instance":
        return atom == other
    line = reader.lineage(atom)
    return any((each.file, each.symbol) == (other.file, other.symbol) for each in line)


def _given(reader: Interpreter, site: Site, parameter: Parameter) -> Atoms:
    """Return what a parameter holds by its annotation, its default, or what it overrides."""
    shape, scope = site.shape, site.scope
    symbol = shape.symbols[scope]
    if shape.home.receiver(symbol) == parameter.name:
        return reader.receiver(shape, scope)
    outer = Site(shape, shape.annotation_scope(scope))
    if parameter.annotation:
        held = reader.annotated(outer, parameter.annotation)
    else:
        held = reader.inherited_parameter(shape, scope, parameter.name)
        if not held and parameter.default and reader.weaker:
            held = reader.weaker.types(outer, parse(parameter.default))
    return shape.home.parameter(parameter.name, held)


def _value(reader: Interpreter, site: Site, binding: Binding) -> Atoms:
    if binding.value == TYPE_PARAMETER:
        return _type_parameter(reader, site, binding)
    weaker, decides = reader.weaker, site.shape.home.declared_decides
    at = Site(site.shape, binding.scope, binding.line if site.line else 0)
    held = weaker.types(at, parse(binding.value)) if binding.value and weaker else UNKNOWN
    if not binding.annotation or (_tells_more(held) and not decides):
        return held
    return reader.annotated(at, binding.annotation) or held


def _type_parameter(reader: Interpreter, site: Site, binding: Binding) -> Atoms:
    outer = Site(site.shape, site.scope)
    bound = united(
        reader.annotated(outer, each.annotation)
        for each in site.shape.bound(binding.scope, binding.target)
        if each.value == TYPE_PARAMETER and each.annotation
    )
    return (Atom("parameter", name=binding.target, args=(bound,)),)


def _tells_more(held: Atoms) -> bool:
    """Whether a value says more than its annotation: it is of types of the tree, all known."""
    return bool(held) and all(atom.kind == "instance" and not atom.args for atom in held)
