"""What two configurations do not have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collegium.config.sections import Config

# So deep a difference is named; deeper ones by what is around them.
DEPTH = 4
# What is read at the start alone.
_OF_THE_START = (
    "gateway.",
    "storage.",
    *(
        f"moe.management.{name}"
        for name in (
            "window_s",
            "half_life",
            "rate_within_s",
            "watch_config",
            "drift.false_alarm",
            "learning.propose_after",
            "scaling.every_s",
        )
    ),
)


def differences(before: Config, after: Config) -> tuple[str, ...]:
    """The keys whose values differ, as `moe.router.top_k` or `moe.experts.CodingExpert`.

    Of those that are read at the start alone it is said.
    """
    found = _differing(before.model_dump(), after.model_dump(), ())
    return tuple(
        f"{name} (at the next start)" if name.startswith(_OF_THE_START) else name for name in found
    )


def _differing(before: Any, after: Any, path: tuple[str, ...]) -> list[str]:
    if before == after:
        return []
    one, other = _by_name(before), _by_name(after)
    expert = path[:2] == ("moe", "experts") and len(path) == 3
    whole = expert or len(path) == DEPTH
    if one is None or other is None or whole:
        return [".".join(path)]
    names = dict.fromkeys((*one, *other))
    found = [_differing(one.get(name), other.get(name), (*path, name)) for name in names]
    # Where only the order differs, nothing in it does.
    return [name for names in found for name in names] or [".".join(path)]


def _by_name(value: Any) -> dict[str, Any] | None:
    """A mapping; or a list of things with names, by these."""
    if is_object(value):
        return value
    if is_array(value) and all(is_object(row) and "name" in row for row in value):
        return {str(row["name"]): row for row in value}
    return None
