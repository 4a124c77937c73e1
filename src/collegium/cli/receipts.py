"""A receipt in a few lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.aggregation.quoting import short

if TYPE_CHECKING:
    from collegium.types import Call, Checked, Receipt

# Of what a check saw, this much is shown.
EVIDENCE_CHARS = 160

OUTCOMES = {
    "passed": "passed its check",
    "failed": "failed its check",
    "unknown": "could not be checked",
}
CONSEQUENCES = {
    "mended": "the answer was mended",
    "escalated": "another voice was asked",
    "abstained": "no answer is given",
    "marked": "no better answer was found",
}


def receipt_lines(receipt: Receipt) -> list[str]:
    """How an answer came about: by what, by whom at what cost, what checks saw, who agreed."""
    lines = [_summary(receipt), *map(_called, receipt.calls)]
    lines += [
        _checked(one)
        for one in receipt.verdicts
        if one.verdict.outcome != "unknown" or one.verdict.evidence
    ]
    if receipt.disagreement or sum(call.outcome == "answered" for call in receipt.calls) > 1:
        said = receipt.disagreement or "nobody contradicts"
        # What failed its check weighs nothing, so that all the weight may be behind one of two.
        share = (
            "" if receipt.disagreement and receipt.agreement > 0.995 else f"{receipt.agreement:.2f}"
        )
        lines.append(f"agreement {share}: {said}" if share else said)
    if receipt.best_single is not None and receipt.best_single_cost_usd is not None:
        cost = _usd(receipt.best_single_cost_usd)
        lines.append(f"{receipt.best_single} alone, the best by its record, would have cost {cost}")
    return [*lines, *receipt.notes]


def doubt(receipt: Receipt) -> str:
    """Why to look twice at an answer, in one line; empty where nothing speaks against it."""
    failed = [_checked(one) for one in receipt.verdicts if one.verdict.outcome == "failed"]
    outcome = CONSEQUENCES.get(receipt.quality, "") if failed else ""
    return "; ".join(filter(None, (receipt.disagreement, *failed, outcome)))


def _summary(receipt: Receipt) -> str:
    computed = receipt.strategy == "computed"
    how = "computed, not asked of a model" if computed else f"by {receipt.strategy}"
    words = [how, receipt.quality]
    if receipt.confidence is not None:
        words.append(f"right with probability {receipt.confidence:.2f}")
    count = "1 call" if len(receipt.calls) == 1 else f"{len(receipt.calls)} calls"
    words += [count, _usd(receipt.usage.cost_usd), f"{receipt.latency_ms:.0f} ms"]
    return ", ".join(filter(None, words))


def _called(call: Call) -> str:
    tokens = f"{call.usage.prompt_tokens} + {call.usage.completion_tokens} tokens"
    who = f"{call.expert}, {call.model or 'no model'}"
    cost = _usd(call.usage.cost_usd)
    return f"{who}: {call.outcome} after {call.latency_ms:.0f} ms, {tokens}, {cost}"


def _checked(one: Checked) -> str:
    verdict = one.verdict
    by = verdict.check and f" ({verdict.check})"
    evidence = short(verdict.evidence, EVIDENCE_CHARS)
    outcome = OUTCOMES.get(verdict.outcome, verdict.outcome)
    whose = f"{one.expert}'s answer" + (f" by {one.model}" if one.model else "")
    return f"{whose} {outcome}{by}{evidence and f': {evidence}'}"


def _usd(usd: float) -> str:
    """A sum, with more digits the smaller it is."""
    return f"${usd:.2f}" if usd == 0 or usd >= 1 else f"${usd:.6f}"
