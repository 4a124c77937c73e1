"""The resolver: from what each file says of itself to edges between them.

Rooms: `resolve` (files, one by one or in a run), `sources` (what it is offered) and `world` (every
answer noted), `interface` (what a file shows) and `parts` of it, `shape` (its facts by name),
`homes` (each language's rules). What expressions mean: `interpreter`, with `atoms` (definitions,
types, values), `scoping` and `flow` (names), `membership` and `inheritance` (members), `holding`
(what variables hold) and `aliases` (what else a definition is called), `calling`, `arguments` and
`overloads` (calls), `kinship` (types and methods to one another). What comes of it: `edges`,
`candidates`, `mentions`.
"""

from __future__ import annotations

from collegium.knowledge.resolving.interface import interface_of, signatures_of
from collegium.knowledge.resolving.parts import differing
from collegium.knowledge.resolving.resolve import Run, resolve
from collegium.knowledge.resolving.sources import Interface, Resolution, Sources

__all__ = [
    "Interface",
    "Resolution",
    "Run",
    "Sources",
    "differing",
    "interface_of",
    "resolve",
    "signatures_of",
]
