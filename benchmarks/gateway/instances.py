"""Instances of a model, processes that can be killed, held and brought back, and their troubles."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import HERE, Server, free_port, say, started


class Instance:
    """One process that serves the model at an address that stays the same."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._running = ExitStack()
        self._server: Server | None = None

    @property
    def server(self) -> Server:
        """The process that runs now."""
        assert self._server is not None, "it was not started"  # noqa: S101 -- our own order
        return self._server

    @property
    def base(self) -> str:
        """Its address, as a backend's `url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start it; returns when it answers."""
        command: list[str | Path] = [
            sys.executable,
            HERE / "echoing.py",
            "--port",
            str(self.port),
            "--log",
            self.log,
        ]
        self._server = self._running.enter_context(started(command, self.port))

    def kill(self) -> None:
        """SIGKILL: its connections end wherever they are."""
        self.server.process.kill()
        self._running.close()

    def end(self) -> None:
        """SIGTERM: it takes nothing new, and finishes what it has begun."""
        self.resume()
        self._running.close()

    def hold(self) -> None:
        """SIGSTOP: its connections stay open, and nothing is answered."""
        self.server.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self._server is not None:
            self._server.process.send_signal(signal.SIGCONT)

    def behave(self, mode: str) -> None:
        """Answer in that mode from now on."""
        self.server.get(f"/behave?mode={mode}")

    def heard(self, what: str = "asked") -> list[tuple[int, float]]:
        """The requests that came, or whose askers left: number and time, of all its processes."""
        if not self.log.exists():
            return []
        lines = self.log.read_text("utf-8").splitlines()
        rows = [line.split() for line in lines]
        return [(int(row[1]), float(row[2])) for row in rows if len(row) == 3 and row[0] == what]


@contextmanager
def instances(count: int, folder: Path) -> Iterator[list[Instance]]:
    """So many instances, running until the block ends."""
    with ExitStack() as stack:
        made = [Instance(folder / f"instance-{number}.log") for number in range(count)]
        for one in made:
            stack.callback(one.end)
            one.start()
        yield made


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to an instance, from when to when, in seconds from the start of the load."""

    phase: str
    instance: int
    begins_s: float
    ends_s: float

    def begin(self, one: Instance) -> None:
        """Let it happen."""
        if self.phase == "killed":
            one.kill()
        elif self.phase == "hung":
            one.hold()
        elif self.phase == "restarted":
            one.end()
        else:
            one.behave(MODES[self.phase])

    def end(self, one: Instance) -> None:
        """Let it be over."""
        if self.phase in {"killed", "restarted"}:
            one.start()
        elif self.phase == "hung":
            one.resume()
        else:
            one.behave("well")


MODES = {
    "slowed": "slow",
    "failing with 500": "fail",
    "answering garbage": "garbage",
    "cutting answers": "cut",
}
CALM = "calm"
# In a run of a minute: what happens, when, and for how long. Each time to another instance.
MINUTE = (
    ("killed", 6.0, 5.0),
    ("hung", 16.0, 10.0),
    ("slowed", 30.0, 10.0),
    ("failing with 500", 43.0, 2.5),
    ("answering garbage", 46.5, 2.5),
    ("cutting answers", 50.0, 2.5),
    ("restarted", 54.0, 1.0),
    ("restarted", 57.0, 1.0),
)


def schedule(seconds: float, seed: int, count: int = 3) -> tuple[Trouble, ...]:
    """The troubles of a run of so many seconds, of a minute's shape; a seed has always the same."""
    rng = random.Random(seed)
    scale = seconds / 60
    order = rng.sample(range(count), count)
    troubles: list[Trouble] = []
    for place, (phase, begins_s, lasts_s) in enumerate(MINUTE):
        begins_s = (begins_s + rng.random()) * scale  # noqa: PLW2901 -- a little later, by chance
        which = order[place % count]
        troubles.append(Trouble(phase, which, begins_s, begins_s + lasts_s * scale))
    return tuple(troubles)


@dataclass(frozen=True, slots=True)
class Happened:
    """A trouble as it was: when it began, and from when its instance could be used again."""

    trouble: Trouble
    began: float
    usable: float


class Director(threading.Thread):
    """Lets the troubles happen at their times; `happened` has those that are over."""

    def __init__(self, troubles: Sequence[Trouble], cast: Sequence[Instance]) -> None:
        super().__init__(daemon=True)
        self.happened: list[Happened] = []
        self._troubles, self._cast = troubles, cast
        self._start = 0.0
        self._stopped = threading.Event()

    def begin(self, start: float) -> None:
        """Begin with the load; `start` is of the monotonic clock."""
        self._start = start
        self.start()

    def run(self) -> None:
        """One trouble after the other."""
        for trouble in self._troubles:
            one = self._cast[trouble.instance]
            if not self._comes(trouble.begins_s):
                return
            began = time.monotonic()
            trouble.begin(one)
            if not self._comes(trouble.ends_s):
                return
            trouble.end(one)
            self.happened.append(Happened(trouble, began, time.monotonic()))
            say(f"  instance {trouble.instance} was {trouble.phase}")

    def stop(self) -> None:
        """Let nothing more happen; returns when nothing does."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def _comes(self, second: float) -> bool:
        """Wait for that second; whether it came, and was not called off."""
        return not self._stopped.wait(max(0.0, self._start + second - time.monotonic()))


def phase_at(happened: Sequence[Happened], moment: float) -> str:
    """What was happening then; `after ...` until the next trouble, `calm` before the first."""
    phase = CALM
    for one in happened:
        if moment >= one.began:
            phase = one.trouble.phase
            if moment >= one.usable:
                phase = f"after {phase}"
    return phase
