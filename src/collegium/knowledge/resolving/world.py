"""The tree as the resolver asks it: every answer that may change is written down."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar, cast

from collegium.knowledge.resolving.homes import home_of
from collegium.knowledge.resolving.parts import head_key, names_above, part_key, whole_key
from collegium.knowledge.resolving.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from collegium.knowledge.resolving.sources import Sources

T = TypeVar("T")
P = ParamSpec("P")
DEEPEST: Final = 30  # of what is worked out within one another: the stack holds as many
_NONE: Final = sys.maxsize


class TooDeep(Exception):
    """What was asked rests on a longer chain than the stack holds; `ask` makes a further part."""

    def __init__(self, key: Hashable, ask: Callable[[], object]) -> None:
        """Keep what was asked last."""
        super().__init__(key)
        self.key, self.ask = key, ask


class Circular(Exception):
    """What was asked turns in a circle, or too deep: only a world of its own tells it reliably."""


class _Memory(NamedTuple):
    value: Any
    reads: frozenset[str]


class World:
    """A tree at one moment; it keeps what was worked out, together with what that was read from.

    In a circle the answers depend on where one begins. A world that is shared by files refuses
    circles, so that nothing in it depends on which file came first; one `apart` is for one file.
    """

    def __init__(self, sources: Sources) -> None:
        """Ask nothing yet."""
        self.sources = sources
        self._apart = False
        self._reads: set[str] = set()
        self._shapes: dict[str, Shape | None] = {}
        self._keys: dict[tuple[str, int, str], frozenset[str]] = {}
        self._memory: dict[Hashable, _Memory] = {}
        self._here: dict[Hashable, _Memory] = {}
        # What was made with the help of an answer that was not there yet, while it is not.
        self._passing: dict[Hashable, _Memory] = {}
        self._open: dict[Hashable, int] = {}
        self._lowest = _NONE
        self._head = _NONE  # the depth of the outermost thing that what is passing waits for

    def apart(self) -> World:
        """Return a world in which nothing has been worked out yet, and circles come to an end."""
        other = World(self.sources)
        other._apart = True
        other._shapes, other._keys = self._shapes, self._keys
        return other

    def forget(self) -> None:
        """Let all go that was worked out; nothing is asked after that.

        Worlds and those who ask them know one another, so that Python would let them go late.
        """
        for memory in (self._memory, self._here, self._passing):
            memory.clear()
        if not self._apart:
            self._shapes.clear()
            self._keys.clear()

    def begin(self) -> None:
        """Forget what was read, and what only concerned the last file."""
        self._reads = set()
        self._here = {}

    def reads(self) -> frozenset[str]:
        """Return the keys of all that was read since `begin`."""
        return frozenset(self._reads)

    def shape(self, path: str) -> Shape | None:
        """Return what others may know of a file; None where there is no such file."""
        self._reads.add(whole_key(path))
        return self._shown(path)

    def head(self, path: str) -> Shape | None:
        """Return a file of which only the language, package and stars may be used."""
        self._reads.add(head_key(path))
        return self._shown(path)

    def within(self, path: str, scope: int, name: str = "") -> Shape | None:
        """Return a file of which, but for its head, only what belongs to a scope may be used.

        At the top that is what bears the name, which there may be nothing of.
        """
        place = (path, scope, name)
        keys = self._keys.get(place)
        if keys is None:
            keys = self._keys[place] = self._keys_of(path, scope, name)
        self._reads |= keys
        return self._shapes[path]

    def _keys_of(self, path: str, scope: int, name: str) -> frozenset[str]:
        shape = self._shown(path)
        names = names_above(shape.symbols, scope, name) if shape else ()
        return frozenset([head_key(path), *(part_key(path, each) for each in names)])

    def _shown(self, path: str) -> Shape | None:
        if path not in self._shapes:
            interface = self.sources.interface(path)
            shape = Shape(interface, home_of(interface.language)) if interface else None
            self._shapes[path] = shape
        return self._shapes[path]

    def bearing(self, name: str) -> Sequence[tuple[Shape, int]]:
        """Return the symbols of this name in the tree; only their signatures may be used."""
        self._reads.add("name:" + name)
        shapes = [self._shown(path) for path in self.sources.bearers(name)]
        return [(shape, place) for shape in shapes if shape for place in shape.named(name)]

    def bearers(self, name: str) -> Sequence[str]:
        """Return the files with a symbol of this name."""
        self._reads.add("name:" + name)
        return self.sources.bearers(name)

    def exists(self, path: str) -> bool:
        """Return whether the tree has this file or folder."""
        self._reads.add("path:" + path)
        return self.sources.exists(path)

    def folder(self, path: str) -> Sequence[str]:
        """Return the files directly in a folder."""
        self._reads.add("folder:" + path)
        return self.sources.folder(path)

    def files_named(self, tail: str) -> Sequence[str]:
        """Return the files whose last part is `tail`."""
        self._reads.add("tail:" + tail)
        return self.sources.files_named(tail)

    def eventually(
        self, ask: Callable[P, tuple[T, ...]], *args: P.args, **named: P.kwargs
    ) -> tuple[T, ...]:
        """Return what `ask` gives; () where it turns in a circle too wide for the stack.

        A chain that is too long is made in parts from its far end; each part is remembered.
        Raises Circular.
        """
        try:
            return ask(*args, **named)
        except TooDeep as deep:
            return self._in_parts(partial(ask, *args, **named), deep)
        except RecursionError:
            return self._ended(())

    def _ended(self, otherwise: T) -> T:
        """Return `otherwise` where no more can be told; a shared world is no place for that."""
        if self._apart:
            return otherwise
        raise Circular

    def _in_parts(self, ask: Callable[[], tuple[T, ...]], first: TooDeep) -> tuple[T, ...]:
        pending: list[Callable[[], object]] = [ask, first.ask]
        tried: set[Hashable] = {first.key}
        while True:
            try:
                value = pending[-1]()
            except TooDeep as deep:
                if deep.key in tried:
                    return self._ended(())
                tried.add(deep.key)
                pending.append(deep.ask)
                continue
            except RecursionError:
                return self._ended(())
            pending.pop()
            if not pending:
                return cast("tuple[T, ...]", value)

    def remembered(
        self, key: Hashable, make: Callable[[], T], otherwise: T, *, here: bool = False
    ) -> T:
        """Return what `make` gives, made once; what it read counts as read each time.

        What is asked again while it is being made is `otherwise`, if this world is for one file.
        What was made with the help of such an answer about something further out is kept only
        until that is made. `here` is for what only the file being resolved will ask. Raises
        TooDeep, and Circular.
        """
        memory = self._here if here else self._memory
        known = memory.get(key)
        if known is None and self._passing:
            known = self._passed(key)
        if known is not None:
            self._reads |= known.reads
            value: T = known.value
            return value
        depth = self._open.get(key)
        if depth is not None:
            self._lowest = min(self._lowest, depth)
            return self._ended(otherwise)
        if len(self._open) == DEEPEST:
            raise TooDeep(key, partial(self.remembered, key, make, otherwise, here=here))
        return self._made(key, make, memory)

    def _passed(self, key: Hashable) -> _Memory | None:
        known = self._passing.get(key)
        if known is not None:
            self._lowest = min(self._lowest, self._head)
        return known

    def _made(self, key: Hashable, make: Callable[[], T], memory: dict[Hashable, _Memory]) -> T:
        depth = len(self._open)
        before = (self._reads, self._lowest)
        self._reads, self._lowest = set(), _NONE
        self._open[key] = depth
        try:
            value = make()
            self._keep(key, value, depth, memory)
        finally:
            del self._open[key]
            # Into the larger set, which is most of a file's: it is not copied each time.
            before[0].update(self._reads)
            self._reads = before[0]
            self._lowest = min(self._lowest, before[1])
            if not self._open:
                self._passing.clear()
        return value

    def _keep(
        self, key: Hashable, value: object, depth: int, memory: dict[Hashable, _Memory]
    ) -> None:
        made = _Memory(value, frozenset(self._reads))
        if self._lowest < depth:  # it waits for something further out
            self._head = min(self._head, self._lowest) if self._passing else self._lowest
            self._passing[key] = made
            return
        self._lowest = _NONE
        memory[key] = made
        if self._passing and self._head >= depth:
            self._passing.clear()
