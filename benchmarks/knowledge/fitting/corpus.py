"""Fetches the trees that the table of meanings is trained on, and reads them as the product does.

    python benchmarks/knowledge/fitting/corpus.py --into DIR [--only REGISTRY] [--processes N]

`corpus.txt` names them. Packages come by the clients of their registries (`pip download`, `npm
pack`, `apt-get`) into DIR/archives, and the units of each into DIR/units, a file for each tree:
rows of path, symbol, kind, terms, documentation, names that are called. What is there already is
left alone, so that it can be stopped and go on. Some 15 minutes, 1 GB.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
from archives import sources

from collegium.knowledge.facts import TOP, FileFacts
from collegium.knowledge.parse import parse, text_of
from collegium.knowledge.search.terms import NAME
from collegium.knowledge.search.units import describe
from collegium.knowledge.tree import refusal

NAMES = Path(__file__).with_name("corpus.txt")
# Of a larger tree so much is read, files by chance.
MOST_BYTES = 1_600_000
SAID = 600  # characters of documentation that are kept
CALLED = 40  # names


class Package(NamedTuple):
    """A line of `corpus.txt`; what is held is never trained on."""

    registry: str
    name: str
    version: str
    held: bool

    @property
    def key(self) -> str:
        """The name of its files."""
        return f"{self.registry}-{self.name.lstrip('@').replace('/', '-')}"


class Row(NamedTuple):
    """A unit, as it is kept."""

    file: str
    symbol: str
    kind: str
    terms: bytes
    doc: str
    calls: str


def packages(path: Path = NAMES) -> list[Package]:
    """The packages that a file names."""
    lines = [line.split() for line in path.read_text("utf-8").splitlines() if line[:1] != "#"]
    return [Package(*line[:3], held=line[3:] == ["held"]) for line in lines]


def fetch(package: Package, folder: Path) -> Path | None:
    """The archive of a package, None where its registry does not hand it out."""
    place = folder / package.key
    if not place.is_dir():
        scratch = folder / f"{package.key}.partly"
        scratch.mkdir(parents=True, exist_ok=True)
        name, version = package.name, package.version
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command = {
            "pypi": [*pip, f"{name}=={version}"],
            "npm": ["npm", "pack", f"{name}@{version}"],
            "deb": ["apt-get", "download", f"{name}={version}"],
            "debsrc": ["apt-get", "source", "--download-only", "--tar-only", f"{name}={version}"],
        }[package.registry]
        told = subprocess.run(command, cwd=scratch, capture_output=True, check=False)
        if told.returncode:
            return None
        scratch.rename(place)
    found = [one for one in place.iterdir() if one.suffix not in {".dsc", ".asc"}]
    return max(found, key=lambda one: one.stat().st_size, default=None)


def units_of(files: dict[str, bytes]) -> Iterator[Row]:
    """The units of a tree as an index has them, less what is written by machines."""
    for path, source in files.items():
        if not refusal(source):
            facts = parse(path, source)
            yield from _rows(facts, text_of(source))


def _rows(facts: FileFacts, text: str) -> Iterator[Row]:
    calls = defaultdict[int, set[str]](set)
    for use in facts.uses:
        if use.kind == "call":
            calls[use.scope].update(NAME.findall(use.target)[-1:])
    places = [at for at, symbol in enumerate(facts.symbols) if symbol.kind != "variable"]
    for at, unit in zip([TOP, *places], describe(facts, text), strict=True):
        doc = facts.doc if at == TOP else facts.symbols[at].doc
        called = " ".join(sorted(calls[at])[:CALLED])
        yield Row(facts.path, unit.symbol, unit.kind, unit.terms, doc[:SAID], called)


def some_of(files: dict[str, bytes], seed: int) -> dict[str, bytes]:
    """All files, or as many of them, by chance, as are read of one tree."""
    order, total = list(files), 0
    random.Random(seed).shuffle(order)
    kept = set[str]()
    for name in order:
        if total + len(files[name]) <= MOST_BYTES:
            total += len(files[name])
            kept.add(name)
    return {name: content for name, content in files.items() if name in kept}


def make(package: Package, folder: Path) -> str:
    """Have the units of a package; what became of it is told."""
    kept = folder / "units" / f"{package.key}.mp"
    if kept.exists():
        return f"{package.key}: there already"
    archive = fetch(package, folder / "archives")
    if archive is None:
        return f"{package.key}: {package.version} cannot be had"
    files = some_of(sources(archive), zlib.crc32(package.key.encode()))
    rows = list(units_of(files))
    partly = kept.with_suffix(f".{os.getpid()}")
    partly.write_bytes(msgspec.msgpack.encode(rows))
    partly.rename(kept)
    return f"{package.key}: {len(rows):,} units, {sum(bool(row.doc) for row in rows):,} documented"


def main() -> None:
    """Fetch and read what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", default="", metavar="REGISTRY", help="pypi, npm, deb or debsrc")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    options = parser.parse_args()
    (options.into / "units").mkdir(parents=True, exist_ok=True)
    wanted = [one for one in packages() if options.only in {"", one.registry}]
    with ProcessPoolExecutor(options.processes) as pool:
        told = pool.map(partial(make, folder=options.into), wanted)
        for number, line in enumerate(told, 1):
            print(f"{number} of {len(wanted)}: {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
