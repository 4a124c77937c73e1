"""Experiments: what is tried out on a part of the traffic, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import ConfigError, InvalidRequest, UnknownExperiment
from collegium.gateway.app import Endpoint
from collegium.gateway.requests import DEEPEST, decoded, flag
from collegium.gateway.security.destinations import changes_keep_secrets
from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from collegium.gateway.app import Call
    from collegium.oversight import Oversight

MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Experimenting:
    """Starts experiments, tells how they stand, and ends them."""

    oversight: Oversight

    def endpoints(self) -> tuple[Endpoint, ...]:
        """What answers at which path; all of it takes the permission `admin`."""
        handlers = {
            "/api/experiments": {"GET": self.all, "POST": self.start},
            "/api/experiments/{name}": {"GET": self.one, "DELETE": self.stop},
        }
        return tuple(Endpoint(path, of, permission="admin") for path, of in handlers.items())

    async def all(self, call: Call) -> None:
        """GET /api/experiments: those that run, and those that have ended."""
        rows = self.oversight.experiments()
        await call.exchange.reply_json({"object": "list", "data": rows})

    async def start(self, call: Call) -> None:
        """POST /api/experiments: begin one, by its plan."""
        raw = await call.exchange.body(most_bytes=MOST_BYTES)
        plan = decoded(raw, depth=DEEPEST)
        for changes in changes_of(plan):
            changes_keep_secrets(changes, self.oversight.document()["backends"])
        try:
            begun = await self.oversight.start_experiment(plan)
        except ConfigError as error:
            raise InvalidRequest(str(error)) from error
        await call.exchange.reply_json(begun, 201)

    async def one(self, call: Call) -> None:
        """GET /api/experiments/NAME: how it stands, with its verdict in plain words."""
        rows = self.oversight.experiments()
        for row in rows:
            if row["name"] == call.tail:
                await call.exchange.reply_json(row)
                return
        known = ", ".join(row["name"] for row in rows) or "none"
        raise UnknownExperiment(f"no experiment called {call.tail!r}; there are: {known}")

    async def stop(self, call: Call) -> None:
        """DELETE /api/experiments/NAME: end it; with `promote`, take the challenger over."""
        promote = flag(call.exchange.query, "promote")
        ended = await self.oversight.stop_experiment(call.tail, promote=promote)
        await call.exchange.reply_json(ended)


def changes_of(plan: Mapping[str, Any]) -> list[object]:
    """What the variants of a plan have otherwise, whether the plan is right or not."""
    variants = plan.get("variants")
    listed = variants if is_array(variants) else []
    return [one.get("changes") for one in (plan, *listed) if is_object(one)]
