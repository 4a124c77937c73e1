"""`collegium graph`: who calls, defines, inherits and imports what, exactly."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Annotated

import typer

from collegium.cli import options
from collegium.cli.codebases import AsItIs, TreePath, codebase, findings_json
from collegium.cli.terminal import harmless, say, say_json, stderr, verb
from collegium.errors import UnknownSymbol
from collegium.knowledge.search.doing import DOING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.knowledge.codebase import Finding, Findings, Question
    from collegium.knowledge.search.phrases import Intent

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="What it is about: `f`, `Type.method`, `pkg.module`, `path/to/file.py::f`, or "
        "`f (in path/to/file.py)`.",
    ),
]
Candidates = Annotated[
    bool, typer.Option("--candidates", help="Also show what only bears a name that fits.")
]
All = Annotated[bool, typer.Option("--all", help="Over any number of steps, not only one.")]

# So many of the others that bear a name are named.
NAMED = 10
# What each verb shows, of NAME.
VERBS: dict[Intent, str] = {
    "callers": "Show what calls a function, method or class.",
    "callees": "Show what a function, method or class calls.",
    "importers": "Show which files import a module, or a symbol of one.",
    "imports": "Show what a file or module imports.",
    "where": "Show where something is defined.",
    "references": "Show what uses a name in any way: calls it, refers to it, inherits from it.",
    "documents": "Show which sections of the documents name something.",
    "overrides": "Show which methods override one.",
    "members": "Show what a file or type defines.",
    "tests": "Show which tests use a definition themselves.",
    "subclasses": "Show what inherits from a type.",
    "bases": "Show what a type inherits from.",
}
# Those that may be followed over several steps.
STEPWISE: frozenset[Intent] = frozenset({"subclasses", "bases", "overrides"})


def app() -> typer.Typer:
    """The verbs under `collegium graph`."""
    verbs = typer.Typer(
        help="Ask the graph of a codebase: exact answers, with the places where they were seen.",
        no_args_is_help=True,
    )
    for intent, promise in VERBS.items():
        verbs.command(intent, help=_help(intent, promise))(_verb(intent))
    verbs.command()(path)
    return verbs


@verb
def path(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Where it begins, as NAME is.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Where it leads, likewise.")],
    tree: TreePath = None,
    as_it_is: AsItIs = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show the shortest chain of calls from one definition to another.

    Each definition on it is a line on stdout: where, what, and where it is called.

    Example:
    `collegium graph path main Client.send`
    """
    del debug  # `verb` reads it
    with codebase(tree, lexical=True, as_it_is=as_it_is) as graph:
        show(graph.answer(_about("path", target, by=source)), as_json=as_json)


def _help(intent: Intent, promise: str) -> str:
    example = {"imports": "src/app.py", "subclasses": "Client", "bases": "Client"}.get(
        intent, "Client.send"
    )
    return (
        f"{promise}\n\nEach is a line on stdout: where, what, and how it is declared.\n\n"
        f"Example:\n`collegium graph {intent} {example}`"
    )


def _verb(intent: Intent) -> Callable[..., None]:
    @verb
    def run(
        name: Name,
        path: TreePath = None,
        deep: All = False,
        candidates: Candidates = False,
        as_it_is: AsItIs = False,
        as_json: options.AsJson = False,
        debug: options.Debug = False,
    ) -> None:
        del debug  # `verb` reads it
        with codebase(path, lexical=True, as_it_is=as_it_is) as graph:
            asked = _about(intent, name, deep=deep)
            show(graph.answer(asked), candidates=candidates, as_json=as_json)

    return run if intent in STEPWISE else _without(run, "deep")


def _without(run: Callable[..., None], parameter: str) -> Callable[..., None]:
    """A verb that does not offer one of its parameters: typer goes by the signature."""
    seen = signature(run, eval_str=True)
    offered = [one for name, one in seen.parameters.items() if name != parameter]
    run.__signature__ = seen.replace(parameters=offered)  # type: ignore[attr-defined]
    return run


def _about(intent: Intent, name: str, *, deep: bool = False, by: str = "") -> Question:
    from collegium.knowledge.search.intent import about  # noqa: PLC0415 -- 8 ms, for few verbs

    return about(intent, name, deep=deep, by=by)


def show(findings: Findings, *, candidates: bool = False, as_json: bool) -> None:
    """Tell an answer of the graph.

    Raises:
        UnknownSymbol: the name stands nowhere; in JSON that was told already.
    """
    if as_json:
        say_json(findings_json(findings))
    if not (findings.exact or findings.perhaps):
        raise UnknownSymbol(findings.note)
    if not as_json:
        tell(findings, candidates=candidates)


def tell(findings: Findings, *, candidates: bool = False) -> None:
    """Lines of what was found on stdout; on stderr what they are about, and what else to know."""
    if findings.intent == "path":
        _tell_path(findings)
        return
    for at, target in enumerate(findings.targets):
        found = findings.of(at)
        if findings.by:
            say(harmless(_verdict(findings, at)) + "\n")
        elif findings.intent != "where":
            _aside(f"{findings.intent} of {_with_place(target)}:")
        belonging = f"of {_with_place(target)}" * (len(findings.targets) > 1)
        say("".join(line_of(one, of=belonging) for one in found))
        if not found and not findings.by:
            _aside("  none")
        for through in findings.through:
            if through.base.of == at:
                base, overriding = _with_place(through.base), _with_place(target)
                _aside(f"through {base}, which {overriding} overrides:")
                way = f"through {through.base.name}"
                say("".join(line_of(one, way) for one in through.found))
    _tell_unsure(findings, candidates=candidates)
    if findings.others:
        others = ", ".join(map(_with_place, findings.others[:NAMED]))
        more = len(findings.others) - NAMED
        others += f" and {more} more" * (more > 0)
        _aside(f"others bear the name as well: {others}")
    if findings.note and findings.by:  # it belongs to the answer: by way of what it does so
        say(harmless(findings.note) + "\n")
    elif findings.note:
        _aside(findings.note)


def _tell_unsure(findings: Findings, *, candidates: bool) -> None:
    """What bears a name that fits, and no more: all of the answer where it is not exact."""
    if findings.perhaps and not findings.exact:
        say("".join(map(line_of, findings.perhaps)))
    elif findings.perhaps and candidates:
        _aside("perhaps, since only the name fits:")
        say("".join(map(line_of, findings.perhaps)))
    elif findings.perhaps:
        _aside(f"{len(findings.perhaps)} more only bear a name that fits; --candidates shows them")
    if findings.namesakes and candidates:
        _aside("perhaps, though many definitions bear the name:")
        say("".join(map(line_of, findings.namesakes)))


def _verdict(findings: Findings, at: int) -> str:
    """Whether one does something with a target, in a sentence."""
    does = f"{_any_of(findings.by)} {DOING[findings.intent]} {_with_place(findings.targets[at])}"
    if findings.of(at):
        return f"Yes, {does}:"
    if findings.perhaps or findings.through or findings.namesakes:
        return f"It cannot be told whether {does}."
    return f"No: it is not seen that {does}."


def no_path(findings: Findings) -> str:
    """That there is no path, in a sentence."""
    ends = _any_of(findings.by), _any_of(findings.targets)
    return f"No calls that the source tells lead from {ends[0]} to {ends[1]}."


def _tell_path(findings: Findings) -> None:
    """A line for each definition on a path, with how it was come to."""
    if findings.by and findings.targets:
        _aside(f"path from {_any_of(findings.by)} to {_any_of(findings.targets)}:")
    say("".join(line_of(one, one.why) for one in findings.found))
    if findings.exact and not findings.found:
        _aside("  none")
    if findings.note:
        _aside(findings.note)


def _any_of(several: Sequence[Finding]) -> str:
    return " or ".join(map(_with_place, several[:NAMED]))


def _aside(text: str) -> None:
    stderr().print(harmless(text))


def line_of(one: Finding, way: str = "", of: str = "") -> str:
    """A finding as one line, apart by tabs: where, what it is, how it is declared or came by.

    `of` is what it belongs to, where several were asked about.
    """
    declared = "" if one.lines else " ".join(one.signature.split())
    parts = [one.place or "(elsewhere)", one.name, *filter(None, [way or declared, of])]
    return harmless("\t".join(parts)).replace("\n", " ") + "\n"


def _with_place(one: Finding) -> str:
    return f"{one.name} ({one.place})" if one.symbol and one.file else one.name
