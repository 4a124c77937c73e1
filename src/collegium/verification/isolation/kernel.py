"""The system calls Python has no names for. Each raises OSError, naming itself, when it fails."""

from __future__ import annotations

import ctypes
import os

_SIGKILL, _SIGCHLD, _IGNORE = 9, 17, 1
_PRCTL_SET_PDEATHSIG = 1
_PRCTL_SET_DUMPABLE = 4
_PRCTL_CAPBSET_DROP = 24
_PRCTL_SET_NO_NEW_PRIVS = 38
_PRCTL_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442  # the same on every machine, as are all numbers above 423
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MNT_DETACH = 2
_LAST_CAPABILITY = 63


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def syscall(name: str, number: int, *arguments: int | bytes | None) -> int:
    """Make a system call by its number; integers are passed as wide as a register is."""
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(name, _libc().syscall(ctypes.c_long(number), *wide))


def unshare(flags: int) -> None:
    """Move this process (for process numbers: its children) into namespaces of its own."""
    _checked("unshare", _libc().unshare(flags))


def mount(
    source: str, target: str, kind: str | None = None, flags: int = 0, options: str = ""
) -> None:
    """Mount `source` on `target`."""
    result = _libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(f"mount {source} on {target}", result)


def restrict_mount(target: str, attributes: int) -> None:
    """Add `attributes` to the mount at `target` and to those below it."""
    attr = b"".join(one.to_bytes(8, "little") for one in (attributes, 0, 0, 0))
    path = os.fsencode(target)
    syscall("mount_setattr", _MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, attr, len(attr))


def change_root(new: str) -> None:
    """Make the mount at `new` the root of this mount namespace, and let go of the old one."""
    os.chdir(new)
    syscall("pivot_root", _PIVOT_ROOT[os.uname().machine], b".", b".")
    _checked("umount2", _libc().umount2(b".", _MNT_DETACH))
    os.chdir("/")


def keep_own_files_visible() -> None:
    """Give this process its /proc/self back, which changing the user took away."""
    _prctl("PR_SET_DUMPABLE", _PRCTL_SET_DUMPABLE, 1)


def wait_for_no_child() -> None:
    """Have the kernel bury every child of this process that ends."""
    _libc().signal(_SIGCHLD, ctypes.c_void_p(_IGNORE))


def end_with_parent(parent: int) -> None:
    """End this process when `parent`, which started it, ends, or has ended already."""
    _prctl("PR_SET_PDEATHSIG", _PRCTL_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def drop_capabilities() -> None:
    """Let no program started from here have a capability, where this process may say so."""
    prctl = _libc().prctl
    for number in range(_LAST_CAPABILITY + 1):
        prctl(_PRCTL_CAPBSET_DROP, ctypes.c_ulong(number), *_zeros(3))


def forbid_new_privileges() -> None:
    """Let no program started from here gain a privilege, by set-user-ID or otherwise."""
    _prctl("PR_SET_NO_NEW_PRIVS", _PRCTL_SET_NO_NEW_PRIVS, 1)


def filter_calls(program: bytes) -> None:
    """Put a seccomp filter over this process and everything it starts."""
    pointer = ctypes.byref(_Filter(len(program) // 8, program))
    result = _libc().prctl(_PRCTL_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), pointer)
    _checked("PR_SET_SECCOMP", result)


def _prctl(name: str, option: int, value: int) -> None:
    _checked(name, _libc().prctl(option, ctypes.c_ulong(value), *_zeros(3)))


def _zeros(count: int) -> list[ctypes.c_ulong]:
    return [ctypes.c_ulong(0)] * count


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
