"""What one process does that is measured from outside: python alone.py WHAT ROOT CACHE [...].

Prints one JSON object. Each runs on one core, and in a process of its own, so that neither memory
nor warmth is shared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from material import lines_of

if TYPE_CHECKING:
    from collegium.knowledge.index import Index

PATIENCE_S = 30.0


def memory_mb() -> dict[str, float]:
    """The resident memory of this process: now, and at most."""
    told = Path("/proc/self/status").read_text("ascii")
    kilobytes = {name: int(told.partition(f"{name}:")[2].split()[0]) for name in ("VmRSS", "VmHWM")}
    return {
        "now": round(kilobytes["VmRSS"] / 1024, 1),
        "peak": round(kilobytes["VmHWM"] / 1024, 1),
    }


def parsing(root: Path, _: Path) -> dict[str, Any]:
    """Seconds that tree-sitter alone takes to parse what is indexed: what no index can be below."""
    from collegium.knowledge.languages import grammar_of, language_of, reader_of  # noqa: PLC0415
    from collegium.knowledge.parsing.loading import tables  # noqa: PLC0415

    sources = []
    for path in sorted(one for one in root.rglob("*") if one.is_file()):
        language = language_of(path.name)
        if (
            language and reader_of(path.name, language) is None
        ):  # documents have a reader of their own
            sources.append((tables(grammar_of(language)), path.read_bytes()))
    started, cpu = time.perf_counter(), time.process_time()
    for table, source in sources:
        table.tree(source)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "lines": sum(source.count(b"\n") for _, source in sources),
    }


def indexing(root: Path, cache: Path) -> dict[str, Any]:
    """The same twice: cold, which loads grammars too, and then with everything loaded."""
    first, second = building(root, cache), building(root, cache / "again")
    warm = {"warm_seconds": second["seconds"], "warm_cpu_seconds": second["cpu_seconds"]}
    return {**first, **warm}


def building(root: Path, cache: Path) -> dict[str, Any]:
    """Seconds to index a tree without vectors, and the memory it takes."""
    from collegium.knowledge.index import Index  # noqa: PLC0415

    before = memory_mb()
    started, cpu = time.perf_counter(), time.process_time()
    with closing(Index.open(root, cache=cache, create=True)) as index:
        index.update()
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
        summary = index.summary()
        size = index.size_bytes
    return {
        "seconds": took_s,
        "cpu_seconds": cpu_s,
        "lines": summary.lines,
        "files": sum(summary.files.values()),
        "symbols": summary.symbols,
        "edges": sum(summary.edges.values()),
        "file_mb": round(size / 1e6, 1),
        "before_mb": before["now"],
        "peak_mb": memory_mb()["peak"],
    }


def embedding(root: Path, cache: Path) -> dict[str, Any]:
    """Seconds to compute the vectors of a tree, and how many."""
    from collegium.knowledge.index import Index  # noqa: PLC0415
    from collegium.routing import shelf  # noqa: PLC0415

    with closing(Index.open(root, cache=cache)) as index:
        started = time.perf_counter()
        count = index.embed(shelf.encoder("builtin"))
        return {"seconds": time.perf_counter() - started, "vectors": count}


def encoding(_: Path, __: Path) -> dict[str, Any]:
    """The memory of a process that has nothing but the encoder, and has used it."""
    from collegium.routing import shelf  # noqa: PLC0415

    shelf.encoder("builtin").encode(["how long a text can be " * 40])
    return {"memory_mb": memory_mb()}


def asking(root: Path, cache: Path) -> dict[str, Any]:
    """Milliseconds of questions in words and of questions to the graph, and the memory.

    The questions in words are those of a file; where vectors are wanted, each is embedded.
    """
    from collegium.knowledge.codebase import KnowledgeGraph, Question  # noqa: PLC0415
    from collegium.routing import shelf  # noqa: PLC0415

    questions = [one["query"] for one in lines_of(Path(sys.argv[4]))]
    encoder = (lambda: shelf.encoder("builtin")) if sys.argv[5] == "vectors" else None
    with closing(KnowledgeGraph.open(root, encoder=encoder, cache=cache)) as graph:
        opened = time.perf_counter()
        graph.retrieve("the first question pays for opening", 10)
        first_ms = (time.perf_counter() - opened) * 1000
        texts = [timed(partial(graph.retrieve, one, 10)) for one in questions]
        names = sorted(name for name in graph.index.names() if len(name) > 3)
        exact = [
            timed(partial(graph.answer, Question(intent, name)))
            for name in names[:: max(1, len(names) // 200)]
            for intent in ("callers", "callees", "where")
        ]
        return {
            "first_ms": first_ms,
            "search_ms": texts,
            "graph_ms": exact,
            "memory_mb": memory_mb(),
        }


def editing(root: Path, cache: Path) -> dict[str, Any]:
    """Milliseconds from writing a file until a reader beside the watcher finds what is new."""
    from collegium.knowledge.index import Index  # noqa: PLC0415

    edits, stop = int(sys.argv[4]), Event()
    watched = closing(Index.open(root, cache=cache))
    with watched as index, closing(Index.open(root, cache=cache)) as reader:
        reports = index.follow(stop)
        next(reports)
        watcher = Thread(target=lambda: [None for _ in reports], daemon=True)
        watcher.start()
        files = sorted(root.rglob("*.py"))
        files = files[:: max(1, len(files) // edits)][:edits]
        time.sleep(1)  # until the system watches every folder
        took = [edited(reader, file, f"edited_now_{number}") for number, file in enumerate(files)]
        stop.set()
        watcher.join()
    return {"edit_ms": took}


def edited(reader: Index, file: Path, name: str) -> float:
    """Add a function to a file; milliseconds until it is found."""
    text = file.read_text("utf-8")
    started = time.perf_counter()
    file.write_text(f"{text}\n\ndef {name}():\n    return print()\n", "utf-8")
    while not reader.symbols_named(name):
        if time.perf_counter() - started > PATIENCE_S:
            raise SystemExit(f"{name} in {file} was not found within {PATIENCE_S} s")
        time.sleep(0.001)
    return (time.perf_counter() - started) * 1000


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


ON_ONE_CORE = {"parsing": parsing, "indexing": indexing, "asking": asking}
ON_ALL = {"building": building, "embedding": embedding, "encoding": encoding, "editing": editing}


def main() -> None:
    """Do it, and tell."""
    what = sys.argv[1]
    if what in ON_ONE_CORE:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    action = (ON_ONE_CORE | ON_ALL)[what]
    print(json.dumps(action(Path(sys.argv[2]), Path(sys.argv[3]))))


if __name__ == "__main__":
    main()
