"""Whether the server lives, whether it can serve, and how everything in it stands."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from collegium.gateway.endpoints.standing import expert_rows, plain_row

if TYPE_CHECKING:
    from collegium.gateway.app import Call
    from collegium.gateway.caching import AnswerCache
    from collegium.gateway.door import Door
    from collegium.gateway.opening import Opening
    from collegium.observe.metrics import Metrics
    from collegium.oversight import Oversight
    from collegium.system import Collegium

STOPPING = "the server is being stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """Tells how the server is."""

    college: Collegium
    door: Door
    opening: Opening
    metrics: Metrics
    cache: AnswerCache | None
    oversight: Oversight | None = None

    async def live(self, call: Call) -> None:
        """GET /health/live: 200 as long as the server answers at all."""
        await call.exchange.reply_json({"status": "live"})

    async def ready(self, call: Call) -> None:
        """GET /health/ready: 200 where a question would be answered now, else 503 and why not."""
        why = self._unready()
        # Why an expert lacks its model may name files and addresses: that is for admins.
        told = {"status": "ready" if not why else "not ready", "reason": why and self._stage()}
        await call.exchange.reply_json(told, 503 if why else 200)

    def _stage(self) -> str:
        if self.door.draining:
            return STOPPING
        return "no expert has a model yet; GET /api/status says why"

    def _unready(self) -> str:
        if self.door.draining:
            return STOPPING
        if not self.opening.done:
            return self.opening.reason
        roster = self.college.router.roster
        lacking = [expert.lacks for expert in roster]
        if not lacking:
            return "no expert is on duty"
        return lacking[0] if all(lacking) else ""

    async def status(self, call: Call) -> None:
        """GET /api/status: experts, models, instances, how busy each is, and what is managed."""
        staff = self.college.staff
        cache = self.cache.standing() if self.cache is not None else None
        told: dict[str, Any] = {
            "ready": not self._unready(),
            "reason": self._unready(),
            "requests_in_flight": len(self.door.inside),
            "experts": await self._experts(),
            "instances": [asdict(one) for one in self.college.directory.states()] if staff else [],
            "cache": None if cache is None else {"owners": cache.owners, "entries": cache.entries},
        }
        if self.oversight is not None:
            told |= self.oversight.status()
        await call.exchange.reply_json(told)

    async def _experts(self) -> list[dict[str, Any]]:
        if self.oversight is None:
            return [plain_row(expert) for expert in self.college.router.roster]
        return await expert_rows(self.college, self.oversight)

    async def exposition(self, call: Call) -> None:
        """GET /metrics: for a Prometheus server."""
        accept = call.exchange.header(b"accept")
        page, media_type = await asyncio.to_thread(self.metrics.render, accept)
        await call.exchange.reply(200, page, media_type.encode())
