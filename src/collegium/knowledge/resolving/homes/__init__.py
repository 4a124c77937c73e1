"""The languages' homes, each imported when the first file of its language is resolved.

Rooms: `base` (what a home must say), `python` (`python_modules`, `python_library`), `ecmascript`
(`ecmascript_modules`, `ecmascript_objects`, `ecmascript_library`), `golang`
(`golang_interfaces`), `java` (`java_library`, `java_overloads`), `rust` (`rust_modules`,
`rust_implementing`, `rust_library`).
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Final

from collegium.knowledge.resolving.homes.base import Home

_HOMES: Final = {
    "python": "python:Python",
    "javascript": "ecmascript:EcmaScript",
    "typescript": "ecmascript:EcmaScript",
    "tsx": "ecmascript:EcmaScript",
    "go": "golang:Go",
    "rust": "rust:Rust",
    "java": "java:Java",
}


@cache
def home_of(language: str) -> Home:
    """Return the home of a language; one that is not known gets the plain rules."""
    if language not in _HOMES:
        return Home()
    module, _, name = _HOMES[language].partition(":")
    found: Home = getattr(importlib.import_module(f"{__name__}.{module}"), name)()
    return found
