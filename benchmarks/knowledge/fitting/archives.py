"""The source files within packages as registries hand them out, without unpacking to disk."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ENDINGS = frozenset(".py .js .mjs .cjs .jsx .ts .tsx .go .rs .java".split())
FEWEST_BYTES, MOST_BYTES = 40, 400_000
# What no codebase is about: what others wrote, what is written by machines, tests and examples.
_PASSED_OVER = re.compile(
    r"""(?:^|/)(?:tests?|testing|__tests__|testdata|specs?|fixtures?|vendor|_vendor|vendored
    |node_modules|third_party|3rdparty|bower_components|benchmarks?|benches|examples?|docs?
    |locales?|migrations|\.git)(?:/|$)
    |\.min\.|(?:^|/)test_[^/]*\.py$|_test\.(?:go|py)$|_pb2|\.pb\.go|zz_generated|_generated
    |\.(?:test|spec)\.[jt]sx?$|bundle\.js$|\.umd\.|\.iife\.""",
    re.IGNORECASE | re.VERBOSE,
)
# Where packages of npm have what they made of their sources.
_MADE = re.compile(
    r"(?:^|/)(?:dist|build|out|umd|cjs|esm|es|amd|_esm\w*|commonjs|module|types|typings|fesm\w*)/"
)
_LEADING = re.compile(
    r"^\.?/?(?:package/|usr/share/gocode/src/(?:github\.com/)?|usr/share/cargo/registry/)?"
)
_FEWEST_WRITTEN = 4


def sources(archive: Path) -> dict[str, bytes]:
    """The source files of a package, by path; of what is there in several forms, one of them."""
    found = {
        _LEADING.sub("", name): content
        for name, content in _members(archive)
        if len(content) >= FEWEST_BYTES and not _PASSED_OVER.search(name)
    }
    kept = _written(found)
    return {name: found[name] for name in sorted(kept)}


def _written(found: dict[str, bytes]) -> set[str]:
    """What somebody wrote; where only what was made of it is shipped, one file of each name."""
    written = {name for name in found if not _MADE.search(name) and not name.endswith(".d.ts")}
    if len(written) < _FEWEST_WRITTEN:
        written = set({PurePosixPath(name).name: name for name in reversed(list(found))}.values())
    typed = {name for name in written if name.endswith((".ts", ".tsx"))}
    typed = {name for name in typed if not name.endswith(".d.ts")}
    return typed | {name for name in written if name.endswith((".py", ".go"))} if typed else written


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            for one in file.infolist():
                if _is_wanted(one.filename, one.file_size):
                    yield one.filename, file.read(one)
    elif archive.suffix == ".deb":
        command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
        told = subprocess.run(command, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(told)) as tar:
            yield from _within(tar)
    else:
        with tarfile.open(archive) as tar:
            yield from _within(tar)


def _within(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for one in tar:
        content = tar.extractfile(one) if _is_wanted(one.name, one.size) else None
        if content is not None:
            yield one.name, content.read()


def _is_wanted(name: str, size: int) -> bool:
    return PurePosixPath(name).suffix in ENDINGS and size <= MOST_BYTES
