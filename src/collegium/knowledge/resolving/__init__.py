"""The resolver: from what each file says of itself to edges between them."""

from __future__ import annotations

from collegium.knowledge.resolving.interface import interface_of, signatures_of
from collegium.knowledge.resolving.resolve import Run, resolve
from collegium.knowledge.resolving.sources import Interface, Resolution, Sources

__all__ = [
    "Interface",
    "Resolution",
    "Run",
    "Sources",
    "interface_of",
    "resolve",
    "signatures_of",
]
