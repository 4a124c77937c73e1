"""The index of a codebase: one SQLite file that follows the working tree.

Rooms: `index` (Index, what others ask), `questions` (looks into tables) and `rows` (as nouns). To
change it: `updating` (one update), `examining` and `reading` (files, by `worker` processes of
`workers`), `contents` (what follows from one file alone), `changes` (whose edges that touches),
`world` (what the resolver is offered), `edges`, `writing` and `files` (rows), `report` (what was
done). Vectors: `embedding`, `vectors`. The file: `place`, `store`, `schema`, `lock` (one writer at
a time), `finished` (whether it ever was), `versions` (of the program). `following` hears of edits,
`preparing` loads what they take; `collecting` says how often cycles of objects are looked for
meanwhile.
"""

from __future__ import annotations

from collegium.knowledge.index.index import Index
from collegium.knowledge.index.report import SILENT, Progress, Report, What
from collegium.knowledge.index.rows import Entry, FileEntry, StoredUnit, Summary

__all__ = [
    "SILENT",
    "Entry",
    "FileEntry",
    "Index",
    "Progress",
    "Report",
    "StoredUnit",
    "Summary",
    "What",
]
