"""Watches the traffic and the experts, and says so when they are no longer as they were."""

from __future__ import annotations

import logging
import math
import random
from typing import TYPE_CHECKING, Any

from collegium.errors import DeadlineExceeded
from collegium.events import Drifted
from collegium.jsonvalues import is_array
from collegium.management.drift.cases import Case, Cases, Sessions
from collegium.management.drift.queries import Queries
from collegium.management.drift.stream import Stream
from collegium.management.drift.watch import Allowance, Watch
from collegium.management.experiments.assignment import place_of
from collegium.observe.casebook import is_challenger, is_shadow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.config.managing import DriftConfig
    from collegium.storage.records import Record

logger = logging.getLogger(__name__)

# Cells of a twentieth, each with its number in the middle, so that rounding moves none.
_SHARES = [(step + 0.5) / 20 for step in range(20)]
_GAPS = [(step + 0.5) / 20 for step in range(-20, 20)]

_ANSWERED = "the share of queries that are answered at all"
_GOOD = "the share of answers that are good"
_GAP = "the share of good answers, less the confidence with which the expert was chosen,"


class Drift:
    """Takes the records of what happens, and publishes `Drifted` once something has changed.

    Watched are what is asked ('input'), how often each expert answers and how good that is
    ('success'), and whether the confidence with which it is chosen still fits ('calibration').

    The probability of an alarm where nothing changes is `settings.false_alarm` at most: for ever,
    and over all that is watched, experts that join later and what is watched anew after an alarm
    included. That needs that as long as nothing changes, all orders of what is seen are equally
    probable (exchangeability). Days unlike nights are a change, and found as one; see
    docs/decisions/0012-drift.md.

    Args:
        settings: how probable a false alarm may be.
        publish: is given the events.
        rng: breaks ties between equal numbers.
    """

    def __init__(
        self,
        settings: DriftConfig,
        publish: Callable[[Drifted], object],
        *,
        rng: random.Random | None = None,
    ) -> None:
        self._publish, self._rng = publish, rng or random.Random()  # noqa: S311 -- no secret
        self._allowance = Allowance(settings.false_alarm)
        self._queries = Queries(self._allowance)
        self._watches: dict[tuple[str, str], Watch] = {}
        self._alarms: dict[tuple[str, str], dict[str, Any]] = {}
        self._cases, self._sessions = Cases(), Sessions()
        self._takers: dict[str, Callable[[Record], None]] = {
            "decision": self._take_decision,
            "answer": self._take_answer,
            "outcome": self._take_outcome,
            "verdict": self._take_verdict,
            "rating": self._take_rating,
            "roster": self._take_roster,
            "config": self._take_config,
        }

    def take(self, record: Record) -> None:
        """Take the next record; shadows and variants that are tried out are left out."""
        taker = self._takers.get(record.kind)
        if taker and not is_shadow(record.query):
            taker(record)

    def standing(self) -> tuple[dict[str, Any], ...]:
        """Everything watched, as JSON, the furthest on the way to an alarm first.

        `evidence` is 0 for none and 1 for an alarm; `count` what was seen since `since`; `alarm`
        the last one not acknowledged, with `at` and `detail`, or null.
        """
        rows: list[dict[str, Any]]
        rows = [{"what": "input", "expert": "", **self._queries.standing()}]
        for (what, expert), watch in self._watches.items():
            rows.append({"what": what, "expert": expert, **watch.standing(), "note": ""})
        shown = {(row["what"], row["expert"]) for row in rows}
        nothing = {"evidence": 0.0, "since": None, "count": 0, "note": "begins with the next one"}
        for what, expert in self._alarms.keys() - shown:
            rows.append({"what": what, "expert": expert, **nothing})
        for row in rows:
            row["alarm"] = self._alarms.get((row["what"], row["expert"]))
        return tuple(sorted(rows, key=_urgency))

    def acknowledge(self, expert: str | None = None) -> None:
        """Forget the alarms, or those of one expert ('' is the traffic); watching goes on."""
        for place in [place for place in self._alarms if expert in {None, place[1]}]:
            del self._alarms[place]

    def as_data(self) -> dict[str, Any]:
        """All that must be known to go on after a restart, as JSON."""
        return {
            "spent": self._allowance.spent,
            "queries": self._queries.as_data(),
            "watches": [[*place, watch.as_data()] for place, watch in self._watches.items()],
            "alarms": [[*place, alarm] for place, alarm in self._alarms.items()],
        }

    @classmethod
    def of(
        cls,
        data: Mapping[str, Any],
        settings: DriftConfig,
        publish: Callable[[Drifted], object],
        *,
        rng: random.Random | None = None,
    ) -> Drift:
        """The one that `as_data` told of; where that cannot be read, a new one, and a warning."""
        drift = cls(settings, publish, rng=rng)
        try:
            drift._restore(data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("what was known of drift cannot be read, it begins anew: %r", error)
            drift = cls(settings, publish, rng=rng)
        return drift

    def _restore(self, data: Mapping[str, Any]) -> None:
        self._allowance.spent = int(data["spent"])
        self._queries.restore(data["queries"])
        self._watches = {(what, who): Watch.of(told) for what, who, told in data["watches"]}
        self._alarms = {(what, who): dict(alarm) for what, who, alarm in data["alarms"]}

    def _take_decision(self, record: Record) -> None:
        chosen = record.data.get("chosen")
        first = str(chosen[0]) if is_array(chosen) and chosen else record.expert
        case = Case(
            counts=not is_challenger(record.variant)
            and self._sessions.counts(str(record.data.get("session") or "")),
            first=first,
            confidence=_number(record.data.get("confidence")),
        )
        self._cases.open(record.query, case)
        if not case.counts:
            return
        change = self._queries.take(record.data, record.at, self._rng)
        if change:
            self._queries.renew()
            self._alarm("input", "", change, record.at)

    def _take_answer(self, record: Record) -> None:
        case = self._cases.find(record.query)
        if case is None or not case.counts or record.data.get("abandoned"):
            return
        # How long anybody waits is up to who asks.
        late = record.data.get("error") == DeadlineExceeded.code
        if record.expert not in case.answered and not late:
            case.answered.add(record.expert)
            answered = float(bool(record.data.get("ok")))
            self._see("success", record.expert, "answered", answered, record.at)
        self._judge_by_check(case, record.expert, record.data.get("verdict"), record.at)

    def _take_outcome(self, record: Record) -> None:
        case = self._cases.find(record.query)
        if case is not None:
            case.winner = record.expert
            self._judge_by_check(case, record.expert, record.data.get("verdict"), record.at)

    def _take_verdict(self, record: Record) -> None:
        case = self._cases.find(record.query)
        if case is not None:
            self._judge_by_check(case, record.expert, record.data.get("outcome"), record.at)

    def _take_rating(self, record: Record) -> None:
        case, rating = self._cases.find(record.query), _number(record.data.get("rating"))
        weight = _number(record.data.get("weight"))
        if case is None or rating is None:
            return
        # By chance, not in part: the watch ranks ratings, and half a rating has no rank. Who says
        # something else of the same answer does not draw again.
        drawn = place_of(f"{record.query} {record.data.get('rater', '')}", "drift")
        if weight is None or drawn < weight:
            expert = record.expert or case.winner or case.first
            self._judge(case, expert, min(1.0, max(0.0, rating)), record.at)

    def _take_roster(self, record: Record) -> None:
        self._queries.renew_shares()
        if record.data.get("what") == "left":
            for what in ("success", "calibration"):
                self._watches.pop((what, record.expert), None)
                self._alarms.pop((what, record.expert), None)

    def _take_config(self, record: Record) -> None:
        changed = record.data.get("changed")
        if is_array(changed) and any("router" in str(part) for part in changed):
            self._queries.renew()

    def _judge_by_check(self, case: Case, expert: str, outcome: object, at: float) -> None:
        if outcome in {"passed", "failed"}:
            self._judge(case, expert, float(outcome == "passed"), at)

    def _judge(self, case: Case, expert: str, reward: float, at: float) -> None:
        """The first that is known of an expert's answer counts, and only that."""
        if not expert or not case.counts or expert in case.judged:
            return
        case.judged.add(expert)
        self._see("success", expert, "good", reward, at)
        if expert == case.first and case.confidence is not None:
            self._see("calibration", expert, "gap", reward - case.confidence, at)

    def _see(self, what: str, expert: str, name: str, number: float, at: float) -> None:
        place = (what, expert)
        watch = self._watches.get(place)
        if watch is None:
            watch = Watch(_streams(what), self._allowance.next(), since=at)
            self._watches[place] = watch
        change = watch.see(name, number, self._rng)
        if change:
            del self._watches[place]
            self._alarm(what, expert, change, at)

    def _alarm(self, what: str, expert: str, detail: str, at: float) -> None:
        self._alarms[what, expert] = {"at": at, "detail": detail}
        self._publish(Drifted(what, expert, detail))


def _streams(what: str) -> dict[str, Stream]:
    if what == "success":
        return {"answered": Stream(_ANSWERED, _SHARES), "good": Stream(_GOOD, _SHARES)}
    return {"gap": Stream(_GAP, _GAPS)}


def _urgency(row: dict[str, Any]) -> tuple[bool, float]:
    return row["alarm"] is None, -row["evidence"]


def _number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
