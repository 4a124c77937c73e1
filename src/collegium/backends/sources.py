"""Where a model file comes from, as one word says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from collegium.errors import ConfigError

_HUB = re.compile(r"hf:(?P<repo>[^/\s@]+/[^/\s@]+)/(?P<path>[^\s@]+)(?:@(?P<revision>[^\s@]+))?")
_WHEEL = re.compile(
    r"pypi:(?P<distribution>[A-Za-z0-9][\w.-]*)==(?P<version>[A-Za-z0-9][\w.!+]*)#(?P<member>\S+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that is on this machine already; it is used where it lies."""

    path: Path


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on a model hub, at a branch, tag or commit."""

    repo: str
    path: str
    revision: str = "main"

    def url(self, hub_url: str) -> str:
        """The file's address on the hub at `hub_url`."""
        revision = quote(self.revision, safe="")
        return f"{hub_url.rstrip('/')}/{quote(self.repo)}/resolve/{revision}/{quote(self.path)}"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A file inside a wheel of a package index; the wheel is an archive here, never installed."""

    distribution: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        """The wheel, as pip names it."""
        return f"{self.distribution}=={self.version}"


Source: TypeAlias = LocalFile | HubFile | WheelMember


def parse(source: str) -> Source:
    """The source that is written `file:/PATH`, `hf:...` or `pypi:...`.

    Raises:
        ConfigError: it is written in none of these ways.
    """
    if source.startswith("file:"):
        path = Path(source.removeprefix("file:"))
        if path.is_absolute():
            return LocalFile(path)
        raise ConfigError(f"{source!r} should give the whole path, as in file:/home/me/model.gguf")
    if match := _HUB.fullmatch(source):
        return HubFile(match["repo"], match["path"], match["revision"] or "main")
    if match := _WHEEL.fullmatch(source):
        return WheelMember(match["distribution"], match["version"], match["member"])
    raise ConfigError(
        f"{source!r} is not where a model file can come from; right would be file:/PATH, "
        "hf:OWNER/REPO/FILE.gguf[@REVISION] or pypi:DIST==VERSION#MEMBER"
    )
