"""A mixture of experts at system level.

A query comes in, a router picks the few experts who should answer, and their answers become one.

    async with Collegium.from_config() as college:
        response = await college.ask("Why is the sky blue?")

The public names below are imported when first used, so that `import collegium` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collegium.errors import CollegiumError
    from collegium.experts.base import Expert, ExpertCapability
    from collegium.routing.router import MoERouter
    from collegium.system import Collegium
    from collegium.types import Answer, Message, Query, Response, Task

__all__ = [
    "Answer",
    "Collegium",
    "CollegiumError",
    "Expert",
    "ExpertCapability",
    "Message",
    "MoERouter",
    "Query",
    "Response",
    "Task",
]

_HOMES = {
    "Answer": "collegium.types",
    "Collegium": "collegium.system",
    "CollegiumError": "collegium.errors",
    "Expert": "collegium.experts.base",
    "ExpertCapability": "collegium.experts.base",
    "Message": "collegium.types",
    "MoERouter": "collegium.routing.router",
    "Query": "collegium.types",
    "Response": "collegium.types",
    "Task": "collegium.types",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 -- 30 ms, and asked for rarely

        return version("collegium")
    if name not in _HOMES:
        raise AttributeError(f"module 'collegium' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
