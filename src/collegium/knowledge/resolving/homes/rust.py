"""Rust: modules by file and by place, traits, methods in impl blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from collegium.knowledge.facts import TOP
from collegium.knowledge.languages.rust.words import PRIMITIVE, TRANSPARENT
from collegium.knowledge.resolving import scoping
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, united, values
from collegium.knowledge.resolving.homes import rust_implementing as implementing
from collegium.knowledge.resolving.homes import rust_library as library
from collegium.knowledge.resolving.homes import rust_modules as modules
from collegium.knowledge.resolving.homes.base import Home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments, Site
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_DEREF: Final = "deref"
_WORDS: Final = {"for": "for", "struct": "tuple", "fn": "func", "macro": "macro"}


class Rust(Home):
    """The rules of Rust: paths from a crate's root, from here or from above; traits as bases."""

    family = "rust"
    methods_apart = True
    block_scoped = True
    declared_decides = True
    transparent: ClassVar[Mapping[str, int]] = dict.fromkeys(
        "Arc Box Cell Cow ManuallyDrop MaybeUninit Mutex NonNull OnceCell Option Pin Rc Ref "
        "RefCell RefMut Result RwLock Weak".split(),
        0,
    )
    common = frozenset(
        "add as_bytes as_mut as_ref as_str borrow build clear clone cmp collect contains default "
        "drop eq extend filter find first flush fmt fold from get get_mut hash index insert into "
        "into_iter is_empty is_none is_some iter iter_mut join last len lines lock map max min new "
        "next ok parse poll pop position push push_str read remove send skip sort split start "
        "take to_owned to_string trim unwrap wait with write zip".split()
    )

    def receiver(self, symbol: Symbol) -> str:
        """Return `self` where it is the first parameter."""
        first = symbol.parameters[0].name if symbol.parameters else ""
        return first if first == "self" else ""

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the modules that a path leads to before its last name."""
        if wanted.level:
            return self.imported(reader, importer, wanted)
        if wanted.name == "*":
            return modules.path_before(reader, importer, wanted.scope, wanted.module)
        path = wanted.module if wanted.module or not wanted.name else wanted.name
        found = modules.path_to(reader, importer, wanted.scope, path)
        return tuple(atom for atom in found if atom.kind in ("module", "outside"))

    def imported(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return what a path leads to; `mod name;` to the file of that module."""
        if wanted.level:
            return modules.child_module(reader, importer, wanted.scope, wanted.name)
        full = "::".join(part for part in (wanted.module, wanted.name) if part)
        return modules.path_to(reader, importer, wanted.scope, full) or (
            outside(full.replace("::", ".")),
        )

    def exported(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module has under a name, be it a file or a part of one."""
        if name == "super":
            return modules.above(reader, module)
        if module.symbol == TOP:
            return reader.top(module.file, name)
        shape = reader.world.within(module.file, module.symbol)
        if shape is None:
            return UNKNOWN
        found = scoping.in_body(reader, shape, module.symbol, name)
        return found or scoping.from_stars(reader, shape, module.symbol, name)

    def starred(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module or an enum of the tree defines, and any name of what is outside."""
        found = reader.member(module, name)
        return tuple(atom for atom in found if atom.file) if module.file else found

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return a crate of the tree, or what Rust has everywhere."""
        if name in library.PRELUDE or name in PRIMITIVE:
            return (outside(name),)
        return modules.crate(reader, name)

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return what `crate`, `super`, `Self` and the words of types stand for here."""
        if name in _WORDS:
            return (outside(_WORDS[name]),)
        if name == "Self":
            return implementing.own_type(reader, site)
        if name == "mod":
            return (modules.module_around(site.shape, site.scope),)
        if name == "crate":
            return modules.root(reader, site.shape.path)
        return (
            modules.above(reader, modules.module_around(site.shape, site.scope))
            if name == "super"
            else None
        )

    def further_bases(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the traits that a type gets in files that do not define it."""
        return implementing.implemented(reader, kind)

    def elsewhere(self, reader: Interpreter, kind: Atom, name: str) -> Atoms:
        """Return the methods of this name from all impl blocks of a type."""
        return united(
            implementing.owned(reader, path, kind, name) for path in reader.world.bearers(name)
        )

    def ancestors(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return a type and the traits of the tree that it has."""
        return tuple(atom for atom in reader.lineage_by_depth(kind) if atom.kind == "class")

    def further_members(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return what smart pointers and results do, which count as what they hold.

        Then what a trait from outside may do, of which some make values of the type.
        """
        if name in library.SAME or (name in library.MAKES and atom.kind == "class"):
            return (outside("same", values((atom,))),)
        if atom.kind == "instance" and name != _DEREF:
            key = ("rust deref", atom.file, atom.symbol, name)
            found = reader.world.remembered(
                key, lambda: implementing.behind(reader.full, atom, name), UNKNOWN
            )
            if found:
                return found
        traits = (
            [base for base in reader.bases(atom) if base.kind == "outside"] if atom.file else []
        )
        return tuple(outside(f"{trait.name}.{name}") for trait in traits[:1])

    def member_of_outside(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return a macro of the tree, or a member that keeps what its type holds."""
        if atom.name == "macro":
            return implementing.macro(reader, name) or (outside(f"macro.{name}"),)
        return (outside(f"{atom.name}.{name}", *atom.args),)

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what calling gives: of containers what they hold."""
        if callee.name == "same":
            return callee.args[0]
        kind, _, method = callee.name.rpartition(".")
        if callee.name in TRANSPARENT or (method == "new" and kind in self.transparent):
            return given[0]
        return library.called(callee) or super().called(reader, callee, given)

    def specialised(self, reader: Interpreter, generic: Atom, given: Sequence[Atoms]) -> Atoms:
        """Return a type with its arguments, or what it holds if it adds nothing to that."""
        short = generic.name.rpartition(".")[2]
        known = generic._replace(name=short) if short in self.transparent else generic
        return super().specialised(reader, known, given)

    def element(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what a loop over a container, or over what has `next`, gives."""
        if atom.kind == "instance":
            return reader.method_results(atom, "next") or super().element(reader, atom)
        return library.element(atom) or super().element(reader, atom)

    def item(self, reader: Interpreter, atom: Atom, key: Expr) -> Atoms:
        """Return what a container has at an index or key."""
        return library.item(atom) or super().item(reader, atom, key)
