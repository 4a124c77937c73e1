"""Which files of a folder are read, and which are not and why.

Rooms: `walking` (Tree), `ignoring` (what ignore files say), `folders` and `contents` (what is told
by names and by what lies inside).
"""

from __future__ import annotations

from collegium.knowledge.tree.contents import refusal
from collegium.knowledge.tree.folders import governs, refused_by_name
from collegium.knowledge.tree.walking import LIMIT_BYTES, Found, Tree, Walk, is_source

__all__ = [
    "LIMIT_BYTES",
    "Found",
    "Tree",
    "Walk",
    "governs",
    "is_source",
    "refusal",
    "refused_by_name",
]
