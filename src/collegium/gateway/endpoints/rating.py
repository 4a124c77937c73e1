"""How good an answer was, said by whoever asked for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from collegium.errors import InvalidRequest, StorageError, UnknownQuery
from collegium.gateway.app import Endpoint
from collegium.gateway.requests import Name, shaped

if TYPE_CHECKING:
    from collegium.gateway.app import Call
    from collegium.gateway.decisions import Accounts
    from collegium.gateway.security import Key
    from collegium.oversight import Oversight

MOST_BYTES = 16 * 1024
WORDS = {"good": 1.0, "up": 1.0, "bad": 0.0, "down": 0.0}


class RatingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How good an answer was: from 0 to 1, true or false, or in a word.

    `id` is the header `x-collegium-decision-id` of its reply; `query_id` and `decision_id` are
    other names for it. `expert` is whose answer is meant where several gave one.
    """

    rating: Annotated[float, Meta(ge=0, le=1)] | bool | Literal["good", "bad", "up", "down"]
    id: Name | None = None
    query_id: Name | None = None
    decision_id: Name | None = None
    expert: Name | None = None

    @property
    def query(self) -> str:
        """The id of the query that is meant.

        Raises:
            InvalidRequest: there is none, or there are several.
        """
        named = [one for one in (self.id, self.query_id, self.decision_id) if one is not None]
        if len(named) != 1:
            raise InvalidRequest(
                "id: say once which answer is meant, by its header x-collegium-decision-id", "id"
            )
        return named[0]

    @property
    def share(self) -> float:
        """The rating as a number from 0 to 1."""
        return WORDS[self.rating] if isinstance(self.rating, str) else float(self.rating)


@dataclass(frozen=True, slots=True)
class Rating:
    """Takes ratings of answers from the key that asked for them, and from administrators."""

    oversight: Oversight
    accounts: Accounts

    def endpoints(self) -> tuple[Endpoint, ...]:
        """What answers at which path."""
        return (Endpoint("/api/ratings", {"POST": self.rate}),)

    async def rate(self, call: Call) -> None:
        """POST /api/ratings."""
        asked = shaped(await call.exchange.body(most_bytes=MOST_BYTES), RatingBody)
        if "admin" not in call.key.permissions:
            await self._see_owner(asked.query, call.key)
        rated = await self.oversight.rate(
            asked.query, asked.share, expert=asked.expert, rater=call.key.id
        )
        told = {"id": rated.query_id, "expert": rated.expert, "rating": rated.rating}
        await call.exchange.reply_json({**told, "weight": round(rated.weight, 4)})

    async def _see_owner(self, query: str, key: Key) -> None:
        """See that a query was asked with that key.

        Raises:
            UnknownQuery: it was not, or nobody knows any more.
        """
        found = await self.accounts.find(query)
        owner = found[0] if found else await asyncio.to_thread(self._owner_on_record, query)
        if owner != key.id:
            raise UnknownQuery(f"nothing is known of an answer {query!r} to this key")

    def _owner_on_record(self, query: str) -> str | None:
        """Whose request a query was, as the store has it; None where it does not say."""
        store = self.oversight.store
        if store is None:
            return None
        try:
            for stored in store.records(kinds=("request",), query=query, limit=1):
                return str(stored.record.data.get("key", ""))
        except StorageError:
            return None  # what cannot be read is not known
        return None
