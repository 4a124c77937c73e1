"""The program that tries to get out. Isolation is proved when it says that it could not."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

HELD = "held"

_PROGRAM = """
import os, resource, socket

OUTSIDE = {outside!r}
leaks = []

def attempt(name, act):
    try:
        act()
    except OSError:
        return
    leaks.append(name)

def write(path):
    with open(path, "x") as file:
        file.write("x")
    os.unlink(path)

def list_home():
    if set(os.listdir(OUTSIDE["home"])) <= set(OUTSIDE["shown"]):
        raise OSError

def fork():
    if os.fork() == 0:
        os.read(gate, 1)
        os._exit(0)

attempt("read a file of its user", lambda: open(OUTSIDE["secret"]).close())
attempt("list its user's home", list_home)
attempt("write outside its directory", lambda: write(OUTSIDE["folder"] + "/written"))
attempt("write among Python's files", lambda: write(os.path.dirname(os.__file__) + "/written"))
attempt("write in the root", lambda: write("/written"))
attempt("reach the network", lambda: socket.create_connection(("127.0.0.1", OUTSIDE["port"]), 1))
attempt("read another's environment", lambda: open("/proc/%d/environ" % OUTSIDE["parent"]).close())
for place in range(3, 64):
    attempt("use an open file of its starter's", lambda: os.fstat(place))
if set(os.environ) - {{"PATH", "LANG"}}:
    leaks.append("see variables of its starter's")
for name, most in OUTSIDE["limits"].items():
    if not 0 <= resource.getrlimit(getattr(resource, name))[1] <= most:
        leaks.append("use more than " + name)
if OUTSIDE["own_world"]:
    if os.getppid():
        leaks.append("see the process that started it")
    gate, hold = os.pipe()
    try:
        fork()
    except OSError:
        leaks.append("not start a process")
    attempt("start any number of processes", lambda: [fork() for _ in range(OUTSIDE["processes"])])
else:
    attempt("signal the process that started it", lambda: os.kill(OUTSIDE["parent"], 0))
    attempt("start a process", lambda: os.fork() or os._exit(0))
with open("inside", "w") as file:
    file.write("x")
print(", ".join(leaks) or {held!r})
"""


@contextmanager
def outside(shown: tuple[str, ...], **more: Any) -> Generator[str]:
    """The trial's program, and while this lasts the things in the world it tries to reach.

    `shown` are the paths it may see.
    """
    home = Path("~").expanduser()
    with tempfile.TemporaryDirectory(prefix="collegium-trial-") as folder:
        # Whoever the program runs as, it is the walls that must stop it, not the modes.
        Path(folder).chmod(0o777)
        secret = Path(folder, "secret")
        secret.write_text("secret")
        secret.chmod(0o644)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            world = {
                "secret": str(secret),
                "folder": folder,
                "home": str(home),
                "shown": _shown_in(home, shown),
                "port": listener.getsockname()[1],
                "parent": os.getpid(),
                **more,
            }
            yield _PROGRAM.format(outside=world, held=HELD)


def _shown_in(home: Path, shown: tuple[str, ...]) -> list[str]:
    """The names in `home` that may be seen, since Python lives there."""
    paths = [Path(path) for path in shown]
    if any(home.is_relative_to(path) for path in paths):
        return [child.name for child in home.iterdir()]
    return [path.relative_to(home).parts[0] for path in paths if path.is_relative_to(home)]
