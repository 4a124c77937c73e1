"""Keys: their file, who may come in with them and for what, and the verbs that make them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from collegium.cli.app import build
from collegium.errors import (
    ConfigError,
    ExpiredKey,
    Forbidden,
    InvalidKey,
    ModelNotAllowed,
    NotFound,
    RevokedKey,
)
from collegium.gateway.security import (
    LOCAL,
    Key,
    KeyFile,
    KeyStore,
    Limits,
    allows,
    local,
    meant_for_here,
    presented,
    require,
    require_keys,
    require_model,
    sent_from_here,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typer.testing import Result


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def key(**fields: Any) -> Key:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Key(
        **{"id": "key_1", "name": "k", "prefix": "cg-x", "hash": "", "created": moment, **fields}
    )


def edited(path: Path, **fields: Any) -> None:
    """Change the first key of a file by hand."""
    said = json.loads(path.read_text())
    said["keys"][0].update(fields)
    path.write_text(json.dumps(said))


# The file


async def test_a_key_is_found_by_its_secret_and_by_nothing_else(tmp_path: Path) -> None:
    made, secret = await KeyFile(tmp_path / "keys.json").create("alice")
    store = KeyStore(tmp_path / "keys.json")
    assert store.find(secret) == made
    for wrong in (
        secret[:-1],
        secret + "x",
        secret.upper(),
        made.prefix,
        made.hash,
        "cg-",
        "\ud800",
    ):
        with pytest.raises(InvalidKey) as refused:
            store.find(wrong)
        assert wrong not in str(refused.value)
    for nothing in (None, ""):
        with pytest.raises(InvalidKey, match="no API key"):
            store.find(nothing)


async def test_the_file_holds_no_secret_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    made, secret = await KeyFile(path).create("alice")
    kept = path.read_text()
    assert secret not in kept
    assert secret[9:] not in kept
    assert made.prefix == secret[:9]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secret) == len("cg-") + 43


async def test_the_same_secret_is_another_hash_in_another_file(tmp_path: Path) -> None:
    files = [KeyFile(tmp_path / name) for name in ("a.json", "b.json")]
    for file in files:
        await file.create("alice")
    one, other = (file.read() for file in files)
    assert one.salt != other.salt


async def test_what_a_key_may_do_outlasts_the_file(tmp_path: Path) -> None:
    limits = Limits(requests_per_minute=60, budget_usd=5.0, period="day", max_parallel=2)
    file = KeyFile(tmp_path / "keys.json")
    made, _ = await file.create(
        "alice", permissions=("use", "admin"), models=("auto", "ollama/*"), limits=limits
    )
    assert file.read().keys == (made,)
    assert made.limits == limits
    assert made.limits.any
    assert not Limits().any


async def test_a_revoked_key_says_so_within_a_second(tmp_path: Path) -> None:
    clock, file = Clock(), KeyFile(tmp_path / "keys.json")
    made, secret = await file.create("alice")
    store = KeyStore(file.path, clock=clock)
    await file.revoke("alice")
    clock.now += 0.9
    assert store.find(secret) == made
    clock.now += 0.2
    with pytest.raises(RevokedKey, match=made.prefix):
        store.find(secret)


async def test_a_key_is_valid_until_its_time_is_over(tmp_path: Path) -> None:
    wall = Clock()
    file = KeyFile(tmp_path / "keys.json", wall=wall)
    _, secret = await file.create("alice", valid_s=60)
    store = KeyStore(file.path, wall=wall)
    wall.now += 59.5
    store.find(secret)
    wall.now += 0.5
    with pytest.raises(ExpiredKey, match="expired at 1970-01-12"):
        store.find(secret)


async def test_revoking_twice_keeps_the_first_time(tmp_path: Path) -> None:
    wall = Clock()
    file = KeyFile(tmp_path / "keys.json", wall=wall)
    await file.create("alice")
    first = await file.revoke("alice")
    wall.now += 100
    assert await file.revoke(first.id) == first
    with pytest.raises(NotFound, match="there are: 'alice'"):
        await file.revoke("bob")


async def test_a_name_is_free_again_once_its_key_is_no_longer_valid(tmp_path: Path) -> None:
    wall = Clock()
    file = KeyFile(tmp_path / "keys.json", wall=wall)
    await file.create("alice", valid_s=10)
    with pytest.raises(ConfigError, match="there is a key called 'alice'"):
        await file.create("alice")
    wall.now += 10
    second, _ = await file.create("alice")
    assert (await file.revoke("alice")).id == second.id


@pytest.mark.parametrize("name", ["", "x" * 129, "a\nb", "\x1b[31m", "\u202eevil", "\ud800"])
async def test_a_name_that_cannot_be_seen_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        await KeyFile(tmp_path / "keys.json").create(name)
    with pytest.raises(ConfigError, match="is no name"):
        await KeyFile(tmp_path / "keys.json").create("right", models=[name])
    assert not (tmp_path / "keys.json").exists()


async def test_writers_in_many_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from collegium.gateway.security.keyfile import KeyFile\n"
        "async def work():\n"
        "    for place in range(5):\n"
        "        await KeyFile(Path(sys.argv[1])).create(f'{sys.argv[2]}-{place}')\n"
        "asyncio.run(work())\n"
    )
    path = tmp_path / "keys.json"
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path), str(one))
        for one in range(4)
    ]
    while any(writer.returncode is None for writer in writers):
        if path.exists():
            KeyFile(path).read()  # never half a file
        await asyncio.sleep(0.005)
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    names = {key.name for key in KeyFile(path).read().keys}
    assert names == {f"{one}-{place}" for one in range(4) for place in range(5)}
    assert {one.name for one in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}


async def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    await file.create("alice")
    before = file.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        await file.create("bob")
    assert file.path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}


async def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "keys.json").symlink_to(tmp_path / "there" / "keys.json")
    await KeyFile(tmp_path / "keys.json").create("alice")
    assert (tmp_path / "keys.json").is_symlink()
    assert (tmp_path / "there" / "keys.json").is_file()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"version": 2, "salt": "00000000000000000000000000000000"}',
        b'{"version": 1, "salt": ""}',
        b'{"version": 1, "salt": "00000000000000000000000000000000", "more": 1}',
    ],
)
async def test_a_broken_file_is_refused_and_never_overwritten(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"keys\.json"):
        KeyStore(path)
    with pytest.raises(ConfigError, match=r"keys\.json"):
        await KeyFile(path).create("alice")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "wrong",
    [
        {"permissions": ["root"]},
        {"hash": ""},
        {"hash": "0" * 63},
        {"created": "2026-01-01T00:00:00"},
        {"expires": "soon"},
        {"budget": 5},
        {"limits": {"budget_usd": -1}},
        {"limits": {"requests_per_minute": 0}},
        {"limits": {"period": "week"}},
        {"limits": {"budget": 1}},
    ],
)
async def test_a_key_that_says_what_nobody_understands_is_refused(
    wrong: Mapping[str, Any], tmp_path: Path
) -> None:
    await KeyFile(tmp_path / "keys.json").create("alice")
    edited(tmp_path / "keys.json", **wrong)
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        KeyStore(tmp_path / "keys.json")


@given(content=st.binary(max_size=200))
def test_whatever_is_in_the_file_only_a_config_error_comes_of_it(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with pytest.raises(ConfigError):
            KeyStore(Path(file.name))


# The server's view


@pytest.mark.parametrize("gone", [False, True])
async def test_a_server_goes_on_with_the_last_good_file(
    gone: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, file = Clock(), KeyFile(tmp_path / "keys.json")
    made, secret = await file.create("alice")
    good = file.path.read_bytes()
    store = KeyStore(file.path, clock=clock, open_door=True)
    if gone:
        file.path.unlink()
    else:
        file.path.write_bytes(good[:-9])
    for _ in range(3):
        clock.now += 2
        assert store.find(secret) == made
    (told,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "stay valid" in told.getMessage()
    file.path.write_bytes(good)
    await file.revoke("alice")
    clock.now += 2
    with pytest.raises(RevokedKey):
        store.find(secret)


async def test_the_file_is_looked_at_once_a_second_and_read_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, file = Clock(), KeyFile(tmp_path / "keys.json")
    _, secret = await file.create("alice")
    store = KeyStore(file.path, clock=clock)
    done: Counter[str] = Counter()

    def counted(name: str, work: Callable[[], Any]) -> Callable[[], Any]:
        def once() -> Any:
            done[name] += 1
            return work()

        return once

    monkeypatch.setattr(store, "_stamp", counted("look", store._stamp))
    monkeypatch.setattr(store.file, "read", counted("read", store.file.read))
    for _ in range(100):
        clock.now += 0.1
        store.find(secret)
    assert 8 <= done["look"] <= 10
    assert set(done) == {"look"}
    await file.create("bob")
    clock.now += 1
    store.find(secret)
    assert done["read"] == 1


async def test_without_keys_only_an_open_door_lets_in(tmp_path: Path) -> None:
    clock = Clock()
    shut, ajar = (
        KeyStore(tmp_path / "keys.json", open_door=door, clock=clock) for door in (False, True)
    )
    assert shut.empty
    with pytest.raises(InvalidKey):
        shut.find("sk-anything")
    assert ajar.find(None) is LOCAL
    assert ajar.find("sk-anything") is LOCAL
    _, secret = await KeyFile(tmp_path / "keys.json").create("alice")
    clock.now += 1
    with pytest.raises(InvalidKey):
        ajar.find("sk-anything")
    await KeyFile(tmp_path / "keys.json").revoke("alice")
    clock.now += 1
    with pytest.raises(RevokedKey):
        ajar.find(secret)
    with pytest.raises(InvalidKey):
        ajar.find(None)


async def test_finding_a_key_among_ten_thousand_takes_no_longer_than_among_ten(
    tmp_path: Path,
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    made, secret = await file.create("alice")
    said = json.loads(file.path.read_text())
    more = [{**said["keys"][0], "id": f"key_{one}", "hash": f"{one:064x}"} for one in range(10_000)]
    few, many = tmp_path / "few.json", tmp_path / "many.json"
    few.write_text(json.dumps({**said, "keys": [*more[:9], *said["keys"]]}))
    many.write_text(json.dumps({**said, "keys": [*more, *said["keys"]]}))

    def cost_s(store: KeyStore) -> float:
        def once() -> float:
            began = time.perf_counter()
            for _ in range(200):
                assert store.find(secret) == made
            return time.perf_counter() - began

        return min(once() for _ in range(10))

    assert cost_s(KeyStore(many)) < 5 * cost_s(KeyStore(few))


# What a request shows, and what its key may do


def test_a_secret_is_read_from_either_header() -> None:
    assert presented([(b"authorization", b"Bearer cg-abc")]) == "cg-abc"
    assert presented([(b"authorization", b"bearer  cg-abc ")]) == "cg-abc"
    assert presented([(b"x-api-key", b"cg-abc"), (b"host", b"here")]) == "cg-abc"
    assert presented([(b"x-api-key", b"cg-a"), (b"authorization", b"Bearer cg-a")]) == "cg-a"
    assert presented([(b"host", b"here")]) is None


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Basic YWxhZGRpbg==")],
        [(b"authorization", b"cg-abc")],
        [(b"authorization", b"Bearer cg-a"), (b"authorization", b"Bearer cg-b")],
        [(b"authorization", b"Bearer cg-a"), (b"x-api-key", b"cg-b")],
    ],
)
def test_headers_that_leave_a_doubt_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(InvalidKey):
        presented(headers)


def test_administering_takes_the_permission() -> None:
    require(key(permissions=("use", "admin")), "admin")
    require(LOCAL, "admin")
    with pytest.raises(Forbidden, match="'admin'"):
        require(key(), "admin")


@pytest.mark.parametrize(
    ("patterns", "model", "may"),
    [
        ((), "openai/gpt-4o", True),
        (("auto",), "auto", True),
        (("auto",), "collegium/auto", True),
        (("collegium/*",), "auto", True),
        (("collegium/*",), "collegium/coding", True),
        (("auto",), "collegium/coding", False),
        (("ollama/*",), "ollama/library/llama3", True),
        (("ollama/*",), "Ollama/llama3", False),
        (("ollama/*",), "xollama/llama3", False),
        (("ollama/llama?",), "ollama/llama3", True),
        (("*mini",), "openai/gpt-4o-mini", True),
    ],
)
def test_a_key_is_for_the_models_of_its_patterns(
    patterns: tuple[str, ...], model: str, may: bool
) -> None:
    holder = key(models=patterns)
    assert allows(holder, model) is may
    if may:
        require_model(holder, model)
    else:
        with pytest.raises(ModelNotAllowed, match=model):
            require_model(holder, model)


# From where a server is reached


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("2130706433", False),
    ],
)
def test_only_loopback_addresses_are_this_machines_own(host: str, here: bool) -> None:
    assert local(host) is here


async def test_listening_where_others_reach_it_takes_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    require_keys("127.0.0.1", KeyStore(path))
    with pytest.raises(ConfigError, match="collegium keys create"):
        require_keys("0.0.0.0", KeyStore(path))
    await KeyFile(path).create("alice")
    require_keys("0.0.0.0", KeyStore(path))


@pytest.mark.parametrize(
    ("header", "here"),
    [
        ("127.0.0.1:8100", True),
        ("localhost", True),
        ("[::1]:8100", True),
        ("::1", True),
        ("evil.example:8100", False),
        ("127.0.0.1.evil.example:8100", False),
        ("127.0.0.1@evil.example", False),
        ("localhost:8100:8100", False),
        ("", False),
    ],
)
def test_a_host_header_of_another_name_is_not_meant_for_here(header: str, here: bool) -> None:
    assert meant_for_here(header) is here


@pytest.mark.parametrize(
    ("header", "here"),
    [
        ("", True),
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:3000", True),
        ("null", False),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost:3000.evil.example", False),
        ("chrome-extension://localhost", False),
    ],
)
def test_a_page_of_another_machine_is_known_by_its_origin(header: str, here: bool) -> None:
    assert sent_from_here(header) is here


# The verbs


def keys(*words: str, folder: Path) -> Result:
    """What the command line says to these words, in this process."""
    before, logger = Path.cwd(), logging.getLogger("collegium")
    listening = logger.handlers, logger.propagate, logger.level
    os.chdir(folder)
    try:
        user = {"XDG_CONFIG_HOME": str(folder), "COLUMNS": "160", "NO_COLOR": "1"}
        return CliRunner().invoke(build(), ["keys", *words], env=user)
    finally:
        os.chdir(before)
        logger.handlers, logger.propagate, logger.level = listening


def test_only_the_secret_goes_to_stdout_of_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "collegium", "keys", "create", "alice", "--keys-file", "k"]
    made = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert KeyStore(tmp_path / "k").find(made.stdout.removesuffix("\n")).name == "alice"
    assert "not shown again" in made.stderr


def test_creating_prints_the_secret_alone_and_once(tmp_path: Path) -> None:
    made = keys("create", "alice", "--keys-file", "k.json", folder=tmp_path)
    assert made.exit_code == 0, made.stderr
    secret = made.stdout.removesuffix("\n")
    assert "not shown again" in made.stderr
    assert secret not in made.stderr
    assert KeyStore(tmp_path / "k.json").find(secret).name == "alice"
    listed = keys("list", "--keys-file", "k.json", folder=tmp_path)
    assert listed.exit_code == 0, listed.stderr
    assert secret[:9] in listed.stdout
    assert secret not in listed.stdout


def test_every_option_of_a_key_is_kept(tmp_path: Path) -> None:
    words = "create ci --expires 30d --admin --models auto --models ollama/* --rpm 60 --tpm 9000"
    words += " --budget 5.00 --per day --parallel 4 --json"
    told = json.loads(keys(*words.split(), folder=tmp_path).stdout)
    listed = json.loads(keys("list", "--json", folder=tmp_path).stdout)
    assert Path(listed["file"]) == tmp_path / "collegium" / "keys.json"
    assert listed["keys"] == [{name: one for name, one in told.items() if name != "key"}]
    assert told["key"].startswith(told["prefix"])
    assert told["permissions"] == ["use", "admin"]
    assert told["models"] == ["auto", "ollama/*"]
    assert told["limits"] == {
        "requests_per_minute": 60,
        "tokens_per_minute": 9000,
        "max_parallel": 4,
        "budget_usd": 5.0,
        "period": "day",
    }
    span = datetime.fromisoformat(told["expires"]) - datetime.fromisoformat(told["created"])
    assert span.days == 30


def test_the_configuration_says_where_the_keys_are(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("gateway: {keys_file: mine.json}")
    made = keys("create", "alice", "--config", "c.yaml", folder=tmp_path)
    assert made.exit_code == 0, made.stderr
    assert (tmp_path / "mine.json").is_file()
    revoked = keys("revoke", "alice", "--config", "c.yaml", folder=tmp_path)
    assert revoked.exit_code == 0, revoked.stderr
    with pytest.raises(RevokedKey):
        KeyStore(tmp_path / "mine.json").find(made.stdout.strip())


@pytest.mark.parametrize(
    "words",
    [
        ["create"],
        ["create", "a", "--expires", "soon"],
        ["create", "a", "--expires", "0d"],
        ["create", "a", "--expires", "99999w"],
        ["create", "a", "--rpm", "0"],
        ["create", "a", "--budget", "-1"],
        ["create", "a", "--budget", "nan"],
        ["create", "a", "--budget", "inf"],
        ["create", "a", "--per", "day"],
        ["create", "a", "--budget", "1", "--per", "week"],
        ["create", "a", "--models", ""],
        ["create", "\x1b[31m"],
        ["revoke", "nobody"],
        ["list", "--config", "missing.yaml"],
    ],
    ids=" ".join,
)
def test_wrong_words_end_with_2_and_no_traceback(words: list[str], tmp_path: Path) -> None:
    result = keys(*words, folder=tmp_path)
    assert result.exit_code == 2, result.stderr
    assert result.stderr
    assert not result.stdout
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("keys.json"))
