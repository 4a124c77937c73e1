"""Ratings, as they come in: of which answer, by whom, and how much each counts."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

from collegium.errors import InvalidRequest, RatingRefused, UnknownQuery
from collegium.events import Rated
from collegium.observe.casebook import is_shadow

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.observe.casebook import Case, Casebook
    from collegium.storage.records import Record
    from collegium.storage.store import Store

WITHIN_S, WINDOW_S = 604_800.0, 3600.0
# What a rater's ratings of one expert may weigh together, at least and at most: beside others half
# of theirs, which makes a third of all.
FEWEST, MOST, BESIDE = 5.0, 20.0, 0.5
# Others who have spent less than this count as nobody.
NOTHING = 0.01
# Whoever rated an expert longest ago is forgotten where there are more.
MOST_RATERS = 10_000
DAY_S = 86_400.0

# What was spent, and when that was.
Spent: TypeAlias = tuple[float, float]


class RatingDesk:
    """Where answers are rated: each by anybody, once, for a while after it was given.

    A rating counts fully until its rater has spent half of what they have for that expert, and less
    and less from there on, so that all of them together never weigh more; what was spent comes back
    with time. With nobody else rating the expert one has `MOST`; beside others half of what they
    weigh, but no less than `FEWEST` and no more than `MOST`. All of it is within `window_s`.

    Args:
        casebook: where the answers are found, and who has rated them.
        publish: is told of every rating that is taken, as `Rated`.
        within_s: for so many seconds an answer can be rated.
        window_s: the seconds after which most of what was spent has come back.
        clock: gives the time in seconds since 1970.
        store: where a query is looked for that the casebook does not have (`find`).
    """

    def __init__(
        self,
        casebook: Casebook,
        publish: Callable[[Rated], None],
        *,
        within_s: float = WITHIN_S,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = time.time,
        store: Store | None = None,
    ) -> None:
        self._casebook, self._publish, self._store = casebook, publish, store
        self._within_s, self._clock = within_s, clock
        self._influence = Influence(window_s)

    async def find(self, query_id: str) -> Case | None:
        """The case of a query, out of the record if it was before our time; None if unknown."""
        if self._store is not None and not self._casebook.answerers(query_id):
            for record in await asyncio.to_thread(_records_of, self._store, query_id):
                self._casebook.take(record)
        return self._casebook.find(query_id) if self._casebook.answerers(query_id) else None

    def rate(
        self, query_id: str, rating: float, *, expert: str | None = None, rater: str = "local"
    ) -> Rated:
        """Take a rating of the answer to a query; by the same rater it replaces the one before.

        Args:
            query_id: which query; one that is only in the store must have been found (`find`).
            rating: how good the answer was, from 0 to 1.
            expert: whose answer, by name; None: the one that was given.
            rater: the id of the key that rates.

        Raises:
            InvalidRequest: the rating is no number from 0 to 1, or the expert did not answer it.
            UnknownQuery: nothing is known of the query, or no longer.
            RatingRefused: it comes too late, or says what that rater has said already.
        """
        _check(rating)
        case = self._case(query_id, expert)
        age_s = self._clock() - case.at
        if age_s > self._within_s:
            raise RatingRefused(
                f"the answer to query {query_id!r} is {_days(age_s)} old; answers can be rated for "
                f"{_days(self._within_s)}"
            )
        said = self._casebook.rating_of(query_id, case.expert, rater)
        if said is not None and said[0] == rating:
            raise RatingRefused(
                f"query {query_id!r} has this rating of {rating:g} from you already; another value "
                "would replace it"
            )
        weight = said[1] if said else self._influence.spend(case.expert, rater, self._clock())
        rated = Rated(query_id, float(rating), case.expert, rater, weight)
        self._publish(rated)
        return rated

    def take(self, record: Record) -> None:
        """Take in a rating that was taken elsewhere: by another worker, or before a restart."""
        if record.kind == "rating" and record.expert:
            rater, weight = record.data["rater"], record.data["weight"]
            self._influence.spent(record.expert, rater, weight, record.at)

    def _case(self, query_id: str, expert: str | None) -> Case:
        """The case of a query that somebody saw the answer to."""
        answerers = self._casebook.answerers(query_id)
        case = self._casebook.find(query_id, expert or "")
        if case is None or not answerers or is_shadow(query_id):
            raise UnknownQuery(
                f"no query {query_id!r} is known here, or no longer; answers can be rated by the "
                f"query's id for {_days(self._within_s)}"
            )
        if case.expert not in answerers:
            raise InvalidRequest(
                f"{expert!r} was not asked that query; asked were: {', '.join(answerers)}",
                param="expert",
            )
        return case


class Influence:
    """How much each rater's ratings of each expert have weighed of late."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._by_all: dict[str, Spent] = {}
        self._by_rater: OrderedDict[tuple[str, str], Spent] = OrderedDict()

    def spend(self, expert: str, rater: str, at: float) -> float:
        """What one more rating weighs, from 0 to 1; it is taken off what the rater has left."""
        own = self._left(self._by_rater.get((expert, rater)), at)
        others = self._left(self._by_all.get(expert), at) - own
        allowed = min(MOST, max(FEWEST, BESIDE * others)) if others > NOTHING else MOST
        weight = min(1.0, max(0.0, 2 * (1 - own / allowed)))
        self.spent(expert, rater, weight, at)
        return weight

    def spent(self, expert: str, rater: str, weight: float, at: float) -> None:
        """Note that a rating has weighed so much."""
        own = self._left(self._by_rater.pop((expert, rater), None), at)
        self._by_rater[expert, rater] = (own + weight, at)
        self._by_all[expert] = (self._left(self._by_all.get(expert), at) + weight, at)
        if len(self._by_rater) > MOST_RATERS:
            self._by_rater.popitem(last=False)

    def _left(self, spent: Spent | None, at: float) -> float:
        """What has not come back yet; a clock that is set back gives nothing back."""
        if spent is None:
            return 0.0
        weight, then = spent
        return weight * math.exp(-max(0.0, at - then) / self._window_s)


def _records_of(store: Store, query_id: str) -> list[Record]:
    return [stored.record for stored in store.records(query=query_id)]


def _check(rating: Any) -> None:
    number = isinstance(rating, int | float) and not isinstance(rating, bool)
    if not number or not 0 <= rating <= 1:
        raise InvalidRequest(
            f"a rating is a number from 0 (bad) to 1 (good), not {rating!r:.60}", param="rating"
        )


def _days(seconds: float) -> str:
    """A length of time as people say it: '3 days', '2.5 hours'."""
    if seconds >= DAY_S:
        return f"{seconds / DAY_S:.3g} days"
    return f"{seconds / 3600:.3g} hours"
