"""A world of one's own: users, mounts, network, process numbers, and a root that is nearly empty.

Two ways lead there. A plain user first enters a user namespace, where it may mount. Root mounts
first, since only it may read everywhere, and then becomes nobody. Both end as nobody in a user
namespace of their own, in which processes are counted from none.
"""

from __future__ import annotations

import os

from . import kernel
from .confine import NOBODY, become_nobody

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
_NEW_REST = 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000  # host name, IPC, processes, network

_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXECUTION = 1, 2, 4, 8
_ROOT = "/proc"  # is there everywhere, and nothing we bind lies below it
DEVICES = ("/dev/null", "/dev/urandom")


def enter(
    *, readable: tuple[str, ...], hidden: tuple[str, ...], program: bytes, work_mb: int
) -> None:
    """Leave the machine for a root with `readable`, less `hidden`, /program.py and an empty /work.

    Children of this process have process numbers of their own. Raises OSError where it cannot be.
    """
    me = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if not _may_mount():
        if os.geteuid() == 0:
            become_nobody()
        _enter_user_namespace(me)
        kernel.unshare(NEW_MOUNTS)
    _build_root(readable, hidden, program, work_mb)
    kernel.change_root(_ROOT)
    if os.geteuid() == 0:
        become_nobody()
        _enter_user_namespace(me)
    os.close(me)
    kernel.unshare(_NEW_REST)


def _may_mount() -> bool:
    """Whether this is a root that may mount; it then has mounts of its own."""
    if os.geteuid() != 0:
        return False
    try:
        kernel.unshare(NEW_MOUNTS)
    except OSError:  # the root of a container
        return False
    return True


def _enter_user_namespace(me: int) -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(NEW_USER)
    _write(me, "setgroups", "deny")
    _write(me, "uid_map", f"{NOBODY} {user} 1")
    _write(me, "gid_map", f"{NOBODY} {group} 1")


def _write(me: int, name: str, text: str) -> None:
    place = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=me)
    try:
        os.write(place, text.encode())
    finally:
        os.close(place)


def _build_root(
    readable: tuple[str, ...], hidden: tuple[str, ...], program: bytes, work_mb: int
) -> None:
    kernel.mount("none", "/", flags=_RECURSIVE | _PRIVATE)
    owner = f"uid={NOBODY},gid={NOBODY}"
    kernel.mount("tmpfs", _ROOT, "tmpfs", _NO_SUID, "size=64m,mode=755")
    for path in readable:
        _show(path)
    for path in hidden:
        kernel.mount("tmpfs", _ROOT + path, "tmpfs", _READ_ONLY, "size=4k,mode=755")
    with open(f"{_ROOT}/program.py", "wb") as file:  # noqa: PTH123 -- pathlib takes 10 ms to import
        file.write(program)
    os.mkdir(f"{_ROOT}/work")  # noqa: PTH102 -- as above
    kernel.restrict_mount(_ROOT, _READ_ONLY | _NO_SUID)
    options = f"size={work_mb}m,nr_inodes=1024,mode=700,{owner}"
    limits = _NO_SUID | _NO_DEVICES | _NO_EXECUTION
    kernel.mount("tmpfs", f"{_ROOT}/work", "tmpfs", limits, options)


def _show(path: str) -> None:
    """Show a path of the machine, and what is beneath it, in the new root."""
    os.makedirs(_ROOT + os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 -- as above
    if os.path.islink(path):  # noqa: PTH114 -- as above
        os.symlink(os.readlink(path), _ROOT + path)  # noqa: PTH115, PTH211 -- as above
        return
    if os.path.isdir(path):  # noqa: PTH112 -- as above
        os.makedirs(_ROOT + path, exist_ok=True)  # noqa: PTH103 -- as above
    else:
        os.close(os.open(_ROOT + path, os.O_CREAT | os.O_CLOEXEC, 0o644))
    kernel.mount(path, _ROOT + path, flags=_BIND | _RECURSIVE)
