"""Makes one expert of its entry in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from collegium import plugins
from collegium.answering import VERIFYING
from collegium.errors import PluginError
from collegium.experts.base import Expert, ExpertCapability
from collegium.experts.catalog import BUILT_IN
from collegium.experts.model_expert import ModelExpert
from collegium.experts.verifying import VerifyingExpert
from collegium.lexicon import Vocabulary
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config import Config, ExpertConfig, KnowledgeConfig
    from collegium.encoders.base import Encoder
    from collegium.experts.catalog import ExpertRow


def hired(entry: ExpertConfig, row: ExpertRow | None, config: Config, cache: Path) -> Expert:
    """The expert that an entry describes, made after `row` where it is a built-in one.

    Args:
        entry: what the configuration says of it.
        row: the built-in expert of that name; None where there is none.
        config: the configuration that the entry is in.
        cache: the user's, where the indexes of codebases are.

    Raises:
        PluginError: it is an installed one, and does not load.
    """
    if entry.use is not None:
        return _installed(entry.use, entry.key)
    if entry.knowledge is not None:
        known = row or next(row for row in BUILT_IN if row.needs == "index")
        described = _described(entry, known, config)
        expert: ModelExpert = _knowing(entry.knowledge, cache, described)
    elif row is None:
        expert = ModelExpert(**_own(entry))
    else:
        made = VerifyingExpert if row.key in VERIFYING else ModelExpert
        missing = "no codebase has been indexed" if row.needs == "index" else ""
        expert = made(**_described(entry, row, config), missing=missing)
    if not config.moe.enabled:
        expert.instructions, expert.missing = "", ""
    return expert


def _own(entry: ExpertConfig) -> dict[str, Any]:
    """What an expert of somebody's own is made of."""
    return {
        "name": entry.name,
        "vocabulary": Vocabulary(entry.vocabulary),
        "instructions": entry.instructions or f"You are {entry.name}. {entry.description or ''}",
        "description": entry.description or "",
        "capabilities": _capabilities(entry) or (ExpertCapability("answering"),),
        "key": entry.key,
        "fallback": entry.fallback,
    }


def _described(entry: ExpertConfig, row: ExpertRow, config: Config) -> dict[str, Any]:
    """What a built-in expert is made of, or one like it under a name of its own."""
    marked = any(one.fallback for one in config.moe.experts)
    words = entry.vocabulary
    return {
        "name": row.name if _is(entry, row) else entry.name,
        "vocabulary": Vocabulary(words) if words else row.vocabulary,
        "instructions": entry.instructions or row.instructions,
        "description": entry.description or row.description,
        "capabilities": _capabilities(entry) or row.capabilities,
        "key": entry.key or (row.key if _is(entry, row) else None),
        "fallback": entry.fallback if marked else row.fallback,
    }


def _is(entry: ExpertConfig, row: ExpertRow) -> bool:
    return key_of(entry.name) == row.key


def _capabilities(entry: ExpertConfig) -> tuple[ExpertCapability, ...]:
    return tuple(
        ExpertCapability(one.name, one.confidence_threshold, one.max_load, one.average_latency_ms)
        for one in entry.capabilities
    )


def _knowing(knowledge: KnowledgeConfig, cache: Path, described: dict[str, Any]) -> ModelExpert:
    """The expert of a codebase."""
    from collegium.experts.knowledge.expert import (  # noqa: PLC0415 -- most colleges have none
        KnowledgeExpert,
    )
    from collegium.experts.knowledge.keeper import Keeper, Terms  # noqa: PLC0415 -- likewise

    encoder = _maker(knowledge.encoder) if knowledge.semantic else None
    root = Path(knowledge.path).expanduser()
    keeper = Keeper(Terms(root, cache, knowledge.follow, encoder))
    return KnowledgeExpert(**described, keeper=keeper, passages=knowledge.passages)


def _maker(encoder: str) -> Callable[[], Encoder]:
    def made() -> Encoder:
        from collegium.routing.shelf import encoder as shelved  # noqa: PLC0415 -- it brings NumPy

        return shelved(encoder)

    return made


def _installed(use: str, key: str | None) -> Expert:
    made = plugins.load("experts", use)()
    if not isinstance(made, Expert):
        raise PluginError(f"expert {use!r} is a {type(made).__name__}, not an Expert")
    if key is not None:
        made.key = key
    return made
