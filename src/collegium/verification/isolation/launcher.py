"""The launcher: starts one program behind its walls, waits for it, and leaves nothing behind.

It reads its orders from stdin, answers on the descriptor it is given, and ends everything when
stdin ends: that is when its parent has no more use for it, or is gone. In namespaces the program
has a process 1 above it that does nothing; when that ends, the kernel ends whatever is left.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
import time

from . import confine, folder, kernel, namespaces

LOOK_EVERY_S = 0.02
_SIGKILL = 9  # the module of signals takes 5 ms to import
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class Orders:
    """What the parent wants run, and how."""

    means: tuple[str, ...]
    python: str
    readable: tuple[str, ...]
    listed: tuple[str, ...]
    hidden: tuple[str, ...]
    program: bytes
    stdin: bytes
    files: dict[str, bytes]
    filter: bytes
    folder: str
    wall_s: float
    cpu_s: int
    memory_mb: int
    file_mb: int
    work_mb: int
    processes: int

    def __init__(self, **given: object) -> None:
        for name, value in given.items():
            setattr(self, name, value)

    @property
    def own_world(self) -> bool:
        """Whether the program has namespaces of its own."""
        return "namespaces" in self.means


def main(report: int) -> None:
    """Run what stdin orders, and write `(what happened, exit code, why)` to `report`."""
    os.set_inheritable(report, False)
    orders = Orders(**marshal.load(sys.stdin.buffer))  # noqa: S302 -- our parent wrote it
    try:
        ending = _run(orders)
    except OSError as error:
        ending = ("refused", None, str(error))
    os.write(report, marshal.dumps(ending))
    os._exit(0)  # nothing here needs an orderly end, which takes 3 ms


def _run(orders: Orders) -> tuple[str, int | None, str]:
    if orders.own_world:
        namespaces.enter(
            readable=orders.readable,
            hidden=orders.hidden,
            program=orders.program,
            work_mb=orders.work_mb,
        )
        folder.fill("/work", orders.files)
        return _in_world(orders)
    place = f"{orders.folder}/collegium-{os.urandom(8).hex()}"
    os.makedirs(f"{place}/work", 0o700)  # noqa: PTH103 -- pathlib takes 10 ms to import
    try:
        return _alone(orders, place)
    finally:
        folder.remove(place)


def _in_world(orders: Orders) -> tuple[str, int | None, str]:
    first = _first_process()
    try:
        worker = _start(orders, "/program.py", "/work")
        return _watch(worker, orders, work=None)
    finally:
        os.kill(first, _SIGKILL)
        os.waitpid(first, 0)  # returns when every process of its world has ended


def _alone(orders: Orders, place: str) -> tuple[str, int | None, str]:
    program, work = f"{place}/program.py", f"{place}/work"
    folder.fill(place, {"program.py": orders.program})
    folder.fill(work, orders.files)
    if orders.means and os.geteuid() == 0:
        folder.give(place, confine.NOBODY)
    return _watch(_start(orders, program, work), orders, work=work)


def _first_process() -> int:
    """Start process 1 of the new world. It ends, and its world with it, when this process does."""
    reading, writing = os.pipe()
    first = os.fork()
    if first:
        os.close(reading)
        return first
    kernel.wait_for_no_child()
    for other in (0, 1, 2, writing):
        os.close(other)
    os.read(reading, 1)
    os._exit(0)


def _start(orders: Orders, program: str, work: str) -> int:
    """Start the program's process; OSError, and no process, where its walls do not stand."""
    reading, writing = os.pipe()
    launcher = os.getpid()
    worker = os.fork()
    if not worker:
        try:
            _become(orders, program, work, launcher)
        except OSError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(127)
    os.close(writing)
    failure = os.read(reading, 4096)  # ends with nothing when Python takes the process's place
    os.close(reading)
    if failure:
        os.waitpid(worker, 0)
        raise OSError(failure.decode())
    return worker


def _become(orders: Orders, program: str, work: str, launcher: int) -> None:
    os.setsid()  # so that a signal to its group is not one to ours
    os.chdir(work)
    _give_input(orders.stdin)
    os.umask(0o077)
    confine.limit(
        memory_mb=orders.memory_mb,
        cpu_s=orders.cpu_s,
        file_mb=orders.file_mb,
        tasks=_tasks(orders),
    )
    if orders.means:
        _wall_in(orders, program, work, launcher)
    os.execve(  # noqa: S606 -- a shell is what we do not want
        orders.python, [orders.python, "-I", "-S", "-B", program], _ENVIRONMENT
    )


def _wall_in(orders: Orders, program: str, work: str, launcher: int) -> None:
    kernel.drop_capabilities()
    if os.geteuid() == 0:
        confine.become_nobody()
    kernel.forbid_new_privileges()
    if not orders.own_world:
        kernel.end_with_parent(launcher)
    if "landlock" in orders.means:
        confine.open_only(
            readable=(*orders.readable, program),
            listed=orders.listed,
            devices=namespaces.DEVICES,
            work=work,
        )
    if "seccomp" in orders.means:
        kernel.filter_calls(orders.filter)


def _give_input(text: bytes) -> None:
    """Let stdin be a file of no name in the working directory: no pipe, which could be full."""
    name = f"stdin-{os.urandom(8).hex()}"
    folder.fill(".", {name: text})
    os.dup2(os.open(name, os.O_RDONLY | os.O_CLOEXEC), 0)
    os.unlink(name)  # noqa: PTH108 -- pathlib takes 10 ms to import


def _tasks(orders: Orders) -> int | None:
    if orders.own_world:
        return orders.processes + 2  # this launcher and process 1 count among them
    if not orders.means:
        return None
    user = os.geteuid() or confine.NOBODY
    return confine.tasks_of(user) + orders.processes


def _watch(worker: int, orders: Orders, work: str | None) -> tuple[str, int | None, str]:
    """Wait for the program, or end it; how it ended."""
    reason, code = "", 0
    try:
        reason = _awaited(worker, orders, work)
    finally:
        code = _end(worker)
    return (reason, None if reason == "late" else code, "")


def _awaited(worker: int, orders: Orders, work: str | None) -> str:
    """Wait until the program has ended, or should be; why that is."""
    end = time.monotonic() + orders.wall_s
    poll = select.poll()
    poll.register(0, select.POLLIN)
    told = hasattr(os, "pidfd_open")  # elsewhere than on Linux we have to look
    if told:
        poll.register(os.pidfd_open(worker), select.POLLIN)
    while not _has_ended(worker):
        left = end - time.monotonic()
        if left <= 0:
            return "late"
        wait_s = left if told and not work else min(left, LOOK_EVERY_S)
        if any(place == 0 for place, _ in poll.poll(1000 * wait_s)):
            return "stopped"
        if work and folder.is_full(work, orders.work_mb << 20):
            return "full"
    return "ended"


def _has_ended(worker: int) -> bool:
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, worker, look) is not None


def _end(worker: int) -> int:
    """End the program and what it started in its group; the exit code, or minus the signal."""
    os.killpg(worker, _SIGKILL)  # its number is not free before it is waited for
    _, status = os.waitpid(worker, 0)
    return os.waitstatus_to_exitcode(status)
