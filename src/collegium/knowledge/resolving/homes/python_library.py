"""What Python's own library gives: its containers, protocols and functions, as far as types go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.resolving.atoms import (
    META,
    UNKNOWN,
    Atom,
    Atoms,
    outside,
    thing,
    types_of,
    united,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.knowledge.resolving.arguments import Arguments
    from collegium.knowledge.resolving.interpreter import Interpreter

_SEQUENCES: Final = (
    "list", "List", "set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet",
    "Sequence", "MutableSequence", "Iterable", "Iterator", "Generator", "Collection",
    "Container", "Reversible", "deque", "Deque", "AsyncIterable", "AsyncIterator",
    "AsyncGenerator", "ValuesView", "KeysView", "array", "UserList", "WeakSet",
)  # fmt: skip
_MAPPINGS: Final = (
    "dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict",
    "UserDict", "ChainMap", "WeakValueDictionary", "WeakKeyDictionary", "MappingProxyType",
)  # fmt: skip

ELEMENTS: Final[Mapping[str, int]] = {**dict.fromkeys(_SEQUENCES, 0), **dict.fromkeys(_MAPPINGS, 0)}
ITEMS: Final[Mapping[str, int]] = {**dict.fromkeys(_SEQUENCES, 0), **dict.fromkeys(_MAPPINGS, 1)}
AWAITABLES: Final = {"Coroutine": -1, "Awaitable": 0, "Future": 0, "Task": 0}
CONTEXTS: Final[Mapping[str, int]] = dict.fromkeys(
    ("ContextManager", "AsyncContextManager", "AbstractContextManager",
     "AbstractAsyncContextManager", "closing", "aclosing", "nullcontext"), 0
)  # fmt: skip
CALLABLES: Final = {"Callable": -1, "function": -1, "ref": 0, "ReferenceType": 0, "partial": -1}
TRANSPARENT: Final = frozenset(
    {"Optional", "Union", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly",
     "InitVar", "Unpack"}
)  # fmt: skip

# What methods of generic types give of their arguments.
_METHODS: Final[Mapping[str, int]] = {
    "get": 1, "pop": 1, "setdefault": 1, "popleft": 0, "get_nowait": 0,
    "__getitem__": 1, "__next__": 0, "__iter__": 0, "result": 0, "send": 0,
}  # fmt: skip
_SAME: Final = frozenset({"copy", "union", "difference", "intersection", "__enter__", "__copy__"})


def short(name: str) -> str:
    """Return the last part of a full name: what the library's types are known by."""
    return name.rpartition(".")[2]


def specialised(generic: Atom, given: tuple[Atoms, ...]) -> Atoms:
    """Return a type of the library with its arguments."""
    name = short(generic.name)
    if name in TRANSPARENT:
        return types_of(united(given) if name == "Union" else given[0])
    if name in ("type", "Type"):
        return (outside(META, given[0]),)
    if name in ("tuple", "Tuple"):
        if len(given) == 2 and not given[1]:  # tuple[X, ...]
            return (outside("Sequence", given[0]),)
        return (outside("tuple", *given),)
    return (outside(generic.name, *given),)


def method_result(method: Atom) -> Atoms | None:
    """Return what a method of a generic type gives; None where it is not known here.

    `method` bears the name "TYPE.METHOD" and the arguments of the type.
    """
    kind, _, name = method.name.rpartition(".")
    if name in _SAME:
        return (thing(kind, *method.args),)
    if name in ("values", "keys"):
        return (thing("Iterable", method.args[name == "values"]),) if len(method.args) > 1 else None
    if name in ("items", "popitem") and len(method.args) > 1:
        pair: Atoms = (thing("tuple", *method.args),)
        return (thing("Iterable", pair),) if name == "items" else pair
    place = _METHODS.get(name)
    if place is None or not method.args:
        return None
    return method.args[min(place, len(method.args) - 1)]


def function_result(reader: Interpreter, name: str, given: Arguments) -> Atoms | None:
    """Return what a function of the library gives; None where it is not known here."""
    rule = _FUNCTIONS.get(name)
    return None if rule is None else rule(reader, given)


def _elements(reader: Interpreter, atoms: Atoms) -> Atoms:
    return united(reader.home.element(reader, atom) for atom in atoms)


def _collected(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("list", _elements(reader, given[0])),)


def _filtered(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("list", _elements(reader, given[1])),)


def _one(reader: Interpreter, given: Arguments) -> Atoms:
    """Take one of what is iterated, or one of the arguments (`max(a, b)`)."""
    return _elements(reader, given[0]) if len(given) < 2 else united([given[0], given[1]])


def _next(reader: Interpreter, given: Arguments) -> Atoms:
    return united([_elements(reader, given[0]), given[1]])


def _enumerated(reader: Interpreter, given: Arguments) -> Atoms:
    pair = thing("tuple", (thing("int"),), _elements(reader, given[0]))
    return (thing("Iterator", (pair,)),)


def _zipped(reader: Interpreter, given: Arguments) -> Atoms:
    each = [_elements(reader, given[place]) for place in range(len(given))]
    return (thing("Iterator", (thing("tuple", *each),)),)


def _mapped(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("Iterator", reader.calls(given[0], given)),)


def _first(reader: Interpreter, given: Arguments) -> Atoms:
    return given[0]


def _cast(reader: Interpreter, given: Arguments) -> Atoms:
    return values(given[0])


def _type(reader: Interpreter, given: Arguments) -> Atoms:
    return types_of(given[0])


def _partial(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("partial", reader.calls(given[0], given)),)


def _field(reader: Interpreter, given: Arguments) -> Atoms:
    """A field of a data class: its default, or what its factory makes."""
    made = reader.calls(given.named("default_factory") or given.named("factory"), given)
    return united([given.named("default"), made, values(given.named("type"))])


def _type_variable(reader: Interpreter, given: Arguments) -> Atoms:
    bounds = [given[place] for place in range(1, len(given))]
    return (thing("TypeVar", values(united([given.named("bound"), *bounds]))),)


def _new_type(reader: Interpreter, given: Arguments) -> Atoms:
    return given[1]


def _entered(reader: Interpreter, given: Arguments) -> Atoms:
    return united(reader.home.entered(reader, atom) for atom in given[0])


def _dictionary(reader: Interpreter, given: Arguments) -> Atoms:
    kept = tuple(atom for atom in given[0] if atom.kind == "thing" and len(atom.args) > 1)
    return kept or (thing("dict"),)


def _default_dictionary(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("defaultdict", UNKNOWN, reader.calls(given[0], given)),)


def _task(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("Task", united(reader.home.awaited(reader, atom) for atom in given[0])),)


def _gathered(reader: Interpreter, given: Arguments) -> Atoms:
    each = [
        united(reader.home.awaited(reader, atom) for atom in given[place])
        for place in range(len(given))
    ]
    return (thing("Coroutine", (thing("tuple", *each),)),)


def _closing(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("closing", given[0]),)


def _referred(reader: Interpreter, given: Arguments) -> Atoms:
    return (thing("ref", given[0]),)


_FUNCTIONS: Final[Mapping[str, Callable[[Interpreter, Arguments], Atoms]]] = {
    **dict.fromkeys(
        ("list", "tuple", "sorted", "reversed", "set", "frozenset", "iter", "deque", "aiter"),
        _collected,
    ),
    **dict.fromkeys(("copy.copy", "copy.deepcopy", "final", "runtime_checkable"), _first),
    **dict.fromkeys(
        ("dataclasses.field", "attr.ib", "attr.attrib", "attr.field", "attrs.field"), _field
    ),
    **dict.fromkeys(("TypeVar", "typing.TypeVar", "typing_extensions.TypeVar"), _type_variable),
    **dict.fromkeys(("asyncio.create_task", "asyncio.ensure_future", "asyncio.wait_for"), _task),
    **dict.fromkeys(("typing.cast", "typing_extensions.cast"), _cast),
    **dict.fromkeys(("contextlib.closing", "contextlib.aclosing"), _closing),
    "asyncio.gather": _gathered,
    **dict.fromkeys(("weakref.ref", "weakref.proxy"), _referred),
    "filter": _filtered,
    "max": _one,
    "min": _one,
    "next": _next,
    "anext": _next,
    "enumerate": _enumerated,
    "zip": _zipped,
    "map": _mapped,
    "type": _type,
    "dict": _dictionary,
    "collections.OrderedDict": _dictionary,
    "collections.deque": _collected,
    "collections.defaultdict": _default_dictionary,
    "functools.partial": _partial,
    "typing.NewType": _new_type,
    "contextlib.ExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_async_context": _task,
}
