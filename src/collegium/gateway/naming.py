"""What the `model` of a request means: the college, an expert, a way of asking, or a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collegium.errors import ModelNotAllowed, UnknownModel
from collegium.gateway.requests import NONE_ASKED
from collegium.gateway.security.permissions import allows
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from collegium.experts.roster import Roster
    from collegium.gateway.requests import Overrides
    from collegium.gateway.security import Key

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

    def overridden(self, asked: Overrides, key: Key, roster: Roster) -> Way:
        """The same way, but for what the request says itself.

        A key for some models alone gets no other ones that way: it may ask fewer experts, and those
        it may name, but not in another manner than the one it names.

        Raises:
            ModelNotAllowed: it would.
        """
        if asked is NONE_ASKED:
            return self
        if key.models:
            self._refuse_more(asked, key, roster)
        return replace(
            self,
            experts=tuple(asked.experts) or self.experts,
            without=tuple(asked.without) or self.without,
            top_k=asked.top_k or self.top_k,
            strategy=asked.strategy or self.strategy,
            objective=asked.objective or self.objective,
            plain=self.plain and asked.strategy is None,
        )

    def _refuse_more(self, asked: Overrides, key: Key, roster: Roster) -> None:
        anybody = allows(key, "auto")
        for name in asked.experts:
            expert = roster[name]
            among = not self.experts or expert.key in self.experts or expert.name in self.experts
            if not among or not (anybody or allows(key, f"{COLLEGE}/{expert.key}")):
                raise ModelNotAllowed(f"the key is not for the expert {name!r}")
        for name in ("strategy", "objective", "top_k"):
            if getattr(asked, name) is not None and not anybody:
                raise ModelNotAllowed(f"the key is for what it names, and not for another {name}")


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


def way_of(name: str, roster: Roster, aliases: Mapping[str, str] = EMPTY) -> Way | None:
    """How the college is to be asked by that name; None where it names a model, past the college.

    Raises:
        UnknownModel: it begins like a name of ours, and is none.
    """
    name = aliases.get(name, name)
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
