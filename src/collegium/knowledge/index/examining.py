"""Reading one file of a tree: whether it is still what is known, and what it is if not."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.index.contents import Content, Refused, content_of, digest_of
from collegium.knowledge.tree import Found

if TYPE_CHECKING:
    from collections.abc import Container

# A name that became a link or a pipe since the walk is neither followed nor waited for.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Examined(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file as it was when it was read; `found` is None where it is gone.

    `content` is what it holds, None where that is known by its `digest`, or where the file is
    passed over: then `refused` says why.
    """

    path: str
    found: Found | None = None
    digest: bytes = b""
    content: Content | None = None
    refused: str = ""


def examine(root: str, path: str, known: Container[bytes], limit_bytes: int) -> Examined:
    """Read a file; `known` are the digests of contents that need not be made again."""
    try:
        found, source = _read(os.path.join(root, path), limit_bytes + 1)  # noqa: PTH118 -- hot
    except (FileNotFoundError, NotADirectoryError):  # the second: a folder above is a file now
        return Examined(path)
    except OSError as error:
        nothing = Found(-1, 0, 0)  # no file is like that, so it is tried again the next time
        return Examined(path, nothing, refused=(error.strerror or str(error)).lower())
    if len(source) > limit_bytes:
        return Examined(path, found, refused=f"larger than {limit_bytes:,} bytes")
    digest = digest_of(source)
    if digest in known:
        return Examined(path, found, digest)
    try:
        made = content_of(path, source)
    except RecursionError:  # it must not keep the others from being read
        made = Refused("nested too deeply")
    if isinstance(made, Refused):
        return Examined(path, found, refused=made.why)
    return Examined(path, found, digest, made)


def _read(path: str, limit_bytes: int) -> tuple[Found, bytes]:
    descriptor = os.open(path, _FLAGS)
    try:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise OSError("not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            source = file.read(limit_bytes)
    finally:
        os.close(descriptor)
    return Found.of(seen), source
