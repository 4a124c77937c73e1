"""One file's facts, found by name."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP, Binding, Import

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from collegium.knowledge.facts import FileFacts, Parameter, Symbol
    from collegium.knowledge.resolving.homes.base import Home
    from collegium.knowledge.resolving.sources import Interface

FUNCTIONS = ("function", "method")
TYPES = ("class", "interface", "enum")
TYPE_PARAMETER = "<typevar>"  # the value of what is bound as a type parameter
CONSTRUCTOR = "constructor"  # the mark of a function that makes values of its own type
_line: Final = attrgetter("line")


class Shape:
    """A file, seen from inside (its facts) or from outside (its interface)."""

    def __init__(self, facts: FileFacts | Interface, home: Home, *, inside: bool = False) -> None:
        """Arrange the facts by name; `inside` where they are those of the file being resolved."""
        self.inside = inside
        self.path, self.language, self.package = facts.path, facts.language, facts.package
        self.home = home
        # Roots of the chains (self.x) that a scope assigns or narrows itself.
        self.chained: dict[int, set[str]] = {}
        self.generic: dict[int, list[str]] = {}  # the type parameters of scopes, in order
        self.symbols: tuple[Symbol, ...] = facts.symbols
        self.imports = facts.imports
        self.exports = facts.exports
        self.stars: dict[int, list[Import]] = {}  # by scope: what takes all of a module
        self._names: dict[str, list[int]] | None = None
        self._children = defaultdict[tuple[int, str], list[int]](list)
        self._owned = defaultdict[tuple[str, str], list[int]](list)
        self._belongings: dict[str, list[int]] | None = None  # all that is owned, by the owner
        self._imported = defaultdict[tuple[int, str], list[Import]](list)
        self._bound = defaultdict[tuple[int, str], list[Binding]](list)
        self._narrowings = defaultdict[tuple[int, str], list[Binding]](list)
        self._chains = defaultdict[str, list[Binding]](list)
        self._attributes = defaultdict[tuple[int, str], list[Binding]](list)
        self._inner: set[str] = set()  # the names that some scope below the top has
        self._passing: set[str] = set()  # names bound outside of functions for some lines only
        self._locals: set[tuple[int, str]] = set()
        self._parameters: dict[tuple[int, str], Parameter] = {}
        self._arrange_symbols()
        self._arrange_bindings(facts.bindings)
        for table in (self._children, self._imported, self._bound, self._parameters):
            self._inner.update([name for (scope, name) in table if scope != TOP])
        # Whether any name may mean something else further in.
        self._all_inner = home.members_in_scope or any(scope != TOP for scope in self.stars)

    def is_parameter(self, scope: int, name: str) -> bool:
        """Return whether a name is a type parameter of a scope."""
        return name in self.generic.get(scope, ())

    def has(self, scope: int, name: str) -> bool:
        """Return whether a scope itself defines, binds or imports a name."""
        tables = (self._children, self._bound, self._imported)
        return any((scope, name) in table for table in tables)

    def parameter(self, function: int, name: str) -> Parameter | None:
        """Return the parameter of this name, its stars aside."""
        return self._parameters.get((function, name))

    def is_local(self, scope: int, name: str) -> bool:
        """Return whether a name is a variable or parameter of a function around a scope."""
        return self._around(scope, name, self._locals)

    def is_inner(self, name: str) -> bool:
        """Return whether a name may mean something else in a scope than at the top."""
        return name in self._inner or self._all_inner

    def is_flowing(self, scope: int, name: str) -> bool:
        """Return whether what a name means may depend on the line: it is bound on the way."""
        if name in self._passing:
            return True
        return name in self._inner and self._around(scope, name, self._bound)

    def lasts(self, binding: Binding) -> bool:
        """Return whether a binding outside of functions holds wherever its scope is seen.

        Else it is of an anonymous function, a comprehension or a check at the top of the file.
        """
        if binding.how == "narrow" or (binding.until and self.home.block_scoped):
            return False
        return binding.how != "parameter" or binding.value == TYPE_PARAMETER

    def _around(self, scope: int, name: str, names: Container[tuple[int, str]]) -> bool:
        while scope != TOP:
            symbol = self.symbols[scope]
            if symbol.kind in FUNCTIONS and (scope, name) in names:
                return True
            scope = symbol.parent
        return False

    def child(self, scope: int, name: str) -> Sequence[int]:
        """Return the symbols of this name that stand directly in a scope and have no owner."""
        return self._children.get((scope, name), ())

    def named(self, name: str) -> Sequence[int]:
        """Return all symbols of this name."""
        if self._names is None:  # of most files nobody asks
            self._names = {}
            for place, symbol in enumerate(self.symbols):
                self._names.setdefault(symbol.name, []).append(place)
        return self._names.get(name, ())

    def owned(self, owner: str, name: str) -> Sequence[int]:
        """Return the symbols whose owner, arguments aside, ends in this name."""
        return self._owned.get((owner, name), ())

    def owned_by(self, owner: str) -> Sequence[int]:
        """Return the symbols whose owner, arguments aside, ends in this name, in order."""
        if self._belongings is None:
            self._belongings = {}
            for place, symbol in enumerate(self.symbols):
                if symbol.owner:
                    self._belongings.setdefault(owner_name(symbol.owner), []).append(place)
        return self._belongings.get(owner, ())

    def fields(self, kind: int) -> Sequence[str]:
        """Return the names of the fields that a type declares, in order."""
        return [name for (scope, name) in self._bound if scope == kind]

    def imported(self, scope: int, alias: str) -> Sequence[Import]:
        """Return the imports that bind this name in a scope."""
        return self._imported.get((scope, alias), ())

    def bound(self, scope: int, target: str) -> Sequence[Binding]:
        """Return the bindings of a name or chain in a scope, in order."""
        return self._bound.get((scope, target), ())

    def narrowings(self, scope: int, target: str) -> Sequence[Binding]:
        """Return the narrowings of a name or chain in a scope, in order."""
        return self._narrowings.get((scope, target), ())

    def attribute(self, kind: int, name: str) -> Sequence[Binding]:
        """Return the bindings of a type's attribute through the receiver in its methods."""
        return self._attributes.get((kind, name), ())

    def chains(self, name: str) -> Sequence[Binding]:
        """Return the bindings of chains that end in this name: "app.settings"."""
        return self._chains.get(name, ())

    def owning(self, name: str) -> Sequence[int]:
        """Return the symbols of this name that have an owner."""
        return [place for place in self.named(name) if self.symbols[place].owner]

    def function_around(self, scope: int) -> int:
        """Return the innermost function that a scope is or stands in; TOP where there is none."""
        while scope != TOP and self.symbols[scope].kind not in FUNCTIONS:
            scope = self.symbols[scope].parent
        return scope

    def type_of_method(self, place: int) -> int:
        """Return the type of this file that a method belongs to; TOP where it has none here."""
        symbol = self.symbols[place]
        if symbol.owner:
            owners = self.child(TOP, owner_name(symbol.owner))
            return next((owner for owner in owners if self.is_type(owner)), TOP)
        if self.is_type(place):
            return place
        return symbol.parent if symbol.parent != TOP and self.is_type(symbol.parent) else TOP

    def is_type(self, place: int) -> bool:
        """Return whether a symbol is a type, or a function that makes one."""
        symbol = self.symbols[place]
        return symbol.kind in TYPES or (symbol.kind == "function" and CONSTRUCTOR in symbol.marks)

    def annotation_scope(self, function: int) -> int:
        """Return the scope in which a function's annotations are read: its own if it is generic."""
        return function if function in self.generic else self.symbols[function].parent

    def _arrange_symbols(self) -> None:
        for place, symbol in enumerate(self.symbols):
            if symbol.owner:
                self._owned[owner_name(symbol.owner), symbol.name].append(place)
            elif symbol.kind != "method" or CONSTRUCTOR not in symbol.marks:
                self._children[symbol.parent, symbol.name].append(place)
            for parameter in symbol.parameters:
                local = (place, parameter.name.lstrip("*"))
                self._parameters[local] = parameter
                self._locals.add(local)
        for wanted in self.imports:
            if wanted.name == "*" and not wanted.alias:
                self.stars.setdefault(wanted.scope, []).append(wanted)
            elif wanted.alias:
                alias = wanted.alias.partition(".")[0]
                self._imported[wanted.scope, alias].append(wanted)

    def _arrange_bindings(self, bindings: Sequence[Binding]) -> None:
        for binding in sorted(bindings, key=_line):
            scope, target, narrows = binding.scope, binding.target, binding.how == "narrow"
            place = (scope, target)
            self._bound[place].append(binding)
            if narrows:
                self._narrowings[place].append(binding)
            if binding.value or not narrows:
                self._locals.add(place)
            if not self.lasts(binding) and self.function_around(scope) == TOP:
                self._passing.add(target)
            if binding.value == TYPE_PARAMETER:
                self.generic.setdefault(scope, []).append(target)
            if "." in target:
                self._arrange_chain(binding)

    def _arrange_chain(self, binding: Binding) -> None:
        receiver, _, name = binding.target.rpartition(".")
        root = binding.target.partition(".")[0]
        self.chained.setdefault(binding.scope, set()).add(root)
        self._chains[name].append(binding)
        if receiver != root or binding.how == "narrow":
            return
        kind = self._type_behind(binding.scope, receiver)
        if kind != TOP:
            self._attributes[kind, name].append(binding)

    def _type_behind(self, scope: int, receiver: str) -> int:
        """Return the type whose receiver has this name in the methods around a scope."""
        while scope != TOP:
            symbol = self.symbols[scope]
            if symbol.kind in FUNCTIONS and self.home.receiver(symbol) == receiver:
                return self.type_of_method(scope)
            scope = symbol.parent
        return TOP


def owner_name(owner: str) -> str:
    """Return the last name of an owner, its arguments aside: "a.Box[T]" -> "Box"."""
    return owner.partition("[")[0].rpartition(".")[2]
