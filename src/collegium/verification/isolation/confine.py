"""What the program's process gives up, for good, just before the program runs."""

from __future__ import annotations

import os
import resource

from . import kernel, landlock

NOBODY = 65534
_OPEN_FILES = 64


def become_nobody() -> None:
    """Stop being root: no user, no group, no privilege."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.keep_own_files_visible()


def limit(*, memory_mb: int, cpu_s: int, file_mb: int, tasks: int | None) -> None:
    """Set what the process may use; `tasks` counts the processes and threads of its user."""
    wanted = {
        resource.RLIMIT_AS: memory_mb << 20,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: file_mb << 20,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if tasks is not None:
        wanted[resource.RLIMIT_NPROC] = tasks
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def tasks_of(user: int) -> int:
    """How many processes and threads `user` has on this machine, as /proc tells."""
    count = 0
    for process in os.listdir("/proc"):  # noqa: PTH208 -- pathlib takes 10 ms to import
        if process.isdecimal():
            try:
                if os.stat(f"/proc/{process}").st_uid == user:  # noqa: PTH116 -- as above
                    count += len(os.listdir(f"/proc/{process}/task"))  # noqa: PTH208 -- as above
            except OSError:  # it ended meanwhile
                continue
    return count


def open_only(
    *, readable: tuple[str, ...], listed: tuple[str, ...], devices: tuple[str, ...], work: str
) -> None:
    """Open nothing but these from now on, by Landlock."""
    grants = dict.fromkeys(readable, landlock.READ)
    grants |= dict.fromkeys(listed, landlock.LIST)
    grants |= dict.fromkeys(devices, landlock.USE)
    landlock.restrict({**grants, work: landlock.WORK})
