"""Adds to a configuration file without touching the rest of it, comments and all."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import yaml

from collegium.config.reading import FILE_NAME, read
from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ANCHOR = re.compile(r"^[^#'\"]*[:-]\s+[&*]\w")


def with_expert(
    text: str, entry: Mapping[str, Any], *, built_in: Iterable[str], source: str = FILE_NAME
) -> str:
    """The YAML text with one more expert at the end of `moe.experts`.

    Args:
        text: a right configuration; may be empty.
        entry: the expert, as the file has it.
        built_in: the names to list before it where the file lists no experts, which means these.
        source: what messages call the file.

    Raises:
        ConfigError: the file's experts are written on one line, or the result would be wrong.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(root, yaml.MappingNode) and root.flow_style:
        raise _by_hand(source, "it is written in brackets", entry)
    if any(line.startswith("...") or _ANCHOR.search(line) for line in lines):
        raise _by_hand(source, "it has marks of YAML that only its author can place", entry)
    moe = _value(root, "moe")
    experts = _value(moe, "experts")
    everybody = [*({"name": name} for name in built_in), dict(entry)]
    if isinstance(experts, yaml.SequenceNode) and experts.value:
        _block(experts, source, entry)
        place = _end(experts)
        new = _written([dict(entry)], experts.start_mark.column)
    elif isinstance(moe, yaml.MappingNode) and moe.value:
        _block(moe, source, entry)
        if experts is not None:
            raise _by_hand(source, "its moe.experts is there but empty", entry)
        place = _end(moe)
        column = moe.start_mark.column
        new = [" " * column + "experts:", *_written(everybody, column + 2)]
    elif moe is not None or _value(root, "moe", key=True) is not None:
        raise _by_hand(source, "its moe is there but empty", entry)
    else:
        place = len(lines)
        new = ["moe:", "  experts:", *_written(everybody, 4)]
    lines[place:place] = [line + newline for line in new]
    made = "".join(lines)
    read(made, source=source)
    return made


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all.

    Raises:
        ConfigError: it cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        unfinished.write_bytes(text.encode("utf-8"))
        if path.exists():
            unfinished.chmod(path.stat().st_mode)
        unfinished.replace(path.resolve())
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror}") from error


def _value(node: yaml.Node | None, name: str, *, key: bool = False) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    for key_node, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
        if key_node.value == name:
            empty = isinstance(value, yaml.ScalarNode) and not value.value
            return key_node if key else (None if empty else value)
    return None


def _block(node: yaml.Node, source: str, entry: Mapping[str, Any]) -> None:
    if cast("yaml.CollectionNode", node).flow_style:
        raise _by_hand(source, "it is written in brackets", entry)


def _by_hand(source: str, why: str, entry: Mapping[str, Any]) -> ConfigError:
    shown = "\n".join(_written([dict(entry)], 4))
    return ConfigError(
        f"{source} cannot be added to, since {why}; add this to its experts:\n{shown}"
    )


def _end(node: yaml.Node) -> int:
    """The number of the line after the last one of a block that says something."""
    last = node
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        tail: Any = cast("list[Any]", last.value)[-1]
        last = cast("yaml.Node", tail[-1] if isinstance(tail, tuple) else tail)
    start, end = last.start_mark, last.end_mark
    return end.line if end.column == 0 and end.line > start.line else end.line + 1


def _written(entries: list[dict[str, Any]], column: int) -> list[str]:
    told: str = yaml.safe_dump(
        entries, sort_keys=False, allow_unicode=True, width=96, default_flow_style=False
    )
    return [" " * column + line for line in told.rstrip("\n").split("\n")]
