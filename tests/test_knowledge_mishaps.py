"""What befalls an index: odd names and texts, a system that refuses, kills, folders replaced."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from collegium.errors import IndexUnusable, NotIndexed, TreeRefused
from collegium.experts.knowledge.expert import KnowledgeExpert
from collegium.experts.knowledge.keeper import Keeper, Terms
from collegium.knowledge.index import Index, Report
from collegium.knowledge.index.contents import Content, Refused, content_of
from collegium.knowledge.index.examining import examine
from collegium.knowledge.index.lock import alone
from collegium.knowledge.index.place import places_of
from collegium.knowledge.index.rows import facts_of
from collegium.knowledge.index.worker import Task
from collegium.knowledge.index.workers import examined
from collegium.knowledge.search.semantic import label
from collegium.knowledge.tree import Tree
from collegium.lexicon import Vocabulary
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

SHAPES = "class Shape:\n    def area(self):\n        return 0\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES)
    return root


@pytest.fixture
def index(root: Path, tmp_path: Path) -> Iterator[Index]:
    with closing(Index.open(root, cache=tmp_path / "cache", create=True)) as index:
        yield index


def eventually(holds: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


def test_a_text_that_no_encoding_can_write_again_does_not_stop_the_rest(
    root: Path, index: Index
) -> None:
    declared = b"# coding: unicode_escape\n"
    (root / "notes.md").write_bytes(declared + b"\xe9\n\n# Lone \\ud800\n\n`a.\\ud800b`\n")
    (root / "code.py").write_bytes(declared + b'def f(): "\\ud800 \xe9"\n')
    assert index.update().added == ("code.py", "notes.md", "shapes.py")
    assert index.symbol("code.py", "f") is not None


def test_a_folder_whose_name_is_no_text_is_read_by_workers_too(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES)
    (one,) = examined(Tree(root), [Task("shapes.py", 1)], workers=1)
    assert one.content is not None


def test_where_no_process_can_be_started_files_are_read_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **fields: object) -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    (one,) = examined(Tree(root), [Task("shapes.py", 1)], workers=2)
    assert one.content is not None


def test_a_file_whose_folder_became_a_file_is_gone(root: Path) -> None:
    assert examine(str(root), "shapes.py/x.py", (), 1000).found is None


def test_a_file_that_is_nested_too_deeply_does_not_stop_the_rest(
    root: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: str, source: bytes) -> Content | Refused:
        if path == "deep.py":
            raise RecursionError
        return content_of(path, source)

    monkeypatch.setattr("collegium.knowledge.index.examining.content_of", read)
    (root / "deep.py").write_text("")
    report = index.update()
    assert (report.added, report.skipped) == (("shapes.py",), {"deep.py": "nested too deeply"})


def test_where_nothing_can_be_locked_that_is_said(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(*words: object) -> NoReturn:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(IndexUnusable, match="No locks available"):
        Index.open(root, cache=tmp_path / "cache", create=True)


def test_a_path_that_no_file_system_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TreeRefused, match="cannot be read"):
        Tree(tmp_path / "a\0b")


def test_an_index_that_was_only_just_begun_is_as_good_as_none(
    root: Path, tmp_path: Path, index: Index
) -> None:
    index.close()
    index.path.unlink()
    with closing(sqlite3.connect(index.path)) as connection:  # as a kill may leave it
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    assert index.path.stat().st_size > 0
    with pytest.raises(NotIndexed, match="never made"):
        Index.open(root, cache=tmp_path / "cache")
    report = index.update()
    assert (report.added, report.note) == (("shapes.py",), "")


def test_the_log_of_an_index_that_is_gone_is_not_taken_for_that_of_the_next(
    root: Path, index: Index
) -> None:
    index.update()
    with closing(sqlite3.connect(index.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    (root / "shapes.py").write_text(SHAPES * 2)
    index.update()
    log = index.path.with_name(f"{index.path.name}-wal")
    left = log.read_bytes()
    assert left
    index.close()
    index.path.unlink()
    log.write_bytes(left)
    report = index.update()
    assert (report.added, report.note) == (("shapes.py",), "")


def test_a_folder_that_is_replaced_at_once_is_followed_on(root: Path, index: Index) -> None:
    reports: list[Report] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: reports.extend(index.follow(stop)))
    thread.start()
    try:
        eventually(lambda: len(reports) > 0)
        for number in range(3):  # the third is surely told by the watch that stands
            (root / f"m{number}.py").write_text("")
            eventually(lambda: len(index.files()) == number + 2)  # noqa: B023 -- it is waited for
        shutil.rmtree(root)
        root.mkdir()  # many file systems give it the number of the one before
        (root / "first.py").write_text("def first(): pass\n")
        eventually(lambda: [one.path for one in index.files()] == ["first.py"])
        (root / "second.py").write_text("def second(): pass\n")
        eventually(lambda: len(index.files()) == 2)
    finally:
        stop.set()
        thread.join()


def test_what_the_system_watches_no_longer_is_looked_at_now_and_then(
    root: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(*paths: object, **options: object) -> Iterator[set[object]]:
        yield set()
        raise RuntimeError("error in underlying watcher: OS file watch limit reached")

    monkeypatch.setattr("watchfiles.watch", watch)
    monkeypatch.setattr("collegium.knowledge.index.following.UNWATCHED_S", 0.02)
    stop = threading.Event()
    reports = index.follow(stop)
    next(reports)
    for number in range(3):
        (root / f"m{number}.py").write_text("")
        assert next(reports).added == (f"m{number}.py",)
    stop.set()
    assert list(reports) == []


def test_what_cannot_be_written_while_following_is_tried_again(
    root: Path, index: Index, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collegium.knowledge.index.following.AGAIN_S", 0.01)
    stop, refusals = threading.Event(), [IndexUnusable("there is no room")] * 3
    reports = index.follow(stop)
    next(reports)
    update = index.update

    def refuse(*words: Any, **fields: Any) -> Report:
        if refusals:
            raise refusals.pop()
        return update(*words, **fields)

    monkeypatch.setattr(index, "update", refuse)
    (root / "late.py").write_text("")
    assert next(reports).added == ("late.py",)
    assert caplog.text.count("there is no room; it is tried again") == 1
    stop.set()
    assert list(reports) == []


class Between:
    """A connection in whose place something happens before each statement but the first."""

    def __init__(self, connection: sqlite3.Connection, happens: Callable[[], object]) -> None:
        self._connection, self._happens, self._begun = connection, happens, False

    def execute(self, *words: Any) -> sqlite3.Cursor:
        if self._begun:
            self._happens()
        self._begun = True
        return self._connection.execute(*words)


def test_what_is_told_of_a_file_is_of_one_world(
    root: Path, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update()
    before = index.facts("shapes.py")
    (root / "shapes.py").write_text("def circle(): pass\n")
    with closing(Index.open(root, cache=tmp_path / "cache")) as other:
        monkeypatch.setattr(
            "collegium.knowledge.index.questions.facts_of",
            lambda connection, file: facts_of(Between(connection, other.update), file),  # type: ignore[arg-type]
        )
        assert index.facts("shapes.py") == before
    assert [one.name for one in index.symbols_of("shapes.py")] == ["circle"]


@pytest.fixture
def as_another_version(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have indexes opened from now on be those of a program that parses otherwise."""
    return lambda number: monkeypatch.setattr("collegium.knowledge.stamps.PARSE", number)


def test_two_versions_of_the_program_keep_an_index_each(
    root: Path, tmp_path: Path, index: Index, as_another_version: Callable[[int], None]
) -> None:
    index.update()
    as_another_version(99)
    with pytest.raises(NotIndexed, match="only by another version of collegium"):
        Index.open(root, cache=tmp_path / "cache")
    with closing(Index.open(root, cache=tmp_path / "cache", create=True)) as newer:
        assert newer.update().added == ("shapes.py",)
        assert newer.path != index.path
        assert set(places_of(root, tmp_path / "cache")) == {newer.path, index.path}
        (root / "circles.py").write_text("")
        assert index.update().added == newer.update().added == ("circles.py",)
        assert index.update().note == newer.update().note == ""


def test_the_index_of_a_version_that_nobody_runs_any_more_goes_in_the_end(
    root: Path, tmp_path: Path, index: Index, as_another_version: Callable[[int], None]
) -> None:
    index.update()
    index.path.with_name(f"{index.path.name}.broken").touch()
    as_another_version(99)
    cache, later = tmp_path / "cache", time.time_ns() + 40 * 24 * 3600 * 10**9
    with closing(Index.open(root, cache=cache, create=True)) as soon:
        soon.update()
        assert len(places_of(root, cache)) == 2
    with (
        closing(Index.open(root, cache=cache, create=True, clock=lambda: later)) as late,
        alone(index.path, lambda: None),
    ):
        late.update()
        assert len(places_of(root, cache)) == 2  # somebody is at it
    with closing(Index.open(root, cache=cache, create=True, clock=lambda: later)) as late:
        late.update()
        assert places_of(root, cache) == [late.path]
        left = {file.name for file in late.path.parent.iterdir()}
    assert {name for name in left if not name.startswith(late.path.name)} == set()
    assert index.update().added == ("shapes.py",)  # whoever still runs it begins anew


def test_another_version_takes_over_the_vectors_that_are_there(
    root: Path, tmp_path: Path, index: Index, as_another_version: Callable[[int], None]
) -> None:
    index.update()
    made = index.embed(Lengths())
    assert made
    as_another_version(99)
    with closing(Index.open(root, cache=tmp_path / "cache", create=True)) as newer:
        newer.update()
        assert newer.embed(Lengths()) == 0
        assert newer.vector_count(label(Lengths())) == made


class Lengths:
    """An encoder that counts letters."""

    name, version = "lengths", "1"
    width = general = 2

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_who_waits_for_a_lock_that_is_deleted_does_not_hold_that_one(tmp_path: Path) -> None:
    path, held, tried = tmp_path / "x.sqlite", threading.Event(), threading.Event()
    order: list[str] = []

    def wait() -> None:
        with alone(path, tried.set):
            order.append("waited")

    thread = threading.Thread(target=wait)
    with alone(path, lambda: None):
        thread.start()
        assert tried.wait(120)
        path.with_name("x.sqlite.lock").unlink()
        other = alone(path, lambda: None)
        other.__enter__()
    held.wait(0.1)
    order.append("second ends")
    other.__exit__(None, None, None)
    thread.join()
    assert order == ["second ends", "waited"]


def spoil(index: Index) -> None:
    """Have rows be there that cannot be read."""
    with closing(sqlite3.connect(index.path)) as connection, connection:
        connection.execute("UPDATE symbols SET data = x'00'")
        connection.execute("UPDATE contents SET facts = x'00'")


def vanish(index: Index) -> None:
    shutil.rmtree(index.path.parent)


@pytest.mark.parametrize("befall", [spoil, vanish])
def test_an_index_that_is_spoiled_or_deleted_is_made_anew_while_its_folder_is_followed(
    index: Index, befall: Callable[[Index], None]
) -> None:
    stop, reports = threading.Event(), list[Report]()
    thread = threading.Thread(target=lambda: reports.extend(index.follow(stop)))
    thread.start()
    try:
        eventually(lambda: len(reports) > 0)
        befall(index)
        with pytest.raises(IndexUnusable):
            index.symbols_of("shapes.py")
        eventually(lambda: len(reports) > 1)
        assert [one.name for one in index.symbols_of("shapes.py")] == ["Shape", "area"]
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("befall", [spoil, vanish])
async def test_whoever_has_no_sound_index_bids_by_words_and_spoils_nothing_for_others(
    root: Path, tmp_path: Path, befall: Callable[[Index], None]
) -> None:
    keeper = Keeper(Terms(root, tmp_path / "cache", follow=False))
    expert = KnowledgeExpert("KnowledgeExpert", Vocabulary({}), keeper=keeper)
    query = Query.of("Who calls `Shape.area`?")
    await expert.open()
    try:
        assert expert.computes(query)
        assert keeper.graph is not None
        befall(keeper.graph.index)
        assert not expert.computes(query)
        assert 0 <= expert.suits(query) <= 1
        assert "cannot be" in expert.not_ready or "unable" in expert.not_ready
        assert await expert.compute(query) is None
        assert expert.grounds is not None
    finally:
        await expert.aclose()
