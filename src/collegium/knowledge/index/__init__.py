"""The index of a codebase: one SQLite file that follows the working tree."""

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
