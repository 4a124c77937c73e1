"""Which file the name of a module means in JavaScript and TypeScript."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from collegium.knowledge.resolving.shape import Shape
    from collegium.knowledge.resolving.world import World

_EXTENSIONS: Final = (
    ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.mts", ".d.cts",
)  # fmt: skip
# What TypeScript writes for a file that will be compiled to that.
_COMPILED: Final = {
    ".js": (".js", ".ts", ".tsx", ".jsx", ".d.ts"),
    ".jsx": (".jsx", ".tsx"),
    ".mjs": (".mjs", ".mts", ".d.mts"),
    ".cjs": (".cjs", ".cts", ".d.cts"),
}
_MANIFEST: Final = "package.json"
_CONFIGS: Final = ("tsconfig.json", "jsconfig.json")
_SOURCES: Final = ("src", "source", "lib")
_MOST_EXTENDED: Final = 4


def file_of(world: World, importer: str, module: str) -> str | None:
    """Return the file that a module's name means in a file; None where it is not of the tree."""
    folder = posixpath.dirname(importer)
    key = ("ecmascript", folder, module)
    found = world.remembered(key, lambda: _found(world, folder, module), None)
    if found and ".d." in importer and found.endswith(".js") and world.exists(f"{found[:-3]}.d.ts"):
        return f"{found[:-3]}.d.ts"  # declarations import one another, not the code they declare
    return found


def is_relative(module: str) -> bool:
    """Return whether a module's name is a path."""
    return module.startswith(("./", "../", "/")) or module in {".", ".."}


def _found(world: World, folder: str, module: str) -> str | None:
    module = module.partition("?")[0]
    if is_relative(module):
        start = "" if module.startswith("/") else folder
        return _at(world, posixpath.join(start, module.lstrip("/")))
    for place in _named(world, folder, module):
        found = _at(world, place)
        if found:
            return found
    return None


def _at(world: World, place: str) -> str | None:
    """Return the file at a place that may lack its extension or be a folder."""
    place = posixpath.normpath(place)
    if place.startswith(".."):
        return None
    place = "" if place == "." else place
    file = _file(world, place) if place else None
    return file or _in_folder(world, place)


def _file(world: World, place: str) -> str | None:
    stem, extension = posixpath.splitext(place)
    if extension in _COMPILED:
        found = _first(world, stem, _COMPILED[extension])
        if found:
            return found
    elif extension and world.head(place):
        return place
    return _first(world, place, _EXTENSIONS)


def _first(world: World, stem: str, extensions: tuple[str, ...]) -> str | None:
    return next((stem + end for end in extensions if world.exists(stem + end)), None)


def _in_folder(world: World, folder: str) -> str | None:
    if folder and not world.exists(folder):
        return None
    manifest = world.shape(posixpath.join(folder, _MANIFEST))
    for target in () if manifest is None else _targets(manifest, "."):
        found = _file(world, posixpath.normpath(posixpath.join(folder, target)))
        if found:
            return found
    return _first(world, posixpath.join(folder, "index"), _EXTENSIONS)


def _named(world: World, folder: str, module: str) -> Iterator[str]:
    """Give the places that a name which is no path may mean."""
    for around in _upward(folder):
        for name in _CONFIGS:
            yield from _mapped(world, around, name, module, _MOST_EXTENDED)
        if module.startswith("#"):
            manifest = world.shape(posixpath.join(around, _MANIFEST))
            if manifest:
                yield from (posixpath.join(around, target) for target in _targets(manifest, module))
    parts = module.split("/")
    name = "/".join(parts[: 2 if module.startswith("@") else 1])
    home = _packages(world).get(name)
    if home is not None:
        yield from _of_package(world, home, f".{module.removeprefix(name)}")


def _of_package(world: World, home: str, path: str) -> Iterator[str]:
    manifest = world.shape(posixpath.join(home, _MANIFEST))
    for target in () if manifest is None else _targets(manifest, path):
        yield posixpath.join(home, target)
        # What a package points at is often built from its sources, and not in the tree.
        inner = posixpath.normpath(target).partition("/")[2]
        yield from (posixpath.join(home, source, inner) for source in _SOURCES if inner)
    yield posixpath.join(home, path)
    yield from (posixpath.join(home, source, path) for source in _SOURCES)


def _packages(world: World) -> Mapping[str, str]:
    """Return the folders of the packages in the tree by their names."""
    return world.remembered(("ecmascript packages",), lambda: _all_packages(world), {})


def _all_packages(world: World) -> Mapping[str, str]:
    shapes = [(path, world.shape(path)) for path in world.files_named(_MANIFEST)]
    return {
        shape.package: posixpath.dirname(path)
        for path, shape in reversed(shapes)
        if shape and shape.package
    }


def _mapped(world: World, folder: str, name: str, module: str, left: int) -> Iterator[str]:
    """Give the places that `paths` and `baseUrl` of a tsconfig name."""
    config = world.shape(posixpath.join(folder, name))
    if config is None:
        return
    yield from (posixpath.join(folder, target) for target in _targets(config, module))
    for wanted in config.imports if left else ():
        base = posixpath.normpath(posixpath.join(folder, wanted.module))
        base = base if base.endswith(".json") else f"{base}.json"
        yield from _mapped(
            world, posixpath.dirname(base), posixpath.basename(base), module, left - 1
        )


def _targets(manifest: Shape, name: str) -> Iterator[str]:
    """Give what a manifest makes of a name; a "*" in it stands for anything."""
    for export in manifest.exports:
        if export.name == name:
            yield export.value
            continue
        before, star, after = export.name.partition("*")
        if star and name.startswith(before) and name.endswith(after):
            yield export.value.replace("*", name[len(before) : len(name) - len(after)])


def _upward(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder
