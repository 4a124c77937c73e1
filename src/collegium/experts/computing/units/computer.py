"""The computer itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.experts.computing.base import asked, carried_out, wished
from collegium.experts.computing.units.questions import read

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed, Plan
    from collegium.types import Query

MAX_CHARS = 300


class Units:
    """Converts lengths, weights, times, temperatures, speeds, areas and volumes."""

    name = "units"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question that is a conversion and nothing else, else None."""
        heard = asked(query, limit=MAX_CHARS)
        return wished(read(heard.text), heard.wishes) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Convert as a plan of `reads` says; None where there is no one answer."""
        return carried_out(plan)
