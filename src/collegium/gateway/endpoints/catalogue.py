"""Which models there are, by the names that requests call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from collegium.backends.discover import chat_models
from collegium.errors import UnknownModel
from collegium.gateway.naming import COLLEGE, MEANINGS
from collegium.gateway.security import allows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.gateway.app import Call
    from collegium.system import Collegium


EMBEDDINGS = "collegium/embeddings"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models that a key may name; `created` is when the server was started.

    `embedded` gives those of model files, by backend.
    """

    college: Collegium
    embedded: Callable[[], Mapping[str, tuple[str, ...]]]
    created: int

    async def all(self, call: Call) -> None:
        """GET /v1/models."""
        rows = [row for row in await self._rows() if allows(call.key, row["id"])]
        await call.exchange.reply_json({"object": "list", "data": rows})

    async def named(self, call: Call) -> None:
        """GET /v1/models/NAME."""
        name = unquote(call.tail)
        for row in await self._rows():
            if row["id"] == name and allows(call.key, name):
                await call.exchange.reply_json(row)
                return
        raise UnknownModel(f"no model called {name!r}; GET /v1/models lists what there is")

    async def _rows(self) -> list[dict[str, Any]]:
        """The college's own names, its experts, then every model of every backend."""
        rows = [self._row("auto", COLLEGE, MEANINGS["auto"])]
        rows += [
            self._row(f"{COLLEGE}/{name}", COLLEGE, meaning) for name, meaning in MEANINGS.items()
        ]
        for expert in self.college.router.roster:
            description = str(getattr(expert, "description", "") or expert.name)
            rows.append(self._row(f"{COLLEGE}/{expert.key}", COLLEGE, description))
        if self.college.staff is None:
            return rows
        rows.append(self._row(EMBEDDINGS, COLLEGE, "the built-in encoder, for /v1/embeddings"))
        directory = self.college.directory
        listed = {**self.embedded(), **await directory.listings()}
        for backend, models in listed.items():
            rows += [self._row(f"{backend}/{model}", backend) for model in chat_models(models)]
        rows += [
            self._row(alias, COLLEGE, f"another name for {meant}")
            for alias, meant in directory.aliases.items()
        ]
        return rows

    def _row(self, name: str, owner: str, description: str = "") -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": name,
            "object": "model",
            "created": self.created,
            "owned_by": owner,
        }
        return {**row, "description": description} if description else row
