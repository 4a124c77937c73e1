"""How every expert stands: what it does now, how it has done, and how it ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.shapes import performance_json, rank_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.experts.base import Expert
    from collegium.management.ranking import Rank
    from collegium.oversight import Oversight
    from collegium.system import Collegium


def expert_rows(college: Collegium, oversight: Oversight) -> list[dict[str, Any]]:
    """Everybody on duty, in the order of the roster."""
    ranks = {one.name: one for one in oversight.ranking()}
    pools = {row["expert"]: row for row in oversight.status()["fleet"]}
    return [_row(one, oversight, ranks, pools) for one in college.router.roster]


def expert_row(expert: Expert, college: Collegium, oversight: Oversight) -> dict[str, Any]:
    """One of them."""
    rows = expert_rows(college, oversight)
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
    oversight: Oversight,
    ranks: Mapping[str, Rank],
    pools: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    rank, pool = ranks.get(expert.name), pools.get(expert.name)
    return {
        **plain_row(expert),
        "draining": bool(expert.resting),
        "instances": pool["instances"] if pool else None,
        "rank": rank_json(rank) if rank else None,
        "performance": performance_json(oversight.tracker.performance(expert.name)),
    }
