"""A configuration with changes: what an administrator or an experiment wants otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from collegium.config.reading import read_data
from collegium.errors import ConfigError
from collegium.jsonvalues import is_object
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from collegium.config.sections import Config


def patched(
    config: Config, changes: Mapping[str, Any], *, built_in: Iterable[str], source: str = "changes"
) -> Config:
    """The configuration with `changes` merged into it, checked like any other.

    Changes are a JSON merge patch (RFC 7396): a value takes the place of the old one, null takes a
    key away, and mappings are merged. `moe.experts`, which is a list, is changed by name:
    `{"experts": {"CodingExpert": {"models": [...]}, "WineExpert": null}}`.

    Args:
        config: what is changed; it stays as it is.
        changes: what is otherwise.
        built_in: the names of the experts that a configuration without experts means.
        source: what messages call the changes.

    Raises:
        ConfigError: what comes out is wrong; `problems` has every mistake.
    """
    if not changes:
        return config
    data = config.model_dump(mode="json", exclude_unset=True)
    _check(changes)
    moe = changes.get("moe")
    experts = moe.get("experts") if is_object(moe) else None
    if is_object(moe) and "experts" in moe and not is_object(experts):
        raise ConfigError(
            "moe.experts is changed by name, such as {moe: {experts: {CodingExpert: {models: "
            "[ollama/llama3.2]}}}}; null takes one away"
        )
    if is_object(moe) and is_object(experts):
        listed = config.moe.experts
        before = (
            [one.model_dump(mode="json", exclude_unset=True) for one in listed]
            if listed
            else [{"name": name} for name in built_in]
        )
        named = _experts(before, experts)
        if not named:
            # A configuration without experts would mean the built-in ones.
            raise ConfigError("moe.experts would be empty: at least one expert has to stay")
        changes = {**changes, "moe": {**moe, "experts": named}}
    made = merged(data, changes)
    try:
        result = read_data(made, source=source)
    except ConfigError as error:
        raise _without_lines(error, source) from error
    if result.moe.verification.unsafe and not config.moe.verification.unsafe:
        # Whoever may change what is asked may not therefore have code run on this machine.
        raise ConfigError("moe.verification.unsafe can be set in the configuration's file alone")
    return result


def merged(target: Any, patch: Any) -> Any:
    """The target with a JSON merge patch applied, as RFC 7396 says; both stay as they are."""
    if not is_object(patch):
        return patch
    result = dict(target) if is_object(target) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def in_place_of(former: Any, value: Any) -> Any:
    """The patch that makes `value` of `former`, whatever else that had in it."""
    if not (is_object(former) and is_object(value)):
        return value
    gone = {name: None for name in former if name not in value}
    return {**gone, **{name: in_place_of(former.get(name), one) for name, one in value.items()}}


def _check(changes: Any) -> None:
    if not is_object(changes):
        raise ConfigError(
            f"changes are {changes!r:.60}; a mapping such as {{moe: {{router: {{top_k: 2}}}}}} is "
            "right"
        )


def _experts(before: list[dict[str, Any]], changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The experts' entries with those changed, added or taken away that are named."""
    after = list(before)
    for name, change in changes.items():
        place = _place(after, name)
        if change is None:
            after = [entry for entry in after if place is None or entry is not after[place]]
        elif not is_object(change):
            raise ConfigError(f"moe.experts.{name} is {change!r:.60}; a mapping or null is right")
        elif place is None:
            after.append(merged({"name": name}, change))
        else:
            after[place] = merged(after[place], change)
    return after


def _place(entries: list[dict[str, Any]], name: str) -> int | None:
    """Where the expert of that name or key is."""
    for place, entry in enumerate(entries):
        called = str(entry.get("name", ""))
        if name in (called, entry.get("key")) or key_of(name) == key_of(called):
            return place
    return None


def _without_lines(error: ConfigError, source: str) -> ConfigError:
    """The error without the lines of a text that nobody has seen."""
    pattern = re.compile(rf"\b{re.escape(source)}:\d+: ")
    problems = tuple(pattern.sub("", one) for one in error.problems)
    return ConfigError(pattern.sub("", str(error).partition("\n")[0]), problems)
