"""The gate that a configuration names: loaded, taught, and fitting the experts on duty."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from collegium import plugins
from collegium.errors import ConfigError
from collegium.experts.model_expert import ModelExpert
from collegium.routing.belief import BelievingGate
from collegium.routing.gate import LearnsByExample
from collegium.routing.stack import stack_of
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.routing.gate import Gate


def gate_of(config: Config, *, bare: Gate | None = None) -> Gate | None:
    """The gate that the configuration names; None for the heuristic one, which the router makes.

    Args:
        config: the configuration.
        bare: the gate as `bare_gate_of` gives it, where somebody has it already.

    Raises:
        PluginError: it is not installed.
        GateError: it is missing or broken.
        ConfigError: experts have examples, and the gate cannot learn from them.
    """
    router = config.moe.router
    if not config.moe.enabled:
        return None
    if router.type == "heuristic":
        _check_stack(router.blend, None)
        return None
    made = bare if bare is not None else bare_gate_of(config)
    known = {
        entry.key or key_of(entry.name): entry.examples
        for entry in config.moe.experts
        if entry.examples
    }
    _check_stack(router.blend, made)
    if known:
        if not isinstance(made, LearnsByExample):
            raise ConfigError(f"the gate {router.type!r} does not learn experts by examples")
        try:
            made = made.with_examples(known)
        except ValueError as error:
            raise ConfigError(f"moe.experts: {error}") from error
    return made if router.taught is None else _taught(made, router.taught)


def bare_gate_of(config: Config) -> Gate:
    """The gate that the configuration names, as it was trained.

    Raises:
        PluginError: it is not installed.
        GateError: it is missing or broken.
    """
    router = config.moe.router
    made: Gate = plugins.load("gates", router.type)(router.model)
    return made


def _taught(gate: Gate, path: str) -> Gate:
    from collegium.routing.taught import taught  # noqa: PLC0415 -- only where there is something

    if not isinstance(gate, BelievingGate):
        raise ConfigError("moe.router.taught: only a gate such as `neural` can be taught")
    return taught(gate, Path(path).expanduser())


def _check_stack(blend: str, gate: Gate | None) -> None:
    if blend == "learned" and stack_of(gate) is None:
        raise ConfigError(
            "moe.router.blend is 'learned', and nothing was fitted for this gate; the built-in one "
            "has it, any other takes 'formula'"
        )


def check_gate(gate: Gate | None, experts: Iterable[Expert]) -> None:
    """Refuse an own gate that was trained for others than the experts on duty.

    With the built-in gate, experts of one's own are found by their own assessment.

    Raises:
        ConfigError: the gate knows none of them, or one of them that nothing else can find either;
            names what it knows.
    """
    known: tuple[str, ...] = getattr(gate, "keys", ())
    there = list(experts)
    keys = [expert.key for expert in there]
    if known and keys and not set(known) & set(keys):
        raise ConfigError(
            f"the gate of moe.router knows {_named(known)}, and none of the experts on duty "
            f"({_named(keys)}); name the experts as its labels are"
        )
    for one in there if known else ():
        silent = isinstance(one, ModelExpert) and not one.vocabulary.terms and not one.fallback
        if silent and one.key not in known:
            raise ConfigError(
                f"no query can come to {one.name}: the gate of moe.router knows {_named(known)}; "
                "name it as one of these, or give it examples, a vocabulary or `fallback: true`"
            )


def _named(keys: Sequence[str]) -> str:
    return ", ".join(keys[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
