"""The OpenAPI document, for clients and people that ask what there is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from collegium.gateway.openapi import document

if TYPE_CHECKING:
    from collegium.gateway.app import Call


class Document:
    """Shows the OpenAPI document of this version, made when it is first asked for."""

    def __init__(self, version: str) -> None:
        self._version = version

    async def shown(self, call: Call) -> None:
        """GET /openapi.json."""
        await call.exchange.reply(200, self._raw)

    @cached_property
    def _raw(self) -> bytes:
        return msgspec.json.encode(document(self._version))
