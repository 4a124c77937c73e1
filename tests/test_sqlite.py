"""The record in a SQLite file, whatever stands in its way, and what a kill leaves."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stores import START, eventually, filled, numbered, started, told

from collegium.errors import StorageError
from collegium.storage.archive import Archive
from collegium.storage.opening import open_store
from collegium.storage.records import Record
from collegium.storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.storage.rows import Row


class Small(SqliteDatabase):
    """A file on a disk that is nearly full."""

    pages = 20

    def _connected(self, mode: str) -> sqlite3.Connection:
        connection = super()._connected(mode)
        connection.execute(f"PRAGMA max_page_count = {self.pages}").fetchall()
        return connection


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from writing, from another connection."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(tmp_path: Path) -> None:
    database = Small(tmp_path / "record.sqlite3")
    store = Archive(database)
    padded = [Record("answer", START, data={"n": n, "pad": "x" * 2000}) for n in range(60)]
    for record in padded:
        assert store.append(record)
    eventually(lambda: "is full" in store.standing().failing)
    assert "storage.keep_days" in store.standing().failing
    assert store.standing().waiting == 60
    await asyncio.wait_for(store.flush(), 10)  # it waits for nothing that does not come
    database.pages = 100_000
    eventually(lambda: store.standing().waiting == 0)
    assert told(store) == list(range(60))
    assert store.standing().failing == ""
    await store.aclose()


async def test_a_lock_that_lasts_holds_up_nobody_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    store = Archive(SqliteDatabase(path, wait_s=0.05), queue=100)
    with locked(path):
        taken = [store.append(record) for record in numbered(150)]
        assert taken == [True] * 100 + [False] * 50
        eventually(lambda: "locked" in store.standing().failing)
        with pytest.raises(StorageError, match="locked"):
            store.put_state("changes", {}, expected=0)
    eventually(lambda: store.standing().waiting == 0)
    assert told(store) == list(range(100))
    assert (store.standing().written, store.standing().dropped) == (100, 50)
    assert store.standing().failing == ""
    await store.aclose()


async def test_a_store_that_is_locked_is_opened_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    await open_store(str(path)).aclose()
    with locked(path):
        store = Archive(SqliteDatabase(path, wait_s=0.05))
        assert "locked" in store.standing().failing
        store.append(numbered(1)[0])
    eventually(lambda: store.standing().written == 1)
    await store.aclose()


async def test_what_cannot_be_written_until_the_end_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    store = Archive(SqliteDatabase(path, wait_s=0.05))
    with locked(path):
        for record in numbered(10):
            store.append(record)
        await store.aclose()
    assert (store.standing().written, store.standing().dropped) == (0, 10)


async def test_a_folder_in_the_place_of_the_file_is_told_until_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    path.mkdir()
    store = open_store(str(path))
    assert "must be a file" in store.standing().failing
    with pytest.raises(StorageError):
        told(store)
    store.append(numbered(1)[0])
    path.rmdir()
    eventually(lambda: store.standing().written == 1)
    assert store.standing().failing == ""
    await store.aclose()


READ_ONLY = """
import asyncio, os, sys, time
from pathlib import Path
from collegium.storage.migrating import migrations
from collegium.storage.opening import open_store
from collegium.storage.records import Record

folder = Path(sys.argv[1])
migrations("sqlite")  # whoever may write nothing may not be able to read this program either

async def main():
    store = open_store(str(folder / "record.sqlite3"))
    assert "let this user write" in store.standing().failing or "may write" in (
        store.standing().failing
    ), store.standing()
    assert store.append(Record("answer", 1.0, data={"n": 1}))
    print("waiting", flush=True)
    while store.standing().failing:
        await asyncio.sleep(0.02)
    await store.flush()
    print(store.standing().written, flush=True)
    await store.aclose()

if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main())
"""


@pytest.mark.parametrize("begun", [False, True])
def test_a_folder_that_may_not_be_written_is_told_until_it_may(begun: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="record-") as name:
        folder = Path(name)
        if begun:
            asyncio.run(open_store(str(folder / "record.sqlite3")).aclose())
        folder.chmod(0o555)
        command = [sys.executable, "-c", READ_ONLY, name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            for path in folder.iterdir():
                path.chmod(0o666)
            folder.chmod(0o777)
            assert process.stdout.readline() == "1\n"


async def test_a_file_deleted_under_it_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    store = await filled(open_store(str(path)), *numbered(3))
    for part in tmp_path.iterdir():
        part.unlink()
    await filled(store, *numbered(2))
    assert told(store) == [0, 1]
    assert store.standing().failing == ""
    await store.aclose()


async def test_a_log_deleted_under_it_loses_nothing_that_comes_then(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    store = await filled(open_store(str(path)), *numbered(3))
    path.with_name("record.sqlite3-wal").unlink()
    await filled(store, *numbered(2))
    assert told(store)[-2:] == [0, 1]
    await store.aclose()


class Faulty(SqliteDatabase):
    """A database that fails once in a way that nobody foresaw."""

    faults = 1

    def write(self, rows: Sequence[Row]) -> None:
        if rows and self.faults:
            self.faults -= 1
            raise ZeroDivisionError
        super().write(rows)


async def test_what_nobody_foresaw_costs_a_batch_and_not_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Archive(Faulty(tmp_path / "record.sqlite3"))
    store.append(numbered(1)[0])
    eventually(lambda: store.standing().dropped == 1)
    assert "1 records are lost" in caplog.text
    await filled(store, *numbered(2))
    eventually(lambda: store.standing().written == 2)
    assert store.standing().failing == ""
    await store.aclose()


@pytest.mark.parametrize("content", [b"no database, but a text " * 50, b"\0" * 5000])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is not a database; name another"):
        open_store(str(path))
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (what TEXT)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="of something else"):
        open_store(str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    await open_store(str(path)).aclose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"schema 99.*update collegium"):
        open_store(str(path))
    assert path.read_bytes() == before


async def test_appending_costs_a_query_next_to_nothing(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "record.sqlite3"))
    taken_s = []
    for record in numbered(5000):
        started_s = time.perf_counter()
        store.append(record)
        taken_s.append(time.perf_counter() - started_s)
    assert statistics.median(taken_s) < 25e-6
    await store.aclose()


# What a kill leaves.

# Appends as fast as it can, and notes each record that was taken with its time.
APPENDING = """
import os, sys, time
from collegium.storage.opening import open_store
from collegium.storage.records import Record

store = open_store(sys.argv[1], queue=1000)
number, noted = int(sys.argv[3]), os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY)
while True:
    if store.append(Record("answer", time.time(), data={"n": number})):
        os.write(noted, b"%d %f\\n" % (number, time.time()))
        number += 1
    else:
        time.sleep(0.0005)
"""


def killed_while_writing(path: Path, notes: Path, begin: int, rng: random.Random) -> float:
    """Kill a process that writes, and return for how many seconds before nothing is there."""
    process = started(APPENDING, path, notes, begin)
    eventually(lambda: notes.exists() and notes.stat().st_size > 0)
    time.sleep(rng.uniform(0.0, 0.2))
    killed_at = time.time()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT json_extract(data, '$.n') FROM events ORDER BY number")
        found = [n for (n,) in rows]
    assert found == list(range(len(found)))
    noted = [line.split() for line in notes.read_bytes().splitlines()]
    lost = [float(at) for n, at, *_ in noted if int(n) >= len(found)]
    return killed_at - min(lost) if lost else 0.0


def worst_and_median_loss_s(tmp_path: Path, kills: int) -> tuple[float, float]:
    rng, lost_s = random.Random(6), []
    for round_ in range(kills):
        path = tmp_path / f"record{round_ // 5}.sqlite3"
        begin = 0
        if path.exists():
            with closing(sqlite3.connect(path)) as connection:
                (begin,) = connection.execute("SELECT count(*) FROM events").fetchone()
        lost_s.append(killed_while_writing(path, tmp_path / f"notes{round_}", begin, rng))
    return max(lost_s), statistics.median(lost_s)


def test_a_kill_corrupts_nothing_and_loses_the_last_moment_at_most(tmp_path: Path) -> None:
    worst_s, _ = worst_and_median_loss_s(tmp_path, kills=5)
    assert worst_s < 0.5


@pytest.mark.long
def test_fifty_kills_corrupt_nothing_and_lose_the_last_moment_at_most(tmp_path: Path) -> None:
    worst_s, median_s = worst_and_median_loss_s(tmp_path, kills=50)
    assert median_s < 0.1
    assert worst_s < 0.5
