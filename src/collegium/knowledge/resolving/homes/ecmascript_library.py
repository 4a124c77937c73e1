"""What is built into JavaScript: global names, and what methods of its types give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, thing, united

if TYPE_CHECKING:
    from collections.abc import Mapping

GLOBALS: Final = frozenset(
    "AbortController AbortSignal AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array "
    "BigUint64Array Blob Boolean BroadcastChannel Buffer CSS CustomEvent DOMException DOMParser "
    "DataView Date Document Element Error EvalError Event EventSource EventTarget File FileList "
    "FileReader FinalizationRegistry Float32Array Float64Array FormData Function Headers "
    "HTMLElement Image Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math "
    "MessageChannel MessageEvent MessagePort MutationObserver NaN Node NodeJS Number Object "
    "Promise Proxy RangeError ReadableStream ReferenceError Reflect RegExp Request Response Set "
    "SharedArrayBuffer String Symbol SyntaxError TextDecoder TextEncoder TransformStream "
    "TypeError URIError URL URLSearchParams Uint16Array Uint32Array Uint8Array "
    "Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly WebSocket Window Worker "
    "WritableStream XMLHttpRequest __dirname __filename addEventListener alert atob btoa "
    "cancelAnimationFrame clearImmediate clearInterval clearTimeout confirm console crypto "
    "customElements decodeURI decodeURIComponent define dispatchEvent document encodeURI "
    "encodeURIComponent escape eval fetch getComputedStyle global globalThis history importScripts "
    "indexedDB isFinite isNaN localStorage location matchMedia navigator open parseFloat "
    "parseInt performance postMessage print process prompt queueMicrotask removeEventListener "
    "requestAnimationFrame requestIdleCallback require screen scroll scrollTo self "
    "sessionStorage setImmediate setInterval setTimeout structuredClone top undefined unescape "
    "window "
    # types that TypeScript knows without import
    "ArrayLike AsyncGenerator AsyncIterable AsyncIterableIterator AsyncIterator Awaited "
    "ConstructorParameters Exclude Extract Generator InstanceType Iterable IterableIterator "
    "NonNullable Omit Parameters Partial Pick PromiseLike PropertyKey Readonly ReadonlyArray "
    "ReadonlyMap ReadonlySet Record Required ReturnType TemplateStringsArray ThisType".split()
)
# Types that add nothing to what they are of.
TRANSPARENT: Final[Mapping[str, int]] = dict.fromkeys(
    ("Readonly", "Partial", "Required", "NonNullable", "Pick", "Omit", "Exclude", "Extract",
     "ThisType"), 0
)  # fmt: skip
_LISTS: Final = ("Array", "ReadonlyArray", "ArrayLike")
_STREAMS: Final = (
    "Iterable", "IterableIterator", "Iterator", "Generator", "AsyncIterable",
    "AsyncIterableIterator", "AsyncIterator", "AsyncGenerator",
)  # fmt: skip
_SETS: Final = ("Set", "ReadonlySet", "WeakSet")
_MAPS: Final = ("Map", "ReadonlyMap", "WeakMap", "Record")
ELEMENTS: Final[Mapping[str, int]] = dict.fromkeys((*_LISTS, *_STREAMS, *_SETS), 0)
ITEMS: Final[Mapping[str, int]] = {**dict.fromkeys(_LISTS, 0), "Record": 1}
AWAITABLES: Final[Mapping[str, int]] = {"Promise": 0, "PromiseLike": 0}
CALLABLES: Final[Mapping[str, int]] = {"Function": -1}
_SAME: Final = frozenset(
    "concat copyWithin fill filter reverse slice sort splice toReversed toSorted toSpliced with "
    "add set values".split()
)
_OF_MAP: Final = frozenset({"get", "values", "keys", "entries"})
_ONE: Final = frozenset("at find findLast pop shift".split())
# What methods give that are handed a function: one or many of what that gives.
MAPPING: Final[Mapping[str, str]] = {"map": "Array", "then": "Promise"}
_PROMISED: Final = frozenset({"catch", "finally"})
COMMON: Final = frozenset(
    "add addEventListener all apply at bind call catch clear close concat delete destroy emit end "
    "entries every exec fill filter finally find findIndex findLast flat flatMap forEach from get "
    "has hasOwnProperty includes indexOf isArray join keys lastIndexOf length log map match next "
    "off on once open parse pipe pop push read reduce remove removeEventListener removeListener "
    "repeat replace replaceAll reset resolve reverse search send set shift slice some sort splice "
    "split startsWith endsWith stringify substring subscribe test then toLowerCase toString "
    "toUpperCase trim unshift update values valueOf write constructor error warn info debug".split()
)


def method_result(method: Atom) -> Atoms | None:
    """Return what a method of an outside type gives by its type's arguments; None if unknown."""
    kind, _, name = method.name.rpartition(".")
    if kind in _MAPS and name in _OF_MAP and len(method.args) == 2:
        key, held = method.args
        many = {"values": held, "keys": key, "entries": (thing("tuple", key, held),)}
        return held if name == "get" else (thing("Iterable", many[name]),)
    if kind in {*_LISTS, *_SETS, *_STREAMS} and method.args:
        if name in _SAME:
            return (thing(kind, *method.args),)
        if name in _ONE:
            return method.args[0]
    if kind in AWAITABLES and name in _PROMISED:
        return (thing(kind, *method.args),)
    return None


def member_result(held: Atom) -> Atoms:
    """Return what a value of the library holds under any name that is no method of its type."""
    return held.args[1] if held.name == "Record" and len(held.args) == 2 else UNKNOWN


def handed(method: Atom, name: str) -> Atoms:
    """Return what a method of a map hands to a function: "#0" is that, with what it takes."""
    kind, _, called = method.name.rpartition(".")
    if name != "#0" or called != "forEach" or kind not in _MAPS or len(method.args) != 2:
        return UNKNOWN
    return (thing("Function", method.args[1], method.args[0], UNKNOWN),)


def pair(held: Atom) -> Atoms:
    """Return key and value, as a loop over a map gives them."""
    is_map = held.name in _MAPS and held.name != "Record" and len(held.args) == 2
    return (thing("tuple", *held.args),) if is_map else UNKNOWN


def all_fulfilled(given: Atoms) -> Atoms:
    """Return the promise of what many promises are of: one by one, or each of the same."""
    found: list[Atom] = []
    for atom in given:
        kind = atom.name if atom.name == "tuple" else "Array"
        parts = tuple(map(fulfilled, atom.args))
        found.append(thing("Promise", (thing(kind, *parts),)))
    return tuple(found)


def fulfilled(given: Atoms) -> Atoms:
    """Return what promises are of, and what is no promise as it is."""
    return united(
        atom.args[0] if atom.name == "Promise" and atom.args else (atom,) for atom in given
    )


def static_result(name: str, given: Atoms) -> Atoms | None:
    """Return what a function of the library makes of its first argument; None if unknown."""
    if name == "Promise.resolve":
        return (thing("Promise", fulfilled(given)),)
    if name in {
        "Object.freeze",
        "Object.seal",
        "Object.create",
        "structuredClone",
        "Object",
        "Proxy",
    }:
        return given
    if name == "Promise.all":
        return all_fulfilled(given)
    if name in {"Object.values", "Object.entries"}:
        held = united(map(member_result, given))
        pairs = (thing("tuple", (thing("string"),), held),)
        return (thing("Array", held if name == "Object.values" else pairs),) if held else None
    if name in {"Array.from", "Array.of"}:
        held = united(atom.args[0] if atom.args else UNKNOWN for atom in given)
        return (thing("Array", held),)
    return None
