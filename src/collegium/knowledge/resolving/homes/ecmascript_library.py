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
     "Awaited", "ThisType"), 0
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
    if kind in _MAPS and name in {"get", "values"} and len(method.args) == 2:
        held = method.args[1]
        return held if name == "get" else (thing("Iterable", held),)
    if kind in {*_LISTS, *_SETS, *_STREAMS} and method.args:
        if name in _SAME:
            return (thing(kind, *method.args),)
        if name in _ONE:
            return method.args[0]
    if kind in AWAITABLES and name in _PROMISED:
        return (thing(kind, *method.args),)
    return None


def fulfilled(given: Atoms) -> Atoms:
    """Return what promises are of, and what is no promise as it is."""
    return united(
        atom.args[0] if atom.name == "Promise" and atom.args else (atom,) for atom in given
    )


def static_result(name: str, given: Atoms) -> Atoms | None:
    """Return what a function of the library makes of its first argument; None if unknown."""
    if name == "Promise.resolve":
        return (thing("Promise", fulfilled(given)),)
    if name in {"Object.freeze", "Object.seal", "Object.create", "structuredClone", "Object"}:
        return given
    if name in {"Array.from", "Array.of"}:
        held = united(atom.args[0] if atom.args else UNKNOWN for atom in given)
        return (thing("Array", held),)
    return None
