"""The record: what is kept of it, in SQLite and in PostgreSQL, whatever stands in the way."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import postgres_server
import pytest
import pytest_asyncio
from stores import START, WRITING, eventually, filled, numbered, started, told

from collegium.config import StorageConfig
from collegium.errors import Conflict, StorageError
from collegium.storage.archive import PAGE
from collegium.storage.opening import database_of, open_store, store_of
from collegium.storage.records import KINDS, Record
from collegium.storage.retention import Retention

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from collegium.storage.store import Store

DAY_S = 86_400.0


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.PostgresServer]:
    with postgres_server.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "record.sqlite3")
    server: postgres_server.PostgresServer = request.getfixturevalue("server")
    return server.emptied()


@pytest_asyncio.fixture
async def store(url: str) -> AsyncGenerator[Store]:
    store = open_store(url, keep_days=None)
    yield store
    await store.aclose()


async def test_records_come_back_as_they_were_and_in_their_order(store: Store) -> None:
    put = [
        Record(kind, 10.0 + place, f"q{place}", "Coding", "a/b", "cut:new", {"n": place, "é": [1]})  # type: ignore[arg-type]
        for place, kind in enumerate(KINDS)
    ]
    await filled(store, *put)
    found = list(store.records())
    assert [one.record for one in found] == put
    assert [one.number for one in found] == sorted({one.number for one in found})
    assert {one.origin for one in found} == {store.origin}


async def test_records_are_narrowed_down_by_all_that_is_asked(store: Store) -> None:
    await filled(
        store,
        Record("answer", 1.0, "q1", "Coding", data={"n": 0}),
        Record("outcome", 2.0, "q1", "Coding", data={"n": 1}),
        Record("answer", 3.0, "q2", "General", data={"n": 2}),
        Record("rating", 4.0, "q2", "Coding", data={"n": 3}),
    )
    assert told(store, kinds=("answer", "rating")) == [0, 2, 3]
    assert told(store, since=2.0, until=4.0) == [1, 2]
    assert told(store, query="q2") == [2, 3]
    assert told(store, expert="Coding", kinds=["outcome"]) == [1]
    assert told(store, limit=2) == [0, 1]
    second = list(store.records())[1].number
    assert told(store, after=second) == [2, 3]
    assert told(store, since=99.0) == []
    assert told(store, limit=0) == []


async def test_records_of_many_pages_are_all_there(store: Store) -> None:
    count = 2 * PAGE + 7
    await filled(store, *numbered(count))
    assert told(store) == list(range(count))
    assert told(store, limit=PAGE + 1) == list(range(PAGE + 1))
    assert told(store, since=START + PAGE) == list(range(PAGE, count))


async def test_times_order_nothing(store: Store) -> None:
    await filled(store, *(Record("answer", at, data={"n": at}) for at in (9.0, -5.0, 4e12, 9.0)))
    assert told(store) == [9.0, -5.0, 4e12, 9.0]


async def test_what_is_no_record_is_dropped_and_counted_and_the_rest_is_written(
    store: Store,
) -> None:
    nested: dict[str, Any] = {"deep": MappingProxyType({"n": 1})}
    for strange in (
        Record("answer", 1.0, data={"what": object()}),
        Record("answer", float("nan")),
        Record("answer", 1.0, query=7),  # type: ignore[arg-type]
        None,
    ):
        store.append(strange)  # type: ignore[arg-type]
    await filled(store, Record("answer", 2.0, data=nested))
    assert [one.record.data for one in store.records()] == [{"deep": {"n": 1}}]
    assert (store.standing().written, store.standing().dropped) == (1, 4)


async def test_texts_that_no_database_takes_are_kept_as_far_as_possible(store: Store) -> None:
    await filled(store, Record("answer", 1.0, "q\0\ud800", data={"text": "a\0b\ud83dc", "n": 1.5}))
    (found,) = store.records()
    assert found.record.query == "q?"
    assert found.record.data == {"text": "a\0b?c", "n": 1.5}


async def test_a_closed_store_drops_and_counts(url: str) -> None:
    store = await filled(open_store(url), *numbered(3))
    await store.aclose()
    assert not store.append(numbered(1)[0])
    assert (store.standing().written, store.standing().dropped) == (3, 1)


async def test_closing_writes_what_waits(url: str) -> None:
    store = open_store(url)
    for record in numbered(2500):
        store.append(record)
    await store.aclose()
    again = open_store(url, keep_days=None)
    assert told(again) == list(range(2500))
    await again.aclose()


async def test_numbers_go_on_after_everything_was_erased(store: Store) -> None:
    await filled(store, *numbered(5))
    last = list(store.records())[-1].number
    assert store.erase(before=2 * START) == 5
    store.vacuum()
    await filled(store, *numbered(1))
    assert next(iter(store.records())).number > last


async def test_holdings_count_what_there_is(store: Store) -> None:
    assert store.holdings().counts == {}
    assert store.holdings().oldest is None
    await filled(store, Record("answer", 5.0), Record("answer", 2.0), Record("drift", 9.0))
    holdings = store.holdings()
    assert holdings.counts == {"answer": 2, "drift": 1}
    assert (holdings.oldest, holdings.newest) == (2.0, 9.0)
    assert holdings.size_bytes > 0


async def test_the_latest_number_is_that_of_the_newest_record(store: Store) -> None:
    assert store.latest() == 0
    await filled(store, *numbered(3))
    assert store.latest() == list(store.records())[-1].number
    store.erase(before=2 * START)
    assert store.latest() == 0


async def test_vacuum_gives_back_the_room_of_what_was_erased(store: Store) -> None:
    await filled(store, *(Record("answer", 1.0, data={"pad": "x" * 1000}) for _ in range(3000)))
    before = store.holdings().size_bytes
    assert store.erase(before=2.0) == 3000
    store.vacuum()
    assert store.holdings().size_bytes < before / 4


async def test_a_state_is_put_only_in_the_place_of_the_version_it_was_made_from(
    store: Store,
) -> None:
    assert store.state("changes") is None
    assert store.put_state("changes", {"a": [1, None]}, expected=0) == 1
    assert store.put_state("changes", {"a": 2}, expected=1) == 2
    with pytest.raises(Conflict, match="version 2, not 1"):
        store.put_state("changes", {"a": 3}, expected=1)
    with pytest.raises(Conflict, match="version 2, not 0"):
        store.put_state("changes", {"a": 3}, expected=0)
    assert store.put_state("changes", "anything", expected=None) == 3
    found = store.state("changes")
    assert found is not None
    assert (found.version, found.value) == (3, "anything")
    assert store.state("others") is None


async def test_many_who_change_a_state_at_once_lose_no_change(store: Store, url: str) -> None:
    other = open_store(url, keep_days=None)

    def count_up(place: Store) -> None:
        done = 0
        while done < 5:
            now = place.state("count")
            version, value = (now.version, now.value) if now else (0, 0)
            with suppress(Conflict):
                place.put_state("count", value + 1, expected=version)
                done += 1

    threads = [threading.Thread(target=count_up, args=(one,)) for one in (store, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    found = store.state("count")
    assert found is not None
    assert (found.version, found.value) == (20, 20)
    await other.aclose()


async def test_what_two_processes_write_is_seen_whole_by_one_who_reads_on(
    store: Store, url: str
) -> None:
    writers = [started(WRITING, url, name, 1500) for name in ("one", "other")]
    seen: list[tuple[int, str, int]] = []

    def read_on() -> None:
        fresh = store.records(after=seen[-1][0] if seen else 0)
        seen.extend((one.number, one.record.expert, one.record.data["n"]) for one in fresh)

    while any(writer.poll() is None for writer in writers):
        await asyncio.to_thread(read_on)
    read_on()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen == sorted(seen)
    for name in ("one", "other"):
        assert [n for _, expert, n in seen if expert == name] == list(range(1500))


async def test_processes_that_open_a_new_store_at_once_all_write(url: str) -> None:
    writers = [started(WRITING, url, name, 20) for name in range(3)]
    assert [writer.wait(60) for writer in writers] == [0] * 3
    store = open_store(url, keep_days=None)
    assert len(told(store)) == 60
    await store.aclose()


async def test_what_is_older_than_it_is_kept_is_deleted_at_opening(url: str) -> None:
    now = 1_700_000_000.0
    old = [Record("answer", now - 10 * DAY_S + n, data={"n": n}) for n in range(700)]
    new = [Record("answer", now - 8 * DAY_S, data={"n": -1})]
    store = await filled(open_store(url, keep_days=None), *old, *new)
    await store.aclose()
    store = open_store(url, keep_days=9.0, clock=lambda: now)
    eventually(lambda: told(store) == [-1])
    await store.aclose()


async def test_a_clock_that_jumps_ahead_costs_one_day_of_records_an_hour(url: str) -> None:
    now = 1_700_000_000.0
    days = [Record("answer", now + n * DAY_S, data={"n": n}) for n in range(5)]
    store = await filled(open_store(url, keep_days=None), *days)
    database = database_of(url)
    retention = Retention(database, 90.0, clock=lambda: now + 3650 * DAY_S)
    assert retention.step() == 3600.0
    assert told(store) == [1, 2, 3, 4]
    retention.step()
    assert told(store) == [2, 3, 4]
    database.close()
    await store.aclose()


async def test_retention_leaves_room_for_others_between_its_batches(url: str) -> None:
    store = await filled(open_store(url, keep_days=None), *numbered(1200, at=1e6))
    database = database_of(url)
    retention = Retention(database, 1.0)
    pauses_s = [retention.step() for _ in range(3)]
    assert pauses_s[0] == pauses_s[1] < 1.0
    assert pauses_s[2] == 3600.0
    assert told(store) == []
    database.close()
    await store.aclose()


def test_no_store_is_opened_where_none_is_wanted(tmp_path: Path) -> None:
    assert store_of(StorageConfig(url="off"), tmp_path / "record.sqlite3") is None
    assert store_of(StorageConfig(), None) is None
    assert list(tmp_path.iterdir()) == []


async def test_the_default_is_a_file_whose_folder_is_made(tmp_path: Path) -> None:
    store = store_of(StorageConfig(), tmp_path / "new" / "record.sqlite3")
    assert store is not None
    await filled(store, *numbered(1))
    assert (tmp_path / "new" / "record.sqlite3").is_file()
    await store.aclose()


def test_a_url_of_something_else_is_refused() -> None:
    with pytest.raises(StorageError, match=r"'mysql'.*postgresql://"):
        open_store("mysql://somewhere/else")
