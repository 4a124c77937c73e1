"""The sandbox, tried by programs that want to get out of it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import escapes
import pytest

from collegium.errors import SandboxUnavailable
from collegium.verification import sandbox as sandbox_module
from collegium.verification.isolation import landlock, seccomp
from collegium.verification.sandbox import Limits, Sandbox

SOMEBODY = 65533
USERS = ("root", "plain user") if os.geteuid() == 0 else ("plain user",)
NAMES = (*(one.name for one in escapes.ESCAPES), "leaving something behind")

linux = pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux")


@cache
def tried(user: str, means: tuple[str, ...]) -> dict[str, Any]:
    """What got out, in a process of its own: of the user's, and with a Python it may start."""
    needs_another = means[0] == "landlock" or (user == "plain user" and os.geteuid() == 0)
    python = escapes.interpreter_for_all() if needs_another else sys.executable
    if python is None:
        return {"unproved": f"the {user} needs a Python outside {sys.base_prefix}"}
    somebody: dict[str, Any] = {}
    if user == "plain user" and os.geteuid() == 0:
        somebody = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}
    done = subprocess.run(
        [python, "-B", escapes.__file__, *means],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={
            "PYTHONPATH": str(Path(sandbox_module.__file__).parents[2]),
            "OF_THE_USER": escapes.SECRET,
            "HOME": str(Path("~").expanduser()),
        },
        timeout=60,
        **somebody,
    )
    if done.returncode:
        return {"got_out": {name: [done.stderr] for name in NAMES}}
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@linux
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("means", sandbox_module.WAYS, ids="-".join)
@pytest.mark.parametrize("user", USERS)
def test_nothing_gets_out(user: str, means: tuple[str, ...], name: str) -> None:
    told = tried(user, means)
    if "unproved" in told:
        pytest.skip(f"as {user}, {' and '.join(means)} cannot be proved: {told['unproved']}")
    assert told["got_out"][name] == []


@linux
@pytest.mark.parametrize(
    "escape", [one for one in escapes.ESCAPES if one.bare], ids=lambda one: one.name
)
async def test_without_walls_the_same_programs_get_out(
    escape: escapes.Escape,
) -> None:
    harm, _ = await escapes.attempt(Sandbox(unsafe=True, means=()), escape)
    assert harm


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    one = Sandbox()
    isolation = asyncio.run(one.isolation())
    if not isolation.proved:
        pytest.skip(f"nothing isolates here: {isolation.why}")
    return one


async def test_a_program_runs_with_its_input_and_its_files(sandbox: Sandbox) -> None:
    ran = await sandbox.run(
        "import sys\nprint(sys.stdin.read() + open('a/b.txt').read())\nsys.exit(3)",
        stdin="ä",
        files={"a/b.txt": "€"},
    )
    assert (ran.exit_code, ran.stdout, ran.stderr) == (3, "ä€\n", "")
    assert not ran.timed_out
    assert not ran.ok


async def test_the_working_directory_holds_the_files_and_nothing_else(sandbox: Sandbox) -> None:
    ran = await sandbox.run("import os\nprint(os.listdir())", files={"one": ""})
    assert ran.ok
    assert ran.stdout == "['one']\n"


async def test_a_file_called_stdin_is_a_file_like_any_other(sandbox: Sandbox) -> None:
    source = "import sys\nprint(sys.stdin.read(), open('stdin').read())"
    ran = await sandbox.run(source, stdin="given", files={"stdin": "a file"})
    assert ran.stdout == "given a file\n"


async def test_files_are_modules_when_the_source_says_so(sandbox: Sandbox) -> None:
    source = "import sys\nsys.path.insert(0, '.')\nfrom solution import answer\nprint(answer)"
    assert (await sandbox.run(source, files={"solution.py": "answer = 42"})).stdout == "42\n"
    assert (await sandbox.run("import solution", files={"solution.py": ""})).exit_code == 1


async def test_the_standard_library_works_and_packages_are_not_there(sandbox: Sandbox) -> None:
    source = """
import asyncio, concurrent.futures, datetime, decimal, hashlib, json, sqlite3, tempfile, unittest
async def main():
    await asyncio.sleep(0)
    return await asyncio.to_thread(lambda: 7)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(asyncio.run(main()), list(pool.map(abs, [-1])), sqlite3.connect(":memory:").total_changes)
try: import numpy
except ModuleNotFoundError: print("no numpy")
"""
    ran = await sandbox.run(source)
    assert ran.stdout == "7 [1] 0\nno numpy\n", ran.stderr


async def test_a_program_may_end_by_a_signal(sandbox: Sandbox) -> None:
    ran = await sandbox.run("import ctypes\nctypes.string_at(0)")
    assert ran.exit_code == -11
    assert not ran.timed_out


async def test_a_program_past_its_time_has_no_exit_code(sandbox: Sandbox) -> None:
    ran = await sandbox.run("print('begun', flush=True)\nwhile True: pass", limits=Limits(0.5))
    assert (ran.exit_code, ran.stdout, ran.timed_out) == (None, "begun\n", True)
    assert 500 <= ran.elapsed_ms < 4000


async def test_half_a_surrogate_pair_is_the_programs_mistake(sandbox: Sandbox) -> None:
    ran = await sandbox.run("print('\ud800')")
    assert ran.exit_code == 1
    assert "SyntaxError" in ran.stderr


async def test_a_long_source_and_a_long_input_get_through(sandbox: Sandbox) -> None:
    padding = "# a comment\n" * 200_000
    ran = await sandbox.run(f"{padding}import sys\nprint(len(sys.stdin.read()))", stdin="x" * 10**6)
    assert ran.stdout == "1000000\n"


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../b", "", ".", "a\0b"])
async def test_a_file_name_that_leads_out_is_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        await sandbox.run("", files={name: ""})


async def test_files_larger_than_the_directory_are_refused(sandbox: Sandbox) -> None:
    isolation = await sandbox.isolation()
    if "namespaces" not in isolation.means:
        pytest.skip("only a file system of one's own is that small")
    with pytest.raises(SandboxUnavailable, match="No space left"):
        await sandbox.run("", files={"large": "x" * (9 << 20)}, limits=Limits(file_mb=2))


async def test_programs_run_side_by_side(sandbox: Sandbox) -> None:
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(sandbox.run(f"print({one})")) for one in range(8)]
    assert [one.result().stdout for one in runs] == [f"{one}\n" for one in range(8)]


async def test_the_event_loop_goes_on_while_a_program_floods_it(sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(sandbox.run("while True: print('x' * 65_536)"))
    longest = 0.0
    while not running.done():
        before = loop.time()
        await asyncio.sleep(0.001)
        longest = max(longest, loop.time() - before)
    ran = await running
    assert len(ran.stdout) == 65_536
    assert ran.exit_code != 0
    assert longest < 0.5


async def begun(name: str) -> None:
    """Wait until the program has said its name."""
    async with asyncio.timeout(10):
        while not escapes.processes_called(name):  # noqa: ASYNC110 -- it is not our child
            await asyncio.sleep(0.01)


@linux
@pytest.mark.parametrize(
    "source", ["while True: pass", "import os\nos.fork()\nos.close(1)\ntime.sleep(60)"]
)
async def test_walking_away_ends_the_program(sandbox: Sandbox, source: str) -> None:
    with escapes.world() as around:
        marked = around.head() + "print('begun', flush=True)\n" + source
        running = asyncio.create_task(sandbox.run(marked, limits=Limits(wall_s=30, cpu_s=30)))
        await begun(around.name)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not escapes.processes_called(around.name)
        assert not escapes.zombies()


@linux
async def test_a_starter_that_is_killed_takes_its_program_along(sandbox: Sandbox) -> None:
    await sandbox.isolation()
    with escapes.world() as around:
        starter = f"""
import asyncio
from collegium.verification.sandbox import Limits, Sandbox
asyncio.run(Sandbox().run({around.head() + "time.sleep(60)"!r}, limits=Limits(wall_s=60)))
"""
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", starter)
        await begun(around.name)
        process.kill()
        await process.wait()
        async with asyncio.timeout(5):
            while escapes.processes_called(around.name):  # noqa: ASYNC110 -- it is nobody's child
                await asyncio.sleep(0.02)


@linux
async def test_nothing_runs_where_files_cannot_be_kept_from_a_program(tmp_path: Path) -> None:
    python = escapes.interpreter_for_all()
    if python is None:
        pytest.skip("the program's user could not start this Python")
    one = Sandbox(means=("seccomp",), python=python)
    isolation = await one.isolation()
    assert not isolation.proved
    assert "could read a file of its user" in isolation.why
    with pytest.raises(SandboxUnavailable, match="could read a file of its user"):
        await one.run(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert not list(tmp_path.iterdir())


@linux
async def test_landlock_alone_is_no_isolation() -> None:
    python = escapes.interpreter_for_all()
    if python is None or landlock.version() < landlock.LEAST_VERSION:
        pytest.skip("there is no Landlock here, or no Python for everybody")
    isolation = await Sandbox(means=("landlock",), python=python).isolation()
    assert not isolation.proved
    assert "start a process" in isolation.why


async def test_nothing_runs_where_nothing_isolates() -> None:
    one = Sandbox(means=())
    assert not (await one.isolation()).proved
    with pytest.raises(SandboxUnavailable, match="nothing holds a program"):
        await one.run("print(1)")


async def test_an_old_landlock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 2)
    with pytest.raises(OSError, match=r"version 2 here; 3 \(Linux 6.2\) is needed"):
        landlock.restrict({})


async def test_another_system_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    isolation = await Sandbox().isolation()
    assert isolation == sandbox_module.Isolation(
        False, (), "isolation needs Linux, and this is darwin"
    )


async def test_a_python_that_is_not_there_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match="no Python starts at '/no/python'"):
        await Sandbox(python="/no/python", unsafe=True, means=()).run("")


async def test_unsafe_runs_with_the_limits_alone() -> None:
    one = Sandbox(unsafe=True, means=())
    before = escapes.leftovers()
    ran = await one.run("import os\nprint(sorted(os.environ), os.listdir())", files={"x": ""})
    assert ran.stdout == "['LANG', 'PATH'] ['x']\n"
    ran = await one.run("print(bytearray(10 << 30))")
    assert "MemoryError" in ran.stderr
    assert escapes.leftovers() <= before
    assert (await one.isolation()).proved is False


async def test_unsafe_removes_a_directory_that_was_locked_or_removed() -> None:
    one = Sandbox(unsafe=True, means=())
    before = escapes.leftovers()
    locked = "import os\nos.makedirs('a/b')\nos.chmod('a', 0)\nos.symlink('/', 'root')\nprint(1)"
    removed = "import os, time\nos.rmdir(os.getcwd())\ntime.sleep(0.1)\nprint(2)"
    assert (await one.run(locked)).stdout == "1\n"
    assert (await one.run(removed)).stdout == "2\n"
    assert escapes.leftovers() <= before


async def test_unsafe_does_not_wait_for_what_outlives_the_program() -> None:
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(3)
    os._exit(0)
print(1)
"""
    ran = await Sandbox(unsafe=True, means=()).run(source)
    assert ran.stdout == "1\n"
    assert ran.elapsed_ms < 2500


async def test_isolation_is_tried_once(sandbox: Sandbox) -> None:
    assert await sandbox.isolation() is await sandbox.isolation()


async def test_whoever_asks_during_the_trial_waits_for_it() -> None:
    sandbox = Sandbox()
    first, *others = await asyncio.gather(*(sandbox.isolation() for _ in range(3)))
    assert all(other is first for other in others)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("own_world", [False, True])
def test_the_filter_is_one_the_kernel_takes(machine: str, own_world: bool) -> None:
    length, rest = divmod(len(seccomp.program(machine, own_world=own_world)), 8)
    assert rest == 0
    assert length < 4096


def test_no_directory_of_a_sandbox_is_left() -> None:
    assert not [one for one in escapes.leftovers() if Path(one).stat().st_uid == os.geteuid()]
    assert not list(Path(tempfile.gettempdir()).glob("collegium-trial-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
async def test_where_the_kernel_lets_a_user_have_namespaces_isolation_is_proved() -> None:
    """The tests above are passed over where nothing isolates; this one sees that it is so."""
    unshare = shutil.which("unshare")
    may = (
        unshare is not None
        and not subprocess.run(
            [unshare, "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"],
            check=False,
            capture_output=True,
        ).returncode
    )
    assert (await Sandbox().isolation()).proved or not may
