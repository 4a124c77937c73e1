"""Fetches the trees that the ranking is fitted on, by the clients of their registries.

    python benchmarks/knowledge/fitting/fetch.py --into DIR [--only NAME]

`trees.txt` names them: a registry (`pypi`, `npm`, `deb`, `debsrc`), a package, and its version.
Each becomes a folder of DIR named after the package. What is there already is left alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
# Where Debian's packages have the source itself.
GO = Path("usr/share/gocode/src")
RUST = Path("usr/share/cargo/registry")


class Package(NamedTuple):
    """A line of `trees.txt`."""

    registry: str
    name: str
    version: str


def packages(path: Path = HERE / "trees.txt") -> list[Package]:
    """The packages that a file names; lines that begin with # say something else."""
    lines = path.read_text("utf-8").splitlines()
    return [Package(*line.split()) for line in lines if line and not line.startswith("#")]


def from_pypi(package: Package, place: Path) -> Path:
    """The source distribution; pip asks its build system for metadata on the way."""
    wanted = f"{package.name}=={package.version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    run([*pip, "--no-binary", ":all:", "--dest", str(place), wanted], place)
    return unpacked(next(place.glob("*.*")))


def from_npm(package: Package, place: Path) -> Path:
    """What the package ships."""
    run(["npm", "pack", "--silent", f"{package.name}@{package.version}"], place)
    return unpacked(next(place.glob("*.tgz")))


def from_deb(package: Package, place: Path) -> Path:
    """The source within a binary package of Debian: libraries of Go and Rust are shipped so."""
    run(["apt-get", "download", f"{package.name}={package.version}"], place, **apt(place))
    run(["dpkg-deb", "--extract", str(next(place.glob("*.deb"))), "all"], place)
    roots = [place / "all" / one for one in (GO, RUST)]
    root = next(one for one in roots if one.is_dir())
    while len(inner := list(root.iterdir())) == 1 and inner[0].is_dir():
        root = inner[0]
    return root


def from_source(package: Package, place: Path) -> Path:
    """A source package of Debian, without its patches."""
    wanted = f"{package.name}={package.version}"
    run(["apt-get", "source", "--download-only", wanted], place, **apt(place))
    description = next(place.glob("*.dsc"))
    run(["dpkg-source", "--skip-patches", "--no-check", "-x", description.name, "all"], place)
    shutil.rmtree(place / "all" / "debian", ignore_errors=True)
    return place / "all"


def apt(place: Path) -> dict[str, str]:
    """Settings by which apt knows sources too, and keeps what it knows apart from the system's."""
    state = place.parent / "apt"
    settings = state / "apt.conf"
    if not settings.exists():
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (state / "parts").mkdir(exist_ok=True)
        for found in [file for one in SOURCES for file in files_of(one)]:
            text = found.read_text("utf-8")
            if found.suffix == ".sources":
                text = text.replace("Types: deb\n", "Types: deb deb-src\n")
            else:
                lines = [line for line in text.splitlines() if line.startswith("deb ")]
                text = "".join(f"{line}\n{line.replace('deb ', 'deb-src ', 1)}\n" for line in lines)
            (state / "parts" / found.name).write_text(text, "utf-8")
        settings.write_text(
            'Dir::Etc::sourcelist "-";\n'
            f'Dir::Etc::sourceparts "{state}/parts";\nDir::State::lists "{state}/lists";\n',
            "utf-8",
        )
        run(["apt-get", "update", "-qq"], place, APT_CONFIG=str(settings))
    return {"APT_CONFIG": str(settings)}


def files_of(path: Path) -> list[Path]:
    """The file itself, or those of a folder; none where there is none."""
    return sorted(path.iterdir()) if path.is_dir() else [path] * path.is_file()


def unpacked(archive: Path) -> Path:
    """The one folder within an archive."""
    place = archive.parent / "all"
    if archive.suffix == ".zip":
        shutil.unpack_archive(archive, place)
    else:
        with tarfile.open(archive) as file:
            file.extractall(place, filter="data")
    inner = [one for one in place.iterdir() if one.is_dir()]
    return inner[0] if len(inner) == 1 else place


def run(command: list[str], place: Path, **environment: str) -> None:
    """Run it in a folder, quietly."""
    subprocess.run(
        command,
        cwd=place,
        check=True,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


FROM: dict[str, Callable[[Package, Path], Path]] = {
    "pypi": from_pypi,
    "npm": from_npm,
    "deb": from_deb,
    "debsrc": from_source,
}


def fetch(package: Package, folder: Path, scratch: Path) -> None:
    """Have the tree of a package in a folder of its name."""
    place = Path(tempfile.mkdtemp(dir=scratch))
    root = FROM[package.registry](package, place)
    for link in [one for one in root.rglob("*") if one.is_symlink()]:
        link.unlink()
    shutil.move(root, folder / package.name)
    shutil.rmtree(place)


def main() -> None:
    """Fetch what is not there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, required=True, help="a folder for the trees")
    parser.add_argument("--only", default="", help="one package instead of all")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="trees-") as scratch:
        for package in packages():
            if options.only in {"", package.name} and not (options.into / package.name).exists():
                print(f"{package.registry} {package.name} {package.version}", file=sys.stderr)
                try:
                    fetch(package, options.into, Path(scratch))
                except subprocess.CalledProcessError as error:
                    print(f"  not there: {error.stderr.decode()[-300:]}", file=sys.stderr)


if __name__ == "__main__":
    main()
