"""The embedded model: a real one, in a process that never outlives whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from collegium import config
from collegium.backends.base import Prompt, joined
from collegium.backends.http import HttpBackend
from collegium.backends.llamacpp import ROOM_AGAIN_S, LlamaCppBackend
from collegium.backends.models import ModelStore
from collegium.backends.room import Room
from collegium.errors import BackendBusy, BackendError, BackendUnavailable, NoRoom
from collegium.testing import backend_checks
from collegium.types import Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from collegium.backends.base import Backend

pytestmark = pytest.mark.embedded

LONG: dict[str, Any] = {"max_tokens": 400, "temperature": 0, "ignore_eos": True}


def model_path() -> Path:
    store = ModelStore(config.cache_dir() / "models")
    if not store.cached("smollm2-135m"):
        pytest.fail("the embedded model is not here: collegium models pull smollm2-135m")
    return store.path("smollm2-135m")


def embedded(path: Path | None = None) -> LlamaCppBackend:
    return LlamaCppBackend(path or model_path(), model="smollm2-135m", threads=2)


def asking(text: str = "Count to ten.", **sampling: Any) -> Prompt:
    settings = {"max_tokens": 12, "temperature": 0, **sampling}
    return Prompt((Message("user", text),), sampling=settings)


@pytest.fixture
async def backend() -> AsyncGenerator[LlamaCppBackend]:
    made = embedded()
    try:
        yield made
    finally:
        await made.aclose()


def alive(pid: int | None) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(") ")[1][0] != "Z"


async def gone(pid: int, within_s: float = 5.0) -> bool:
    limit = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < limit:  # noqa: ASYNC110 -- another process's state
        await asyncio.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("check", backend_checks())
async def test_the_embedded_model_keeps_the_promises_of_a_backend(
    check: Callable[[Callable[[], Backend]], Awaitable[None]],
) -> None:
    await check(embedded)


async def test_it_streams_as_it_generates_and_names_itself(backend: LlamaCppBackend) -> None:
    times: list[float] = []
    async with aclosing(backend.stream(asking(**LONG))) as chunks:
        async for chunk in chunks:
            times.append(time.monotonic())
            if len(times) == 1:
                assert chunk.model in (None, "smollm2-135m")
            if len(times) > 60:
                break
    assert times[-1] - times[0] > 0.05


async def test_many_first_requests_start_one_process(backend: LlamaCppBackend) -> None:
    await asyncio.gather(*(backend.start() for _ in range(5)))
    assert _children() == [backend.pid]
    assert alive(backend.pid)


async def test_the_key_is_secret_and_nobody_without_it_is_answered(
    backend: LlamaCppBackend,
) -> None:
    http = await backend.start()
    key = http._headers["Authorization"].removeprefix("Bearer ")
    assert key not in Path(f"/proc/{backend.pid}/cmdline").read_text()
    assert key not in Path(f"/proc/{backend.pid}/environ").read_text()
    assert http.url.startswith("http://127.0.0.1:")

    def get(origin: str) -> tuple[int, str]:
        request = urllib.request.Request(http.url + "/models", headers={"Origin": origin})
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return reply.status, str(reply.headers["Access-Control-Allow-Origin"])
        except urllib.error.HTTPError as error:
            with error:
                return error.code, str(error.headers["Access-Control-Allow-Origin"])

    status, allowed = await asyncio.to_thread(get, "http://elsewhere.example")
    assert status == 401
    assert allowed not in ("*", "http://elsewhere.example")


async def test_it_listens_on_loopback_alone(backend: LlamaCppBackend) -> None:
    http = await backend.start()
    port = int(http.url.split(":")[2].split("/")[0])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]


async def test_walking_away_stops_the_generating(backend: LlamaCppBackend) -> None:
    async with aclosing(backend.stream(asking(**{**LONG, "max_tokens": 3000}))) as chunks:
        await anext(chunks)
    started = time.monotonic()
    await backend.generate(asking(max_tokens=1))
    assert time.monotonic() - started < 3


async def test_a_crash_is_an_error_for_whom_it_met_and_the_next_one_is_answered(
    backend: LlamaCppBackend,
) -> None:
    await _crash_and_go_on(backend)


async def test_another_is_started_in_place_of_one_that_crashed_before_anybody_asks(
    backend: LlamaCppBackend,
) -> None:
    await backend.start()
    crashed = backend.pid
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    limit = time.monotonic() + 60
    while (
        backend.state != "running" or backend.pid == crashed
    ) and time.monotonic() < limit:  # another process's state
        assert not await backend.alive() or backend.pid not in (None, crashed)
        await asyncio.sleep(0.02)
    assert backend.pid != crashed
    assert await backend.alive()
    assert (await backend.generate(asking())).text


async def test_closing_one_that_is_started_again_leaves_no_process(
    backend: LlamaCppBackend,
) -> None:
    await backend.start()
    assert backend.pid is not None
    os.kill(backend.pid, signal.SIGKILL)
    while backend.state == "running":  # noqa: ASYNC110 -- another process's state
        await asyncio.sleep(0.005)
    await backend.aclose()
    assert (backend.state, _children()) == ("asleep", [])
    await asyncio.sleep(0.3)
    assert _children() == []
    assert await backend.alive()


async def test_what_it_takes_is_estimated_high_and_then_known(backend: LlamaCppBackend) -> None:
    assert backend.taken_mb is None
    await backend.generate(asking())
    assert backend.taken_mb is not None
    assert 100 < backend.taken_mb < backend.expected_mb(model_path()) < 1000


class Memory:
    """How much there is, as it is said to be."""

    def __init__(self, mb: float) -> None:
        self.mb = mb

    def __call__(self) -> float:
        return self.mb


@asynccontextmanager
async def in_a_room(memory: Memory, *numbers: int) -> AsyncGenerator[list[LlamaCppBackend]]:
    """Backends that ask whether there is memory, each at a place of that number."""
    room = Room(memory, patience_s=60.0)
    made = [
        LlamaCppBackend(model_path(), model="smollm2-135m", room=room, number=number)
        for number in numbers
    ]
    try:
        yield made
    finally:
        await asyncio.gather(*(one.aclose() for one in made))


async def test_a_first_request_is_sent_away_where_there_is_no_memory_beside_what_runs() -> None:
    memory = Memory(10_000.0)
    async with in_a_room(memory, 1, 2) as (first, second):
        await first.start()
        memory.mb = 10.0
        with pytest.raises(BackendBusy, match=r"takes about \d+ MB; there are 10 MB") as busy:
            await second.generate(asking())
        assert busy.value.retry_after_s == ROOM_AGAIN_S
        assert (second.state, _children()) == ("asleep", [first.pid])
        with pytest.raises(NoRoom):
            await second.start()
        memory.mb = 10_000.0
        assert (await second.generate(asking())).text


async def test_one_that_crashed_is_started_again_in_the_memory_that_it_had() -> None:
    memory = Memory(10_000.0)
    async with in_a_room(memory, 1, 2) as (first, second):
        await asyncio.gather(first.start(), second.start())
        memory.mb, crashed = 10.0, second.pid
        assert crashed is not None
        os.kill(crashed, signal.SIGKILL)
        assert (await second.generate(asking())).text
        assert second.pid not in (None, crashed)
        await second.aclose()
        with pytest.raises(NoRoom):
            await second.start()


async def test_after_a_reload_the_new_one_starts_when_the_old_one_has_left_it_the_memory() -> None:
    memory = Memory(10_000.0)
    async with in_a_room(memory, 1, 1) as (old, new):
        await old.start()
        memory.mb = 10.0
        asked = asyncio.create_task(new.generate(asking()))
        await asyncio.sleep(0.3)
        assert (new.state, _children()) == ("starting", [old.pid])
        await old.aclose()
        memory.mb = 10_000.0
        assert (await asyncio.wait_for(asked, 60)).text


async def test_closing_leaves_no_process_even_while_it_starts() -> None:
    backend = embedded()
    starting = asyncio.create_task(backend.start())
    while backend.pid is None:  # noqa: ASYNC110 -- another process's state
        await asyncio.sleep(0.005)
    pid = backend.pid
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await backend.aclose()
    assert await gone(pid)
    await backend.aclose()


@pytest.mark.parametrize("after_s", [0.0, 0.003, 0.1])
async def test_closing_ends_a_start_that_nobody_cancels(after_s: float) -> None:
    backend = embedded()
    starting = asyncio.create_task(backend.start())
    await asyncio.sleep(after_s)
    await backend.aclose()
    assert _children() == []
    async with asyncio.timeout(5):
        with pytest.raises(BackendUnavailable, match="closed while it started"):
            await starting
    assert _children() == []


async def test_closing_under_a_waiting_reader_starts_no_other_process(
    backend: LlamaCppBackend,
) -> None:
    await backend.start()
    reading = asyncio.create_task(backend.generate(asking("word " * 3000)))
    await asyncio.sleep(0.1)
    assert not reading.done()
    await backend.aclose()
    with pytest.raises(BackendError):
        await reading
    assert _children() == []
    assert (await backend.generate(asking())).text


async def test_a_process_that_dies_before_it_answers_is_noticed_at_once(
    backend: LlamaCppBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(http: HttpBackend, path: str) -> bool:
        return False

    # The moment between its port and its first answer is too short to hit from outside.
    monkeypatch.setattr(HttpBackend, "answers", never)
    starting = asyncio.create_task(backend.start())
    while backend.pid is None:  # noqa: ASYNC110 -- another process's state
        await asyncio.sleep(0.005)
    await asyncio.sleep(1)
    os.kill(backend.pid, signal.SIGKILL)
    async with asyncio.timeout(5):
        with pytest.raises(BackendUnavailable, match="did not start; its last words: "):
            await starting


async def test_a_file_that_is_no_model_is_refused_with_its_last_words(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"this is no model" * 100)
    backend = embedded(wrong)
    with pytest.raises(BackendUnavailable, match="did not start; its last words: "):
        await backend.start()
    assert backend.pid is None
    await backend.aclose()


async def test_without_llama_cpp_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    # A fake, since taking the package away from under the other tests cannot be undone.
    monkeypatch.setattr("collegium.backends.llamacpp.find_spec", lambda name: None)
    backend = embedded()
    with pytest.raises(BackendUnavailable, match=r"pip install 'collegium\[local\]'"):
        await backend.start()
    assert not await backend.healthy()


PARENT = """
import asyncio, sys
from pathlib import Path
from collegium.backends.llamacpp import LlamaCppBackend
async def main():
    backend = LlamaCppBackend(Path(sys.argv[1]), model="m", threads=1)
    await backend.start()
    print(backend.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_it_dies_with_its_parent_however_that_dies() -> None:
    await _orphan()


def _children() -> list[int]:
    """The embedded models' processes that this one has."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "ppid,pid,stat,args"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()]
    return [
        int(pid)
        for parent, pid, state, args in rows
        if parent == str(os.getpid()) and "llamacpp_child" in args and state[0] != "Z"
    ]


async def _orphan() -> None:
    command = [sys.executable, "-c", PARENT, str(model_path())]
    parent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    assert await gone(child)


async def _crash_and_go_on(backend: LlamaCppBackend) -> None:
    with pytest.raises(BackendError):  # noqa: PT012 -- what is awaited is the crash
        async with aclosing(backend.stream(asking(**LONG))) as chunks:
            async for _ in chunks:
                if backend.pid is not None and alive(backend.pid):
                    os.kill(backend.pid, signal.SIGKILL)
    crashed = backend.pid
    reply = await joined(backend.stream(asking()), model="")
    assert reply.text
    assert backend.pid != crashed


@pytest.mark.long
async def test_twenty_crashes_are_survived_when_they_are_not_in_one_minute() -> None:
    for _ in range(5):
        backend = embedded()
        try:
            for _ in range(4):
                await _crash_and_go_on(backend)
        finally:
            await backend.aclose()


@pytest.mark.long
async def test_five_crashes_in_a_minute_are_taken_for_its_nature(backend: LlamaCppBackend) -> None:
    for _ in range(5):
        await backend.start()
        pid = backend.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await gone(pid)
        await asyncio.sleep(0.05)
    with pytest.raises(BackendUnavailable, match="crashed 5 times in 60 s"):
        await backend.start()


@pytest.mark.long
async def test_twenty_abandoned_streams_leave_it_answering(backend: LlamaCppBackend) -> None:
    for _ in range(20):
        async with aclosing(backend.stream(asking(**LONG))) as chunks:
            await anext(chunks)
        assert (await backend.generate(asking(max_tokens=2))).text


@pytest.mark.long
async def test_ten_killed_parents_leave_no_orphan() -> None:
    for _ in range(10):
        await _orphan()
