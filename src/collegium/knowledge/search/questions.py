"""The answers of the graph: exact sets, each with the places where they were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import MODULE
from collegium.knowledge.graph import Node
from collegium.knowledge.search import namesakes, places, standing
from collegium.knowledge.search import targets as naming
from collegium.knowledge.search.covering import is_test, reaching
from collegium.knowledge.search.ends import definition, ends
from collegium.knowledge.search.findings import Finding, Findings, Through, is_certain
from collegium.knowledge.search.intent import DEEP, Question
from collegium.knowledge.search.members import members
from collegium.knowledge.search.overriding import CONSTRUCTORS, callers_through
from collegium.knowledge.search.paths import MOST_VISITED, chain
from collegium.knowledge.search.steps import all_steps, edges_about, holds
from collegium.knowledge.search.targets import TYPES, Sought, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.graph import EdgeKind
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.phrases import Intent

# As what the one is sought that is asked whether it does something.
_OF_DOERS: Final[dict[Intent, Intent]] = {
    "callers": "callees",
    "references": "callees",
    "importers": "imports",
    "subclasses": "bases",
    "path": "callees",
}
CALLABLE: Final = frozenset({"class", "interface", "enum", "function", "method"})
_CALLS: Final[frozenset[EdgeKind]] = frozenset({"calls"})
CODE: Final = CALLABLE | {"module", "variable"}
# The kinds of definition that each question can be about, where one of them bears the name.
FITTING: Final[dict[Intent, frozenset[str]]] = {
    "callers": CALLABLE,
    "callees": CALLABLE,
    "subclasses": TYPES,
    "bases": TYPES,
    "overrides": frozenset({"method", "function"}),
    "members": TYPES,
    "path": CALLABLE,
}
ABOUT_FILES: Final[frozenset[Intent]] = frozenset({"importers", "imports"})


def is_known(index: Index, question: Question) -> bool:
    """Whether the tree has something that the question can be about."""
    known = _placed(index, question)[1].targets
    return bool(known) and (not question.by or bool(_doers(index, question).targets))


def is_called_so(index: Index, question: Question) -> bool:
    """Whether the tree has something that is called just as the question has it."""
    _, sought = _placed(index, question)
    both = [sought, _doers(index, question)] if question.by else [sought]
    return all(one.targets and not one.remark for one in both)


def answer(index: Index, question: Question) -> Findings:
    """The answer of the graph to a question; it is exact unless nothing bears the name."""
    with index.snapshot():
        question, sought = _placed(index, question)
        doers = _doers(index, question)
        for name, bearers in ((question.name, sought), (question.by, doers)):
            if name and not bearers.targets:
                return _nothing(index, replace(question, name=name))
        if question.intent != "where":
            sought = naming.each_once(sought)
        told = Findings(
            intent=question.intent,
            name=question.name,
            exact=True,
            targets=tuple(definition(index, target) for target in sought.targets),
            others=tuple(definition(index, target) for target in sought.others),
            by=tuple(definition(index, target) for target in doers.targets),
            within=question.within,
        )
        if question.intent == "path":
            return _path(index, told, doers, sought)
        found = _within(question, _found(index, question, sought.targets))
        through = _through(index, question, sought.targets, found)
        alike = _namesakes(index, question, sought.targets)
        if question.by:
            found = [one for one in found if _is_by(one, doers)]
            alike = [one for one in alike if _is_by(one, doers)]
            through = tuple(_by(one, doers) for one in through if _by(one, doers).found)
        remarks = (
            _remark(index, question, sought, found, doers),
            namesakes.remark(sought.targets[0].node.symbol, alike),
        )
        return replace(
            told,
            found=tuple(one for one in found if is_certain(one.trust)),
            perhaps=tuple(one for one in found if not is_certain(one.trust)),
            through=through,
            namesakes=tuple(alike),
            note="; ".join(filter(None, remarks)),
        )


def _doers(index: Index, question: Question) -> Sought:
    """What is asked whether it does something, where that is asked."""
    if not question.by:
        return Sought()
    return naming.each_once(_sought(index, Question(_OF_DOERS[question.intent], question.by)))


def _is_by(one: Finding, doers: Sought) -> bool:
    return any(holds(doer.node, Node(one.file, one.symbol)) for doer in doers.targets)


def _by(through: Through, doers: Sought) -> Through:
    return replace(through, found=tuple(one for one in through.found if _is_by(one, doers)))


def _path(index: Index, told: Findings, doers: Sought, sought: Sought) -> Findings:
    """The shortest chain of calls; where none is known, it is said whether all were looked at."""
    found = chain(index, doers.targets, sought.targets)
    if found.whole:
        alike = () if found.found else namesakes.calls_by_name(index, sought.targets)
        return replace(told, found=found.found, note=namesakes.remark(told.name, alike))
    note = (
        f"no chain of calls from {_called(told.by[0])} to {_called(told.targets[0])} was found "
        f"among the {MOST_VISITED:,} definitions that were looked at"
    )
    return replace(told, exact=False, note=note)


def _called(one: Finding) -> str:
    return f"`{one.name}`"


def _placed(index: Index, question: Question) -> tuple[Question, Sought]:
    """What is asked about; a place that it is not in is where the answers are to be."""
    sought = _sought(index, question)
    if question.place and not sought.targets and not question.within:
        wider = replace(question, place="", within=question.place)
        elsewhere = _sought(index, wider)
        if elsewhere.targets and any(
            places.lies_in(path, question.place) for path in index.files_holding("")
        ):
            return wider, elsewhere
    return question, sought


def _sought(index: Index, question: Question) -> Sought:
    """The definitions, files or outside names that the question is about."""
    intent, name, place = question.intent, question.name, question.place
    named = naming.symbols(index, name, place)
    if intent in ABOUT_FILES:
        modules = _files(index, question)
        known = replace(named, targets=(*modules, *named.targets))
        return known if known.targets else Sought(naming.outside(index, name))
    if intent == "subclasses" and not named.targets:
        return Sought(naming.outside(index, name))
    if not named.targets:
        return Sought(_files(index, question))
    return _fitting(named, FITTING.get(intent))


def _files(index: Index, question: Question) -> tuple[Target, ...]:
    return tuple(map(Target, places.files(index, question.name, question.place)))


def _fitting(sought: Sought, kinds: frozenset[str] | None) -> Sought:
    """Only what the question can be about, if there is such; what else bears the name comes after.

    A name may also be bound to a value somewhere, or head a section: these come last.
    """
    named = (*sought.targets, *sought.others)
    tiers = [(sought.targets, CALLABLE), (sought.targets, CODE)]
    if kinds is not None:
        tiers = [(sought.targets, kinds), (sought.others, kinds), *tiers]
    for bearers, wanted in tiers:
        chosen = tuple(one for one in bearers if one.symbol and one.symbol.kind in wanted)
        if chosen:
            rest = tuple(one for one in named if one not in chosen)
            return replace(sought, targets=chosen, others=rest)
    return sought


def _found(index: Index, question: Question, targets: Sequence[Target]) -> list[Finding]:
    intent = question.intent
    if intent == "where":
        return [replace(definition(index, one), of=at) for at, one in enumerate(targets)]
    found: dict[tuple[int, Node], Finding] = {}
    for at, target in enumerate(targets):
        for finding in _of_target(index, question, target):
            found.setdefault((at, Node(finding.file, finding.symbol)), replace(finding, of=at))
    return list(found.values())


def _of_target(index: Index, question: Question, target: Target) -> Iterable[Finding]:
    intent = question.intent
    if intent == "members":
        return [definition(index, one) for one in members(index, target, question.kinds)]
    edges = list(edges_about(index, intent, target))
    if question.deep or (question.by and intent in DEEP):
        edges = list(all_steps(index, intent, target, edges))
    found = ends(index, intent, edges)
    return [one for one in found if intent != "tests" or is_test(one.file, one.symbol)]


def _namesakes(index: Index, question: Question, targets: Sequence[Target]) -> list[Finding]:
    """What calls something of a target's name, where it is asked what calls it."""
    if question.intent not in namesakes.ABOUT_CALLS:
        return []
    return _within(question, namesakes.calls_by_name(index, targets))


def _within(question: Question, found: Iterable[Finding]) -> list[Finding]:
    """Those that lie where answers are wanted."""
    where = question.within
    return [one for one in found if not where or places.lies_in(one.file, where)]


def _through(
    index: Index, question: Question, targets: Sequence[Target], found: Iterable[Finding]
) -> tuple[Through, ...]:
    """The callers of what the targets override and is no target, where callers are asked for."""
    if question.intent != "callers":
        return ()
    asked = {(target.node.file, target.node.symbol) for target in targets}
    certain = {(one.of, one.file, one.symbol) for one in found if is_certain(one.trust)}
    every: list[Through] = []
    for at, target in enumerate(targets):
        for base, calling in callers_through(index, target.node):
            rest = _within(question, calling)
            news = [one for one in rest if (at, one.file, one.symbol) not in certain]
            if news and (base.file, base.symbol) not in asked:
                belonging = tuple(replace(one, of=at) for one in news)
                every.append(Through(replace(base, of=at), belonging))
    return tuple(every)


def _remark(
    index: Index, question: Question, sought: Sought, found: Sequence[Finding], doers: Sought
) -> str:
    remarks = [sought.remark] if sought.remark else []
    another = _another(sought)
    if another:
        remarks.append(f"to ask about another, write `{another}`")
    if sought.heir:
        members = " and ".join(f"`{target.node.symbol}`" for target in sought.targets)
        remarks.append(f"`{sought.heir}` inherits {members}")
    if question.intent == "callers" and any(
        target.symbol is not None and target.symbol.kind in TYPES for target in sought.targets
    ):
        remarks.append("a class counts as called where it is instantiated")
    if question.intent == "callers" and not question.by:
        remarks += _of_types(index, sought)
    if question.intent == "tests":
        remarks += _of_reaching(index, sought, found)
    if question.intent == "callees":
        remarks += filter(None, [namesakes.calling_remark(index, sought.targets)])
    if question.intent == "overrides" and not question.deep and not question.by:
        remarks += _of_further(index, sought, found)
    if question.intent == "members":
        remarks += _of_heritage(index, sought)
    if question.by and not any(is_certain(one.trust) for one in found):
        remarks += _of_detour(index, question, doers, sought)
    return "; ".join(remarks)


def _of_types(index: Index, sought: Sought) -> Iterator[str]:
    """That a constructor runs where its type is instantiated."""
    for target in sought.targets:
        owner, _, name = target.node.symbol.rpartition(".")
        if owner and name in CONSTRUCTORS and index.edges_to(Node(target.node.file, owner), _CALLS):
            yield f"it runs where `{owner}` is instantiated: ask for the callers of `{owner}`"


def _of_reaching(index: Index, sought: Sought, found: Sequence[Finding]) -> Iterator[str]:
    """How many tests come to call the targets by way of other code."""
    told = {(one.file, one.symbol) for one in found}
    more = [
        node for node in reaching(index, (one.node for one in sought.targets)) if node not in told
    ]
    if more:
        other = " more" * bool(found)
        count = f"one{other} test reaches" if len(more) == 1 else f"{len(more)}{other} tests reach"
        top = more[0].symbol == MODULE
        such = "code at the top of" if top else f"`{more[0].symbol}` in"
        yield f"{count} it by way of other code, such as {such} `{more[0].file}`"


def _of_further(index: Index, sought: Sought, found: Sequence[Finding]) -> Iterator[str]:
    """How many override the targets by way of what does so itself."""
    told = {Node(one.file, one.symbol) for one in found}
    more = {
        edge.source
        for target in sought.targets
        for edge in all_steps(
            index, "overrides", target, list(edges_about(index, "overrides", target))
        )
    } - told
    if more:
        does = "one more overrides" if len(more) == 1 else f"{len(more)} more override"
        yield f"{does} it by way of {'this' if len(told) == 1 else 'these'} (`--all`)"


def _of_heritage(index: Index, sought: Sought) -> Iterator[str]:
    """That what a type inherits is not among its members."""
    for target in sought.targets:
        bases = [edge.target for edge in index.edges_from(target.node, {"inherits"})]
        if bases:
            names = " and ".join(f"`{base.symbol}`" for base in bases)
            yield f"what `{target.node.symbol}` inherits from {names} is not among them"


def _of_detour(index: Index, question: Question, doers: Sought, sought: Sought) -> Iterator[str]:
    """By which others the doers call the targets; or that these do it with the doers."""
    if question.intent == "callers":
        found = chain(index, doers.targets, sought.targets).found
        if found[1:-1]:
            yield f"it comes to be called by way of {', '.join(map(_called, found[1:-1]))}"
    if question.intent == "subclasses":
        turned = replace(question, name=question.by, by=question.name)
        for doer in doers.targets:
            if any(_is_by(one, sought) for one in _of_target(index, turned, doer)):
                names = f"`{sought.targets[0].node.symbol}` inherits from `{doer.node.symbol}`"
                yield f"it is the other way round: {names}"


def _another(sought: Sought) -> str:
    """A name that means the first of the others, and no target; '' where there is none."""
    targets = [target.node for target in sought.targets]
    node = next((one.node for one in sought.others if one.node not in targets), None)
    if node is None:
        return ""
    is_longer = node.symbol not in {target.symbol for target in targets}
    return node.symbol if is_longer else f"{node.symbol} (in {node.file})"


def _nothing(index: Index, question: Question) -> Findings:
    """The answer where nothing bears the name: that, and what is spelled most like it."""
    place = f" in {question.place}" if question.place else ""
    near = naming.nearest(index, question.name)
    names = ", ".join(f"`{name}`" for name in near)
    likest = "name most like it is" if len(near) == 1 else "names most like it are"
    hint = f"; the {likest} {names}" if near else ""
    found: tuple[Finding, ...] = ()
    if question.intent in standing.ABOUT_PLACES and not question.by:
        found = tuple(standing.standing(index, question.name, question.place or question.within))
    known, stands = (" known", f"; {_standing(found)}") if found else ("", "")
    note = f"nothing{known} here is called `{question.name}`{place}{hint}{stands}"
    return Findings(
        question.intent, question.name, perhaps=found, note=note, within=question.within
    )


def _standing(found: Sequence[Finding]) -> str:
    """On how many lines a name was found as a word."""
    count = sum(len(one.lines) for one in found)
    more = "at least " * (len(found) == standing.MOST)
    lines = "one line" if count == 1 else f"{more}{count} lines"
    return f"as a word it stands on {lines} of the code"
