"""Landlock: which files a process may open, held by the kernel without any privilege.

It says nothing of a file's name, mode or times: that a file exists can still be seen, and the
seccomp filter keeps the calls that would change a mode or a time.
"""

from __future__ import annotations

import os
import struct

from .kernel import syscall

LEAST_VERSION = 3  # Linux 6.2; before it, files that may not be written could still be emptied
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1

_EXECUTE, _WRITE, _READ, _LIST, _REMOVE, _CREATE, _TRUNCATE = (
    1 << bit for bit in (0, 1, 2, 3, 5, 8, 14)
)
READ, LIST, USE = _EXECUTE | _READ | _LIST, _LIST, _WRITE | _READ
WORK = _READ | _LIST | _WRITE | _REMOVE | _CREATE | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    try:
        return syscall("landlock", _CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(grants: dict[str, int]) -> None:
    """Leave this process the files of `grants`, by path, and what is beneath; missing ones too."""
    known = version()
    if known < LEAST_VERSION:
        raise OSError(f"Landlock is version {known} here; {LEAST_VERSION} (Linux 6.2) is needed")
    attributes = _everything(known)
    rules = syscall("landlock_create_ruleset", _CREATE_RULESET, attributes, len(attributes), 0)
    for path, rights in grants.items():
        if os.path.exists(path):  # noqa: PTH110 -- pathlib takes 10 ms to import
            _allow(rules, path, rights)
    syscall("landlock_restrict_self", _RESTRICT_SELF, rules, 0)
    os.close(rules)


def _everything(known: int) -> bytes:
    """All that this version can forbid: files; from 4 on TCP; from 6 on signals and sockets."""
    files = (1 << (16 if known >= 5 else 15)) - 1
    return struct.pack("=QQQ", files, 3, 3)[: 24 if known >= 6 else 16 if known >= 4 else 8]


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):  # noqa: PTH112 -- as above
            rights &= _OF_FILES
        syscall(
            "landlock_add_rule", _ADD_RULE, rules, _BENEATH, struct.pack("=Qi", rights, place), 0
        )
    finally:
        os.close(place)
