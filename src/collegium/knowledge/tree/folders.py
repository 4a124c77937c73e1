"""Folders that hold no source of their own: told by their name and by what lies in and beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.tree.ignoring import IGNORE_FILES

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

INSTALLED: Final = frozenset(
    {"node_modules", "bower_components", "jspm_packages", "site-packages", "dist-packages"}
)
VENDORED: Final = frozenset(
    {"_vendor", "_vendored", "vendored", "third_party", "third-party", "thirdparty", "3rdparty"}
)
# A file that says what its folder is.
MARKERS: Final = {
    "pyvenv.cfg": "a virtual environment",
    "conda-meta": "a virtual environment",
    "CACHEDIR.TAG": "a cache",
}
_PYTHON: Final = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_NODE: Final = frozenset({"package.json"})
_JAVA: Final = frozenset({"pom.xml", "build.gradle", "build.gradle.kts"})
# Where a build puts what it makes, beside the file that tells how to build.
BUILD_OUTPUT: Final = {
    "build": _PYTHON | _NODE | _JAVA | {"CMakeLists.txt"},
    "dist": _PYTHON | _NODE,
    "out": _NODE | _JAVA,
    "target": _JAVA | {"Cargo.toml"},
    "bin": _JAVA,
}
# What tools put into a `build` folder, so that it is no source even where git does not ignore it.
MADE: Final = frozenset(
    {"lib", "classes", "libs", "static", "CMakeCache.txt", "CMakeFiles", "asset-manifest.json"}
)
_MADE_FOR: Final = ("bdist.", "temp.", "lib.")
PACKAGE: Final = "__init__.py"


def refused_by_name(name: str) -> str:
    """Why a folder of that name is not entered; '' where it is."""
    if name.startswith("."):
        return "hidden"
    if name in INSTALLED:
        return "installed packages"
    if name == "__pycache__" or name.endswith((".egg-info", ".dist-info")):
        return "made by a tool"
    return "vendored" if name in VENDORED else ""


def refused_by_neighbours(
    name: str, inside: AbstractSet[str], beside: AbstractSet[str], *, kept: bool = False
) -> str:
    """Why a folder that holds `inside` and stands beside `beside` is passed over; '' if not.

    It is `kept` where there are ignore files, and none of them rules it out: then a `build` folder
    is what a tool made only if that shows in it.
    """
    for marker, what in MARKERS.items():
        if marker in inside:
            return what
    if PACKAGE in inside:  # a package of that name is source
        return ""
    if name == "vendor":
        return "vendored"
    if name == "build" and kept and not any(map(_is_made, inside)):
        return ""
    return "" if BUILD_OUTPUT.get(name, frozenset()).isdisjoint(beside) else "build output"


def _is_made(name: str) -> bool:
    return name in MADE or name.startswith(_MADE_FOR)


def governs(name: str) -> bool:
    """Whether a file of that name decides about others, so that its change asks for a walk."""
    return name in _GOVERNING or _is_made(name)


_GOVERNING: Final = frozenset(
    {*IGNORE_FILES, *MARKERS, PACKAGE, *(name for those in BUILD_OUTPUT.values() for name in those)}
)
