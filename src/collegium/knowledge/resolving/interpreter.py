"""What expressions mean: names by scope, members by inheritance, calls by their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.expressions import parse, written
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving import calling, holding, kinship, membership, scoping
from collegium.knowledge.resolving.arguments import Arguments, Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, united, values
from collegium.knowledge.resolving.flow import reaching
from collegium.knowledge.resolving.inheritance import by_depth
from collegium.knowledge.resolving.overloads import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Parameter
    from collegium.knowledge.resolving.homes.base import Home
    from collegium.knowledge.resolving.shape import Shape
    from collegium.knowledge.resolving.world import World

FUEL: Final = 6  # how many values without annotation may rest on one another


class Interpreter:
    """Reads the expressions of one file; what it asks of others the world writes down.

    What rests on values without annotation is read by a `weaker` interpreter each time, until
    there is none: so inference ends. What is remembered whoever asks is read by the `full` one.
    """

    def __init__(
        self, world: World, home: Home, fuel: int = FUEL, full: Interpreter | None = None
    ) -> None:
        """Read as the language of `home` does."""
        self.world = world
        self.home = home
        self.fuel = fuel
        self.full = full or self
        self.weaker = Interpreter(world, home, fuel - 1, self.full) if fuel else None
        self._names: dict[tuple[int, str], Atoms] = {}
        self._readings: dict[str, Callable[[Site, Expr], Atoms]] = {
            "name": self._name,
            "attribute": self._attribute,
            "call": self._call,
            "item": self._item,
            "either": self._either,
            "literal": self._literal,
            "element": self._element,
            "enter": self._entered,
            "await": self._awaited,
        }

    def begin(self) -> None:
        """Forget what names meant in the last file."""
        self._names.clear()
        if self.weaker:
            self.weaker.begin()

    def types(self, site: Site, expression: Expr) -> Atoms:
        """Return what an expression holds: types, functions, modules, and values of types."""
        return self.settled(self.meaning(site, expression))

    def meaning(self, site: Site, expression: Expr) -> Atoms:
        """Return what an expression names: like `types`, but variables stand for themselves."""
        read = self._readings.get(expression[0])
        return UNKNOWN if read is None else read(site, expression)

    def annotated(self, site: Site, annotation: str) -> Atoms:
        """Return what a name holds that is annotated so; () where the annotation says nothing."""
        return self.home.annotated(values(self.types(site, parse(annotation))))

    def settled(self, atoms: Atoms) -> Atoms:
        """Return what variables hold, and what properties give, in place of them."""
        for atom in atoms:
            if atom.kind in ("variable", "function"):
                return united([holding.settled(self, each) for each in atoms])
        return atoms

    def is_property(self, atom: Atom) -> bool:
        """Return whether naming this member of a value calls it, and means what it returns."""
        return holding.is_property(self, atom)

    def calls(self, callees: Atoms, given: Arguments) -> Atoms:
        """Return what calling any of these with the arguments gives."""
        meant = chosen(self, callees, given)
        return united(calling.called(self, callee, given) for callee in meant)

    def results(self, callee: Atom) -> Atoms:
        """Return what calling this gives, whatever the arguments."""
        return calling.called(self, callee, Arguments(self, None, ()))

    def method_results(self, atom: Atom, name: str) -> Atoms:
        """Return what a method of this name gives; () where there is none."""
        methods = (each for each in self.member(atom, name) if each.kind == "function")
        return united(self.results(method) for method in methods)

    def member(self, atom: Atom, name: str) -> Atoms:
        """Return the definitions that `atom.name` means."""
        return membership.member(self, atom, name)

    def declared(self, kind: Atom, name: str) -> Atoms:
        """Return what a type itself defines under a name, without what it inherits."""
        return membership.declared(self, kind, name)

    def owned(self, path: str, kind: Atom, name: str) -> Atoms:
        """Return the symbols of a file whose `owner` is this type."""
        return membership.owned(self, path, kind, name)

    def exported(self, module: Atom, name: str) -> Atoms:
        """Return what a module gives under a name, by the rules of its language."""
        shape = self.world.head(module.file)
        home = shape.home if shape else self.home
        return home.exported(self, module, name)

    def top(self, path: str, name: str) -> Atoms:
        """Return what a name means at the top of a file, its imports followed."""
        reader = self.full
        return self.world.remembered(
            ("top", path, name), lambda: scoping.at_top(reader, path, name), UNKNOWN
        )

    def lineage(self, kind: Atom) -> Atoms:
        """Return a type and all it inherits from, in the order of lookup."""
        return membership.lineage(self, kind)

    def lineage_by_depth(self, kind: Atom) -> Atoms:
        """Return the line of a type where members are sought depth first."""
        lines = [self.lineage(base) if base.file else (base,) for base in self.bases(kind)]
        return by_depth(kind, lines)

    def parameters(self, kind: Atom) -> Sequence[str]:
        """Return the names of a generic type's parameters."""
        return membership.parameters(self, kind)

    def bases(self, kind: Atom) -> Atoms:
        """Return the direct bases of a type: types of the tree or outside."""
        return kinship.bases(self, kind)

    def base(self, site: Site, written_base: str) -> Atoms:
        """Return the types that a base, as it is written, can be."""
        return kinship.base(self, site, written_base)

    def type_around(self, method: Atom) -> int:
        """Return the type of the method's own file that it belongs to."""
        shape = self.world.within(method.file, method.symbol)
        return TOP if shape is None else shape.type_of_method(method.symbol)

    def receiver(self, shape: Shape, method: int) -> Atoms:
        """Return what a method is called on: "Self" of the type it belongs to, or that type."""
        return kinship.receiver(self, shape, method)

    def above(self, site: Site) -> Atoms:
        """Return the receiver around a site, as a value whose own type's members are skipped."""
        return kinship.above(self, site)

    def open_parameters(self, function: Atom) -> Sequence[Parameter]:
        """Return the parameters that a call of this function fills: without a bound receiver."""
        return kinship.open_parameters(self, function)

    def parameter_types(self, function: Atom, parameter: Parameter) -> Atoms:
        """Return what a parameter of a function holds by its annotation."""
        return kinship.parameter_types(self, function, parameter)

    def inherited_parameter(self, shape: Shape, method: int, name: str) -> Atoms:
        """Return what a parameter without annotation holds by the method that is overridden."""
        return kinship.inherited_parameter(self, shape, method, name)

    def _attribute(self, site: Site, expression: Expr) -> Atoms:
        if not site.line or not _may_flow(site, expression):
            return self._member(site, expression)
        chain = written(expression)
        before = self._flowing(site, expression, chain)
        if not site.shape.narrowings(site.scope, chain):
            return before
        return scoping.narrowed_to(self, site, chain, self.settled(before)) or before

    def _flowing(self, site: Site, expression: Expr, chain: str) -> Atoms:
        """Return what the function around surely gives a chain before this line, or its member."""
        bindings, blocks = site.shape.bound(site.scope, chain), site.shape.home.block_scoped
        chosen, surely = reaching(bindings, site.line, blocks=blocks)
        given = scoping.bound_to(self, site, chosen) if surely else UNKNOWN
        return given or self._member(site, expression)

    def _member(self, site: Site, expression: Expr) -> Atoms:
        receivers = self.types(site, expression[1])
        if len(receivers) == 1:
            return self.member(receivers[0], expression[2])
        return united(self.member(atom, expression[2]) for atom in receivers)

    def _item(self, site: Site, expression: Expr) -> Atoms:
        bases = self.types(site, expression[1])
        return united(self._item_of(site, base, expression[2]) for base in bases)

    def _item_of(self, site: Site, base: Atom, written_arguments: Sequence[Expr]) -> Atoms:
        if base.kind not in ("class", "outside"):
            return self.home.item(self, base, written_arguments[0])
        arguments = [values(self.types(site, each)) for each in written_arguments]
        if base.kind == "class":
            return (base._replace(args=tuple(arguments)),)
        return self.home.specialised(self, base, arguments)

    def _literal(self, site: Site, expression: Expr) -> Atoms:
        held = [self.types(site, each) for each in expression[2]]
        return self.home.literal(expression[1], held)

    def _name(self, site: Site, expression: Expr) -> Atoms:
        shape, scope, name = site.shape, site.scope, expression[1]
        if not shape.inside:
            self.world.within(shape.path, scope, name)
        special = shape.home.special(self, site, name)
        if special is not None:
            return special
        if not shape.inside or shape.is_flowing(scope, name):
            return scoping.named(self, site, name)
        key = (scope if shape.is_inner(name) else TOP, name)
        known = self._names.get(key)
        if known is None:
            known = self._names[key] = scoping.named(self, site, name)
        return known

    def _call(self, site: Site, expression: Expr) -> Atoms:
        called, given = expression[1], Arguments(self, site, expression[2])
        callees = self.types(site, called)
        if not callees and called[0] == "attribute":
            return self.home.called_unseen(self, called[2], given)
        return self.calls(self.home.taking(self, callees, len(given)), given)

    def _either(self, site: Site, expression: Expr) -> Atoms:
        return united(self.types(site, each) for each in expression[1:])

    def _element(self, site: Site, expression: Expr) -> Atoms:
        held = self.types(site, expression[1])
        return united(self.home.element(self, atom) for atom in held)

    def _entered(self, site: Site, expression: Expr) -> Atoms:
        held = self.types(site, expression[1])
        return united(self.home.entered(self, atom) for atom in held)

    def _awaited(self, site: Site, expression: Expr) -> Atoms:
        held = self.types(site, expression[1])
        return united(self.home.awaited(self, atom) for atom in held)


def _may_flow(site: Site, expression: Expr) -> bool:
    """Whether the scope itself may give this chain, or one that begins like it, a value."""
    roots = site.shape.chained.get(site.scope)
    if not roots:
        return False
    while expression[0] == "attribute":
        expression = expression[1]
    return expression[0] != "name" or expression[1] in roots
