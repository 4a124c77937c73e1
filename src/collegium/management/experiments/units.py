"""The units that are compared: a session as a whole, or a query that belongs to none.

Queries of one session are alike, so each of them would count too much. A session is one value per
metric, the mean over its queries, and is counted when it has been quiet for a while.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from collegium.storage.recorder import SHADOW

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING_S = 600.0  # a single query that got no answer by then will get none
CHECKED_S = 30.0  # an answer that was not checked by then will not be
MOST_OPEN = 5_000
MOST_QUERIES = 100  # of one unit; later ones say little more
MOST_REMEMBERED = 20_000
MOST_SAVED = 1_000


@dataclass(slots=True)
class Tally:
    """What one variant did in a unit: `succeeded` by query, and sums over the answers."""

    succeeded: dict[str, bool] = field(default_factory=dict[str, bool])
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
        """The unit's value by metric, of those that there are: none without an outcome."""
        if not self.succeeded:
            return {}
        count = len(self.succeeded)
        values = {
            "success": sum(self.succeeded.values()) / count,
            "cost": self.cost_usd / count,
        }
        if self.latencies:
            values["latency"] = math.exp(self.log_latency / self.latencies)
        return values


@dataclass(slots=True)
class Unit:
    """A session or a single query while it is open.

    `tallies` is what there is by variant, `pending` the queries without an outcome, with theirs.
    In a shadow experiment there are two variants in one unit, else one.
    """

    key: str
    session: bool
    tallies: dict[str, Tally]
    pending: dict[str, str] = field(default_factory=dict[str, str])
    last: float = 0.0

    @property
    def variant(self) -> str:
        """The variant that the unit was first answered by."""
        return next(iter(self.tallies))


class Units:
    """The units that are open, and which unit a query belongs to."""

    def __init__(self, session_s: float, *, shadow: bool) -> None:
        self._shadow = shadow
        self._units: dict[str, Unit] = {}
        # By how long they may be quiet: the least active come first.
        self._quiet: dict[str, tuple[float, OrderedDict[str, Unit]]] = {
            "session": (session_s, OrderedDict()),
            "pending": (PENDING_S, OrderedDict()),
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
            unit = self._units[key] = Unit(key, bool(session), {variant: Tally()})
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
        """Close and return the units that have been quiet for long enough."""
        if now < self._settles_at and len(self._units) <= MOST_OPEN:
            return []
        settled: list[Unit] = []
        self._settles_at = math.inf
        for quiet_s, units in self._quiet.values():
            while units:
                unit = next(iter(units.values()))
                if unit.last + quiet_s > now and len(self._units) <= MOST_OPEN:
                    self._settles_at = min(self._settles_at, unit.last + quiet_s)
                    break
                settled.append(self._close(unit))
        return settled

    def as_data(self) -> dict[str, Any]:
        """What is open as JSON, and the last of what was closed."""
        return {
            "open": [asdict(unit) for unit in self._units.values()],
            "queries": dict(list(self._queries.items())[-MOST_SAVED:]),
            "counted": list(self._counted)[-MOST_SAVED:],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Open what `as_data` gave."""
        self._counted.update(dict.fromkeys(data["counted"]))
        self._queries.update({query: tuple(whose) for query, whose in data["queries"].items()})
        for one in sorted(data["open"], key=itemgetter("last")):
            tallies = {name: Tally(**tally) for name, tally in one["tallies"].items()}
            unit = Unit(one["key"], one["session"], tallies, one["pending"])
            self._units[unit.key] = unit
            for name, tally in tallies.items():
                for query in tally.succeeded:
                    self._queries[query] = (unit.key, name)
            for query, name in unit.pending.items():
                self._queries[query] = (unit.key, name)
            self._touch(unit, one["last"])

    def _touch(self, unit: Unit, now: float) -> None:
        unit.last = now
        for _, units in self._quiet.values():
            units.pop(unit.key, None)
        state = "session" if unit.session else "pending" if unit.pending else "answered"
        quiet_s, units = self._quiet[state]
        units[unit.key] = unit
        self._settles_at = min(self._settles_at, now + quiet_s)

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
