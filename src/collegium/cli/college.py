"""The college that a command line asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.system import Collegium, this_machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def college(
    config: Path | None,
    *,
    model: str | None = None,
    offline: bool = False,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Collegium:
    """The college of a configuration file, or of the one found where it should be."""
    surroundings = replace(this_machine(), offline=offline, progress=progress)
    return Collegium.from_config(config, model=model, surroundings=surroundings)
