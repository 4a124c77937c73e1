"""The units that are compared: a session as a whole, or a query that belongs to none.

Queries of one session are alike, so each of them would count too much. A session is one value per
metric, the mean over its queries, and is counted when it has been quiet for a while, or has gone on
for long. A query that comes to no outcome, since nobody waited for it to the end, was no success.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from collegium.storage.recorder import SHADOW

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING_S = 600.0  # a query that got no answer by then will get none
CHECKED_S = 30.0  # an answer that was not checked by then will not be
LONGEST = 6  # a session is counted after so many times as long as it may be quiet
MOST_OPEN = 5_000
MOST_QUERIES = 100  # of one unit; later ones say little more
MOST_REMEMBERED = 20_000
MOST_SAVED = 1_000


@dataclass(slots=True)
class Tally:
    """What one variant did in a unit: `succeeded` by query, and sums over the answers.

    `lost` is how many queries came to no outcome.
    """

    succeeded: dict[str, bool] = field(default_factory=dict[str, bool])
    lost: int = 0
    log_latency: float = 0.0
    latencies: int = 0
    cost_usd: float = 0.0

    def take(self, query: str, outcome: Mapping[str, Any]) -> None:
        """Take the outcome of a query."""
        ok = bool(outcome.get("ok"))
        self.succeeded[query] = ok and outcome.get("verdict") != "failed"
        cost_usd, latency_ms = outcome.get("cost_usd") or 0.0, outcome.get("latency_ms") or 0.0
        if 0 < cost_usd < math.inf:
            self.cost_usd += cost_usd
        if ok and 0 < latency_ms < math.inf:
            self.log_latency += math.log(latency_ms)
            self.latencies += 1

    def values(self) -> dict[str, float]:
        """The unit's value by metric, of those that there are: none without a query that ended."""
        ended = len(self.succeeded)
        values: dict[str, float] = {}
        if ended or self.lost:
            values["success"] = sum(self.succeeded.values()) / (ended + self.lost)
        if ended:
            values["cost"] = self.cost_usd / ended
        if self.latencies:
            values["latency"] = math.exp(self.log_latency / self.latencies)
        return values

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "succeeded": dict(self.succeeded),
            "lost": self.lost,
            "log_latency": self.log_latency,
            "latencies": self.latencies,
            "cost_usd": self.cost_usd,
        }


@dataclass(slots=True)
class Unit:
    """A session or a single query while it is open.

    `tallies` is what there is by variant, `pending` the queries without an outcome, with theirs.
    In a shadow experiment there are two variants in one unit, else one. It has been there since
    `begun`, and something happened at `last`.
    """

    key: str
    session: bool
    tallies: dict[str, Tally]
    begun: float
    pending: dict[str, str] = field(default_factory=dict[str, str])
    last: float = 0.0

    @property
    def variant(self) -> str:
        """The variant that the unit was first answered by."""
        return next(iter(self.tallies))

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON; there are thousands, and by hand it is ten times as quick."""
        return {
            "key": self.key,
            "session": self.session,
            "tallies": {name: tally.as_data() for name, tally in self.tallies.items()},
            "begun": self.begun,
            "pending": dict(self.pending),
            "last": self.last,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Unit:
        """What `as_data` gave."""
        fields: dict[str, Any] = dict(data)
        fields["tallies"] = {name: Tally(**tally) for name, tally in data["tallies"].items()}
        return cls(**fields)


class Units:
    """The units that are open, and which unit a query belongs to."""

    def __init__(self, session_s: float, *, shadow: bool) -> None:
        self._shadow = shadow
        self._longest_s = max(LONGEST * session_s, PENDING_S)
        self._units: dict[str, Unit] = {}  # those that began first come first
        # By how long they may be quiet: the least active come first.
        self._quiet: dict[str, tuple[float, OrderedDict[str, Unit]]] = {
            "session": (session_s, OrderedDict()),
            "pending": (max(PENDING_S, session_s), OrderedDict()),
            "answered": (CHECKED_S, OrderedDict()),
        }
        self._queries: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._settles_at = math.inf  # nothing does before

    def begin(self, query: str, session: str, variant: str, now: float) -> bool:
        """A query was assigned to a variant; whether that began a unit."""
        # A shadow belongs to the unit of the query that it stands beside, and has no session.
        light = query.removesuffix(SHADOW)
        key = self._queries[light][0] if light in self._queries else session or light
        remember(self._queries, query, (key, variant))
        unit = self._units.get(key)
        if unit is None and key in self._counted:
            return False
        begun = unit is None
        if unit is None:
            unit = self._units[key] = Unit(key, bool(session), {variant: Tally()}, now)
        if variant not in unit.tallies and self._shadow:
            unit.tallies[variant] = Tally()
        if variant in unit.tallies and len(unit.pending) < MOST_QUERIES:
            unit.pending[query] = variant
        self._touch(unit, now)
        return begun

    def answered(self, query: str, outcome: Mapping[str, Any], now: float) -> None:
        """A query came to its outcome; one that is not waited for changes nothing."""
        unit = self._units.get(self._queries.get(query, ("", ""))[0])
        variant = unit.pending.pop(query, None) if unit else None
        if unit is None or variant is None:
            return
        tally = unit.tallies[variant]
        if len(tally.succeeded) < MOST_QUERIES:
            tally.take(query, outcome)
        self._touch(unit, now)

    def checked(self, query: str, outcome: str) -> None:
        """An answer that was given was checked; it counts while its unit is open."""
        key, variant = self._queries.get(query, ("", ""))
        unit = self._units.get(key)
        tally = unit.tallies.get(variant) if unit else None
        if tally and query in tally.succeeded and outcome == "failed":
            tally.succeeded[query] = False

    def whose(self, query: str) -> tuple[str, str] | None:
        """The unit and the variant of a query; None when that is not known (any more)."""
        return self._queries.get(query)

    def settled(self, now: float) -> list[Unit]:
        """Close and return the units that have been quiet for long enough, or open for too long."""
        if now < self._settles_at and len(self._units) <= MOST_OPEN:
            return []
        self._settles_at = math.inf
        settled: list[Unit] = []
        for quiet_s, units in self._quiet.values():
            while units and self._over(next(iter(units.values())).last + quiet_s, now):
                unit = self._close(next(iter(units.values())))
                for variant in unit.pending.values():
                    unit.tallies[variant].lost += 1
                settled.append(unit)
        while self._units and (
            self._over(next(iter(self._units.values())).begun + self._longest_s, now)
            or len(self._units) > MOST_OPEN
        ):
            settled.append(self._close(next(iter(self._units.values()))))
        return settled

    def as_data(self) -> dict[str, Any]:
        """What is open as JSON, and the last of what was closed."""
        return {
            "open": [unit.as_data() for unit in self._units.values()],
            "queries": dict(list(self._queries.items())[-MOST_SAVED:]),
            "counted": list(self._counted)[-MOST_SAVED:],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Open what `as_data` gave."""
        self._counted.update(dict.fromkeys(data["counted"]))
        self._queries.update({query: tuple(whose) for query, whose in data["queries"].items()})
        for unit in map(Unit.of, data["open"]):
            self._units[unit.key] = unit
            for name, tally in unit.tallies.items():
                for query in tally.succeeded:
                    self._queries[query] = (unit.key, name)
            for query, name in unit.pending.items():
                self._queries[query] = (unit.key, name)
        for unit in sorted(self._units.values(), key=attrgetter("last")):
            self._touch(unit, unit.last)

    def _touch(self, unit: Unit, now: float) -> None:
        unit.last = now
        for _, units in self._quiet.values():
            units.pop(unit.key, None)
        state = "pending" if unit.pending else "session" if unit.session else "answered"
        quiet_s, units = self._quiet[state]
        units[unit.key] = unit
        self._settles_at = min(self._settles_at, now + quiet_s, unit.begun + self._longest_s)

    def _over(self, until: float, now: float) -> bool:
        """Whether that time has passed; if not, nothing is looked at before it has."""
        if until > now:
            self._settles_at = min(self._settles_at, until)
        return until <= now

    def _close(self, unit: Unit) -> Unit:
        for _, units in self._quiet.values():
            units.pop(unit.key, None)
        del self._units[unit.key]
        remember(self._counted, unit.key, None)
        return unit


def remember(memory: OrderedDict[str, Any], key: str, value: Any) -> None:
    """Keep a value under a key, and forget the oldest where there are too many."""
    memory[key] = value
    if len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)
