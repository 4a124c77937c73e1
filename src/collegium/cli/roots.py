"""Which folder a codebase is, where nobody names one; and which are none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from collegium.errors import TreeRefused

# What lies at the top of a project.
MARKERS: Final = (
    *(".git", ".hg", ".svn", "pyproject.toml", "setup.py", "package.json", "go.mod"),
    *("Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts"),
)


def nearest() -> Path:
    """The nearest folder that has an index, upwards from the one we are in; else that one.

    One further up counts only if its index was finished, and if it is the top of a project or lies
    in the user's home: a folder that holds everything says nothing about what is in it.

    Raises:
        TreeRefused: it was deleted.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise TreeRefused("the folder you are in was deleted; name one with --path") from None
    if is_indexed(here):
        return here
    above = (one for one in here.parents if _may_answer_for_all_in_it(one))
    return next((one for one in above if _is_finished(one)), here)


def holds_everything(folder: Path) -> bool:
    """Whether a folder is the file system's top, the user's home, or holds that."""
    real = folder.resolve()
    return real.parent == real or _home().is_relative_to(real)


def is_indexed(folder: Path) -> bool:
    """Whether a folder, a real path, has an index.

    One that another version made shows as well that it was wanted.
    """
    from collegium.knowledge.index.place import places_of  # noqa: PLC0415 -- many verbs need not

    return bool(places_of(folder))


def _may_answer_for_all_in_it(folder: Path) -> bool:
    if holds_everything(folder):
        return False
    is_project = any((folder / marker).exists() for marker in MARKERS)
    return is_project or folder.is_relative_to(_home())


def _is_finished(folder: Path) -> bool:
    from collegium.knowledge.index.place import places_of  # noqa: PLC0415 -- as above

    places = places_of(folder)
    if not places:
        return False
    from collegium.knowledge.index.finished import is_finished  # noqa: PLC0415 -- as above

    return any(map(is_finished, places))


def _home() -> Path:
    with suppress(RuntimeError):  # nobody has none but who runs without a user
        return Path.home().resolve()
    return Path("/nonexistent")
