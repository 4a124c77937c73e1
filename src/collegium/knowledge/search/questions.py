"""The answers of the graph: exact sets, each with the places where they were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import MODULE
from collegium.knowledge.graph import Node
from collegium.knowledge.search import places
from collegium.knowledge.search import targets as naming
from collegium.knowledge.search.ends import INBOUND, OUTBOUND, definition, ends
from collegium.knowledge.search.findings import Finding, Findings, Through, is_certain
from collegium.knowledge.search.overriding import CONSTRUCTORS, callers_through
from collegium.knowledge.search.targets import TYPES, Sought, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.graph import Edge
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.intent import Question
    from collegium.knowledge.search.phrases import Intent

CALLABLE: Final = frozenset({"class", "interface", "enum", "function", "method"})
CODE: Final = CALLABLE | {"module", "variable"}
# The kinds of definition that each question can be about, where one of them bears the name.
FITTING: Final[dict[Intent, frozenset[str]]] = {
    "callers": CALLABLE,
    "callees": CALLABLE,
    "subclasses": TYPES,
    "bases": TYPES,
    "overrides": frozenset({"method", "function"}),
}
ABOUT_FILES: Final[frozenset[Intent]] = frozenset({"importers", "imports"})


def is_known(index: Index, question: Question) -> bool:
    """Whether the tree has something that the question can be about."""
    return bool(_placed(index, question)[1].targets)


def answer(index: Index, question: Question) -> Findings:
    """The answer of the graph to a question; it is exact unless nothing bears the name."""
    with index.snapshot():
        question, sought = _placed(index, question)
        if not sought.targets:
            return _nothing(index, question)
        if question.intent != "where":
            sought = naming.each_once(sought)
        targets = tuple(definition(index, target) for target in sought.targets)
        found = _within(question, _found(index, question, sought.targets))
        return Findings(
            intent=question.intent,
            name=question.name,
            found=tuple(one for one in found if is_certain(one.trust)),
            exact=True,
            targets=targets,
            others=tuple(definition(index, target) for target in sought.others),
            perhaps=tuple(one for one in found if not is_certain(one.trust)),
            through=_through(index, question, sought.targets, found),
            note=_remark(question, sought),
            within=question.within,
        )


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
        edges = list(_edges(index, intent, target))
        if question.deep:
            edges = list(_all_steps(index, intent, target, edges))
        for finding in ends(index, intent, edges):
            found.setdefault((at, Node(finding.file, finding.symbol)), replace(finding, of=at))
    return list(found.values())


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


def _edges(index: Index, intent: Intent, target: Target) -> Iterator[Edge]:
    """The edges that answer a question about one target; what is outside stands for its members."""
    if intent in INBOUND:
        node, kinds = target.node, INBOUND[intent]
        if intent == "references" and target.symbol is None:
            kinds = (*kinds, "imports")  # a file is used by being imported
        for one in [node] if node.file else index.outside(node.symbol):
            edges = index.edges_to(one, kinds)
            yield from (edge for edge in edges if intent != "references" or _is_written(edge))
        return
    for node in _own_nodes(index, intent, target):
        yield from index.edges_from(node, OUTBOUND[intent])


def _is_written(edge: Edge) -> bool:
    """Whether the code names the target: a type of Go has an interface without a word."""
    return edge.kind != "inherits" or edge.trust != "inherited"


def _own_nodes(index: Index, intent: Intent, target: Target) -> Iterator[Node]:
    """The nodes whose doings count as the target's: a type's constructor, what a file holds."""
    node = target.node
    yield node
    if intent != "callees":
        return
    if target.symbol is None:
        yield Node(node.file, MODULE)
        yield from (Node(node.file, symbol.path) for symbol in index.symbols_of(node.file))
    elif target.symbol.kind in TYPES:
        names = (*CONSTRUCTORS, target.symbol.name)
        yield from (Node(node.file, f"{node.symbol}.{name}") for name in names)


def _all_steps(
    index: Index, intent: Intent, target: Target, edges: Sequence[Edge]
) -> Iterator[Edge]:
    """The edges, and those that follow from what they lead to, each node once."""
    seen = {target.node}
    waiting = list(edges)
    while waiting:
        edge = waiting.pop(0)
        node = edge.source if intent in INBOUND else edge.target
        if node in seen:
            continue
        seen.add(node)
        yield edge
        if node.file:
            waiting += _edges(index, intent, Target(node, index.symbol(*node)))


def _remark(question: Question, sought: Sought) -> str:
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
    return "; ".join(remarks)


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
    note = f"nothing here is called `{question.name}`{place}{hint}"
    return Findings(question.intent, question.name, note=note, within=question.within)
