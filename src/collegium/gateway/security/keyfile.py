"""The file of keys: checked whole, written whole or not at all, by one writer at a time."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from collegium.backends.filework import beside, locked
from collegium.config import config_dir
from collegium.config.environment import expanded
from collegium.errors import ConfigError, NotFound
from collegium.gateway.security.keys import (
    LONGEST_WORD,
    Key,
    Limits,
    digest,
    new_id,
    new_secret,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.gateway.security.keys import Permission

LOCK_WAIT_S = 10.0
NO_LIMITS = Limits()


def keys_path(named: str | None) -> Path:
    """Where keys are kept: the configured place, or the user's own folder."""
    return expanded(named) if named else config_dir() / "keys.json"


class KeyRing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a file of keys says."""

    version: Literal[1] = 1
    salt: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32,}\Z")]
    keys: tuple[Key, ...] = ()

    def named(self, name: str) -> Key:
        """The key with that id or name; of several of a name the newest that is not revoked.

        Raises:
            NotFound: there is none.
        """
        meant = [key for key in self.keys if key.id == name]
        meant = meant or [key for key in self.keys if key.name == name]
        if not meant:
            known = ", ".join(repr(key.name) for key in self.keys) or "none"
            raise NotFound(f"no key has the name or id {name!r}; there are: {known}")
        return next((key for key in reversed(meant) if key.revoked is None), meant[-1])


class KeyFile:
    """The keys of a gateway in a JSON file at `path`, made when the first key is."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self.path = path
        self._wall = wall

    def read(self) -> KeyRing:
        """What the file says; a file that is not there says that there are no keys.

        Raises:
            ConfigError: it cannot be read, or is not a file of keys.
        """
        try:
            return _checked(self.path.read_bytes(), self.path)
        except FileNotFoundError:
            return KeyRing(salt=secrets.token_hex(16))
        except OSError as error:
            raise ConfigError(f"cannot read the keys {str(self.path)!r}: {error}") from error

    async def create(
        self,
        name: str,
        *,
        permissions: Sequence[Permission] = ("use",),
        models: Sequence[str] = (),
        limits: Limits = NO_LIMITS,
        valid_s: float | None = None,
    ) -> tuple[Key, str]:
        """Add a key, valid for `valid_s` seconds; gives it and its secret, which is not kept.

        Raises:
            ConfigError: another key in use has that name, something about it is not right, or the
                file cannot be read or written.
        """
        for word in (name, *models):
            if not (0 < len(word) <= LONGEST_WORD and word.isprintable()):
                raise ConfigError(
                    f"{word!r} is no name: it takes 1 to {LONGEST_WORD} characters that can be seen"
                )
        secret, now = new_secret(), self._wall()

        def added(ring: KeyRing) -> KeyRing:
            if any(key.name == name and key.state(now) == "active" for key in ring.keys):
                raise ConfigError(
                    f"there is a key called {name!r}; revoke it first, or choose another name"
                )
            key = Key(
                id=new_id(),
                name=name,
                prefix=shown(secret),
                hash=digest(secret, ring.salt),
                created=_moment(now),
                expires=None if valid_s is None else _moment(now + valid_s),
                permissions=tuple(permissions),
                models=tuple(models),
                limits=limits,
            )
            return replace(ring, keys=(*ring.keys, key))

        ring = await self._change(added)
        return ring.keys[-1], secret

    async def revoke(self, name: str) -> Key:
        """Withdraw the key with that id or name, for good; one withdrawn before stays as it was.

        Raises:
            NotFound: there is none.
            ConfigError: the file cannot be read or written.
        """
        meant = self.read().named(name).id

        def revoked(ring: KeyRing) -> KeyRing:
            key = ring.named(meant)
            if key.revoked is not None:
                return ring
            gone = replace(key, revoked=_moment(self._wall()))
            return replace(ring, keys=tuple(gone if one is key else one for one in ring.keys))

        ring = await self._change(revoked)
        return ring.named(meant)

    async def _change(self, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
        give_up = time.monotonic() + LOCK_WAIT_S

        def waiting() -> None:
            if time.monotonic() > give_up:
                raise ConfigError(f"somebody else keeps writing the keys {str(self.path)!r}")

        path = self.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            async with locked(path.with_name(f"{path.name}.lock"), waiting):
                ring = change(self.read())
                data = msgspec.json.format(msgspec.json.encode(ring), indent=2) + b"\n"
                await beside(_write, path, data)
        except OSError as error:
            raise ConfigError(f"cannot write the keys {str(path)!r}: {error}") from error
        return ring


def _checked(data: bytes, path: Path) -> KeyRing:
    try:
        ring = msgspec.json.decode(data, type=KeyRing)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{str(path)!r} is not a right file of keys: {error}") from error
    for part in ("id", "hash"):
        if len({getattr(key, part) for key in ring.keys}) < len(ring.keys):
            raise ConfigError(f"{str(path)!r} has two keys of the same {part}")
    return ring


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, for its owner alone: after a crash there is the old file or the new."""
    path = path.resolve()  # through a link, so that it stays one
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(unfinished).unlink()
        raise
    _settle_folder(path.parent)


def _settle_folder(folder: Path) -> None:
    """Have the new name outlast a power failure; not every system can say so of a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
