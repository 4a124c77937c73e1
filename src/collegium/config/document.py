"""YAML into plain values that remember their lines.

PyYAML's own loader lets the last of two equal keys win, and follows anchors for as long as they go;
this one says where the first key is, and stops.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from collegium.config.syntax import in_plain_words
from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

YamlPath: TypeAlias = tuple[str | int, ...]

MOST_VALUES = 20_000
DEEPEST = 40

_TAG = "tag:yaml.org,2002:"
# Dates too are only text here, and a '=' alone is.
_TEXTS = {_TAG + name for name in ("str", "timestamp", "value", "merge")}
_SCALARS = {_TAG + name for name in ("null", "bool", "int", "float")}
_COLLECTIONS = {_TAG + name for name in ("map", "seq")}


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake: where in the configuration, and in which words.

    `line` is given where it is not the one on which `path` begins.
    """

    path: YamlPath
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text as plain values; `lines` says on which line each path begins."""

    source: str
    data: Any
    lines: dict[YamlPath, int]
    problems: tuple[Problem, ...] = ()

    def line(self, path: YamlPath) -> int:
        """The line of a path; of what is around it, where it is not there itself."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, problems: Iterable[Problem]) -> ConfigError:
        """The problems as one error, in the order of their lines, none of them twice."""
        placed = sorted(
            {(one.line or self.line(one.path), written(one.path), one.text) for one in problems}
        )
        told = tuple(
            f"{self.source}:{line}: {path}: {text}" if path else f"{self.source}:{line}: {text}"
            for line, path, text in placed
        )
        count = "1 mistake" if len(told) == 1 else f"{len(told)} mistakes"
        return ConfigError(f"{self.source} has {count}:", told)


def written(path: YamlPath) -> str:
    """A path as people write it: `moe.experts[1].models[0]`."""
    steps: list[str] = []
    for step in path:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif re.fullmatch(r"[\w-]+", step):
            steps.append(f".{step}" if steps else step)
        else:
            steps.append(f"[{step!r}]")
    return "".join(steps)


def parse(text: str, *, source: str) -> Document:
    """Read a YAML text. An empty one is an empty mapping.

    Raises:
        ConfigError: it is not YAML, not a mapping, or larger than a configuration can be.
    """
    builder = _Builder()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data: Any = {} if root is None else builder.value(root, ())
    except yaml.YAMLError as error:
        problem = f"{source}:{in_plain_words(error, text)}"
        raise ConfigError(f"{source} is not YAML:", (problem,)) from error
    except RecursionError as error:
        raise ConfigError(f"{source}: brackets or indentation go too deep") from error
    except _TooMuchError as error:
        raise ConfigError(f"{source}: {error}") from error
    document = Document(source, data or {}, builder.lines, tuple(builder.problems))
    if data is not None and not isinstance(data, dict):
        shape = "a list" if isinstance(data, list) else "one value"
        words = f"{shape} was found where keys belong: moe:, backends:, models:"
        raise document.error([Problem((), words)])
    return document


class _TooMuchError(Exception):
    """The text stands for more than a configuration can be."""


class _Builder:
    """Turns YAML nodes into plain values, and notes lines and problems on the way."""

    def __init__(self) -> None:
        self.lines: dict[YamlPath, int] = {}
        self.problems: list[Problem] = []
        scalars: Any = yaml.constructor.SafeConstructor()
        self._constructed: Callable[[yaml.ScalarNode], Any] = scalars.construct_object
        self._count = 0

    def value(self, node: yaml.Node, path: YamlPath) -> Any:
        self._take()
        if len(path) > DEEPEST:
            raise _TooMuchError(f"more than {DEEPEST} levels, first at {written(path[:3])}...")
        self.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in _COLLECTIONS:
            self._odd_tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self.value(one, (*path, place)) for place, one in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node, inherited in self._pairs(node, path):
            line = _line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(path, "a key is text, not a list or a group", line))
                continue
            key = self._scalar(key_node, path)
            here = (*path, key if isinstance(key, str) else key_node.value)
            if not isinstance(key, str):
                words = f"a key is text; put {key_node.value} in quotes"
                self.problems.append(Problem(here, words, line))
            elif key not in found:
                self.lines[here] = line
                found[key] = self.value(value_node, here)
            elif not inherited:
                words = f"given twice, first on line {self.lines[here]}; keep one of the two"
                self.problems.append(Problem(here, words, line))
        return found

    def _pairs(
        self, node: yaml.MappingNode, path: YamlPath, *, inherited: bool = False
    ) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
        """A mapping's own pairs, then those it merges in with `<<`, which its own ones override."""
        merged: list[yaml.Node] = []
        for key, value in node.value:
            self._take()
            if key.tag == _TAG + "merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            else:
                yield key, value, inherited
        for other in merged:
            if isinstance(other, yaml.MappingNode):
                yield from self._pairs(other, path, inherited=True)
            else:
                self.problems.append(Problem(path, "'<<' merges in mappings, and this is none"))

    def _scalar(self, node: yaml.ScalarNode, path: YamlPath) -> Any:
        if node.tag in _SCALARS:
            try:
                return self._constructed(node)
            except (ValueError, LookupError, ArithmeticError):
                words = f"{_short(node.value)} is not of the type {_named(node.tag)}"
                self.problems.append(Problem(path, words))
        elif node.tag not in _TEXTS:
            self._odd_tag(node, path)
        return node.value

    def _odd_tag(self, node: yaml.Node, path: YamlPath) -> None:
        words = f"the tag {_named(node.tag)} means nothing here; leave it out"
        self.problems.append(Problem(path, words))

    def _take(self) -> None:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _TooMuchError(
                f"more than {MOST_VALUES} values, once anchors are followed; a configuration has "
                "a few hundred"
            )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _named(tag: str) -> str:
    return tag.replace(_TAG, "!!")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
