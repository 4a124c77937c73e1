"""Experts, backends, models and the configuration, changed while traffic flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from collegium.errors import ConfigError, InvalidRequest, NotFound, Refusal
from collegium.gateway.app import Endpoint
from collegium.gateway.endpoints.standing import expert_row, expert_rows
from collegium.gateway.requests import DEEPEST, Name, decoded, flag, shaped
from collegium.gateway.security.destinations import keeps_secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from collegium.gateway.app import Call
    from collegium.oversight import Oversight
    from collegium.system import Collegium

# An expert with its examples is a few kilobytes.
MOST_BYTES = 1024 * 1024
MOST_INSTANCES = 1000


class NothingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A body that says nothing."""


class ScaleBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many instances an expert shall have; null leaves that to demand again."""

    instances: Annotated[int, Meta(ge=1, le=MOST_INSTANCES)] | None


class AlarmsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose alarms of drift are meant: an expert's name, "" for the traffic, null for all."""

    expert: str | None = None


class MeaningBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a short name means: BACKEND/MODEL, or another short name."""

    means: Name


@dataclass(frozen=True, slots=True)
class Administering:
    """Changes who answers and with what, and tells how everybody stands."""

    college: Collegium
    oversight: Oversight

    def endpoints(self) -> tuple[Endpoint, ...]:
        """What answers at which path; all of it takes the permission `admin`."""
        expert, backend = "/api/experts/{name}", "/api/backends/{name}"
        handlers = {
            "/api/experts": {"GET": self.experts, "POST": self.add_expert},
            expert: {"DELETE": self.remove_expert},
            f"{expert}/drain": {"POST": self.drain_expert},
            f"{expert}/restore": {"POST": self.restore_expert},
            f"{expert}/scale": {"POST": self.scale_expert},
            "/api/backends": {"GET": self.backends},
            backend: {"GET": self.backend, "PUT": self.put_backend, "DELETE": self.remove_backend},
            "/api/models": {"GET": self.models},
            "/api/models/": {"PUT": self.put_model, "DELETE": self.remove_model},
            "/api/config": {"GET": self.config},
            "/api/config/reload": {"POST": self.reload},
            "/api/config/rollback": {"POST": self.rollback},
            "/api/drift/acknowledge": {"POST": self.acknowledge},
        }
        return tuple(Endpoint(path, of, permission="admin") for path, of in handlers.items())

    async def experts(self, call: Call) -> None:
        """GET /api/experts: who is on duty, how each does, and how they rank."""
        rows = await expert_rows(self.college, self.oversight)
        await call.exchange.reply_json({"object": "list", "data": rows})

    async def add_expert(self, call: Call) -> None:
        """POST /api/experts: put an expert on duty, an entry as under `moe.experts`."""
        replace = flag(call.exchange.query, "replace")
        entry = await _entry(call)
        name = _name(entry.get("name"))
        await _as_asked(self.oversight.add_expert(entry, replace=replace))
        await self._shown(call, name, 201)

    async def remove_expert(self, call: Call) -> None:
        """DELETE /api/experts/NAME: take an expert off duty; it finishes what it has begun."""
        force = flag(call.exchange.query, "force")
        await self.oversight.remove_expert(call.tail, force=force)
        await call.exchange.reply_json({"expert": call.tail, "removed": True})

    async def drain_expert(self, call: Call) -> None:
        """POST /api/experts/NAME/drain: it gets no more queries, and stays on duty."""
        await _nothing(call)
        await self.oversight.drain_expert(call.tail)
        await self._shown(call, call.tail)

    async def restore_expert(self, call: Call) -> None:
        """POST /api/experts/NAME/restore: it gets queries again, drained or removed before."""
        await _nothing(call)
        await self.oversight.restore_expert(call.tail)
        await self._shown(call, call.tail)

    async def scale_expert(self, call: Call) -> None:
        """POST /api/experts/NAME/scale: so many instances, or again as many as it takes."""
        asked = shaped(await call.exchange.body(most_bytes=MOST_BYTES), ScaleBody)
        await self.oversight.scale_expert(call.tail, asked.instances)
        await self._shown(call, call.tail)

    async def _shown(self, call: Call, name: str, status: int = 200) -> None:
        """An expert as it is now."""
        expert = self.college.router.roster[name]
        row = await expert_row(expert, self.college, self.oversight)
        await call.exchange.reply_json(row, status)

    async def backends(self, call: Call) -> None:
        """GET /api/backends: where models are."""
        rows = [{"name": name, **entry} for name, entry in self._section("backends").items()]
        await call.exchange.reply_json({"object": "list", "data": rows})

    async def backend(self, call: Call) -> None:
        """GET /api/backends/NAME."""
        found = self._section("backends").get(call.tail)
        if found is None:
            known = ", ".join(self._section("backends")) or "none"
            raise NotFound(f"no backend called {call.tail!r}; configured: {known}")
        await call.exchange.reply_json({"name": call.tail, **found})

    async def put_backend(self, call: Call) -> None:
        """PUT /api/backends/NAME: an entry as under `backends`, new or in place of the old one."""
        entry, name = await _entry(call), _name(call.tail)
        keeps_secrets(entry, self._section("backends"))
        await _as_asked(self.oversight.put_backend(name, entry))
        await call.exchange.reply_json({"name": name, **self._section("backends")[name]})

    async def remove_backend(self, call: Call) -> None:
        """DELETE /api/backends/NAME; refused as long as an expert needs it."""
        await _unless_wrong(self.oversight.remove_backend(call.tail))
        await call.exchange.reply_json({"name": call.tail, "removed": True})

    async def models(self, call: Call) -> None:
        """GET /api/models: short names for models, and what each means."""
        rows = [{"name": name, "means": means} for name, means in self._section("models").items()]
        await call.exchange.reply_json({"object": "list", "data": rows})

    async def put_model(self, call: Call) -> None:
        """PUT /api/models/NAME: have a short name mean a model."""
        asked = shaped(await call.exchange.body(most_bytes=MOST_BYTES), MeaningBody)
        name = _name(call.tail)
        await _as_asked(self.oversight.put_model(name, asked.means))
        await call.exchange.reply_json({"name": name, "means": asked.means})

    async def remove_model(self, call: Call) -> None:
        """DELETE /api/models/NAME; refused as long as an expert needs it."""
        await _unless_wrong(self.oversight.remove_model(call.tail))
        await call.exchange.reply_json({"name": call.tail, "removed": True})

    async def config(self, call: Call) -> None:
        """GET /api/config: the configuration in force; secrets are only named in it."""
        told = {"generation": self._generation, "config": self.oversight.document()}
        await call.exchange.reply_json(told)

    async def reload(self, call: Call) -> None:
        """POST /api/config/reload: read the file again; it is taken whole, or not at all."""
        await _nothing(call)
        await self._changed(call, await _unless_wrong(self.oversight.reload()))

    async def rollback(self, call: Call) -> None:
        """POST /api/config/rollback: the configuration as it was before its last change."""
        await _nothing(call)
        await self._changed(call, await _unless_wrong(self.oversight.rollback()))

    async def acknowledge(self, call: Call) -> None:
        """POST /api/drift/acknowledge: forget alarms that somebody has seen; watching goes on."""
        asked = shaped(await call.exchange.body(most_bytes=MOST_BYTES), AlarmsBody)
        count = await self.oversight.acknowledge(asked.expert)
        await call.exchange.reply_json({"acknowledged": count})

    async def _changed(self, call: Call, changed: tuple[str, ...]) -> None:
        told = {"generation": self._generation, "changed": list(changed)}
        await call.exchange.reply_json(told)

    @property
    def _generation(self) -> int:
        generation: int = self.oversight.status()["generation"]
        return generation

    def _section(self, name: str) -> Mapping[str, Any]:
        section: Mapping[str, Any] = self.oversight.document()[name]
        return section


def _name(told: object) -> str:
    """A name that something new may have."""
    if not isinstance(told, str) or not told.strip() or not told.isprintable():
        raise InvalidRequest(f"name: {told!r:.60} is no name: some letters are right", "name")
    return told


async def _entry(call: Call) -> dict[str, Any]:
    raw = await call.exchange.body(most_bytes=MOST_BYTES)
    return decoded(raw, depth=DEEPEST)


async def _nothing(call: Call) -> None:
    shaped(await call.exchange.body(most_bytes=MOST_BYTES), NothingBody)


async def _as_asked(work: Awaitable[None]) -> None:
    """Do what a body asked for; what the configuration would not take is the request's mistake."""
    try:
        await work
    except ConfigError as error:
        raise InvalidRequest(str(error)) from error


async def _unless_wrong(work: Awaitable[Any]) -> Any:
    """Do what would change the configuration; a wrong one is refused, and nothing changes."""
    try:
        return await work
    except ConfigError as error:
        raise Refusal(str(error)) from error
