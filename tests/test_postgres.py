"""The record in PostgreSQL: a server that goes and comes back, and URLs that are none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import postgres_server
import pytest
from stores import eventually, numbered, told

from collegium.errors import StorageError
from collegium.storage.address import Address
from collegium.storage.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.PostgresServer]:
    with postgres_server.running() as running:
        yield running


async def test_a_server_that_goes_and_comes_back_costs_no_record(
    server: postgres_server.PostgresServer,
) -> None:
    store = open_store(server.emptied(), keep_days=None)
    records = numbered(30)
    for record in records[:10]:
        store.append(record)
    await store.flush()
    assert store.put_state("changes", 1, expected=0) == 1
    server.stop()
    for record in records[10:]:
        assert store.append(record)
    eventually(lambda: store.standing().failing)
    assert "see whether the server is up" in store.standing().failing
    with pytest.raises(StorageError):
        store.state("changes")
    server.start()
    eventually(lambda: store.standing().waiting == 0)
    assert told(store) == list(range(30))
    assert store.put_state("changes", 2, expected=1) == 2
    assert store.standing().failing == ""
    await store.aclose()


async def test_connections_that_were_cut_are_made_anew_without_anybody_noticing(
    server: postgres_server.PostgresServer,
) -> None:
    store = open_store(server.emptied(), keep_days=None)
    store.append(numbered(1)[0])
    await store.flush()
    assert store.state("changes") is None
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'collegium'"
    )
    assert told(store) == [0]
    store.append(numbered(1)[0])
    await store.flush()
    assert told(store) == [0, 0]
    await store.aclose()


async def test_a_server_that_is_away_is_waited_for(server: postgres_server.PostgresServer) -> None:
    url = server.emptied()
    server.stop()
    store = open_store(url, keep_days=None)
    assert "Connection refused" in store.standing().failing
    assert store.append(numbered(1)[0])
    server.start()
    eventually(lambda: store.standing().written == 1)
    await store.aclose()


async def test_a_password_is_never_shown(server: postgres_server.PostgresServer) -> None:
    wrong = server.url.replace("a%20secret", "another%20secret")
    store = open_store(wrong)
    standing = store.standing()
    assert "password authentication failed" in standing.failing
    assert "secret" not in standing.failing + standing.where
    await store.aclose()


async def test_a_newer_schema_is_refused(server: postgres_server.PostgresServer) -> None:
    url = server.emptied()
    await open_store(url).aclose()
    server.run("UPDATE collegium.versions SET version = 99")
    with pytest.raises(StorageError, match=r"schema 99.*update collegium"):
        open_store(url)


async def test_a_user_who_may_not_create_a_schema_can_use_the_one_there_is(
    server: postgres_server.PostgresServer,
) -> None:
    await open_store(server.emptied()).aclose()
    for statement in (
        "CREATE ROLE writer LOGIN PASSWORD 'w'",
        "GRANT USAGE ON SCHEMA collegium TO writer",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA collegium TO writer",
    ):
        server.run(statement)
    url = f"postgresql://writer:w@127.0.0.1:{server.port}/postgres"
    store = open_store(url, keep_days=None)
    store.append(numbered(1)[0])
    await store.flush()
    assert told(store) == [0]
    await store.aclose()


async def test_a_socket_of_the_machine_is_used_where_the_host_is_a_folder(
    server: postgres_server.PostgresServer,
) -> None:
    url = server.emptied()
    begin, _, database = url.partition(f"127.0.0.1:{server.port}")
    store = open_store(f"{begin}:{server.port}{database}?host={server.folder}")
    assert store.standing().failing == ""
    await store.aclose()


async def test_a_queue_that_is_full_while_the_server_is_away_drops_what_is_more(
    server: postgres_server.PostgresServer,
) -> None:
    url = server.emptied()
    server.stop()
    store = open_store(url, queue=10, keep_days=None)
    assert [store.append(record) for record in numbered(12)] == [True] * 10 + [False] * 2
    server.start()
    await asyncio.to_thread(eventually, lambda: store.standing().waiting == 0)
    assert told(store) == list(range(10))
    assert store.standing().dropped == 2
    await store.aclose()


def test_a_url_has_all_that_a_connection_takes() -> None:
    address = Address.of("postgresql://me:p%40ss@db.example:5433/record?sslmode=disable")
    assert (address.user, address.password, address.host) == ("me", "p@ss", "db.example")
    assert address.arguments()["ssl_context"] is False
    assert address.shown == "postgresql://me@db.example:5433/record"
    assert Address.of("postgres://me@localhost").database == "me"
    assert Address.of("postgresql://me@[::1]:7/x").shown == "postgresql://me@[::1]:7/x"


@pytest.mark.parametrize(
    ("mode", "checks_whose", "checks_name"),
    [("verify-ca", True, False), ("verify-full", True, True)],
)
def test_certificates_are_checked_as_the_url_says(
    mode: str, checks_whose: bool, checks_name: bool
) -> None:
    import ssl

    context = Address.of(f"postgresql://me@host/x?sslmode={mode}").arguments()["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode == ssl.CERT_REQUIRED) is checks_whose
    assert context.check_hostname is checks_name


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://localhost/x", "names no user"),
        ("postgresql://me:secret@localhost:port/x", "is not like postgresql://"),
        ("postgresql://me:secret@localhost:99999/x", "is not like postgresql://"),
        ("postgresql://me:secret@localhost/x?sslmode=maybe", "one of disable, prefer"),
        ("postgresql://me:secret@localhost/x?timeout=3", "there are host, sslmode"),
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(url: str, what: str) -> None:
    with pytest.raises(StorageError, match=what) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_without_the_extra_it_is_said_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['pg8000'] = None\n"
        "from collegium.errors import StorageError\n"
        "from collegium.storage.opening import open_store\n"
        "try: open_store('postgresql://me@localhost/x')\n"
        "except StorageError as error: print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'collegium[postgres]'" in told.stdout
