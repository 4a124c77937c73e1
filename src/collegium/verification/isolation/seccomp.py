"""Which system calls a program may make, as a filter that the kernel runs before each of them.

What is not listed is refused with "operation not permitted": sockets, ptrace, mounts, namespaces,
io_uring, bpf, keys and all else that a computation does not need. What is newer than the list does
not exist ("function not implemented"), so that a C library falls back on what is listed.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from .syscalls import IN_A_WORLD_OF_ONES_OWN, MACHINES, NEWEST, PLAIN, WITH_CARE, numbers

_LOAD, _AND, _EQUAL, _ABOVE, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16  # in the kernel's struct seccomp_data
_ALLOW, _REFUSE, _END_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_AUDIT_NAMES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020000
_WHOLE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Check:
    """The lower half of an argument, masked, must be one of `values`."""

    argument: int
    values: tuple[int, ...]
    mask: int = _WHOLE


_ARGUMENTS = {
    # Its name, and names for its memory (which the C library gives).
    "prctl": (_Check(0, (15, 16, 0x53564D41)),),
    "prlimit64": (_Check(0, (0,)),),  # its own limits
    # Close on exec and not, bytes waiting, blocking and not, is this a terminal, how wide.
    "ioctl": (_Check(1, (0x5450, 0x5451, 0x541B, 0x5421, 0x5401, 0x5413)),),
    # All but telling the kernel whom to signal (8, 10, 15), and leases.
    "fcntl": (_Check(1, (*range(8), 36, 37, 38, 1030, 1031, 1032, 1034)),),
    # A pair of connected streams cannot be turned towards anybody else.
    "socketpair": (_Check(0, (1,)), _Check(1, (1,), 0xF)),
}
_NO_NAMESPACE = (_Check(0, (0,), _CLONE_NAMESPACES),)
_THREAD_ONLY = (_Check(0, (_CLONE_THREAD,), _CLONE_NAMESPACES | _CLONE_THREAD),)


def supported(machine: str) -> bool:
    """Whether the calls of `machine`, as `os.uname().machine` has it, are known here."""
    return machine in MACHINES


def program(machine: str, *, own_world: bool) -> bytes:
    """The filter for `machine`. Only in an `own_world` may a program start and signal processes."""
    careful = numbers(WITH_CARE, machine)
    plain = set(numbers(PLAIN, machine).values())
    if own_world:
        plain |= set(numbers(IN_A_WORLD_OF_ONES_OWN, machine).values())
    code = [
        *_only_on(machine),
        _step(_LOAD, _NUMBER_AT),
        *_when(_step(_ABOVE, NEWEST, 0, 1), _refuse(errno.ENOSYS)),
        # Its flags are in memory, where a filter cannot look; C libraries then use clone.
        *_when(_is(careful["clone3"]), _refuse(errno.ENOSYS)),
    ]
    checks = {**_ARGUMENTS, "clone": _NO_NAMESPACE if own_world else _THREAD_ONLY}
    for name, needed in checks.items():
        block = _checked(needed)
        code += [_step(_EQUAL, careful[name], 0, len(block)), *block]
    for number in sorted(plain):
        code += _when(_is(number), _step(_RETURN, _ALLOW))
    return b"".join([*code, _refuse(errno.EPERM)])


def _only_on(machine: str) -> list[bytes]:
    """End a process that calls by another machine's numbers, as a 32-bit program would."""
    return [
        _step(_LOAD, _MACHINE_AT),
        _step(_EQUAL, _AUDIT_NAMES[machine], 1, 0),
        _step(_RETURN, _END_PROCESS),
    ]


def _checked(needed: tuple[_Check, ...]) -> list[bytes]:
    """Allow a call whose every check holds."""
    code: list[bytes] = []
    for check in needed:
        code += [
            _step(_LOAD, _ARGUMENTS_AT + 8 * check.argument),
            _step(_AND, check.mask),
        ]
        last = len(check.values) - 1
        code += [
            _step(_EQUAL, value, last - place + 1, 0) for place, value in enumerate(check.values)
        ]
        code.append(_refuse(errno.EPERM))
    return [*code, _step(_RETURN, _ALLOW)]


def _when(test: bytes, then: bytes) -> list[bytes]:
    return [test, then]


def _is(number: int) -> bytes:
    return _step(_EQUAL, number, 0, 1)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _REFUSE | number)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)
