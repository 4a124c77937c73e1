"""Words of Rust's own."""

from __future__ import annotations

from typing import Final

PRIMITIVE: Final = frozenset(
    "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize".split()
)
# Variants that add nothing to what they hold.
TRANSPARENT: Final = frozenset({"Some", "Ok"})
