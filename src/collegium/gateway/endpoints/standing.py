"""How every expert stands: what it does now, how it has done, and how it ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.oversight.standing import performances_of
from collegium.shapes import performance_json, rank_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.experts.base import Expert
    from collegium.management.performance import Performance
    from collegium.management.ranking import Rank
    from collegium.oversight import Oversight
    from collegium.system import Collegium


async def expert_rows(college: Collegium, oversight: Oversight) -> list[dict[str, Any]]:
    """Everybody on duty, in the order of the roster."""
    performances = await performances_of(oversight)
    ranks = {one.name: one for one in oversight.ranking(performances)}
    pools = {row["expert"]: row for row in oversight.status()["fleet"]}
    return [
        _row(one, performances.get(one.name), ranks.get(one.name), pools.get(one.name))
        for one in college.router.roster
    ]


async def expert_row(expert: Expert, college: Collegium, oversight: Oversight) -> dict[str, Any]:
    """One of them."""
    rows = await expert_rows(college, oversight)
    return next((row for row in rows if row["name"] == expert.name), plain_row(expert))


def plain_row(expert: Expert) -> dict[str, Any]:
    """What an expert itself tells of how it is."""
    return {
        "expert": expert.key,
        "name": expert.name,
        "ready": not expert.lacks,
        "lacks": expert.lacks or None,
        "load": expert.current_load,
        "max_load": expert.max_load,
        "queries": expert.total_queries,
        "success_rate": round(expert.success_rate, 4),
        "average_latency_ms": round(expert.average_latency_ms, 1),
    }


def _row(
    expert: Expert,
    performance: Performance | None,
    rank: Rank | None,
    pool: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        **plain_row(expert),
        "draining": bool(expert.resting),
        "instances": pool["instances"] if pool else None,
        "wanted": pool["wanted"] if pool else None,
        "note": pool["note"] if pool else "",
        "rank": rank_json(rank) if rank else None,
        "performance": performance_json(performance) if performance else None,
    }
