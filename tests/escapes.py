# ruff: noqa: E501 -- programs in a table
"""Programs that try to get out of a sandbox, and what in the world tells whether one did.

    python tests/escapes.py namespaces seccomp

tries them all with these means of isolation, as the user who runs this, and prints one line of
JSON: for every escape what got out, which should be nothing. Have OF_THE_USER in the environment
hold `SECRET`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import select
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collegium.verification.sandbox import Limits, Ran, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "the-secret-of-the-user"
QUICK = Limits(wall_s=0.8)

_HEAD = """
import ctypes, errno, os, resource, socket, struct, sys, time

def out(what):
    print("OUT:", what, flush=True)

def attempt(what, act):
    try:
        if act() is not False:
            out(what)
    except (OSError, ValueError, OverflowError, MemoryError):
        pass

def read(path):
    with open(path, "rb") as file:
        return SECRET.encode() in file.read(1 << 20)

def write(path):
    with open(path, "w") as file:
        file.write("x")

libc = ctypes.CDLL(None, use_errno=True)

def syscall(number, *arguments):
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    if libc.syscall(ctypes.c_long(number), *wide) < 0:
        raise OSError(ctypes.get_errno(), "refused")

libc.prctl(15, NAME.encode())
"""


@dataclass(frozen=True, slots=True)
class Escape:
    """A program that prints OUT for everything it should not have been able to do.

    `late` says that it must be ended when its time is up; `bare` that it can be tried without any
    walls, to see that it is one that does get out there.
    """

    name: str
    source: str
    limits: Limits = field(default_factory=Limits)
    late: bool = False
    bare: bool = False


ESCAPES = (
    Escape(
        "a fork bomb",
        "while True:\n    try: os.fork()\n    except OSError: pass",
        QUICK,
        late=True,
    ),
    Escape(
        "more processes than allowed",
        "gate, hold = os.pipe()\nstarted = 0\n"
        "try:\n    while True:\n        if os.fork() == 0:\n            os.read(gate, 1); os._exit(0)\n"
        "        started += 1\nexcept OSError: pass\nif started > 15: out(started)",
    ),
    Escape(
        "more threads than allowed",
        "import threading\nthreading.stack_size(65536)\nstarted = 0\n"
        "try:\n    while started < 200:\n"
        "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "        started += 1\nexcept RuntimeError: pass\n"
        # Where there is no world of one's own, others of the user may end meanwhile.
        "if started > 100: out(started)\nos._exit(0)",
    ),
    Escape("ten gigabytes of memory", "attempt('10 GB', lambda: bytearray(10 << 30))"),
    Escape(
        "memory piece by piece",
        "pieces = []\nattempt('4 GB', lambda: [pieces.append(b'x' * (1 << 24)) for _ in range(256)])",
    ),
    Escape("an endless loop", "while True: pass", QUICK, late=True),
    Escape(
        "more time of the processor than allowed",
        "while True: pass\n",
        Limits(cpu_s=1, wall_s=8.0),
    ),
    Escape("a sleep past its time", "time.sleep(60)", QUICK, late=True),
    Escape(
        "ignoring signals",
        "import signal\nfor one in range(1, 65):\n"
        "    attempt('', lambda: (signal.signal(one, signal.SIG_IGN), False)[1])\n"
        "while True: time.sleep(1)",
        QUICK,
        late=True,
    ),
    Escape("a file of the user", "attempt('read', lambda: read(OUTSIDE['secret']))", bare=True),
    Escape(
        "searching the disk",
        "for top in ('/home', '/root', '/tmp', '/etc', '/var', '/mnt', OUTSIDE['home']):\n"
        "    for folder, _, names in os.walk(top):\n"
        "        if 'secret' in names: attempt(folder, lambda: read(folder + '/secret'))",
    ),
    Escape(
        "a link to a file of the user",
        "attempt('symlink', lambda: (os.symlink(OUTSIDE['secret'], 'soft'), read('soft'))[1])\n"
        "attempt('hard link', lambda: (os.link(OUTSIDE['secret'], 'hard'), read('hard'))[1])\n"
        "attempt('upwards', lambda: read('../' * 40 + OUTSIDE['secret']))\n"
        "attempt('rename', lambda: os.rename(OUTSIDE['secret'], 'mine'))\n"
        "attempt('root', lambda: (os.symlink('/', 'root'), read('root' + OUTSIDE['secret']))[1])",
        bare=True,
    ),
    Escape(
        "the modes and times of a file of the user",
        "attempt('chmod', lambda: os.chmod(OUTSIDE['secret'], 0o777))\n"
        "attempt('utime', lambda: os.utime(OUTSIDE['secret'], (1, 1)))\n"
        "attempt('truncate', lambda: os.truncate(OUTSIDE['secret'], 0))\n"
        "attempt('setxattr', lambda: os.setxattr(OUTSIDE['secret'], 'user.x', b'x'))\n"
        "attempt('chmod python', lambda: os.chmod(os.__file__, 0o644))",
    ),
    Escape(
        "the environment of its starter",
        "for name, value in os.environ.items():\n    if SECRET in value: out(name)\n"
        "for process in ('self', 1, os.getppid(), OUTSIDE['parent'], 'thread-self'):\n"
        "    attempt(process, lambda: read(f'/proc/{process}/environ'))",
    ),
    Escape(
        "all of /proc and /sys",
        "for path in ('/proc/1/environ', '/proc/self/mounts', '/proc/kcore', '/sys/kernel'):\n"
        "    attempt(path, lambda: open(path).close() or True)\n"
        "attempt('list', lambda: os.listdir('/proc'))",
        bare=True,
    ),
    Escape(
        "the network",
        "attempt('tcp', lambda: socket.create_connection(('127.0.0.1', OUTSIDE['tcp']), 1))\n"
        "attempt('tcp 6', lambda: socket.create_connection(('::1', OUTSIDE['tcp6']), 1))\n"
        "def udp():\n    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:\n"
        "        one.sendto(b'x', ('127.0.0.1', OUTSIDE['udp']))\n"
        "attempt('udp', udp)\n"
        "def unix(address):\n    with socket.socket(socket.AF_UNIX) as one: one.connect(address)\n"
        "attempt('abstract', lambda: unix('\\0' + OUTSIDE['abstract']))\n"
        "attempt('unix', lambda: unix(OUTSIDE['unix']))\n"
        "attempt('raw', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n"
        "attempt('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))",
        bare=True,
    ),
    Escape(
        "a pair of sockets turned elsewhere",
        "def pair():\n    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "    one.sendto(b'x', '\\0' + OUTSIDE['datagrams'])\n"
        "attempt('datagrams', pair)\n"
        "def stream():\n    one, _ = socket.socketpair()\n    one.connect('\\0' + OUTSIDE['abstract'])\n"
        "attempt('stream', stream)",
    ),
    Escape(
        "writing elsewhere",
        "for place in (OUTSIDE['folder'], '/tmp', '/var/tmp', '/dev/shm', OUTSIDE['home'], '/',\n"
        "              os.path.dirname(os.__file__), os.path.dirname(sys.executable), '/usr/lib'):\n"
        "    attempt(place, lambda: write(f'{place}/{NAME}'))\n"
        "attempt('overwrite', lambda: write(OUTSIDE['secret']))\n"
        "attempt('remove', lambda: os.unlink(OUTSIDE['secret']))\n"
        "attempt('the program', lambda: write(sys.argv[0]))\n"
        "attempt('directory', lambda: os.mkdir(OUTSIDE['folder'] + '/made'))",
    ),
    Escape(
        "killing its starter",
        "attempt('parent', lambda: os.kill(OUTSIDE['parent'], 9))\n"
        "attempt('everybody', lambda: os.kill(-1, 9))\n"
        "attempt('limits', lambda: resource.prlimit(OUTSIDE['parent'], resource.RLIMIT_CPU, (1, 1)))\n"
        "attempt('pidfd', lambda: syscall(434, OUTSIDE['parent'], 0))\n"
        "if os.getppid(): attempt('getppid', lambda: os.kill(os.getppid(), 9))\n"
        "else: os.kill(0, 9)",
    ),
    Escape(
        "the memory of its starter",
        "for process in {OUTSIDE['parent'], os.getppid() or 1, 1}:\n"
        "    attempt('ptrace', lambda: syscall(101, 16, process, 0, 0))\n"
        "    attempt('seize', lambda: syscall(101, 0x4206, process, 0, 0))\n"
        "    room = ctypes.create_string_buffer(8)\n"
        "    vector = struct.pack('QQ', ctypes.addressof(room), 8)\n"
        "    attempt('vm_readv', lambda: syscall(310, process, vector, 1, vector, 1, 0))\n"
        "    attempt('mem', lambda: open(f'/proc/{process}/mem', 'rb').close())",
    ),
    Escape(
        "one file too large",
        "def fill():\n    with open('large', 'wb') as file:\n"
        "        for _ in range(64): file.write(bytes(1 << 20))\n"
        "attempt('64 MB', fill)",
    ),
    Escape(
        "a disk full of files",
        "def fill():\n    for number in range(400):\n"
        "        with open(f'f{number}', 'wb') as file: file.write(bytes(1 << 20))\n"
        "attempt('400 MB', fill)",
    ),
    Escape(
        "files without number",
        "def fill():\n    for number in range(500_000): open(f'f{number}', 'w').close()\n"
        "attempt('500,000 files', fill)",
    ),
    Escape("endless output", "while True: print('x' * 100_000)"),
    Escape("endless errors", "while True: print('x' * 100_000, file=sys.stderr)"),
    Escape(
        "becoming somebody else",
        "attempt('setuid', lambda: os.setuid(0))\nattempt('setgid', lambda: os.setgid(0))\n"
        "attempt('setgroups', lambda: os.setgroups([0]))\n"
        "attempt('user', lambda: 0 in {os.getuid(), os.geteuid(), os.getgid()})\n"
        "attempt('groups', lambda: 0 in os.getgroups())\n"
        "attempt('chroot', lambda: os.chroot('.'))\n"
        "attempt('chown', lambda: os.chown('.', 0, 0))",
    ),
    Escape(
        "system calls of the kernel's makers",
        "calls = {'unshare': (272, 0x10000000), 'unshare mounts': (272, 0x20000),\n"
        "    'mount': (165, b'none', b'/work', b'tmpfs', 0, None), 'umount': (166, b'/work', 2),\n"
        "    'setns': (308, 0, 0), 'bpf': (321, 0, b' ' * 128, 128), 'keyctl': (250, 0, -3, 0),\n"
        "    'add_key': (248, b'user', b'x', b'x', 1, -3), 'io_uring': (425, 1, b'\\0' * 120),\n"
        "    'userfaultfd': (323, 0), 'perf': (298, b'\\0' * 128, 0, -1, -1, 0),\n"
        "    'open_tree': (428, -100, b'/', 1), 'fsopen': (430, b'tmpfs', 0),\n"
        "    'shmget': (29, 0, 4096, 0o1600), 'msgget': (68, 0, 0o1600), 'syslog': (103, 3, b'', 0),\n"
        "    'clone': (56, 0x10000011, 0, 0, 0, 0), 'clone3': (435, b'\\0' * 88, 88),\n"
        "    'memfd': (319, b'x', 0), 'personality': (135, 0x0040000), 'reboot': (169, 0, 0, 0),\n"
        "    'x32 socket': (0x40000000 + 41, 2, 1, 0), 'pidfd_getfd': (438, 0, 0, 0)}\n"
        "if os.uname().machine == 'x86_64':\n"
        "    for name, call in calls.items(): attempt(name, lambda: syscall(*call))",
    ),
    Escape(
        "calls by another machine's numbers",
        "import mmap\n"
        "if os.uname().machine == 'x86_64':\n"
        "    page = mmap.mmap(-1, 4096, prot=7)\n"
        "    page.write(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3')  # getpid of 32 bits\n"
        "    place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "    attempt('int 0x80', lambda: ctypes.CFUNCTYPE(ctypes.c_int)(place)())",
    ),
    Escape(
        "a process that outlives it",
        "def leave():\n    if os.fork(): return\n    os.setsid()\n    if os.fork(): os._exit(0)\n"
        "    for place in range(64):\n        try: os.close(place)\n        except OSError: pass\n"
        "    time.sleep(60)\n"
        "try: leave()\nexcept OSError: pass",
    ),
    Escape(
        "zombies",
        "try:\n    for _ in range(10):\n        if os.fork() == 0: os._exit(0)\nexcept OSError: pass",
    ),
    Escape(
        "open files of its starter",
        "for place in range(3, 1024): attempt(place, lambda: os.fstat(place))",
    ),
    Escape(
        "higher limits",
        "for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE,\n"
        "             resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):\n"
        "    attempt(kind, lambda: resource.setrlimit(kind, (1 << 40, 1 << 40)))",
    ),
    Escape("a closed output", "os.close(1); os.close(2); time.sleep(60)", QUICK, late=True),
    Escape(
        "a working directory it locks",
        "open('kept', 'w').close()\n"
        "try: os.chmod('.', 0)\nexcept OSError: pass",
    ),
)  # fmt: skip


class World:
    """What lies outside: a secret, sockets that listen, and places where things might appear."""

    def __init__(self, folder: Path) -> None:
        self.name = f"esc{os.urandom(5).hex()}"
        self.folder = folder
        self.secret = folder / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o644)
        folder.chmod(0o777)  # the walls must hold, not the modes
        self._born = self.secret.stat()
        self._sockets: list[socket.socket] = []
        self.facts: dict[str, Any] = {
            "secret": str(self.secret),
            "folder": str(folder),
            "home": str(Path("~").expanduser()),
            "parent": os.getpid(),
            "tcp": self._listen(socket.AF_INET, ("127.0.0.1", 0)),
            "tcp6": self._listen(socket.AF_INET6, ("::1", 0)),
            "udp": self._listen(socket.AF_INET, ("127.0.0.1", 0), socket.SOCK_DGRAM),
            "abstract": self.name,
            "datagrams": f"{self.name}-datagrams",
            "unix": str(folder / "socket"),
        }
        self._listen(socket.AF_UNIX, f"\0{self.name}")
        self._listen(socket.AF_UNIX, f"\0{self.name}-datagrams", socket.SOCK_DGRAM)
        self._listen(socket.AF_UNIX, str(folder / "socket"))
        (folder / "socket").chmod(0o777)

    def _listen(self, family: int, address: Any, kind: int = socket.SOCK_STREAM) -> int | None:
        one = socket.socket(family, kind)
        self._sockets.append(one)
        try:
            one.bind(address)
        except OSError:  # no IPv6 here
            return 9
        if kind == socket.SOCK_STREAM:
            one.listen()
        return one.getsockname()[1] if family != socket.AF_UNIX else None

    def close(self) -> None:
        """Stop listening."""
        for one in self._sockets:
            one.close()

    def harm(self) -> Iterator[str]:
        """What has happened to the world."""
        reached, _, _ = select.select(self._sockets, [], [], 0)
        if reached:
            yield f"{len(reached)} sockets were reached"
        if not self.secret.exists() or self.secret.read_text() != SECRET:
            yield "the secret was changed"
        else:
            now = self.secret.stat()
            if (now.st_mode, now.st_mtime) != (self._born.st_mode, self._born.st_mtime):
                yield "the secret's mode or time was changed"
        if {path.name for path in self.folder.iterdir()} - {"secret", "socket"}:
            yield "something was written beside the secret"
        prefix = Path(os.__file__).parent
        home = Path("~").expanduser()
        places = (Path("/"), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), home, prefix)
        yield from (f"{place}/{self.name}" for place in places if there_is(Path(place, self.name)))
        yield from (f"process {one} is alive" for one in processes_called(self.name))

    def head(self) -> str:
        """The lines that every escape begins with."""
        return f"OUTSIDE = {self.facts!r}\nSECRET = {SECRET!r}\nNAME = {self.name!r}\n{_HEAD}"


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A world for one escape."""
    with tempfile.TemporaryDirectory(prefix="escape-") as folder:
        one = World(Path(folder))
        try:
            yield one
        finally:
            one.close()


def there_is(path: Path) -> bool:
    """Whether it exists, as far as this user can see."""
    try:
        return path.exists()
    except PermissionError:
        return False


def processes_called(name: str) -> list[int]:
    """The processes of a name, which children have from their parents."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if place.read_text().strip() == name:
                found.append(int(place.parent.name))
    return found


def zombies() -> list[int]:
    """Children of this process that nobody waited for."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, _, rest = place.read_text().partition(" ")
            state, parent = rest.rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state == "Z":
                found.append(int(number))
    return found


async def attempt(sandbox: Sandbox, escape: Escape) -> tuple[list[str], Ran]:
    """Try one escape; what got out, and how it ended."""
    with world() as around:
        ran = await sandbox.run(around.head() + escape.source, limits=escape.limits)
        harm = [line for line in ran.stdout.splitlines() if line.startswith("OUT:")]
        harm += around.harm()
    if len(ran.stdout) > 65_536 or len(ran.stderr) > 65_536:
        harm.append("more output was kept than allowed")
    if escape.late and not ran.timed_out:
        harm.append(f"it was not ended in time: {ran}")
    elif not escape.late and ran.timed_out:
        harm.append("nothing but the clock ended it")
    if "SyntaxError" in ran.stderr or "NameError" in ran.stderr:
        harm.append(f"the escape itself is broken: {ran.stderr}")
    return harm, ran


async def attempt_all(sandbox: Sandbox, escapes: tuple[Escape, ...] = ESCAPES) -> dict[str, Any]:
    """Try all of them, a few at a time; what got out of each."""
    turn = asyncio.Semaphore(4)

    async def one(escape: Escape) -> list[str]:
        async with turn:
            return (await attempt(sandbox, escape))[0]

    before = leftovers()
    harms = dict(
        zip(
            (escape.name for escape in escapes),
            await asyncio.gather(*map(one, escapes)),
            strict=True,
        )
    )
    after = (*zombies(), *(leftovers() - before))
    return {**harms, "leaving something behind": [str(one) for one in after]}


def leftovers() -> set[str]:
    """Directories of a sandbox that are there now."""
    return {str(path) for path in Path(tempfile.gettempdir()).glob("collegium-*")}


def open_to_all(executable: str) -> bool:
    """Whether any user may start `executable`."""
    path = Path(executable).resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def interpreter_for_all() -> str | None:
    """A Python that any user may start and that can run this package; None when there is none."""
    system = Path("/usr/bin") / f"python3.{sys.version_info.minor}"
    found = (one for one in (sys.executable, str(system)) if Path(one).exists())
    return next((one for one in found if open_to_all(one)), None)


async def report(means: tuple[str, ...]) -> dict[str, Any]:
    """Try every escape with `means`, as this user."""
    sandbox = Sandbox(means=means)
    isolation = await sandbox.isolation()
    if not isolation.proved:
        return {"unproved": isolation.why}
    return {"got_out": await attempt_all(sandbox)}


def main() -> None:
    """Try them all, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("means", nargs="+")
    print(json.dumps(asyncio.run(report(tuple(parser.parse_args().means)))))  # noqa: T201


if __name__ == "__main__":
    main()
