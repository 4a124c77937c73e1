"""What the rows of an index were made by: raised by hand, and every index is made anew."""

from __future__ import annotations

from typing import Final

PARSE: Final = 3  # raised when the same file gives other facts than before
RESOLVE: Final = 5  # raised when the same facts give other edges
UNITS: Final = 4  # raised when the same file gives other units of the search
