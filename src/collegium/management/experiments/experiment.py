"""One experiment while it runs: who gets what, what came of it, and what follows."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from collegium.management.experiments.actions import Action, End, Promote, Ramp, RollBack
from collegium.management.experiments.assignment import Assignment, place_of, variant_at
from collegium.management.experiments.metrics import METRICS, Scale, gain
from collegium.management.experiments.pairs import CHALLENGER_SIDE, CONTROL_SIDE
from collegium.management.experiments.plan import CONTROL, ExperimentPlan, Variant
from collegium.management.experiments.trial import Finding, Trial, block_of
from collegium.management.experiments.units import MOST_SAVED, Tally, Unit, Units, remember

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from collegium.storage.records import Record

CANARY_SHARE = 0.05  # what a canary begins with, and is doubled from
LATEST_S = 60.0  # a record older than this, beside the last one, is of a clock that was put back
UNITS_PER_STEP = 50  # of the challenger, between two steps of its share


class Experiment:
    """Variants beside the control: takes what happens, and says what is to be done about it.

    It does no I/O and reads no clock: time is that of the records, and of `due`.
    """

    def __init__(self, plan: ExperimentPlan, begun: float) -> None:
        self.plan = plan
        self.begun = begun
        self.ended: float | None = None
        self.state = "running"
        self.verdict = ""
        self._variants = {one.name: one for one in plan.variants}
        self.trials = {name: Trial(name) for name in self._variants}
        self.scales = {metric: Scale(metric) for metric in METRICS}
        most = CANARY_SHARE if plan.mode == "canary" else 1.0
        self.shares = {one.name: min(one.share, most) for one in plan.variants}
        self.queries = dict.fromkeys((CONTROL, *self.shares), 0)
        self.units = dict.fromkeys((CONTROL, *self.shares), 0)
        self.rated = dict.fromkeys((CONTROL, *self.shares), 0)
        self._salt = f"{begun!r}:{plan.name}"
        self._open = Units(plan.session_s, shadow=plan.mode == "shadow")
        self._raters: OrderedDict[str, None] = OrderedDict()
        self._conclusions: dict[str, tuple[Finding, str]] = {}
        self._stepped = dict.fromkeys(self.shares, 0)
        self._blocks = self._blocks_now()
        self._at, self._elapsed = begun, 0.0

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.plan.name

    def share_of(self, variant: str) -> float:
        """The share of sessions that a variant has now."""
        return self.shares[variant] if variant != CONTROL else 1 - sum(self.shares.values())

    def assign(self, key: str) -> Assignment | None:
        """The variant of a session, or of a query that has none; None when it has ended."""
        if self.ended is not None:
            return None
        variant = variant_at(place_of(key, self._salt), self.plan.variants, self.shares)
        if variant == CONTROL:
            return Assignment(self.name, CONTROL, self.share_of(CONTROL))
        shadow_of = CONTROL if self.plan.mode == "shadow" else ""
        return Assignment(self.name, variant, self.shares[variant], shadow_of)

    def take(self, record: Record) -> None:
        """Take what happened; what is not of this experiment changes nothing."""
        self._wait_until(record.at)
        if record.kind == "decision":
            self._decided(record)
        elif record.kind == "outcome":
            self._open.answered(record.query, record.data, self._elapsed)
        elif record.kind == "verdict":
            self._open.checked(record.query, str(record.data.get("outcome")))
        elif record.kind == "rating":
            self._rated(record)
        self._settle()

    def due(self, now: float) -> tuple[Action, ...]:
        """What is to be done by now, each thing once; whoever asks does it."""
        if self.ended is not None:
            return ()
        self._wait_until(now)
        self._settle()
        actions: list[Action] = []
        if self.plan.auto:
            for variant, (finding, verdict) in list(self._conclusions.items()):
                del self._conclusions[variant]
                actions.append(self._follow(variant, finding, verdict))
                if self.ended is not None:
                    return tuple(actions)
        if sum(self.queries.values()) >= self.plan.max_queries:
            return (*actions, self._run_out())
        return (*actions, *self._ramps())

    def stop(self, promoted: str = "") -> None:
        """End it by hand, at the time of what was last heard; `promoted` is who takes over then."""
        if promoted:
            self._end("promoted", f"{self.summary()}; {promoted} promoted by hand")
        else:
            self._end("stopped", f"{self.summary()}; stopped by hand")

    def best(self) -> Variant | None:
        """The challenger that looks best of those left, by the metric that decides."""
        best = self._best()
        return self._variants[best.variant] if best else None

    def advice(self) -> str:
        """What would be done by now where nothing is done without being asked."""
        return "; ".join(verdict for _, verdict in self._conclusions.values())

    def as_data(self) -> dict[str, Any]:
        """All that has to outlive a restart, as JSON."""
        raters = list(self._raters)[-MOST_SAVED:]
        conclusions = {
            variant: [finding.what, finding.metric, verdict]
            for variant, (finding, verdict) in self._conclusions.items()
        }
        return {
            "plan": self.plan.as_data(),
            "begun": self.begun,
            "ended": self.ended,
            "state": self.state,
            "verdict": self.verdict,
            "trials": [trial.as_data() for trial in self.trials.values()],
            "scales": [scale.as_data() for scale in self.scales.values()],
            "shares": self.shares,
            "queries": self.queries,
            "units": self.units,
            "rated": self.rated,
            "stepped": self._stepped,
            "raters": raters,
            "conclusions": conclusions,
            "open": self._open.as_data(),
            "at": self._at,
            "elapsed": self._elapsed,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Experiment:
        """What `as_data` gave, as it was."""
        self = cls(ExperimentPlan.of(data["plan"]), data["begun"])
        self.ended, self.state, self.verdict = data["ended"], data["state"], data["verdict"]
        self.trials = {one["variant"]: Trial.of(one) for one in data["trials"]}
        self.scales = {one["metric"]: Scale.of(one) for one in data["scales"]}
        self.shares, self.queries = dict(data["shares"]), dict(data["queries"])
        self.units, self.rated = dict(data["units"]), dict(data["rated"])
        self._stepped = dict(data["stepped"])
        self._raters = OrderedDict.fromkeys(data["raters"])
        self._conclusions = {
            variant: (Finding(what, metric), verdict)
            for variant, (what, metric, verdict) in data["conclusions"].items()
        }
        self._at, self._elapsed = data["at"], data["elapsed"]
        self._blocks = self._blocks_now()
        self._open.restore(data["open"])
        return self

    def _wait_until(self, now: float) -> None:
        """Let time pass; what comes a little late stops it, a clock that was put back too."""
        if now > self._at:
            self._elapsed += now - self._at
        if now > self._at or self._at - now > LATEST_S:
            self._at = now

    def _decided(self, record: Record) -> None:
        experiment, _, variant = record.variant.partition(":")
        if experiment != self.name or variant not in self.queries:
            return
        self.queries[variant] += 1
        session = str(record.data.get("session") or "")
        begun = self._open.begin(record.query, session, variant, self._elapsed)
        if begun and self.plan.mode != "shadow":
            for trial in self._running():
                trial.drew(self.shares[trial.variant], drawn=trial.variant == variant)

    def _rated(self, record: Record) -> None:
        """Count the first rating of a unit; one of weight 0.3 has 3 chances in 10 to be counted."""
        unit, variant = self._open.whose(record.query) or ("", "")
        rating, weight = record.data.get("rating"), record.data.get("weight", 1.0)
        drawn = place_of(record.query, f"rating:{self._salt}") < weight
        if not unit or unit in self._raters or rating is None or not drawn:
            return
        remember(self._raters, unit, None)
        self.rated[variant] += 1
        self._add(variant, {"rating": min(max(rating, 0.0), 1.0)}, {})

    def _settle(self) -> None:
        for unit in self._open.settled(self._elapsed):
            if self.plan.mode == "shadow":
                self._met(unit)
                continue
            tally = unit.tallies[unit.variant]
            self.units[unit.variant] += 1
            checks = {"finished": bool(tally.succeeded), "rated": unit.key in self._raters}
            self._add(unit.variant, self._placed(tally), checks)

    def _add(self, variant: str, values: Mapping[str, float], checks: Mapping[str, bool]) -> None:
        side = CONTROL_SIDE if variant == CONTROL else CHALLENGER_SIDE
        for trial in self._running():
            if variant not in {CONTROL, trial.variant}:
                continue
            block = self._blocks[trial.variant]
            for metric, value in values.items():
                trial.pairs[metric].add(side, value, block)
            for check, passed in checks.items():
                trial.checks[check].add(side, float(passed), block)
            self._judge(trial)

    def _met(self, unit: Unit) -> None:
        """Compare what the control and a challenger answered to the same queries."""
        control = unit.tallies.get(CONTROL)
        for trial in self._running():
            other = unit.tallies.get(trial.variant)
            if control is None or other is None:
                continue
            self.units[CONTROL] += 1
            self.units[trial.variant] += 1
            ours, theirs = self._placed(control), self._placed(other)
            for metric in ours.keys() & theirs.keys():
                trial.pairs[metric].meet(ours[metric], theirs[metric])
            finished = [float(bool(tally.succeeded)) for tally in (control, other)]
            trial.checks["finished"].meet(*finished)
            self._judge(trial)

    def _placed(self, tally: Tally) -> dict[str, float]:
        placed = {
            metric: self.scales[metric].place(value) for metric, value in tally.values().items()
        }
        return {metric: place for metric, place in placed.items() if place is not None}

    def _judge(self, trial: Trial) -> None:
        if trial.variant in self._conclusions:
            return
        finding = trial.judge(self.plan, self.scales)
        if finding is not None:
            reason = trial.reason(finding, self.plan, self.scales)
            self._conclusions[trial.variant] = (finding, reason)

    def _follow(self, variant: str, finding: Finding, reason: str) -> Action:
        if finding.what == "better":
            self._end("promoted", f"{reason}; promoted")
            return Promote(self.name, self._variants[variant], self.verdict)
        self.trials[variant].dropped = True
        self._give(variant, 0.0)
        self.verdict = f"{reason}; rolled back"
        if not any(self._running()):
            self._end("rolled back", self.verdict)
        return RollBack(self.name, self._variants[variant], self.verdict)

    def _run_out(self) -> Action:
        best = self._best()
        verdict = f"no difference told within {self.plan.max_queries} queries: {self.summary()}"
        if best is not None and best.variant in self._conclusions:
            verdict = f"{self.advice()}; nothing was to be done by itself"
        self._end("stopped", f"{verdict}; the control stays")
        return End(self.name, self.verdict)

    def summary(self) -> str:
        """How the best challenger left stands beside the control, in words."""
        best = self._best()
        if best is None:
            return "no challenger is left"
        told = [best.difference(self.plan.metric, self.plan, self.scales)]
        doubts = best.in_doubt(self.plan, self.scales)
        if doubts:
            told.append(f"whether {' and '.join(doubts)} hold is open")
        return "; ".join([*told, *best.warnings(self.plan.metric)])

    def _best(self) -> Trial | None:
        metric = self.plan.metric
        return max(
            self._running(),
            key=lambda trial: gain(trial.pairs[metric], self.scales[metric]),
            default=None,
        )

    def _running(self) -> Iterator[Trial]:
        return (trial for trial in self.trials.values() if not trial.dropped)

    def _ramps(self) -> Iterator[Ramp]:
        """Double the share of canaries of which enough was seen, and nothing bad."""
        for variant in self.plan.variants:
            trial, units = self.trials[variant.name], self.units[variant.name]
            ready = units - self._stepped[variant.name] >= UNITS_PER_STEP
            growing = not trial.dropped and self.shares[variant.name] < variant.share
            if ready and growing and trial.looks_well(self.plan, self.scales):
                self._stepped[variant.name] = units
                self._give(variant.name, min(2 * self.shares[variant.name], variant.share))
                yield Ramp(self.name, variant, self.shares[variant.name])

    def _give(self, variant: str, share: float) -> None:
        self.shares[variant] = share
        self._blocks = self._blocks_now()

    def _blocks_now(self) -> dict[str, tuple[int, int]]:
        """How many values of either side make a pair, by challenger."""
        control = self.share_of(CONTROL)
        return {variant: block_of(control, share) for variant, share in self.shares.items()}

    def _end(self, state: str, verdict: str) -> None:
        self.state, self.verdict, self.ended = state, verdict, self._at
