"""Words of Go's own."""

from __future__ import annotations

from typing import Final

# Names that refer to nothing in a tree, unless it takes them for something else.
PREDECLARED: Final = frozenset(
    "any append bool byte cap clear close comparable complex complex128 complex64 copy delete "
    "error false float32 float64 imag int int16 int32 int64 int8 iota len make max min new nil "
    "panic print println real recover rune string true uint uint16 uint32 uint64 uint8 uintptr"
    "".split()
)
# Types that are called by a name, which methods and fields can be looked up by.
NAMED_TYPES: Final = frozenset({"type_identifier", "qualified_type", "generic_type"})
