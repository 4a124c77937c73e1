"""The index of a folder: incremental, shared, and whole whatever happens to it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from watchfiles import Change

from collegium.errors import IndexUnusable, MissingGrammar, NotIndexed, TreeRefused
from collegium.knowledge.graph import Edge, Node
from collegium.knowledge.index import Index, Report
from collegium.knowledge.index.following import relevant
from collegium.knowledge.index.worker import Task
from collegium.knowledge.index.workers import examined
from collegium.knowledge.search.semantic import label
from collegium.knowledge.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHAPES = "class Shape:\n    def area(self):\n        return 0\n"
USES = "from shapes import Shape\n\n\ndef total():\n    return Shape().area()\n"


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    plant(root, {"shapes.py": SHAPES, "uses.py": USES})
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def index(root: Path, cache: Path) -> Iterator[Index]:
    index = Index.open(root, cache=cache, create=True)
    yield index
    index.close()


def in_a_minute() -> int:
    """The time by which what was written just now has stood still for long."""
    return time.time_ns() + 60_000_000_000


def callers(index: Index, file: str, symbol: str) -> list[Node]:
    return [edge.source for edge in index.edges_to(Node(file, symbol), ["calls"])]


def clean_edges(root: Path, scratch: Path) -> list[Edge]:
    index = Index.open(root, cache=scratch, create=True)
    index.update()
    edges = list(index.edges())
    index.close()
    shutil.rmtree(scratch)
    return edges


def eventually(holds: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


def test_without_an_index_the_command_that_makes_one_is_told(root: Path, cache: Path) -> None:
    with pytest.raises(NotIndexed, match="collegium index"):
        Index.open(root, cache=cache)


def test_an_index_counts_once_the_whole_folder_was_read(
    root: Path, cache: Path, index: Index
) -> None:
    assert not index.is_read

    def stop(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(progress=stop)
    with pytest.raises(NotIndexed, match="never finished"):
        Index.open(root, cache=cache)
    index.update()
    assert index.is_read
    again = Index.open(root, cache=cache)
    assert again.is_read
    again.close()


def test_the_first_update_reads_all_and_the_second_finds_nothing_to_do(index: Index) -> None:
    first = index.update()
    assert first.added == ("shapes.py", "uses.py")
    assert callers(index, "shapes.py", "Shape.area") == [Node("uses.py", "total")]
    second = index.update()
    assert not second
    assert second.resolved == 0
    assert second.generation == first.generation == index.generation


def test_what_is_asked_is_answered_from_what_was_read(root: Path, index: Index) -> None:
    index.update()
    assert [(entry.path, entry.lines) for entry in index.files()] == [
        ("shapes.py", 3),
        ("uses.py", 5),
    ]
    assert [entry.file for entry in index.symbols_named("Shape")] == ["shapes.py"]
    assert index.symbols_named("shape") == []
    assert [entry.symbol.path for entry in index.symbols_named("SHAPE", folded=True)] == ["Shape"]
    area = index.symbol("shapes.py", "Shape.area")
    assert area is not None
    assert index.text("shapes.py", area.start, area.end) == "    def area(self):\n        return 0"
    assert index.symbol("shapes.py", "Shape.volume") is None
    assert [symbol.name for symbol in index.symbols_of("shapes.py")] == ["Shape", "area"]
    assert {"Shape", "area", "total"} <= set(index.names())
    facts = index.facts("uses.py")
    assert facts is not None
    assert facts.symbols == tuple(index.symbols_of("uses.py"))
    assert index.text("nowhere.py") == ""
    assert index.facts("nowhere.py") is None
    leaving = index.edges_from(Node("uses.py", "total"))
    assert {edge.source for edge in leaving} == {Node("uses.py", "total")}
    assert index.edges_to(Node("shapes.py", "Shape.area"), ["inherits"]) == []
    assert index.summary().files == {"python": 2}
    assert index.files_holding("apes") == ["shapes.py"]
    (root / "shapes.py").write_text("")
    assert index.text("shapes.py", 1, 1) == "class Shape:"


def test_what_lies_outside_is_found_by_either_end_of_its_name(root: Path, index: Index) -> None:
    plant(root, {"a.py": "import os.path\nimport osmium\nfrom os import sep\nimport my.os\n"})
    index.update()
    found = {node.symbol for node in index.outside("os")}
    assert found > {"os.path", "my.os"}
    assert "osmium" not in found


def test_a_file_that_was_only_touched_has_not_changed(root: Path, index: Index) -> None:
    index.update()
    os.utime(root / "uses.py", (1, 1))
    assert not index.update()


def test_a_change_within_one_tick_of_the_clock_is_seen(root: Path, index: Index) -> None:
    file = root / "uses.py"
    index.update()
    seen = file.stat()
    with file.open("r+", encoding="utf-8") as writing:
        writing.write(USES.replace("total", "topal"))
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert file.stat().st_size == seen.st_size
    assert index.update().changed == ("uses.py",)


@pytest.mark.skipif(os.name == "nt", reason="what a tool cannot set is not known there")
def test_a_change_is_seen_although_the_file_was_made_to_look_old(root: Path, cache: Path) -> None:
    index = Index.open(root, cache=cache, create=True, clock=in_a_minute)
    file = root / "uses.py"
    os.utime(file, (1, 1))
    index.update()
    file.write_text(USES.replace("total", "topal"))
    os.utime(file, (1, 1))
    assert index.update().changed == ("uses.py",)


def test_a_file_that_stood_still_is_not_read_again(root: Path, cache: Path) -> None:
    index = Index.open(root, cache=cache, create=True, clock=in_a_minute)
    index.update()
    told: list[str] = []
    index.update(progress=lambda done, total, what: told.append(what))
    assert told == []


def test_edges_into_a_file_that_changes_are_kept(root: Path, index: Index) -> None:
    index.update()
    (root / "shapes.py").write_text("# moved down\n" + SHAPES)
    report = index.update()
    assert report.changed == ("shapes.py",)
    assert callers(index, "shapes.py", "Shape.area") == [Node("uses.py", "total")]


def test_edges_follow_what_other_files_become(root: Path, index: Index, tmp_path: Path) -> None:
    index.update()
    (root / "shapes.py").unlink()
    assert index.update().removed == ("shapes.py",)
    assert callers(index, "shapes.py", "Shape.area") == []
    (root / "shapes").mkdir()
    (root / "shapes" / "__init__.py").write_text(SHAPES)
    index.update()
    assert callers(index, "shapes/__init__.py", "Shape.area") == [Node("uses.py", "total")]
    assert list(index.edges()) == clean_edges(root, tmp_path / "clean")


NAMES = ["alpha", "beta", "gamma", "delta"]


def scribble(chance: random.Random) -> str:
    """A random module that imports, inherits from and calls others."""
    other, name, base = chance.choice(NAMES), chance.choice(NAMES), chance.choice(NAMES)
    lines = [
        chance.choice(
            [f"from {other} import {name}", f"import {other}", f"from .{other} import *", ""]
        ),
        f"class {name.title()}({chance.choice([base.title(), f'{other}.{base.title()}'])}):",
        f"    def {chance.choice(NAMES)}(self): return self.{chance.choice(NAMES)}()",
        f"def {chance.choice(NAMES)}(x: {base.title()}):",
        f"    {chance.choice(NAMES)}(); x.{chance.choice(NAMES)}(); {other}.{name}()",
    ]
    return "\n".join(lines if chance.random() < 0.9 else [*lines[:3], "def broken(("]) + "\n"


def disturb(root: Path, chance: random.Random) -> None:
    """One random change of the tree."""
    folder = root / chance.choice(["", "pkg", "pkg/sub"])
    file = folder / f"{chance.choice([*NAMES, '__init__'])}.py"
    kind = chance.choice(["write", "write", "write", "delete", "move", "ignore"])
    if kind == "write":
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(scribble(chance))
    elif kind == "delete":
        file.unlink(missing_ok=True)
    elif kind == "move" and file.exists():
        file.replace(root / f"{chance.choice(NAMES)}.py")
    elif kind == "ignore":
        (root / ".gitignore").write_text(f"{chance.choice(NAMES)}.py\n" * chance.randrange(2))


@pytest.mark.parametrize("seed", range(2))
def test_after_any_edits_the_index_is_what_a_clean_one_would_be(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    root = tmp_path / "root"
    root.mkdir()
    index = Index.open(root, cache=tmp_path / "cache", create=True)
    for _ in range(6):
        for _ in range(chance.randrange(1, 6)):
            disturb(root, chance)
        index.update()
        assert list(index.edges()) == clean_edges(root, tmp_path / "clean")
    index.close()


def test_what_is_passed_over_is_said_with_why_and_not_read_again(root: Path, cache: Path) -> None:
    index = Index.open(root, cache=cache, create=True, clock=in_a_minute)
    plant(root, {"gen.go": "// Code generated by x. DO NOT EDIT.\n", "note": "no script\n"})
    (root / "blob.py").write_bytes(b"\0" * 10)
    (root / "huge.py").write_bytes(b"#" * 2_000_000)
    expected = {
        "blob.py": "binary",
        "gen.go": "generated",
        "huge.py": "larger than 1,000,000 bytes",
        "note": "no source",
    }
    assert index.update().skipped == expected
    told: list[str] = []
    assert index.update(progress=lambda done, total, what: told.append(what)).skipped == expected
    assert told == []


def test_a_file_that_is_no_source_any_more_goes(root: Path, index: Index) -> None:
    index.update()
    (root / "shapes.py").write_bytes(b"\0")
    assert index.update().removed == ("shapes.py",)
    assert [entry.path for entry in index.files()] == ["uses.py"]


def test_a_broken_file_gives_what_can_be_read_and_is_named(root: Path, index: Index) -> None:
    plant(root, {"broken.py": "def whole():\n    pass\n\ndef half(:\n"})
    report = index.update()
    assert report.damaged == ("broken.py",)
    assert index.symbols_named("whole")


def test_the_index_lies_in_the_cache_and_is_its_owners_alone(root: Path, index: Index) -> None:
    index.update()
    assert sorted(path.name for path in root.iterdir()) == ["shapes.py", "uses.py"]
    assert stat.S_IMODE(index.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(index.path.parent.stat().st_mode) == 0o700
    assert index.size_bytes > 0


def test_folders_of_one_name_have_indexes_of_their_own(tmp_path: Path, cache: Path) -> None:
    for folder in ("a/same", "b/same"):
        (tmp_path / folder).mkdir(parents=True)
    one = Index.open(tmp_path / "a/same", cache=cache, create=True)
    other = Index.open(tmp_path / "b/same", cache=cache, create=True)
    (tmp_path / "link").symlink_to(tmp_path / "a/same")
    again = Index.open(tmp_path / "link", cache=cache, create=True)
    assert one.path == again.path != other.path
    for index in (one, other, again):
        index.close()


def test_a_cache_that_cannot_be_one_is_said(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexUnusable, match="COLLEGIUM_CACHE"):
        Index.open(root, cache=tmp_path / "file", create=True)


@pytest.mark.parametrize("damage", ["garbage", "half", "empty", "other database", "other stamps"])
def test_an_index_that_is_not_sound_is_set_aside_and_made_anew(
    root: Path, cache: Path, index: Index, damage: str
) -> None:
    index.update()
    index.close()
    expected = list(index.edges())
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if damage == "other stamps":
            connection.execute("UPDATE meta SET value = -1 WHERE key = 'parse'")
    connection.close()
    whole = index.path.read_bytes()
    if damage == "other database":
        index.path.unlink()
        with sqlite3.connect(index.path) as connection:
            connection.execute("CREATE TABLE x (y)")
        connection.close()
    elif damage != "other stamps":
        torn = {"garbage": b"no index", "half": whole[: len(whole) // 2], "empty": b""}
        index.path.write_bytes(torn[damage])
    with pytest.raises(NotIndexed, match="collegium index"):
        Index.open(root, cache=cache)
    again = Index.open(root, cache=cache, create=True)
    assert not again.is_read
    report = again.update()
    assert report.added == ("shapes.py", "uses.py")
    assert ("made anew" in report.note) == (damage != "empty")
    assert index.path.with_name(f"{index.path.name}.broken").exists() == (damage != "empty")
    assert list(again.edges()) == list(index.edges()) == expected
    assert again.update().note == ""
    again.close()


def test_damage_that_shows_later_is_said_and_the_next_update_mends_it(
    root: Path, cache: Path, index: Index
) -> None:
    plant(root, {f"m{number}.py": SHAPES * 20 for number in range(12)})
    index.update()
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    size = index.path.stat().st_size
    with index.path.open("r+b") as file:
        for place in range(8192 * 4, size, 8192):
            file.seek(place)
            file.write(b"\xaa" * 4096)
    index = Index.open(root, cache=cache)
    with pytest.raises(IndexUnusable, match="collegium index"):
        list(index.edges())
    report = index.update()
    assert "made anew" in report.note
    assert len(report.added) == 14
    index.close()


def test_rows_that_cannot_be_read_are_mended_by_the_next_update(root: Path, index: Index) -> None:
    index.update()
    with sqlite3.connect(index.path) as connection:
        connection.execute("UPDATE contents SET text = x'00', facts = x'00'")
    connection.close()
    with pytest.raises(IndexUnusable, match="collegium index"):
        index.text("uses.py")
    report = index.update()
    assert "made anew" in report.note
    assert index.text("uses.py") == USES


LIMITED = """
import pathlib, resource, sys
from collegium.errors import IndexUnusable
from collegium.knowledge.index import Index
index = Index.open(pathlib.Path(sys.argv[1]), cache=pathlib.Path(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    index.update()
except IndexUnusable as error:
    print(error)
"""


def test_a_full_disk_is_said_and_leaves_the_index_as_it_was(
    root: Path, cache: Path, index: Index
) -> None:
    index.update()
    before = list(index.edges())
    plant(root, {f"m{number}.py": SHAPES * 30 for number in range(20)})
    arguments = [sys.executable, "-c", LIMITED, str(root), str(cache)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=True)
    assert "disk" in done.stdout or "room" in done.stdout
    assert list(index.edges()) == before
    assert len(index.update().added) == 20


def test_damage_that_embedding_meets_is_said_and_a_rebuild_mends_it(
    root: Path, cache: Path, index: Index
) -> None:
    index.update()
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    whole = index.path.read_bytes()
    index.path.write_bytes(whole[:8192] + b"\xaa" * (len(whole) - 8192))
    with pytest.raises(IndexUnusable, match="collegium index"):
        index.embed(Letters())
    assert index.rebuild().added == ("shapes.py", "uses.py")
    assert index.embed(Letters()) > 0


def test_a_deleted_index_is_made_anew(root: Path, index: Index) -> None:
    index.update()
    shutil.rmtree(index.path.parent)
    assert index.update().added == ("shapes.py", "uses.py")
    assert callers(index, "shapes.py", "Shape.area") == [Node("uses.py", "total")]


def test_a_folder_deleted_while_it_is_read_leaves_the_index_as_it_was(
    root: Path, index: Index
) -> None:
    index.update()
    before = list(index.edges())
    plant(root, {"more.py": "def more(): pass\n"})

    def vanish(done: int, total: int, what: str) -> None:
        shutil.rmtree(root, ignore_errors=True)

    with pytest.raises(TreeRefused, match="deleted while it was read"):
        index.update(progress=vanish)
    assert list(index.edges()) == before
    with pytest.raises(TreeRefused):
        index.update()
    assert list(index.edges()) == before


def test_readers_see_the_old_world_until_the_new_one_is_whole(
    root: Path, cache: Path, index: Index
) -> None:
    index.update()
    reader = Index.open(root, cache=cache)
    before, generation = list(reader.edges()), reader.generation
    (root / "shapes.py").write_text("class Shape:\n    def size(self): pass\n")
    plant(root, {"new.py": "def brand_new(): pass\n"})
    seen: list[bool] = []

    def look(done: int, total: int, what: str) -> None:
        seen.append(
            list(reader.edges()) == before
            and reader.generation == generation
            and not reader.symbols_named("brand_new")
            and not reader.symbols_named("size")
        )

    index.update(progress=look)
    assert len(seen) > 3
    assert all(seen)
    assert reader.symbols_named("brand_new")
    assert reader.generation > generation
    reader.close()


def test_within_a_snapshot_nothing_changes(root: Path, index: Index) -> None:
    index.update()
    with index.snapshot():
        assert index.symbols_named("total")
        (root / "uses.py").unlink()
        writer = threading.Thread(target=index.update)
        writer.start()
        writer.join()
        assert index.symbols_named("total")
        with index.snapshot():
            assert index.files()[-1].path == "uses.py"
    assert not index.symbols_named("total")


def test_what_changed_since_a_generation_is_told_to_other_processes_too(
    root: Path, cache: Path, index: Index
) -> None:
    first = index.update().generation
    reader = Index.open(root, cache=cache)
    assert reader.changed_since(first) == ((), ())
    plant(root, {"new.py": "x = 1\n"})
    (root / "uses.py").unlink()
    index.update()
    assert reader.changed_since(first) == (("new.py",), ("uses.py",))
    assert reader.changed_since(0)[0] == ("new.py", "shapes.py")
    assert reader.changed_since(reader.generation + 1)[0] == ("new.py", "shapes.py")
    plant(root, {"uses.py": USES})
    index.update()
    assert reader.changed_since(first) == (("new.py", "uses.py"), ())
    reader.close()


def test_several_threads_may_ask_at_once(root: Path, index: Index) -> None:
    index.update()
    answers: list[list[Node]] = []

    def ask() -> None:
        answers.extend(callers(index, "shapes.py", "Shape.area") for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    index.update()
    for thread in threads:
        thread.join()
    assert answers == [[Node("uses.py", "total")]] * 160


def test_what_no_file_names_any_more_goes_in_the_end(root: Path, index: Index) -> None:
    for number in range(8):
        plant(root, {"uses.py": f"import outside_{number}\n" * 3})
        index.update()
    with closing(sqlite3.connect(index.path)) as connection:
        (nodes,) = connection.execute("SELECT count(*) FROM nodes").fetchone()
    assert nodes < 12


def test_a_rebuild_reads_everything_anew_and_keeps_the_vectors(root: Path, index: Index) -> None:
    index.update()
    edges, generation = list(index.edges()), index.generation
    encoder = Letters()
    index.embed(encoder)
    (root / "uses.py").rename(root / "users.py")
    report = index.rebuild()
    assert report.added == ("shapes.py", "users.py")
    assert index.changed_since(generation) == (("shapes.py", "users.py"), ("uses.py",))
    assert len(list(index.edges())) == len(edges)
    assert index.embed(encoder) <= 1


def test_a_rebuild_that_is_ended_early_leaves_what_was_known(
    root: Path, cache: Path, index: Index
) -> None:
    index.update()
    before, seen = list(index.edges()), set[str]()

    def end(done: int, total: int, what: str) -> None:
        assert list(reader.edges()) == before
        seen.add(what)
        if what == "resolving":
            raise KeyboardInterrupt

    with closing(Index.open(root, cache=cache)) as reader, pytest.raises(KeyboardInterrupt):
        index.rebuild(progress=end)
    assert seen == {"reading", "resolving"}
    assert list(index.edges()) == before
    assert index.is_read


def test_of_two_that_update_one_waits_and_finds_nothing_to_do(
    root: Path, cache: Path, index: Index
) -> None:
    plant(root, {f"m{number}.py": SHAPES for number in range(30)})
    other = Index.open(root, cache=cache, create=True)
    begun, go_on, reports = threading.Event(), threading.Event(), list[Report]()

    def hold(done: int, total: int, what: str) -> None:
        begun.set()
        assert go_on.wait(120)

    thread = threading.Thread(target=lambda: reports.append(index.update(progress=hold)))
    thread.start()
    assert begun.wait(120)
    told: list[str] = []

    def wait(done: int, total: int, what: str) -> None:
        told.append(what)
        go_on.set()

    assert not other.update(progress=wait)
    thread.join(120)
    assert len(reports[0].added) == 32
    assert set(told) >= {"waiting"}
    other.close()


def test_an_index_can_be_opened_and_asked_while_another_process_updates_it(
    root: Path, cache: Path, index: Index
) -> None:
    index.update()
    plant(root, {"new.py": "x = 1\n"})
    asked: list[list[Node]] = []

    def ask(done: int, total: int, what: str) -> None:
        reader = Index.open(root, cache=cache)
        asked.append(callers(reader, "shapes.py", "Shape.area"))
        reader.close()

    index.update(progress=ask)
    assert asked
    assert all(nodes == [Node("uses.py", "total")] for nodes in asked)


KILLED = """
import os, pathlib, signal, sys
from collegium.knowledge.index import Index, reading
reading.BATCH = 10
def die(done, total, what):
    if what == sys.argv[3] and done == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
root, cache = map(pathlib.Path, sys.argv[1:3])
Index.open(root, cache=cache, create=True).update(progress=die)
"""


@pytest.mark.parametrize(("what", "done"), [("reading", 25), ("resolving", 20)])
def test_a_killed_update_leaves_the_old_world_and_what_it_read_is_not_read_again(
    root: Path, index: Index, tmp_path: Path, what: str, done: int
) -> None:
    index.update()
    before = list(index.edges())
    plant(root, {f"m{number:02}.py": SHAPES for number in range(40)})
    arguments = [str(root), str(tmp_path / "cache"), what, str(done)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(index.edges()) == before
    with sqlite3.connect(index.path) as connection:
        ahead = connection.execute("SELECT max(id), count(*) FROM contents").fetchone()
    connection.close()
    assert ahead[1] >= 22
    report = index.update()
    assert len(report.added) == 40
    with sqlite3.connect(index.path) as connection:
        first = connection.execute(
            "SELECT count(*) FROM contents WHERE id <= ?", (ahead[0],)
        ).fetchone()
    connection.close()
    assert first == (ahead[1],)
    assert list(index.edges()) == clean_edges(root, tmp_path / "clean")


class Letters:
    """An encoder that counts letters, and remembers what it was given."""

    name, version = "letters", "1"
    width = general = 6

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += texts
        counts = [[text.count(letter) + 1 for letter in "abcdef"] for text in texts]
        return np.array(counts, np.float32)


def test_each_text_is_encoded_once_and_again_only_when_it_changes(root: Path, index: Index) -> None:
    index.update()
    encoder = Letters()
    done: list[tuple[int, int]] = []
    count = index.embed(encoder, progress=lambda one, total, what: done.append((one, total)))
    assert count == len(encoder.given) == len(set(encoder.given)) > 2
    assert done[-1] == (count, count)
    keys = {unit.text_key for unit in index.units()}
    vectors = index.vectors(label(encoder), keys)
    assert vectors.keys() == keys
    assert index.vector_count(label(encoder)) == count
    assert index.embed(encoder) == 0
    encoder.given.clear()
    plant(root, {"copy.py": SHAPES})
    with (root / "uses.py").open("a") as file:
        file.write("\n\ndef difference():\n    return 1\n")
    index.update()
    again = index.embed(encoder)
    assert again == len(encoder.given)
    assert any("difference" in text for text in encoder.given)
    assert not any("class Shape" in text for text in encoder.given)
    assert index.vectors(label(encoder), {unit.text_key for unit in index.units()}).keys() == {
        unit.text_key for unit in index.units()
    }


def test_embedding_stops_between_batches_and_goes_on_where_it_was(root: Path, index: Index) -> None:
    plant(root, {f"m{n}.py": f"def only_{n}_here():\n    return {n}\n" for n in range(60)})
    index.update()
    encoder, stop = Letters(), threading.Event()
    first = index.embed(encoder, stop=stop, progress=lambda *_: stop.set())
    assert 0 < first < 60
    assert index.vector_count(label(encoder)) == first
    stop.clear()
    second = index.embed(encoder, stop=stop)
    assert len(encoder.given) == len(set(encoder.given)) == first + second
    assert index.embed(encoder) == 0


def test_embedding_that_waits_for_an_update_can_be_stopped(root: Path, index: Index) -> None:
    index.update()
    plant(root, {"new.py": "x = 1\n"})
    stop, done = threading.Event(), list[int]()
    thread = threading.Thread(target=lambda: done.append(index.embed(Letters(), stop=stop)))

    def hold(one: int, total: int, what: str) -> None:
        if not thread.ident:
            thread.start()
            time.sleep(0.1)
            stop.set()
            thread.join(120)

    index.update(progress=hold)
    assert done == [0]


def test_the_newest_changes_are_encoded_first(root: Path, index: Index) -> None:
    plant(root, {f"m{n}.py": f"def old_{n}():\n    return {n}\n" for n in range(40)})
    index.update()
    plant(root, {"zz.py": "def newest():\n    return 1\n"})
    index.update()
    encoder, stop = Letters(), threading.Event()
    index.embed(encoder, stop=stop, progress=lambda *_: stop.set())
    assert any("newest" in text for text in encoder.given)


def test_another_encoder_has_vectors_of_its_own(index: Index) -> None:
    index.update()
    one, other = Letters(), Letters()
    other.version = "2"
    assert index.embed(one) == index.embed(other) == len(other.given)


def test_the_summary_tells_how_many_units_have_a_vector(root: Path, index: Index) -> None:
    plant(root, {"copy.py": SHAPES})
    index.update()
    assert index.summary().vectors == 0
    index.embed(Letters())
    assert index.summary().vectors == index.summary().units
    plant(root, {"uses.py": "def other():\n    return 1\n"})
    index.update()
    assert 0 < index.summary().vectors < index.summary().units


def test_vectors_that_nothing_needs_go_in_the_end(root: Path, index: Index) -> None:
    encoder = Letters()
    for turn in range(12):
        plant(root, {"uses.py": f"def turn_{turn}():\n    return {turn}\n"})
        index.update()
        index.embed(encoder)
    units = len(list(index.units()))
    assert index.vector_count(label(encoder)) <= 2 * units + 2


def test_workers_read_what_one_process_would_have_read(root: Path) -> None:
    plant(root, {f"m{number}.py": SHAPES * (number % 4) for number in range(150)})
    (root / "blob.py").write_bytes(b"\0")
    tree = Tree(root)
    tasks = [Task(path, found.size) for path, found in tree.walk().files.items()]
    tasks.append(Task("gone.py", 1))
    alone = sorted(examined(tree, tasks, workers=0), key=lambda one: one.path)
    helped = sorted(examined(tree, tasks, workers=2), key=lambda one: one.path)
    assert alone == helped
    assert len(alone) == 154


def test_what_a_worker_dies_over_is_done_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(root, {f"m{number}.py": SHAPES for number in range(150)})
    monkeypatch.setattr("collegium.knowledge.index.workers._PROGRAM", "raise SystemExit(1)")
    tree = Tree(root)
    tasks = [Task(path, found.size) for path, found in tree.walk().files.items()]
    assert len(list(examined(tree, tasks, workers=2))) == 152


def test_workers_end_when_nobody_wants_more(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **fields: Any) -> None:
            super().__init__(*args, **fields)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    plant(root, {f"m{number}.py": SHAPES for number in range(200)})
    tree = Tree(root)
    tasks = [Task(path, found.size) for path, found in tree.walk().files.items()]
    reading = examined(tree, tasks, workers=2)
    next(iter(reading))
    reading.close()  # type: ignore[attr-defined]
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


ASKING = """
import pathlib, sys
from collegium.knowledge.graph import Node
from collegium.knowledge.index import Index
index = Index.open(pathlib.Path(sys.argv[1]), cache=pathlib.Path(sys.argv[2]))
index.update()
print(len(index.edges_to(Node("shapes.py", "Shape.area"), ["calls"])))
heavy = ["numpy", "tree_sitter", "watchfiles", "collegium.config", "collegium.knowledge.resolving"]
print([name for name in heavy if name in sys.modules])
"""


def test_asking_about_what_has_not_changed_loads_nothing_heavy(root: Path, cache: Path) -> None:
    Index.open(root, cache=cache, create=True, clock=in_a_minute).update()
    done = subprocess.run(
        [sys.executable, "-c", ASKING, str(root), str(cache)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.split("\n") == ["1", "[]", ""]


@pytest.fixture
def following(root: Path, index: Index) -> Iterator[list[Report]]:
    """The reports of a thread that follows the folder; the first is there."""
    reports: list[Report] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: reports.extend(index.follow(stop)))
    thread.start()
    eventually(lambda: len(reports) > 0)
    yield reports
    stop.set()
    thread.join(120)
    assert not thread.is_alive()


def test_what_is_edited_can_soon_be_asked_for(
    root: Path, index: Index, following: list[Report]
) -> None:
    assert following[0].added
    (root / "uses.py").write_text(USES + "\n\ndef added():\n    return total()\n")
    eventually(lambda: callers(index, "uses.py", "total") == [Node("uses.py", "added")])
    plant(root, {"deep/er/new.py": "def brand_new(): pass\n"})
    eventually(lambda: bool(index.symbols_named("brand_new")))
    shutil.rmtree(root / "deep")
    eventually(lambda: not index.symbols_named("brand_new"))


def test_an_editor_that_replaces_the_file_is_followed(
    root: Path, index: Index, following: list[Report]
) -> None:
    (root / ".uses.py.swp").write_text("def swapped(): pass\n")
    (root / ".uses.py.swp").replace(root / "uses.py")
    eventually(lambda: bool(index.symbols_named("swapped")))
    (root / "uses.py").rename(root / "renamed.py")
    eventually(lambda: [one.file for one in index.symbols_named("swapped")] == ["renamed.py"])


def test_of_many_changes_at_once_none_is_lost(
    root: Path, index: Index, following: list[Report]
) -> None:
    plant(root, {f"many/m{number}.py": f"def many_{number}(): pass\n" for number in range(300)})
    eventually(lambda: sum(len(report.added) for report in following) == 302)


def test_what_is_told_at_once_is_one_update(
    root: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{number}.py" for number in range(300)]

    def watch(*paths: object, **options: object) -> Iterator[set[tuple[Change, str]]]:
        yield set()
        plant(root, dict.fromkeys(names, SHAPES))
        yield {(Change.added, str(root / name)) for name in names}

    monkeypatch.setattr("watchfiles.watch", watch)
    stop = threading.Event()
    first, second = islice(index.follow(stop), 2)
    assert len(first.added) == 2
    assert second.added == tuple(sorted(names))


def test_a_changed_ignore_file_decides_anew(
    root: Path, index: Index, following: list[Report]
) -> None:
    (root / ".gitignore").write_text("uses.py\n")
    eventually(lambda: [entry.path for entry in index.files()] == ["shapes.py"])
    (root / ".gitignore").unlink()
    eventually(lambda: len(index.files()) == 2)


def test_a_folder_that_goes_is_waited_for_and_followed_again(
    root: Path, index: Index, following: list[Report]
) -> None:
    edges = list(index.edges())
    root.rename(root.with_name("elsewhere"))
    time.sleep(0.7)
    assert list(index.edges()) == edges
    plant(root, {"shapes.py": SHAPES, "back.py": "def back(): pass\n"})
    eventually(lambda: bool(index.symbols_named("back")))
    eventually(lambda: len(index.files()) == 2)
    plant(root, {"later.py": "def later(): pass\n"})
    eventually(lambda: bool(index.symbols_named("later")))


def test_following_ends_in_the_middle_of_an_update_when_it_is_to_stop(
    root: Path, index: Index
) -> None:
    stop = threading.Event()
    stop.set()
    assert list(index.follow(stop)) == []
    assert not index.is_read


def test_what_the_system_cannot_watch_is_looked_at_now_and_then(
    root: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object, **options: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.watch", refuse)
    monkeypatch.setattr("collegium.knowledge.index.following.UNWATCHED_S", 0.02)
    stop = threading.Event()
    reports = index.follow(stop)
    assert next(reports).added == ("shapes.py", "uses.py")
    plant(root, {"new.py": "x = 1\n"})
    assert next(reports).added == ("new.py",)
    plant(root, {"newer.py": "x = 1\n"})
    assert next(reports).added == ("newer.py",)
    stop.set()
    assert list(reports) == []


def test_only_changes_that_may_matter_are_looked_at(tmp_path: Path) -> None:
    def changed(*names: str) -> list[str] | None:
        return relevant(tmp_path, [str(tmp_path / name) for name in names])

    assert changed("a.py", "b/c.go", "b/folder") == ["a.py", "b/c.go", "b/folder"]
    assert changed(".git/index.lock", "node_modules/x/y.js", "a/__pycache__/x.pyc") == []
    assert changed("a/.gitignore") is None
    assert changed(*(f"m{number}.py" for number in range(2000))) is None


def test_following_without_what_it_takes_names_the_extra(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingGrammar, match=r"needs the extra: pip install .* or in a clone"):
        list(index.follow(threading.Event()))
