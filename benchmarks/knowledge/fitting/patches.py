"""Patches as a distribution keeps them: what their authors said, and which lines they change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.header import decode_header, make_header
from itertools import groupby

# Where the message ends and the change begins.
_CHANGE = re.compile(r"^(?:---(?:\s|$)|diff |Index: |={10})", re.MULTILINE)
_FIELD = re.compile(r"([A-Z][A-Za-z]*(?:-[A-Za-z]+)*):(?:\s+(.*))?$")
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
# Fields that tell of a patch and not of the change; whatever ends in "-by" is one too.
_TOLD_ASIDE = frozenset(
    """
    applied-upstream author authors backport backported-from bug bug-debian bug-ubuntu bug-upstream
    change-id cherry-picked-from closes closes-bug commit conflicts cve date debian-bug depends-on
    fixes forwarded from github-issue implements index issue last-update last-updated mime-version
    note-from original-patch origin origin-author other-references partial-bug partially-implements
    pr reference references related-bug resolves reviewed-on see see-also story task to upstream
    upstream-commit upstream-status version content-type content-transfer-encoding gbp
    gbp-pq x-git-url patch-name closes-issue security-impact
    """.split()
)
# What is said of a patch within a message: addresses, numbers of reports, where it was taken from.
_ASIDE = re.compile(
    r"""<?\bhttps?://\S+ | \(?\bcherry[ -]picked\ from\ [^)\n]*\)? | \b(?:CVE|TEMP)-[\dXx-]+\b
    | \bGHSA(?:-\w{4}){3}\b | \(?\b(?:closes|fixes|refs?|see|lp|bug):?\s+\#\d+\)? | \(\#\d+\)
    | ^\W*(?:(?:back)?ported|adapted|based|refresh|rebased|thanks|origin|patch|update\ hunks)\b.*$
    | \b(?=[a-f]*\d)[0-9a-f]{8,40}\b | ^\s*\[.*?\]\s*$ | ^\s*>.*$ | <\S+@\S+>
    | ^\s\S+\s+\|\s+\d+\ [+-]*$ | ^\s\d+\ files?\ changed.*$
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_OF_MERGING = re.compile(
    r"(?:Merge (?:pull request|commit|branch) from|Backport(?:ed)?(?: of)?)\b.{0,20}$"
)
_TAG = re.compile(r"^(?:\[[^\]]*\]\s*)+")
# What is left of "Fixed CVE-2020-1234 -- ...".
_LEFT_OVER = re.compile(
    r"^(?:fix(?:e[sd])?|refs?|backport(?: of)?)?(?:\s+for)?\s*(?:[:,]|--?)\s+", re.IGNORECASE
)


@dataclass(frozen=True)
class Hunk:
    """Lines that change: each with its sign, " ", "-" or "+"; `first` is where they should be."""

    first: int
    lines: tuple[str, ...]

    def old(self) -> list[str]:
        """The lines as they were before."""
        return [line[1:] for line in self.lines if line[0] != "+"]

    def place(self, text: Sequence[str]) -> int | None:
        """The line of a file at which it fits, counted from 1; the nearest, None where none is."""
        old = self.old()
        key = max(range(len(old)), key=lambda row: len(old[row])) if old else 0
        starts = [
            row + 1 - key
            for row, line in enumerate(text)
            if row >= key
            and old
            and line == old[key]
            and list(text[row - key :][: len(old)]) == old
        ]
        return min(starts, key=lambda start: abs(start - self.first), default=None)

    def applied(self, text: list[str]) -> list[str] | None:
        """The lines of a file after it; None where it does not fit."""
        place = self.place(text)
        if place is None:
            return None
        new = [line[1:] for line in self.lines if line[0] != "-"]
        return [*text[: place - 1], *new, *text[place - 1 + len(self.old()) :]]

    def touched(self, place: int) -> Iterator[tuple[int, int]]:
        """The lines that are changed, from and to, of what was before.

        What is only added stands between two lines and touches both.
        """
        at = place
        for is_context, run in groupby(self.lines, key=lambda line: line[0] == " "):
            lines = list(run)
            gone = sum(line[0] != "+" for line in lines)
            if not is_context and any(line[1:].strip() for line in lines):
                yield (at, at + gone - 1) if gone else (at - 1, at)
            at += gone


def message_of(patch: str) -> str:
    """What the author says: a line that sums it up, and after an empty line the rest, if any.

    It is read from a mail that git made, or from fields as DEP-3 describes them.
    """
    head = _CHANGE.split(patch.replace("\r", ""), maxsplit=1)[0]
    subject, body = _parts(head.split("\n"))
    subject = _decoded(subject)
    subject, body = _cleaned(_TAG.sub("", subject)), _cleaned(body)
    told = [_LEFT_OVER.sub("", subject, count=1), *body.split("\n\n")]
    return "\n\n".join([one for one in told if " " in one and not _OF_MERGING.match(one)])


def _parts(lines: Sequence[str]) -> tuple[str, str]:
    """The subject, and the rest without what is told aside."""
    subject, body = list[str](), list[str]()
    into: list[str] | None = body
    for line in lines:
        field = _FIELD.match(line.strip())
        name = field[1].lower() if field else ""
        if re.match(r"From [0-9a-f]{40}", line):
            into = None
        elif name in {"subject", "description", "title"} and not subject:
            subject.append((field and field[2]) or "")
            into = subject if name == "subject" else body
        elif name in _TOLD_ASIDE or name.startswith("bug-") or name.endswith("-by"):
            into = None
        elif not line.strip():
            into = body
            body.append("")
        elif into is not None:
            into.append("" if line.strip() == "." else line)
        elif not line.startswith((" ", "\t")):  # what is indented goes on with what came before
            into = body
            body.append(line)
    return " ".join(map(str.strip, subject)), "\n".join(body)


def _decoded(subject: str) -> str:
    """A subject of a mail whose letters are written in ASCII."""
    try:
        return str(make_header(decode_header(subject)))
    except (LookupError, ValueError):
        return subject


def _cleaned(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", _ASIDE.sub("", text))
    joined = [" ".join(one.split()) for one in paragraphs]
    return "\n\n".join(filter(None, joined)).strip(" :,;-")


def files_of(patch: str) -> dict[str, list[Hunk]]:
    """The hunks of each file that a patch changes; files that it makes are left out."""
    found: dict[str, list[Hunk]] = {}
    lines = patch.split("\n")
    file, at = "", 0
    while at < len(lines):
        line = lines[at].rstrip("\r")
        if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            old = line[4:].split("\t")[0].strip()
            file = "" if old == "/dev/null" else old.partition("/")[2]
            at += 1
        elif (hunk := _HUNK.match(line)) and file:
            body = _body(lines, at + 1)
            found.setdefault(file, []).append(Hunk(int(hunk[1]), body))
            at += len(body)
        at += 1
    return found


def _body(lines: Sequence[str], at: int) -> tuple[str, ...]:
    """The lines of a hunk that begins there, by the counts that stand above it."""
    counts = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", lines[at - 1])
    if counts is None:
        return ()
    old, new = (int(count or 1) for count in counts.groups())
    body = list[str]()
    while (old > 0 or new > 0) and at < len(lines):
        line = lines[at] or " "
        old -= line[0] in " -"
        new -= line[0] in " +"
        if line[0] in " +-":
            body.append(line)
        elif line[0] != "\\":
            break
        at += 1
    return tuple(body)
