"""How content people are: their ratings, so that nobody outvotes the others by rating a lot."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from collegium.management.intervals import Interval, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

# A rater's latest ratings are kept, up to so many, and so many raters: who rated last stays.
VOTES, MOST_RATERS = 20, 500
# Nobody's ratings weigh more than this share of all, as soon as there are enough others.
MOST_SHARE = 1 / 3


class Satisfaction:
    """The ratings of one expert or model, each rater's of weight as `votes_of` says.

    So whatever one rater does beside at least two others, it moves the mean that they make by at
    most a third, on a scale from 0 to 1.
    """

    __slots__ = ("_ratings",)

    def __init__(self) -> None:
        self._ratings: dict[str, dict[str, tuple[float, float]]] = {}

    def rate(self, rater: str, query: str, rating: float, seconds: float) -> None:
        """Take a rating, 0 to 1, given at a time; it replaces one for that query by that rater."""
        own = self._ratings.pop(rater, {})
        own.pop(query, None)
        own[query] = (rating, seconds)
        self._ratings[rater] = own
        _keep_latest(own, VOTES)
        _keep_latest(self._ratings, MOST_RATERS)

    def interval(self, since: float = 0.0) -> Interval | None:
        """The mean of the ratings since a time, and the ends around it; None without any."""
        by_rater = list(filter(None, (_since(since, own) for own in self._ratings.values())))
        if not by_rater:
            return None
        votes = votes_of([len(own) for own in by_rater])
        means = [sum(own) / len(own) for own in by_rater]
        total = sum(votes)
        mean = sum(vote * one for vote, one in zip(votes, means, strict=True)) / total
        # So many ratings of equal weight would be as sure (Kish 1965, "Survey sampling").
        squares = (vote**2 / len(own) for vote, own in zip(votes, by_rater, strict=True))
        count = total**2 / sum(squares)
        return wilson(mean * count, count)


def votes_of(counts: Sequence[int]) -> list[float]:
    """What each rater's ratings weigh together, where they gave so many.

    As many votes as ratings, up to `VOTES` and up to `MOST_SHARE` of all votes; where there are
    only one or two raters, up to an equal part.
    """
    votes = [float(min(count, VOTES)) for count in counts]
    share = max(MOST_SHARE, 1 / len(votes))
    most, rest = 0.0, sum(votes)
    for capped, largest in enumerate(sorted(votes, reverse=True)):
        most = share * rest / (1 - share * capped)  # then those above it have that share each
        if largest <= most:
            break
        rest -= largest
    return [min(vote, most) for vote in votes]


def _since(since: float, ratings: dict[str, tuple[float, float]]) -> list[float]:
    return [rating for rating, seconds in ratings.values() if seconds >= since]


def _keep_latest(kept: dict[str, Any], most: int) -> None:
    for key in list(islice(kept, max(0, len(kept) - most))):
        del kept[key]
