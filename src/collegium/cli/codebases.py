"""What the verbs about a codebase share: which folder it is, its index, its encoder, its words."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from collegium.cli.progress import stages
from collegium.cli.roots import is_indexed, nearest
from collegium.cli.terminal import harmless, stderr
from collegium.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Generator

    from collegium.encoders.base import Encoder
    from collegium.knowledge.codebase import Finding, Findings, KnowledgeGraph

# A folder with more files than this is not indexed unless that is asked for.
MOST_FILES_UNASKED: Final = 5000
# So long a question waits for another process that is updating the index.
PATIENCE_S: Final = 2.0
EXTRA: Final = "pip install 'collegium[knowledge]', or in a clone '.[knowledge]'"

TreePath = Annotated[
    Path | None,
    typer.Option(
        "--path",
        metavar="PATH",
        help="The codebase; else this folder, or the nearest project above that has an index.",
    ),
]
Lexical = Annotated[
    bool, typer.Option("--lexical", help="Go by words alone: no vectors and no encoder.")
]
AsItIs = Annotated[
    bool, typer.Option("--no-index", help="Take the index as it is; do not look for changes.")
]


@contextmanager
def codebase(
    path: Path | None, *, lexical: bool = False, as_it_is: bool = False
) -> Generator[KnowledgeGraph]:
    """The graph of a codebase, as its folder is now; one that has no index gets it if it is small.

    Raises:
        NotIndexed: it has no index, and is large or must be taken as it is.
        TreeRefused: it is no folder that can be read.
        IndexUnusable: its index cannot be opened, made or written.
        PluginError: the extra is not installed.
    """
    root = path if path is not None else nearest()
    create = not as_it_is and not _is_large(root)
    if path is None and root.resolve() != Path.cwd():
        stderr().print(harmless(f"answering from the index of {root}"))
    elif create and root.is_dir() and not is_indexed(root.resolve()):
        stderr().print(harmless(f"{root.resolve()} is not indexed yet: indexing it"))
    with opened(root, create=create, lexical=lexical) as graph:
        if not as_it_is:
            _keep_up(graph)
        yield graph


def _keep_up(graph: KnowledgeGraph) -> None:
    """Take up what changed; where another process is at that for long, what is known will do."""
    from collegium.knowledge.index.report import Stopped  # noqa: PLC0415 -- the extra is there now

    until = time.monotonic() + PATIENCE_S
    with stages() as progress:

        def show(done: int, total: int, what: str) -> None:
            if what == "waiting" and time.monotonic() > until and graph.index.is_read:
                raise Stopped
            progress(done, total, what)

        try:
            graph.update(progress=show)
        except Stopped:
            stderr().print(
                harmless(f"{graph.root} is being indexed: answering from what was known before")
            )


@contextmanager
def opened(root: Path, *, create: bool, lexical: bool = False) -> Generator[KnowledgeGraph]:
    """The graph of the codebase in a folder, as its index has it.

    Raises:
        NotIndexed: there is no index, and `create` is false.
        TreeRefused: it is no folder that can be read.
        IndexUnusable: the index cannot be opened or made.
        PluginError: the extra is not installed.
    """
    try:
        from collegium.knowledge.codebase import KnowledgeGraph  # noqa: PLC0415 -- many verbs need
    except ImportError as error:
        raise PluginError(f"knowing a codebase takes an extra ({error}): {EXTRA}") from error
    graph = KnowledgeGraph.open(root, encoder=None if lexical else builtin, create=create)
    try:
        yield graph
    finally:
        graph.close()


def builtin() -> Encoder:
    """The college's own encoder, which loads its weights when it gets its first text."""
    from collegium.routing.shelf import BUILTIN_ENCODER, encoder  # noqa: PLC0415 -- numpy, 80 ms

    return encoder(BUILTIN_ENCODER)


def findings_json(findings: Findings) -> dict[str, Any]:
    """An answer of the graph, or of the search, as JSON has it."""
    return {
        "intent": findings.intent,
        "name": findings.name,
        "exact": findings.exact,
        "targets": [finding_json(one) for one in findings.targets],
        "by": [finding_json(one) for one in findings.by],
        "found": [finding_json(one) for one in findings.found],
        "through": [
            {"base": finding_json(one.base), "found": [finding_json(each) for each in one.found]}
            for one in findings.through
        ],
        "perhaps": [finding_json(one) for one in findings.perhaps],
        "namesakes": [finding_json(one) for one in findings.namesakes],
        "others": [finding_json(one) for one in findings.others],
        "note": findings.note,
        "took_ms": round(findings.took_ms, 3),
    }


def finding_json(one: Finding) -> dict[str, Any]:
    """One finding as JSON has it, without what it does not have."""
    told = {
        "file": one.file,
        "symbol": one.symbol,
        "kind": one.kind,
        "line": one.line,
        "lines": list(one.lines),
        "start": one.start,
        "end": one.end,
        "signature": one.signature,
        "snippet": one.snippet,
        "trust": one.trust,
        "score": round(one.score, 6),
        "why": one.why,
    }
    told = {key: value for key, value in told.items() if value}
    return told if one.of < 0 else {**told, "of": one.of}


def _is_large(root: Path) -> bool:
    """Whether a folder without an index is too large to get one unasked."""
    if not root.is_dir() or is_indexed(root.resolve()):
        return False
    from collegium.knowledge.tree import Tree  # noqa: PLC0415 -- as above

    return len(Tree(root).walk().files) > MOST_FILES_UNASKED
