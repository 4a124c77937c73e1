"""Orders in which the members of a type are sought."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.knowledge.resolving.atoms import Atom


def by_depth(kind: Atom, lines: Sequence[tuple[Atom, ...]]) -> tuple[Atom, ...]:
    """Return a type followed by the lines of its bases, depth first, each type once."""
    return _each_once([kind, *(atom for line in lines for atom in line)])


def by_c3(
    kind: Atom, bases: tuple[Atom, ...], line_of: Callable[[Atom], tuple[Atom, ...]]
) -> tuple[Atom, ...]:
    """Return the C3 linearisation, or depth first where the bases contradict one another.

    Barrett et al., "A Monotonic Superclass Linearization for Dylan" (OOPSLA 1996).
    """
    lines = [line_of(base) for base in bases]
    left = [list(line) for line in [*lines, bases] if line]
    found = [kind]
    while left:
        heads = (line[0] for line in left)
        tails = {_place(atom) for line in left for atom in line[1:]}
        head = next((atom for atom in heads if _place(atom) not in tails), None)
        if head is None:
            return by_depth(kind, lines)
        found.append(head)
        left = [rest for line in left if (rest := _without(line, head))]
    return _each_once(found)


def _without(line: list[Atom], head: Atom) -> list[Atom]:
    return line[1:] if _place(line[0]) == _place(head) else line


def _each_once(line: Sequence[Atom]) -> tuple[Atom, ...]:
    first: dict[tuple[str, int, str], Atom] = {}
    for atom in line:
        first.setdefault(_place(atom), atom)
    return tuple(first.values())


def _place(atom: Atom) -> tuple[str, int, str]:
    return atom.file, atom.symbol, atom.name
