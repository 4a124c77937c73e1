"""The given questions, and the trees that they are asked of, unpacked as a working tree of git."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAD = "head"
Question = dict[str, Any]


@dataclass(frozen=True)
class Repository:
    """A repository with its questions; `bundle` holds the trees that they are asked of."""

    name: str
    bundle: Path
    questions: tuple[Question, ...]

    def unpacked(self, folder: Path) -> WorkingTree:
        """A working tree of it, still empty, in a folder that must not exist."""
        _git(folder.parent, "clone", "--quiet", "--no-checkout", str(self.bundle), str(folder))
        return WorkingTree(folder)

    def trees(self) -> list[str]:
        """Its trees in the order of their dates, the head last."""
        dates = {one["tree"]: one["date"] for one in self.questions if one["tree"] != HEAD}
        return [*sorted(dates, key=lambda tree: (dates[tree], tree)), HEAD]

    def asked_of(self, tree: str) -> list[Question]:
        """The questions about one of its trees."""
        return [one for one in self.questions if one["tree"] == tree]


@dataclass(frozen=True)
class WorkingTree:
    """One folder, updated in place as a developer's is: only files that differ are written."""

    folder: Path

    def check_out(self, tree: str) -> None:
        """Make it the tree of that name."""
        tag = HEAD if tree == HEAD else f"t/{tree}"
        _git(self.folder, "checkout", "--quiet", "--force", "--detach", f"refs/tags/{tag}")


def repositories(data: Path) -> Iterator[Repository]:
    """The repositories of a folder with `manifest.json`, `gold.jsonl` and `src/`."""
    questions = lines_of(data / "gold.jsonl")
    for row in json.loads((data / "manifest.json").read_text("utf-8"))["repos"]:
        name = row["repo"]
        own = tuple(one for one in questions if one["repo"] == name)
        yield Repository(name, data / row["bundle"], own)


def lines_of(path: Path) -> list[Question]:
    """The objects of a file with one JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S607
