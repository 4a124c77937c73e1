"""What was decided and what became of it, kept for whoever asks why."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.shapes import decision_json, receipt_json, usage_json

if TYPE_CHECKING:
    from collegium.types import Decision, Receipt, Usage


@dataclass(slots=True)
class Account:
    """One request: who answered, why they did, and what it took.

    `owner` is the id of the key that asked, `at` when (seconds since 1970), `outcome` the HTTP
    status, 0 while there is none. Of a request for a named model there is no decision.
    """

    id: str
    owner: str
    at: float
    asked: str
    decision: Decision | None = None
    receipt: Receipt | None = None
    expert: str = ""
    model: str = ""
    strategy: str = ""
    finish: str = ""
    usage: Usage | None = None
    overhead_ms: float = 0.0
    latency_ms: float = 0.0
    ttft_ms: float | None = None
    cached: str = ""
    outcome: int = 0
    error: str = ""
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """All of it as JSON; never a word of what was asked or answered."""
        return {
            "id": self.id,
            "created": int(self.at),
            "asked": self.asked,
            "expert": self.expert or None,
            "model": self.model or None,
            "strategy": self.strategy or None,
            "status": self.outcome or None,
            "error": self.error or None,
            "finish": self.finish or None,
            "cached": self.cached or None,
            "overhead_ms": round(self.overhead_ms, 3),
            "latency_ms": round(self.latency_ms, 3),
            "time_to_first_token_ms": None if self.ttft_ms is None else round(self.ttft_ms, 3),
            "usage": usage_json(self.usage) if self.usage else None,
            "notes": list(self.notes),
            "decision": decision_json(self.decision) if self.decision else None,
            "receipt": receipt_json(self.receipt) if self.receipt else None,
        }


class Accounts:
    """The latest accounts by id; the oldest goes first."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._kept: OrderedDict[str, Account] = OrderedDict()

    def open(self, account: Account) -> None:
        """Keep an account, which goes on being written."""
        self._kept[account.id] = account
        while len(self._kept) > self.capacity:
            self._kept.popitem(last=False)

    def find(self, identity: str) -> Account | None:
        """The account of that id, if it is still kept."""
        return self._kept.get(identity)

    def latest(self, most: int) -> list[Account]:
        """The latest ones, newest first."""
        return [self._kept[one] for one, _ in zip(reversed(self._kept), range(most), strict=False)]

    def __len__(self) -> int:
        return len(self._kept)
