"""What ignore files say, in git's order: nearer folders overrule, later lines overrule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

from collegium.errors import MissingGrammar

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

# In one folder the later overrules the earlier.
IGNORE_FILES: Final = (".gitignore", ".ignore", ".collegiumignore")
# An ignore file that is longer was never meant as one.
LIMIT_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Layer:
    """The rules of one ignore file.

    They hold for paths below its folder: what the walk calls `path` is `above + path[cut:]` there.
    """

    where: str
    lines: tuple[Pattern, ...]
    quick: re.Pattern[str]
    cut: int = 0
    above: str = ""

    def verdict(self, path: str) -> bool | None:
        """True where the path is to be ignored, False where it is taken back in, None: no word."""
        line = self._last_about(path)
        return None if line is None else line.include

    def asks_for(self, path: str) -> bool:
        """Whether a folder is taken back in by a line that has its name: not by `!*/`."""
        line = self._last_about(path)
        return line is not None and line.include is False and _name(path) in str(line.pattern)

    def _last_about(self, path: str) -> Pattern | None:
        """The last line that is about the path itself, and not about a folder that it is in.

        That folder was not entered if a line ruled it out. The library's own answer mixes the two:
        after `*` it lets no folder come back by `!*/`.
        """
        inside = self.above + path[self.cut :]
        if self.quick.search(inside) is None:
            return None
        return next((line for line in reversed(self.lines) if _is_about(line, inside)), None)


class Pattern(Protocol):
    """What `pathspec` has of a line: nothing to be matched where it is a comment."""

    include: bool | None
    pattern: object
    regex: re.Pattern[str] | None


def _is_about(line: Pattern, path: str) -> bool:
    """Whether a line matches a path to its end, or up to the '/' at the end of a folder's."""
    if line.regex is None:
        return False
    groups = [(match, match.groupdict().get("ps_d")) for match in line.regex.finditer(path)]
    return any(slash is None or match.end("ps_d") == len(path) for match, slash in groups)


def _name(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Ignoring:
    """All rules that hold in a folder, the nearest last."""

    layers: tuple[Layer, ...] = ()

    def names(self, path: str) -> str:
        """The ignore file that rules `path` out, '' where none does; folders end in '/'."""
        for layer in reversed(self.layers):
            verdict = layer.verdict(path)
            if verdict is not None:
                return layer.where if verdict else ""
        return ""

    def asks_for(self, path: str) -> bool:
        """Whether an ignore file takes the folder `path` back in by its name: `!build/`."""
        return any(layer.asks_for(path) for layer in self.layers) and not self.names(path)

    def within(self, root: Path, folder: str, names: Container[str]) -> Ignoring:
        """The rules in a folder of the tree, which ends in '/' or is '', that holds `names`."""
        found = (
            layer_of(root / folder / name, folder + name, cut=len(folder))
            for name in IGNORE_FILES
            if name in names
        )
        added = tuple(layer for layer in found if layer is not None)
        return Ignoring(self.layers + added) if added else self


def around(root: Path) -> Ignoring:
    """The rules that folders above `root` have for it, where it lies in a git repository.

    A root that they rule out as a whole was asked for by name: then they do not count.
    """
    folders = list(_up_to_repository(root))
    layers: list[Layer | None] = []
    for folder in reversed(folders):
        above = f"{root.relative_to(folder).as_posix()}/" if folder != root else ""
        if folder == folders[-1]:
            exclude = folder / ".git" / "info" / "exclude"
            layers.append(layer_of(exclude, ".git/info/exclude", above=above))
        if folder != root:
            layers.extend(
                layer_of(folder / name, str(folder / name), above=above) for name in IGNORE_FILES
            )
    rules = Ignoring(tuple(layer for layer in layers if layer is not None))
    return Ignoring() if rules.names("") else rules


def _up_to_repository(root: Path) -> Iterator[Path]:
    """The folders from `root` up to the one that holds `.git`; none where there is no such."""
    chain = [root, *root.parents]
    for count, folder in enumerate(chain, 1):
        if (folder / ".git").exists():
            yield from chain[:count]
            return


def layer_of(file: Path, where: str, *, cut: int = 0, above: str = "") -> Layer | None:
    """The rules of an ignore file; None where it has none, or cannot be read.

    Raises:
        MissingGrammar: what reads such files is not installed.
    """
    try:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 -- only where there is an ignore file
    except ImportError as error:
        raise MissingGrammar(
            f"reading {file.name} needs the extra: pip install 'collegium[knowledge]', "
            "or in a clone '.[knowledge]' (pathspec is not installed)"
        ) from error
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > LIMIT_BYTES:
            return None
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    spec = GitIgnoreSpec.from_lines(line for line in lines if _sound(line))
    patterns = cast("list[Pattern]", list(spec.patterns))
    expressions = [one.regex for one in patterns if one.regex]
    if not expressions:
        return None
    # One expression of them all: most paths are met by none, and are done with in one go.
    quick = "|".join(re.sub(r"\?P<\w+>", "?:", one.pattern) for one in expressions)
    return Layer(where, tuple(patterns), re.compile(quick), cut, above)


def _sound(line: str) -> bool:
    """Whether a line is a pattern; git too passes over those that are not."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 -- only where there is an ignore file

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
