"""Extensions by name, through entry points, imported only when chosen.

Groups: `collegium.experts`, `collegium.backends`, `collegium.gates`, `collegium.encoders`,
`collegium.strategies`. What collegium ships enters by the same door.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from collegium.errors import PluginError


def names(group: str) -> tuple[str, ...]:
    """The names installed in `collegium.<group>`, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=f"collegium.{group}")}))


def load(group: str, name: str) -> Any:
    """Import and return what is registered as `name` in `collegium.<group>`.

    Raises:
        PluginError: nothing has that name, or importing it failed.
    """
    points = entry_points(group=f"collegium.{group}", name=name)
    if not points:
        there = ", ".join(names(group)) or "none"
        raise PluginError(f"no {group.removesuffix('s')} called {name!r}; installed: {there}")
    point = next(iter(points))
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"{group.removesuffix('s')} {name!r} is registered as {point.value!r} "
            f"but does not load: {error}"
        ) from error
