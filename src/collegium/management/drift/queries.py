"""What is asked: whether it is like what was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_object
from collegium.management.drift.stream import Stream
from collegium.management.drift.watch import Allowance, Watch

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from collegium.management.drift.reference import Reference

_REFERENCE = 400
_STRANGERS = 50

_NEAREST = "the likeness of a query to the nearest known one"
_ALONG = "what is asked about, along direction {} of the most variance,"


class Queries:
    """Takes the first queries for what is usual, and watches those that follow.

    They are seen as the embeddings that the gate made, or where it makes none as its shares. After
    many in a row that are of another kind or length, it begins again with those.

    Args:
        allowance: the probability of a false alarm, for as many references as there will be.
        size: how many queries are the reference.
    """

    def __init__(self, allowance: Allowance, *, size: int = _REFERENCE) -> None:
        self._allowance, self._size = allowance, size
        self._form = ""
        self._strangers = 0
        self._collected: list[Any] = []
        self._watched: tuple[Reference, Watch] | None = None

    def take(self, data: Mapping[str, Any], at: float, rng: random.Random) -> str:
        """Take a decision's data; what has changed, in words, if that raises the alarm."""
        form, told = _told(data)
        if not form:
            return ""
        if form != self._form and not self._turn_to(form):
            return ""
        self._strangers = 0
        if self._watched is None:
            self._collect(told, at)
            return ""
        return _compare(told, *self._watched, rng)

    def renew(self) -> None:
        """Begin again with the next queries as the reference."""
        self._collected, self._watched = [], None

    def renew_shares(self) -> None:
        """Begin again if it is the gate's shares that are watched."""
        if self._form == "shares":
            self.renew()

    def _turn_to(self, form: str) -> bool:
        """Whether the queries of another form have become the usual ones."""
        self._strangers += 1
        if self._form and self._strangers < _STRANGERS:
            return False
        self._form = form
        self.renew()
        return True

    def _collect(self, told: Any, at: float) -> None:
        self._collected.append(told)
        if len(self._collected) < self._size:
            return
        import numpy as np  # noqa: PLC0415 -- not before there is something to compute

        from collegium.management.drift.reference import fit, vector_of  # noqa: PLC0415 -- numpy

        vectors = [vector for told in self._collected if (vector := vector_of(told)) is not None]
        self._collected = []
        if len(vectors) < self._size // 2:
            return
        reference, edges = fit(np.stack(vectors))
        labels = (_NEAREST, *(_ALONG.format(number) for number in range(1, len(edges))))
        streams = {
            str(number): Stream(label, cuts)
            for number, (label, cuts) in enumerate(zip(labels, edges, strict=True))
        }
        self._watched = reference, Watch(streams, self._allowance.next(), since=at)

    def standing(self) -> dict[str, Any]:
        """How far it is, as JSON."""
        if self._watched is None:
            return {
                "evidence": 0.0,
                "since": None,
                "count": 0,
                "note": f"learning what is usual: {len(self._collected)} of {self._size} queries",
            }
        return {**self._watched[1].standing(), "note": ""}

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "form": self._form,
            "collected": self._collected,
            "watched": [part.as_data() for part in self._watched or ()],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Go on where `as_data` told of; raises ValueError, KeyError or TypeError if it did not."""
        form, collected = str(data["form"]), list(data["collected"])
        watched = None
        if data["watched"]:
            from collegium.management.drift.reference import Reference  # noqa: PLC0415 -- numpy

            reference, watch = data["watched"]
            watched = Reference.of(reference), Watch.of(watch)
        self._form, self._collected, self._watched = form, collected, watched


def _compare(told: Any, reference: Reference, watch: Watch, rng: random.Random) -> str:
    from collegium.management.drift.reference import vector_of  # noqa: PLC0415 -- numpy

    vector = vector_of(told)
    if vector is None:
        return ""
    scores = reference.scores(vector)
    changes = [watch.see(str(number), score, rng) for number, score in enumerate(scores)]
    return next(filter(None, changes), "")


def _told(data: Mapping[str, Any]) -> tuple[str, Any]:
    """What kind of thing tells of the query, and that thing; nothing where nothing does."""
    vector, shares = data.get("vector"), data.get("shares")
    if isinstance(vector, str) and vector:
        return f"vector:{len(vector)}", vector
    if is_object(shares) and shares:
        return "shares", shares
    return "", None
