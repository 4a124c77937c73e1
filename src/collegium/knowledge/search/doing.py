"""What one may be asked to do with another, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collegium.knowledge.search.findings import Asked

DOING: Final[dict[Asked, str]] = {
    "callers": "calls",
    "references": "uses",
    "importers": "imports",
    "subclasses": "inherits from",
}
