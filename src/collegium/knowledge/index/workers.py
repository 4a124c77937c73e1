"""Reading many files: in this process, or with the help of others where there is much to do.

The others are started as plain processes: those of `multiprocessing` would run the main module of
whoever uses this library once more.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.index.worker import Assignment, Task, as_examined, receive, send

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from collegium.knowledge.index.examining import Examined
    from collegium.knowledge.tree import Tree

# Of less than this, a process would take longer to start than it could help.
MUCH_BYTES: Final = 2_000_000
# How much a worker is given at a time: some 50 ms of work, and paths that fit into a pipe.
PORTION_BYTES: Final = 300_000
PORTION_FILES: Final = 64
MOST_WORKERS: Final = 8
_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from collegium.knowledge.index.worker import main; main()"
)


def examined(
    tree: Tree, tasks: Sequence[Task], *, workers: int | None = None
) -> Iterator[Examined]:
    """The files read, each once, in any order.

    `workers` is how many processes help; None: as many as there are processors, where it pays.
    """
    portions = _portions(tree, tasks)
    for portion, answer in _answered(portions, _worthwhile(tasks) if workers is None else workers):
        # What no worker has done is done here, where an error shows what it is.
        yield from portion.done() if answer is None else as_examined(answer)


def _worthwhile(tasks: Sequence[Task]) -> int:
    if not sys.executable or sum(task.size for task in tasks) < MUCH_BYTES:
        return 0
    if sys.platform == "win32":  # one cannot wait for several pipes there
        return 0
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(processors, MOST_WORKERS) if processors > 1 else 0


def _portions(tree: Tree, tasks: Sequence[Task]) -> Iterator[Assignment]:
    root = os.fsencode(tree.root)
    portion, size = list[Task](), 0
    for task in tasks:
        portion.append(task)
        size += task.size
        if size >= PORTION_BYTES or len(portion) == PORTION_FILES:
            yield Assignment(root, tree.limit_bytes, tuple(portion))
            portion, size = [], 0
    if portion:
        yield Assignment(root, tree.limit_bytes, tuple(portion))


def _answered(
    portions: Iterator[Assignment], workers: int
) -> Iterator[tuple[Assignment, bytes | None]]:
    """What workers answer to the portions; None where there is no worker for it, or none left."""
    with ExitStack() as crew, selectors.DefaultSelector() as listening:
        for portion in islice(portions, workers):
            try:
                worker = crew.enter_context(_started())
            except OSError:  # the system has no room for one more
                yield portion, None
                break
            worker.give(portion)
            listening.register(worker.answers, selectors.EVENT_READ, worker)
        while listening.get_map():
            for key, _ in listening.select():
                worker = key.data
                portion, answer = worker.take()
                following = next(portions, None) if answer is not None else None
                if following is None:
                    listening.unregister(worker.answers)
                else:
                    worker.give(following)
                yield portion, answer
    for portion in portions:
        yield portion, None


class _Worker:
    """A process that works on one portion at a time, so that neither side ever writes in vain."""

    def __init__(self, assignments: IO[bytes], answers: IO[bytes]) -> None:
        self._assignments, self.answers = assignments, answers
        self._portion: Assignment | None = None

    def give(self, portion: Assignment) -> None:
        """Let it begin; where it is dead, `take` will say so."""
        self._portion = portion
        with suppress(BrokenPipeError):
            send(self._assignments, msgspec.msgpack.encode(portion))

    def take(self) -> tuple[Assignment, bytes | None]:
        """The portion it was given and its answer, None where it died over it."""
        assert self._portion is not None  # noqa: S101 -- it was given one
        return self._portion, receive(self.answers)


@contextmanager
def _started() -> Generator[_Worker]:
    process = subprocess.Popen(  # noqa: S603 -- this Python, and our own program
        [sys.executable, "-c", _PROGRAM, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None  # noqa: S101 -- it was asked for
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    try:
        yield _Worker(process.stdin, process.stdout)
    finally:
        process.kill()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
