"""How an experiment stands, as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from collegium.management.experiments.metrics import Scale, compare
from collegium.management.experiments.pairs import CHALLENGER_SIDE, CONTROL_SIDE, Pairs
from collegium.management.experiments.wording import difference_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.management.experiments.experiment import Experiment
    from collegium.management.experiments.trial import Trial


def report_of(experiment: Experiment) -> dict[str, Any]:
    """All that people want to know of an experiment, with bounds that hold at any time."""
    plan = experiment.plan
    return {
        "name": plan.name,
        "mode": plan.mode,
        "state": experiment.state,
        "metric": plan.metric,
        "alpha": plan.alpha,
        "begun": experiment.begun,
        "ended": experiment.ended,
        "queries": sum(experiment.queries.values()),
        "max_queries": plan.max_queries,
        "variants": [
            {
                "name": name,
                "share": round(experiment.share_of(name), 6),
                "queries": experiment.queries[name],
                "units": experiment.units[name],
                "rated": experiment.rated[name],
            }
            for name in experiment.queries
        ],
        "comparisons": [
            comparison
            for trial in experiment.trials.values()
            for comparison in _comparisons(experiment, trial)
        ],
        "warnings": [
            f"{trial.variant}: {warning}"
            for trial in experiment.trials.values()
            for warning in trial.warnings(plan.metric)
        ],
        "advice": experiment.advice(),
        "verdict": experiment.verdict or f"so far {experiment.summary()}",
    }


def _comparisons(experiment: Experiment, trial: Trial) -> Iterator[dict[str, Any]]:
    plan = experiment.plan
    for metric in (plan.metric, *plan.guard_rails):
        scale, pairs = experiment.scales[metric], trial.pairs[metric]
        risk = plan.risk if metric == plan.metric else plan.guard_risk
        compared = compare(pairs, scale, risk)
        yield {
            "challenger": trial.variant,
            "metric": metric,
            "role": "decides" if metric == plan.metric else "guard-rail",
            "tolerated": plan.guard_rails.get(metric),
            "control": _original(pairs, CONTROL_SIDE, scale),
            "value": _original(pairs, CHALLENGER_SIDE, scale),
            "gain": compared.gain if compared.pairs else None,
            "low": _finite(compared.low),
            "high": _finite(compared.high),
            "pairs": compared.pairs,
            "words": difference_in_words(trial.variant, compared, plan.alpha),
        }


def _original(pairs: Pairs, side: int, scale: Scale) -> float | None:
    """The mean of a side as it was measured: a share, ms or USD."""
    mean = pairs.mean(side)
    return None if mean is None else scale.original(mean)


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
