"""Where a configuration comes from, so that it can be read again when it has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from collegium.config.reading import load
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from collegium.config.sections import Config


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or none; `given` are keys of the `gateway` section that were given beside it."""

    path: Path | None = None
    given: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def read(self) -> Config:
        """The configuration as it is now.

        Raises:
            ConfigError: it cannot be read, or is wrong; `problems` has every mistake.
        """
        config = load(self.path)
        if not self.given:
            return config
        gateway = config.gateway.model_copy(update=dict(self.given))
        return config.model_copy(update={"gateway": gateway})

    def fingerprint(self) -> str:
        """What tells whether the file has changed; empty where there is none to read."""
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest() if self.path else ""
        except OSError:
            return ""
