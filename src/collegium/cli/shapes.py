"""Decisions and responses as JSON and as tables: one shape for every verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.cli.receipts import receipt_json, usage_json

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.types import Candidate, Decision, Response


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


def decision_table(decision: Decision) -> Table:
    """Everybody who was considered, and how each stood."""
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "expert", "score", "gate", "own", "load", "note"):
        table.add_column(
            name, justify="right" if name in ("score", "gate", "own", "load") else "left"
        )
    for candidate in decision.ranking:
        chosen = candidate in decision.chosen
        table.add_row(
            "→" if chosen else "",
            Text(candidate.key, style="bold" if chosen else ""),
            f"{candidate.score:.2f}",
            f"{candidate.gate:.2f}",
            f"{candidate.assessment:.2f}",
            f"{candidate.load:.0%}",
            Text(candidate.note),
        )
    return table


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "expert": candidate.key,
        "score": round(candidate.score, 4),
        "gate": round(candidate.gate, 4),
        "assessment": round(candidate.assessment, 4),
        "load": round(candidate.load, 4),
        "note": candidate.note,
    }
