"""Decisions, receipts and how experts do as JSON: one shape for the command line and for HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collegium.management.intervals import Interval
    from collegium.management.performance import Performance
    from collegium.management.ranking import Rank
    from collegium.types import Call, Candidate, Checked, Decision, Receipt, Response, Usage


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision with everybody who was considered; experts by their keys."""
    return {
        "id": decision.query_id,
        "expert": decision.chosen[0].key,
        "confidence": round(decision.confidence, 4),
        "low_confidence": decision.low_confidence,
        "chosen": [candidate.key for candidate in decision.chosen],
        "experts": [_candidate(candidate) for candidate in decision.ranking],
        "reasons": list(decision.reasons),
        "overhead_ms": round(decision.overhead_ms, 3),
        "propensity": round(decision.propensity, 4),
        "variant": decision.variant or None,
    }


def batch_json(identity: Any, decision: Decision) -> dict[str, Any]:
    """A decision as one line of a batch."""
    return {
        "id": identity,
        "expert": decision.chosen[0].key,
        "confidence": round(decision.confidence, 4),
        "experts": [[one.key, round(one.score, 4)] for one in decision.ranking],
        "overhead_ms": round(decision.overhead_ms, 3),
    }


def response_json(response: Response, decision: Decision | None) -> dict[str, Any]:
    """A response with its decision, and what it took."""
    receipt = response.receipt
    return {
        "id": response.query_id,
        "text": response.text,
        "expert": response.expert,
        "model": response.model,
        "confidence": round(response.confidence, 4),
        "finish": response.finish,
        "tool_calls": [dict(call) for call in response.tool_calls],
        "alternatives": response.metadata.get("alternative_responses", []),
        "strategy": receipt.strategy if receipt else None,
        "failures": [list(failure) for failure in receipt.failures] if receipt else [],
        "usage": usage_json(receipt.usage) if receipt else None,
        "latency_ms": round(receipt.latency_ms, 1) if receipt else None,
        "decision": decision_json(decision) if decision else None,
        "receipt": receipt_json(receipt) if receipt else None,
    }


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """All that a receipt says but for the decision, which a response has beside it."""
    return {
        "strategy": receipt.strategy,
        "quality": receipt.quality,
        "confidence": None if receipt.confidence is None else round(receipt.confidence, 4),
        "agreement": round(receipt.agreement, 4),
        "disagreement": receipt.disagreement,
        "verdicts": [_verdict(one) for one in receipt.verdicts],
        "calls": [_call(call) for call in receipt.calls],
        "failures": [list(failure) for failure in receipt.failures],
        "usage": usage_json(receipt.usage),
        "latency_ms": round(receipt.latency_ms, 1),
        "overhead_ms": round(receipt.overhead_ms, 3),
        "best_single": receipt.best_single,
        "best_single_cost_usd": receipt.best_single_cost_usd,
        "notes": list(receipt.notes),
    }


def usage_json(usage: Usage) -> dict[str, Any]:
    """Tokens and cost."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": usage.cost_usd,
    }


def performance_json(one: Performance) -> dict[str, Any]:
    """How an expert, a model or an instance does; under `now` the same within the window."""
    told = {
        "queries": one.queries,
        "failures": one.failures,
        "success": interval_json(one.success),
        "checked": interval_json(one.checked),
        "satisfaction": interval_json(one.satisfaction),
        "p50_ms": _rounded(one.p50_ms, 1),
        "p95_ms": _rounded(one.p95_ms, 1),
        "p99_ms": _rounded(one.p99_ms, 1),
        "tokens_per_s": _rounded(one.tokens_per_s, 1),
        "cost_usd": one.cost_usd,
        "judged": one.judged,
        "calibration_error": _rounded(one.calibration_error, 4),
    }
    return told if one.now is None else {**told, "now": performance_json(one.now)}


def rank_json(rank: Rank) -> dict[str, Any]:
    """How an expert ranks."""
    return {
        "score": round(rank.score, 4),
        "low": round(rank.low, 4),
        "high": round(rank.high, 4),
        "enough": rank.enough,
        "why": rank.why,
    }


def interval_json(interval: Interval | None) -> dict[str, Any] | None:
    """A share and between which ends the true one lies; None where nothing was measured."""
    if interval is None or not interval.count:
        return None
    return {
        "mean": round(interval.mean, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "count": round(interval.count, 2),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "expert": candidate.key,
        "score": round(candidate.score, 4),
        "gate": round(candidate.gate, 4),
        "assessment": round(candidate.assessment, 4),
        "load": round(candidate.load, 4),
        "note": candidate.note,
    }


def _verdict(one: Checked) -> dict[str, Any]:
    return {
        "expert": one.expert,
        "model": one.model,
        "outcome": one.verdict.outcome,
        "check": one.verdict.check,
        "evidence": one.verdict.evidence,
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "expert": call.expert,
        "model": call.model,
        "outcome": call.outcome,
        "latency_ms": round(call.latency_ms, 1),
        "usage": usage_json(call.usage),
    }
