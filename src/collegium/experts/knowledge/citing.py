"""Whether the places of the code that an answer cites are there, and were among what was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from collegium.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.types import Query

TOLD = 3
_FILE = r"(?<![\w/.:@-])(?:\./)?(?:@?[\w.+-]+/)*[\w+-][\w.+-]*\.[A-Za-z][A-Za-z0-9]{0,7}"
_LINES = r"(?P<start{0}>\d{{1,6}})(?:\s?(?:-|\u2013|to|#L|-L)\s?L?(?P<end{0}>\d{{1,6}}))?"
# A path with an ending, and a line or two of it: "src/app.py:12", "app.py, lines 3-9", "a.go#L7",
# "app.py (line 3)", "line 3 of app.py"; but no host with its port: "example.org:80/path".
CITED = re.compile(
    rf"(?P<file>{_FILE})[`\"']?(?::L?|#L|,? \(?(?:on |at )?(?:lines? |L))"
    rf"{_LINES.format('')}(?![/\w]|\.\d)"
    rf"|\b[Ll]ines? {_LINES.format('_')} (?:of|in) [`\"']?(?P<file_>{_FILE})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file, both ends included."""

    file: str
    start: int
    end: int

    def __str__(self) -> str:
        lines = str(self.start) if self.end == self.start else f"{self.start}-{self.end}"
        return f"{self.file}:{lines}"


class Code(Protocol):
    """What is there to be cited."""

    def files_ending(self, tail: str) -> Sequence[str]:
        """The files whose path is that, or ends with it after a '/'."""
        ...

    def lines_of(self, file: str) -> int:
        """How many lines a file has."""
        ...


class Citations:
    """Looks up each `file:line` of an answer.

    Args:
        code: what there is.
        given: the places that the answer was to be made from; none: any place will do.
    """

    name = "citations"

    def __init__(self, code: Code, given: Sequence[Place] = ()) -> None:
        self._code, self._given = code, tuple(given)

    async def verify(self, query: Query, text: str) -> Verdict:
        """Failed where a place is not there, or an answer of what was given cites none of it."""
        cited = places_of(text)
        problems = [problem for place in cited if (problem := self._problem(place))]
        if problems:
            return Verdict("failed", "; ".join(problems[:TOLD]), self.name)
        if not cited:
            if not self._given:
                return Verdict("unknown", "nothing is cited", self.name)
            return Verdict(
                "failed", f"it cites no file and line, such as {self._given[0]}", self.name
            )
        read = sum(any(self._covers(given, place) for given in self._given) for place in cited)
        found = (
            f"all {len(cited)} cited places exist" if len(cited) > 1 else "the cited place exists"
        )
        among = f", {read} of them among the passages it was given" if self._given else ""
        if self._given and not read:
            return Verdict(
                "failed", f"{found}, and none is among the passages it was given", self.name
            )
        return Verdict("passed", found + among, self.name)

    def _problem(self, place: Place) -> str:
        """Why a place cannot be looked up; empty where it can."""
        files = self._code.files_ending(place.file)
        if not files:
            return f"there is no file {place.file}"
        longest = max(self._code.lines_of(file) for file in files)
        if place.start < 1 or place.end < place.start or place.end > longest:
            return f"{place.file} has {longest} lines, not {place.start}-{place.end}"
        return ""

    def _covers(self, given: Place, place: Place) -> bool:
        same = given.file == place.file or given.file.endswith(f"/{place.file}")
        return same and place.start <= given.end and given.start <= place.end


def places_of(text: str) -> tuple[Place, ...]:
    """The places that a text cites, each once, in its order."""
    found: dict[Place, None] = {}
    for cited in CITED.finditer(text):
        file = cited["file"] or cited["file_"]
        start = int(cited["start"] or cited["start_"])
        end = int(cited["end"] or cited["end_"] or start)
        found.setdefault(Place(file.removeprefix("./"), start, end))
    return tuple(found)
