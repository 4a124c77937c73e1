"""What was found, said in Markdown: sentences and lists with `file:line`, as a person would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.facts import MODULE
from collegium.knowledge.search.doing import DOING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.knowledge.search.findings import Finding, Findings, Through
    from collegium.knowledge.search.phrases import Intent

# So many are listed; who wants all asks the graph itself.
LISTED: Final = 50
_SEVERAL: Final = 3
# So many of the definitions that bear a name have a paragraph of their own.
_PARAGRAPHS: Final = 20


class Wording(NamedTuple):
    """How an answer begins, about one target: if nothing, one thing or several were found."""

    none: str
    one: str
    many: str


WORDINGS: Final[dict[Intent, Wording]] = {
    "callers": Wording(
        "Nothing in this codebase calls {target}.",
        "One place calls {target}:",
        "{count} places call {target}:",
    ),
    "callees": Wording(
        "{target} calls nothing that this codebase defines.",
        "{target} calls one definition of this codebase:",
        "{target} calls {count} definitions of this codebase:",
    ),
    "where": Wording("", "{name} is defined here:", "{count} definitions are called {name}:"),
    "subclasses": Wording(
        "Nothing in this codebase inherits from {target}.",
        "One type inherits from {target}:",
        "{count} types inherit from {target}:",
    ),
    "bases": Wording(
        "{target} inherits from nothing.",
        "{target} inherits from one type:",
        "{target} inherits from {count} types:",
    ),
    "importers": Wording(
        "No file of this codebase imports {target}.",
        "One file imports {target}:",
        "{count} files import {target}:",
    ),
    "imports": Wording(
        "{target} imports nothing.",
        "{target} imports one thing:",
        "{target} imports {count} things:",
    ),
    "references": Wording(
        "Nothing in this codebase uses {target}.",
        "{target} is used in one place:",
        "{target} is used in {count} places:",
    ),
    "documents": Wording(
        "No document of this codebase names {target}.",
        "One section of the documents names {target}:",
        "{count} sections of the documents name {target}:",
    ),
    "overrides": Wording(
        "Nothing in this codebase overrides {target}.",
        "One method overrides {target}:",
        "{count} methods override {target}:",
    ),
    "members": Wording(
        "{target} defines nothing like that.",
        "{target} defines one thing:",
        "{target} defines {count} things:",
    ),
    "tests": Wording(
        "No test uses {target} itself.",
        "One place in the tests uses {target}:",
        "{count} places in the tests use {target}:",
    ),
    "path": Wording(
        "No calls that the source tells lead from {by} to {target}.",
        "",
        "{by} comes to call {target}:",
    ),
}


def said(findings: Findings) -> str:
    """The answer as Markdown text, complete sentences and lists, without a model."""
    if findings.intent == "search":
        return _search(findings)
    if not findings.exact:
        if not findings.perhaps:
            return _sentence(findings.note)
        return "\n".join((f"{_sentence(findings.note, '')}:", "", *_listed(findings.perhaps)))
    wording = WORDINGS[findings.intent]
    parts = [_about(findings, wording)]
    parts += [_through(findings, one) for one in findings.through[:_PARAGRAPHS]]
    if findings.perhaps:
        listed = "\n".join(_listed(findings.perhaps))
        parts.append(f"Perhaps also these, of which only the name fits:\n\n{listed}")
    if findings.others:
        others = ", ".join(f"`{one.symbol}` (`{one.place}`)" for one in findings.others[:LISTED])
        more = len(findings.others) - LISTED
        others += f" and {more} more" * (more > 0)
        parts.append(f"Others bear the name as well: {others}.")
    if findings.note:
        parts.append(_sentence(findings.note))
    return "\n\n".join(parts)


def _through(findings: Findings, through: Through) -> str:
    """The callers of what a target overrides, as a paragraph of their own."""
    overriding = _named(findings.targets[through.base.of])
    head = f"Through {_named(through.base)}, which {overriding} overrides:"
    return "\n".join((head, "", *_listed(through.found)))


def _about(findings: Findings, wording: Wording) -> str:
    name = f"`{findings.name}`"
    if findings.intent == "where":
        return _worded(wording, findings.found, name=name)
    within = f" (looking only in `{findings.within}`)" if findings.within else ""
    by = _any_of(findings.by)
    if findings.intent == "path":
        return _steps(wording, findings, by)
    if findings.by:
        wording = _doing(findings, by)
    if len(findings.targets) > _SEVERAL:
        return _many(findings, wording, within)
    paragraphs = [
        _worded(wording, findings.of(at), name=name, target=_named(target) + within)
        for at, target in enumerate(findings.targets)
    ]
    if len(paragraphs) > 1:
        paragraphs.insert(0, f"{len(paragraphs)} definitions are called {name}.")
    return "\n\n".join(paragraphs)


def _many(findings: Findings, wording: Wording, within: str) -> str:
    """The answer about many definitions: those first of which there is something to tell."""
    name = f"`{findings.name}`"
    told, idle = list[str](), list[str]()
    for at, target in enumerate(findings.targets):
        found, named = findings.of(at), _named(target)
        if found:
            told.append(_worded(wording, found, name=name, target=named + within))
        else:
            idle.append(named)
    paragraphs = [f"{len(findings.targets)} definitions are called {name}.", *told[:_PARAGRAPHS]]
    if len(told) > _PARAGRAPHS:
        paragraphs.append(f"There are answers of {len(told) - _PARAGRAPHS} more of them.")
    if idle:
        more = f" and {len(idle) - LISTED} more" * (len(idle) > LISTED)
        none = f"nothing was found{within} for {', '.join(idle[:LISTED])}{more}"
        paragraphs.append(_sentence(none))
    return "\n\n".join(paragraphs)


def _doing(findings: Findings, by: str) -> Wording:
    """How it is answered whether something does what is asked."""
    does = DOING[findings.intent]
    unsure = findings.perhaps or findings.through or findings.namesakes
    none = "it cannot be told whether" if unsure else "No: it is not seen that"
    yes = f"Yes, {by.replace('{', '{{').replace('}', '}}')} {does} {{target}}:"
    return Wording(f"{none} {by} {does} {{target}}.", yes, yes)


def _steps(wording: Wording, findings: Findings, by: str) -> str:
    """A path, a line for each definition on it."""
    target = _any_of(findings.targets)
    if not findings.found:
        return wording.none.format(by=by, target=target)
    lines = [
        f"{at}. {_named(one)}{_reached(one)}" for at, one in enumerate(findings.found, start=1)
    ]
    return "\n".join((wording.many.format(by=by, target=target), "", *lines))


def _reached(one: Finding) -> str:
    """How a path came to a definition, the place in code."""
    how, _, what = one.why.rpartition(" ")
    return f", {how} `{what}`" if what else ""


def _any_of(several: Sequence[Finding]) -> str:
    """The first of several that bear a name, and how many more there are."""
    named = " or ".join(map(_named, several[:_SEVERAL]))
    more = len(several) - _SEVERAL
    return f"{named} or one of {more} more" if more > 0 else named


def _worded(wording: Wording, found: tuple[Finding, ...], *, name: str, target: str = "") -> str:
    if not found:
        return _sentence(wording.none.format(target=target, name=name))
    form = wording.one if len(found) == 1 else wording.many
    head = _sentence(form.format(target=target, name=name, count=len(found)), end="")
    return "\n".join((head, "", *_listed(found)))


def _search(findings: Findings) -> str:
    if not findings.found:
        return _sentence(findings.note or "nothing here is like that")
    lines = [
        f"{at}. {_named(one)}{_aside(one.why)}" for at, one in enumerate(findings.found, start=1)
    ]
    return "\n".join(lines)


def _listed(found: Sequence[Finding]) -> Iterator[str]:
    """The items of a list, and how many more there are."""
    for one in found[:LISTED]:
        shown = one.signature if one.signature and not one.lines else ""
        yield f"- {_named(one)}" + (f": `{' '.join(shown.split())}`" if shown else "")
    if len(found) > LISTED:
        yield f"- and {len(found) - LISTED} more"


def _named(one: Finding) -> str:
    """A finding as a name in code and where it is: `` `Client.get` (`client.py:12`) ``."""
    if not one.file:
        return f"`{one.symbol}`, from elsewhere"
    if not one.symbol:
        lines = "line" if len(one.lines) == 1 else "lines"
        return f"`{one.file}`" + (f" ({lines} {', '.join(map(str, one.lines))})" * bool(one.lines))
    symbol = "code at the top" if one.symbol == MODULE else f"`{one.symbol}`"
    return f"{symbol} (`{one.place}`)"


def _aside(text: str) -> str:
    return f" -- {text}" if text else ""


def _sentence(text: str, end: str = ".") -> str:
    """A text that begins with a capital, unless with code, and ends as a sentence."""
    ended = text if not end or text.endswith((".", "!", "?")) else f"{text}{end}"
    return ended[:1].upper() + ended[1:]
