"""A process that reads files for another one: tasks come in, what was read goes out, in frames."""

from __future__ import annotations

import os
import sys
from typing import IO, Final

import msgspec

from collegium.knowledge.index.collecting import collecting_seldom
from collegium.knowledge.index.examining import Examined, examine

LENGTH_BYTES: Final = 8


class Task(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file to be read, about `size` bytes long; `known` are digests of it that are known."""

    path: str
    size: int
    known: tuple[bytes, ...] = ()


class Assignment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Files of one root, as the file system spells it, to be read together."""

    root: bytes
    limit_bytes: int
    tasks: tuple[Task, ...]

    def done(self) -> list[Examined]:
        """The files, read."""
        root = os.fsdecode(self.root)
        return [examine(root, one.path, one.known, self.limit_bytes) for one in self.tasks]


as_assignment: Final = msgspec.msgpack.Decoder(Assignment).decode
as_examined: Final = msgspec.msgpack.Decoder(list[Examined]).decode


def send(stream: IO[bytes], frame: bytes) -> None:
    """Write a frame: its length, and itself."""
    stream.write(len(frame).to_bytes(LENGTH_BYTES))
    stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read a frame, None where there are no more."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head)
    frame = stream.read(length)
    return frame if len(frame) == length else None


def main() -> None:
    """Answer assignments until there are no more, or whoever gives them is gone."""
    with collecting_seldom():
        while (frame := receive(sys.stdin.buffer)) is not None:
            send(sys.stdout.buffer, msgspec.msgpack.encode(as_assignment(frame).done()))
