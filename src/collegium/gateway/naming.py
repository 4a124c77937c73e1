"""What the `model` of a request means: the college, an expert, a way of asking, or a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collegium.errors import UnknownModel
from collegium.gateway.requests import NONE_ASKED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.experts.roster import Roster
    from collegium.gateway.requests import Overrides

COLLEGE = "collegium"
PANEL_SIZE = 3


@dataclass(frozen=True, slots=True)
class Way:
    """How the college is asked: who may answer, how many, by what strategy, to what end.

    `plain` says that one expert's answer may go through as it comes.
    """

    experts: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    top_k: int | None = None
    strategy: str | None = None
    objective: str | None = None
    plain: bool = True

    def overridden(self, asked: Overrides) -> Way:
        """The same way, but for what the request says itself."""
        if asked is NONE_ASKED:
            return self
        return replace(
            self,
            experts=tuple(asked.experts) or self.experts,
            without=tuple(asked.without) or self.without,
            top_k=asked.top_k or self.top_k,
            strategy=asked.strategy or self.strategy,
            objective=asked.objective or self.objective,
            plain=self.plain and asked.strategy is None,
        )


WAYS = {
    "auto": Way(),
    "panel": Way(top_k=PANEL_SIZE, strategy="auto", plain=False),
    "fast": Way(objective="fast"),
    "cheap": Way(objective="cheap"),
    "best": Way(objective="quality"),
    "verified": Way(strategy="cascade", objective="quality", plain=False),
}
MEANINGS = {
    "auto": "the college chooses who answers",
    "panel": f"{PANEL_SIZE} experts are asked, and one answer made of theirs",
    "fast": "the quickest model that is nearly as good as the best",
    "cheap": "the cheapest model that is not far worse than the best",
    "best": "the best model, whatever it costs",
    "verified": "answers are checked, and others asked until one holds",
}


def way_of(name: str, roster: Roster) -> Way | None:
    """How the college is to be asked by that name; None where it names a model, past the college.

    Raises:
        UnknownModel: it begins like a name of ours, and is none.
    """
    if name == "auto":
        return WAYS["auto"]
    college, _, rest = name.partition("/")
    if college != COLLEGE:
        return None
    if rest in WAYS:
        return WAYS[rest]
    if rest in roster:
        return Way(experts=(rest,))
    known = ", ".join(f"{COLLEGE}/{one}" for one in names(roster))
    raise UnknownModel(f"no model called {name!r}; there are: {known}, and BACKEND/MODEL")


def names(roster: Iterable[object]) -> list[str]:
    """The names beneath `collegium/`: ways of asking, then experts by their keys."""
    return [*WAYS, *(getattr(one, "key", "") for one in roster)]
