"""What is known of Rust's own types: their names, and what their methods give."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, thing

PRELUDE: Final = frozenset(
    "AsMut AsRef Box Clone Copy Debug Default DoubleEndedIterator Drop Eq Err Extend "
    "ExactSizeIterator Fn FnMut FnOnce From FromIterator Hash Into IntoIterator Iterator None Ok "
    "Option Ord PartialEq PartialOrd Result Send Sized Some String Sync ToOwned ToString TryFrom "
    "TryInto Unpin Vec alloc core drop std".split()
)
# Methods of Option, Result, smart pointers and iterators that give what they are called on.
SAME: Final = frozenset(
    "and_then as_deref as_deref_mut as_mut as_ref as_slice borrow borrow_mut by_ref chain chunks "
    "clone cloned collect context copied cycle deref drain entry expect filter fuse get_mut "
    "get_or_insert_with inspect into into_inner into_iter iter iter_mut lock map_err ok ok_or "
    "ok_or_else or or_default or_else or_insert or_insert_with peekable read replace rev skip "
    "skip_while sorted step_by take take_while to_owned to_vec unwrap unwrap_or "
    "unwrap_or_default unwrap_or_else with_context write".split()
)
# Functions of traits that give a value of the type they are called on.
MAKES: Final = frozenset("default from from_iter from_str try_from".split())
_ELEMENT: Final = frozenset(
    "find first first_mut get get_mut get_unchecked last last_mut max max_by max_by_key min min_by "
    "min_by_key next next_back nth peek pop pop_back pop_front reduce remove swap_remove".split()
)
_SEQUENCES: Final = frozenset(
    "BTreeSet BinaryHeap Drain HashSet IndexSet IntoIter IntoIterator Iter IterMut Iterator "
    "LinkedList SmallVec Vec VecDeque for".split()
)
_GIVES_VALUE: Final = frozenset({"insert", "or_default", "or_insert", "or_insert_with"})
_MAPS: Final = frozenset("BTreeMap Entry HashMap IndexMap".split())


def called(callee: Atom) -> Atoms:
    """Return what calling a method of a container gives, if it is known."""
    owner, _, method = callee.name.rpartition(".")
    kind = owner.rpartition(".")[2]
    if callee.kind != "outside" or not callee.args:
        return UNKNOWN
    held, *others = callee.args
    if method == "parse":
        return held
    if method == "enumerate":
        return (thing("for", (thing("tuple", (thing("usize"),), held),)),)
    if kind in _MAPS and others and (found := _of_map(method, held, others[0])):
        return found
    if kind in _SEQUENCES and method in _ELEMENT:
        return held
    return (thing(kind, *callee.args),) if method in SAME else UNKNOWN


def _of_map(method: str, key: Atoms, value: Atoms) -> Atoms:
    if method in {"values", "values_mut", "into_values"}:
        return (thing("for", value),)
    if method in {"keys", "into_keys"}:
        return (thing("for", key),)
    return value if method in _ELEMENT or method in _GIVES_VALUE else UNKNOWN


def element(container: Atom) -> Atoms:
    """Return what a loop over a container gives."""
    kind = container.name.rpartition(".")[2]
    if kind in _MAPS and len(container.args) > 1:
        return (thing("tuple", *container.args[:2]),)
    return item(container)


def item(container: Atom) -> Atoms:
    """Return what a container has at an index or key."""
    kind = container.name.rpartition(".")[2]
    if kind in _SEQUENCES and container.args:
        return container.args[0]
    return container.args[1] if kind in _MAPS and len(container.args) > 1 else UNKNOWN
