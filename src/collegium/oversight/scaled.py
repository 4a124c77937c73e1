"""Which pools there are to be scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.experts.model_expert import ModelExpert
from collegium.management.fleet import Scalable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.lineups import Lineups


def pools_of(lineups: Lineups) -> Mapping[str, Scalable]:
    """The pools of everybody on duty, by the expert's name, and how far each may grow."""
    lineup = lineups.current
    posts = lineup.staff.posts if lineup.staff else ()
    most = {post.expert.key: post.entry.max_instances for post in posts if post.entry is not None}
    return {
        expert.name: Scalable(expert.pool, most.get(expert.key, 1))
        for expert in lineup.router.roster
        if isinstance(expert, ModelExpert) and expert.pool is not None
    }
