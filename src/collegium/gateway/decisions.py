"""What was decided and what became of it, kept for whoever asks why."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from collegium.events import Answered
from collegium.gateway.faults import without_addresses
from collegium.shapes import decision_json, receipt_json, usage_json
from collegium.types import Usage

if TYPE_CHECKING:
    from collegium.events import Event
    from collegium.gateway.commons import Commons
    from collegium.types import Decision, Receipt


@dataclass(slots=True)
class Account:
    """One request: who answered, why they did, and what it took.

    `owner` is the id of the key that asked, `at` when (seconds since 1970), `prompt_tokens` about
    how many tokens the conversation has, `spent` what the answers given so far consumed, `outcome`
    the HTTP status, 0 while there is none. Of a request for a named model there is no decision.
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
    prompt_tokens: int = 0
    spent: Usage = Usage()
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
            "notes": [without_addresses(note) for note in self.notes],
            "decision": decision_json(self.decision) if self.decision else None,
            "receipt": _receipt(self.receipt) if self.receipt else None,
        }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    told = receipt_json(receipt)
    told["notes"] = [without_addresses(note) for note in told["notes"]]
    told["failures"] = [[name, without_addresses(why)] for name, why in told["failures"]]
    return told


class Accounts:
    """The latest accounts by id; the oldest goes first. With `commons`, those of all workers."""

    def __init__(self, capacity: int, commons: Commons | None = None) -> None:
        self.capacity = capacity
        self._commons = commons
        self._kept: OrderedDict[str, Account] = OrderedDict()

    def open(self, account: Account) -> None:
        """Keep an account, which goes on being written."""
        self._kept[account.id] = account
        while len(self._kept) > self.capacity:
            self._kept.popitem(last=False)

    def __call__(self, event: Event) -> None:
        """Take down what answers have consumed that are no reply yet, and may never be."""
        if isinstance(event, Answered):
            account = self._kept.get(event.query.id)
            if account is not None:
                account.spent += event.answer.usage

    def close(self, account: Account) -> None:
        """An account is complete, or has something new to tell."""
        if self._commons is not None:
            self._commons.keep(account)

    async def find(self, identity: str) -> tuple[str, dict[str, Any]] | None:
        """The owner of the account of that id, and the account as it is told; None without one."""
        account = self._kept.get(identity)
        if account is not None:
            return account.owner, account.told()
        return None if self._commons is None else await self._commons.account(identity)

    def latest(self, owner: str | None, most: int) -> list[dict[str, Any]]:
        """The latest accounts of an owner, or of everybody, newest first."""
        if self._commons is not None:
            return self._commons.latest(owner, most)
        theirs = (
            account for account in reversed(self._kept.values()) if owner in (None, account.owner)
        )
        return [account.told() for account in islice(theirs, most)]

    def __len__(self) -> int:
        return len(self._kept)
