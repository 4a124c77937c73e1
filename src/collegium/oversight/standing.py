"""How a college stands, as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collegium.management.performance import Performance
    from collegium.oversight.overseer import Oversight


def standing_of(oversight: Oversight) -> dict[str, Any]:
    """What `collegium status` shows beside what every expert shows of itself."""
    evenness = oversight.tracker.evenness()
    store, path = oversight.store, oversight.source.path
    return {
        "generation": oversight.generation,
        "config": None if path is None else str(path),
        "refused": oversight.refused or None,
        "changes": oversight.wishes.count,
        "draining": [one.name for one in oversight.roster if one.resting],
        "removed": list(oversight.removed),
        "fleet": [asdict(one) for one in oversight.fleet.standing()],
        "experiments": oversight.experiments(),
        "drift": [] if oversight.drift is None else list(oversight.drift.standing()),
        "learning": oversight.teaching.standing() if oversight.teaching else None,
        "evenness": {"utilisation_cv": evenness.utilisation, "count_cv": evenness.counts},
        "storage": None if store is None else asdict(store.standing()),
        "leader": oversight.leading,
    }


async def performances_of(oversight: Oversight) -> dict[str, Performance]:
    """How everybody on duty does, by name; each takes most of a millisecond.

    Between one and the next, others have their turn.
    """
    performances: dict[str, Performance] = {}
    for expert in tuple(oversight.roster):
        performances[expert.name] = oversight.tracker.performance(expert.name)
        await asyncio.sleep(0)
    return performances
