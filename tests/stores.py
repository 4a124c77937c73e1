"""What the tests of the record share: stores to open, and programs that write into them."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.storage.store import Store

# A time so far ahead that nothing of it is ever too old.
START = 4e9

# Appends as many records as it is told, numbered, and waits until they are written.
WRITING = """
import asyncio, sys, time
from collegium.storage.opening import open_store
from collegium.storage.records import Record

async def main(url, name, count):
    store = open_store(url)
    for number in range(count):
        record = Record("answer", time.time(), expert=name, data={"n": number})
        while not store.append(record):
            await asyncio.sleep(0.001)
        if number % 100 == 0:
            await asyncio.sleep(0.001)
    await store.flush()
    await store.aclose()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def started(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    """A Python program in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])


def eventually(holds: Callable[[], Any], within_s: float = 30.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.02)


def numbered(count: int, *, at: float = START, **fields: Any) -> list[Record]:
    """Records a second apart, each with its number."""
    return [Record("answer", at + n, data={"n": n}, **fields) for n in range(count)]


def told(store: Store, **narrowed: Any) -> list[int]:
    """The numbers that `numbered` gave to the records of a store."""
    return [one.record.data["n"] for one in store.records(**narrowed)]


async def filled(store: Store, *records: Record) -> Store:
    """The store, once the records are written."""
    for record in records:
        assert store.append(record)
    await store.flush()
    return store
