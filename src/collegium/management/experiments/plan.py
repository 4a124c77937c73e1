"""What is tried out: a plan, checked once, with every mistake told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from collegium.errors import ConfigError
from collegium.jsonvalues import is_array, is_object
from collegium.management.experiments.metrics import METRICS
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode: TypeAlias = Literal["ab", "canary", "shadow"]
MODES: tuple[str, ...] = get_args(Mode)
CONTROL = "control"
GUARD_RAILS: Mapping[str, float] = {"latency": 0.2, "cost": 0.2, "success": 0.02}
LEAST_CONTROL = 0.05  # a control that nobody sees compares with nothing
MOST_CHALLENGERS = 4
DEFAULT_SHARE = {"ab": 0.5, "canary": 0.5, "shadow": 0.2}
KEYS = {
    "name", "mode", "variants", "changes", "share", "metric", "alpha", "min_effect",
    "max_queries", "guard_rails", "auto", "session_s",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """A challenger: `changes` is a JSON merge patch (RFC 7396) of the configuration.

    `share` is the share of sessions, above 0 and below 1, that it gets; in the end, where it is
    raised step by step.
    """

    name: str
    changes: Mapping[str, Any]
    share: float


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What is tried out, on whom, and what decides.

    `mode` is 'ab' (all are shown), 'canary' (a challenger begins small and grows) or 'shadow'
    (challengers answer beside the control and nobody sees it). `metric` is what a challenger has to
    be better by, by more than `min_effect`: of success and rating a difference (0.01 is a point),
    of latency and cost a share of the control's. `guard_rails` is by how much it may be worse by
    other metrics. `alpha` is the probability of any wrong statement, ever. With `auto` off it is
    only said what would be done. `session_s` is after how many quiet seconds a session is counted.
    """

    name: str
    variants: tuple[Variant, ...]
    mode: str = "ab"
    metric: str = "success"
    alpha: float = 0.05
    min_effect: float = 0.0
    max_queries: int = 20_000
    guard_rails: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    auto: bool = True
    session_s: float = 600.0

    @classmethod
    def of(cls, data: object) -> ExperimentPlan:
        """A plan out of JSON or YAML; a name and `changes` are enough.

        Raises:
            ConfigError: it is wrong; all that is wrong with it is told.
        """
        return _Reader(data).plan()

    @property
    def risk(self) -> float:
        """The probability of a wrong statement by the metric that decides, of one challenger."""
        return self.alpha / len(self.variants) / (2 if self.guard_rails else 1)

    @property
    def guard_risk(self) -> float:
        """The same by one guard-rail: together they have as much as the metric that decides."""
        return self.risk / max(len(self.guard_rails), 1)

    def as_data(self) -> dict[str, Any]:
        """The plan as JSON, as `of` takes it."""
        variants = [
            {"name": one.name, "changes": dict(one.changes), "share": one.share}
            for one in self.variants
        ]
        return {
            "name": self.name,
            "mode": self.mode,
            "variants": variants,
            "metric": self.metric,
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "max_queries": self.max_queries,
            "guard_rails": {**dict.fromkeys(GUARD_RAILS), **self.guard_rails},
            "auto": self.auto,
            "session_s": self.session_s,
        }


class _Reader:
    """Reads a plan, and keeps what is wrong with it until all of it was read."""

    def __init__(self, data: object) -> None:
        self._problems: list[str] = []
        self._data: dict[str, Any] = data if is_object(data) else {}
        if not is_object(data):
            self._problems.append(f"a plan is a mapping with a name and changes, not {data!r:.60}")

    def plan(self) -> ExperimentPlan:
        self._refuse_unknown(self._data, KEYS, "the plan")
        name = self._data.get("name")
        if self._data:
            self._check_name(name, "name")
        mode = self._one_of("mode", MODES, "ab")
        metric = self._one_of("metric", METRICS, "success")
        if mode == "shadow" and metric == "rating":
            self._problems.append("metric: nobody rates what nobody sees; a shadow has no ratings")
        plan = ExperimentPlan(
            str(name),
            self._variants(mode),
            mode,
            metric,
            self._number("alpha", 0.05, 0.0001, 0.5),
            self._number("min_effect", 0.0, 0.0, 0.9),
            round(self._number("max_queries", 20_000, 1, 1e9)),
            self._guard_rails(mode, metric),
            self._flag("auto"),
            self._number("session_s", 600.0, 0.0, 86_400.0),
        )
        if self._problems:
            count = len(self._problems)
            told = "1 mistake" if count == 1 else f"{count} mistakes"
            raise ConfigError(f"the experiment's plan has {told}:", tuple(self._problems))
        return plan

    def _variants(self, mode: str) -> tuple[Variant, ...]:
        listed = self._data.get("variants")
        alone = {key: self._data[key] for key in ("changes", "share") if key in self._data}
        if listed is None:
            listed = [{"name": "challenger", **alone}]
        elif alone:
            self._problems.append(f"{next(iter(alone))}: belongs to a variant where variants are")
        if not is_array(listed) or not 1 <= len(listed) <= MOST_CHALLENGERS:
            self._problems.append(f"variants: a list of 1 to {MOST_CHALLENGERS} challengers")
            return ()
        default = DEFAULT_SHARE.get(mode, 0.5)
        if mode != "shadow":
            default = round(2 * default / (len(listed) + 1), 4)
        variants = tuple(
            self._variant(one, f"variants[{place}]", default) for place, one in enumerate(listed)
        )
        names = [one.name for one in variants]
        if len(set(names)) < len(names):
            self._problems.append(f"variants: two have one name, of {', '.join(names)}")
        shares = sum(one.share for one in variants)
        if shares > 1 - LEAST_CONTROL + 1e-9:
            self._problems.append(
                f"variants: their shares come to {shares:g}; the control keeps at least "
                f"{LEAST_CONTROL:g}, so {1 - LEAST_CONTROL:g} is the most"
            )
        return variants

    def _variant(self, data: object, where: str, share: float) -> Variant:
        if not is_object(data):
            self._problems.append(f"{where}: a mapping with changes, not {data!r:.60}")
            return Variant("", {}, share)
        self._refuse_unknown(data, {"name", "changes", "share"}, where)
        name = data.get("name", "challenger")
        self._check_name(name, f"{where}.name")
        if name == CONTROL:
            self._problems.append(f"{where}.name: 'control' is what everybody has now")
        changes = data.get("changes")
        if not is_object(changes) or not changes:
            self._problems.append(
                f"{where}.changes: what differs from the configuration, such as "
                "{moe: {router: {top_k: 2}}}"
            )
            changes = {}
        share = self._within(data.get("share", share), f"{where}.share", 0.001, 1 - LEAST_CONTROL)
        return Variant(str(name), changes, share)

    def _guard_rails(self, mode: str, metric: str) -> dict[str, float]:
        given = self._data.get("guard_rails", {})
        if not is_object(given):
            self._problems.append("guard_rails: a mapping such as {latency: 0.2}, null for none")
            return {}
        self._refuse_unknown(given, set(METRICS), "guard_rails")
        if mode == "shadow" and given.get("rating") is not None:
            self._problems.append("guard_rails.rating: nobody rates what nobody sees")
        rails = {**GUARD_RAILS, **given}
        return {
            name: self._within(tolerated, f"guard_rails.{name}", 0.0, 10.0)
            for name, tolerated in rails.items()
            if tolerated is not None and name != metric and name in METRICS
        }

    def _check_name(self, name: object, where: str) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
            self._problems.append(
                f"{where}: {name!r:.60} is no name; up to 64 of a-z, 0-9, '_' and '-' are right"
            )

    def _refuse_unknown(self, data: Mapping[str, Any], known: set[str], where: str) -> None:
        for key in sorted(set(data) - known):
            self._problems.append(f"{where}: no key {key!r}; there are: {', '.join(sorted(known))}")

    def _one_of(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self._data.get(key, default)
        if value not in choices:
            self._problems.append(f"{key}: {value!r:.60} is none of {', '.join(choices)}")
            return default
        return str(value)

    def _number(self, key: str, default: float, low: float, high: float) -> float:
        return self._within(self._data.get(key, default), key, low, high)

    def _within(self, value: Any, where: str, low: float, high: float) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._problems.append(f"{where}: {value!r:.60} is no number from {low:g} to {high:g}")
        return low

    def _flag(self, key: str) -> bool:
        value = self._data.get(key, True)
        if not isinstance(value, bool):
            self._problems.append(f"{key}: {value!r:.60} is neither true nor false")
        return bool(value)
