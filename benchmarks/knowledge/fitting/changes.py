"""Questions of the manner "change", made of the patches that a distribution has of its packages.

    python benchmarks/knowledge/fitting/changes.py FOLDER [--sources changes.txt]

It takes `apt-get source`, with source lines for the suites of the packages. FOLDER gets `trees/`,
each the tree before one patch, without its tests, and `changes.jsonl`: what the patch's author
said, and the functions that it changes. A package whose version is no longer kept is left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from patches import Hunk, files_of, message_of

from collegium.knowledge.facts import FileFacts, Symbol
from collegium.knowledge.languages import language_of
from collegium.knowledge.parse import parse, text_of
from collegium.knowledge.search.fitted import CHANGE_WORDS
from collegium.knowledge.search.purpose import is_shown, is_trial
from collegium.knowledge.search.terms import STOP_WORDS, stem
from collegium.knowledge.tree.folders import refused_by_name

Question = dict[str, Any]
# Of one package at most so many, so that no style of writing outweighs the others.
OF_ONE = 3
# Functions that one change changes.
MOST = 5
# Of a tree: bytes of code, and of one file.
LARGEST_TREE = 8_000_000
LARGEST_FILE = 1_000_000
SHORTEST = 3
LONGEST = 2000
# What a distribution changes for itself, by how such patches are called.
_OWN = re.compile(
    r"""debian | dist-packages | \bpackag | lintian | autopkgtest | reproducib | privacy | typo
    | \b(?:disabl|skip)\w*\W.*\btests? | \b(?:fix|fixes|fixed|update)\ (?:the\ )?tests?\b
    | spelling | setup\.(?:py|cfg) | vendored | shebang | man\ ?page | ftbfs | sphinx | 2to3
    | \bpytest | \bnose\b | copyright | licen[cs]e | \bsystem(?:'s)?\ (?:lib|cop|pack|font|js)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What may be one of those, where nothing says that it comes from whoever writes the program.
_DOUBTFUL = re.compile(
    r"""\btests?\b | \bdocs?\b | documentation | \bversions? | dependenc | \bport\b | \bfonts?\b
    | \bpython\ ?3 | \bbuild | compil | \bpaths?\b | /usr | /etc | \bimport | \binstead\ of\b
    | deprecat | \bupdate | \bdisabl | \bskip | \bmock\b | \bsix\b | \bgradle | \bmaven | \brollup
    | \bwebpack | \bbabel | typescript | eslint | \bremov | \bdrop | \brelax | \bsystem
    | \bno(?:t|n)?\b.*\b(?:network|internet) | numpy | scipy | pandas
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UPSTREAM = re.compile(
    r"^(?:Origin|Applied-Upstream|Bug|Bug-[\w-]+):.*(?:upstream|backport|commit|pull|http|\d\.\d)"
    r"|cherry.picked from|\bCVE-\d|\bGHSA-|/(?:commit|pull)/",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_SENT = re.compile(r"^Forwarded:\s*(?:not[- ]needed|no)\b", re.IGNORECASE | re.MULTILINE)
# Files that make a package of the code.
_MAKING = re.compile(
    r"(?:^|/)(?:setup|conf|conftest|build|__version__|_version)\.(?:py|rs)$|\.config\.[cm]?[jt]s$"
    r"|(?:^|/)(?:debian|scripts?|vendor|node_modules|Gruntfile\.js|gulpfile\.js)(?:/|$)|\.d\.ts$"
)
_COMMON = {
    stem(word)
    for word in """
        python java openjdk node go rust compat compatible compatibility patch code function
        """.split()
}
_KINDS = ("orig", "debian")
_ARCHIVE = re.compile(r"\.(?P<kind>orig|debian)(?:-(?P<part>[\w-]+))?\.tar\.\w+$")
_TESTS_IT = re.compile(r"(?:^|/)(?:test|tests)\.[cm]?[jt]s$")


@dataclass
class Source:
    """A source package: its files that the product reads, and the patches, in their order.

    A patch is applied to what is read alone. What does not fit exactly is given up with its file.
    """

    name: str
    files: dict[str, bytes]
    patches: list[tuple[str, str]]

    def questions(self, trees: Path) -> Iterator[Question]:
        """What its patches make; the tree before each is put down."""
        known, wanted = set[str](), _chosen(self.patches)
        for name, patch in self.patches:
            text = message_of(patch)[:LONGEST]
            if name in wanted and text not in known and (gold := self._changed(patch)):
                known.add(text)
                tree = f"{self.name}-{sha256(name.encode()).hexdigest()[:6]}"
                self._put_down(trees / tree)
                yield {
                    "tree": tree,
                    "package": self.name,
                    "patch": name,
                    "text": text,
                    "manner": "change",
                    "gold": gold,
                    "gold_files": sorted({one["file"] for one in gold}),
                }
            if len(known) == OF_ONE:
                return
            self._apply(patch)

    def _changed(self, patch: str) -> list[dict[str, str]]:
        """The functions that a patch changes; none where one of its hunks does not fit."""
        found: set[tuple[str, str]] = set()
        for told, hunks in files_of(patch).items():
            file = self._known(told)
            if not _is_code(told):
                continue
            if file not in self.files:
                return []
            source = self.files[file]
            lines = text_of(source).split("\n")
            places = [hunk.place(lines) for hunk in hunks]
            if None in places:
                return []
            found |= {
                (file, symbol) for symbol in _functions_at(parse(file, source), hunks, places)
            }
        gold = [{"file": file, "symbol": symbol} for file, symbol in sorted(found)]
        return gold if len(gold) <= MOST else []

    def _apply(self, patch: str) -> None:
        for told, hunks in files_of(patch).items():
            file = self._known(told)
            if file in self.files:
                lines: list[str] | None = text_of(self.files[file]).split("\n")
                for hunk in hunks:
                    lines = lines and hunk.applied(lines)
                self.files.pop(file)
                if lines is not None:
                    self.files[file] = "\n".join(lines).encode("utf-8", "replace")

    def _known(self, file: str) -> str:
        """A patch's file as this tree has it: what is installed lacks the outer folders."""
        while file and file not in self.files:
            file = file.partition("/")[2]
        return file

    def _put_down(self, folder: Path) -> None:
        for file, content in self.files.items():
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def _chosen(patches: list[tuple[str, str]]) -> set[str]:
    """The names of patches that are changes by a program's authors and say what they change."""
    return {
        name
        for name, patch in patches
        if any(_is_code(file) for file in files_of(patch)) and _is_of_authors(name, patch)
    }


def _is_of_authors(name: str, patch: str) -> bool:
    text, head = message_of(patch), patch[: max(0, patch.find("\n--- "))]
    subject = text.partition("\n")[0]
    if len(_said(text)) < SHORTEST or _OWN.search(f"{name} {subject}"):
        return False
    if _UPSTREAM.search(head):
        return True
    return not _NOT_SENT.search(head) and not _DOUBTFUL.search(f"{name} {subject}")


def _said(text: str) -> set[str]:
    """The words that tell one change from another."""
    words = {stem(word.lower()) for word in re.findall(r"[^\W\d_]{3,}", text)}
    return words - STOP_WORDS - CHANGE_WORDS - _COMMON


def _is_code(file: str) -> bool:
    language = language_of(file)
    if language in {None, "markdown", "restructuredtext", "text", "manifest"}:
        return False
    aside = is_trial(file) or is_shown(file) or _MAKING.search(file) or _TESTS_IT.search(file)
    return not aside


def _functions_at(
    facts: FileFacts, hunks: Sequence[Hunk], places: Sequence[int | None]
) -> Iterator[str]:
    """The innermost functions that hold what the hunks change."""
    for hunk, place in zip(hunks, places, strict=True):
        for first, last in hunk.touched(place or hunk.first):
            yield from [symbol.path for symbol in _at(facts, first, last)]


def _at(facts: FileFacts, first: int, last: int) -> list[Symbol]:
    """The innermost function that holds all these lines, if one does."""
    holders = [
        symbol
        for symbol in facts.symbols
        if symbol.kind in {"function", "method"} and symbol.start <= first and last <= symbol.end
    ]
    return sorted(holders, key=lambda symbol: symbol.end - symbol.start)[:1]


def fetched(package: str, folder: Path) -> Source | None:
    """Fetch a package, "name=version", without applying its patches; None where it is gone."""
    fetch = ["apt-get", "source", "--only-source", "--download-only", "-qq", package]
    subprocess.run(fetch, cwd=folder, capture_output=True, check=False)
    return of_archives(package.partition("=")[0], sorted(folder.iterdir()))


def of_archives(name: str, archives: Iterable[Path]) -> Source | None:
    """A package of its archives: as it came, further parts of it, and what is the packager's.

    None where one lacks, or the tree is too large.
    """
    files, patches = dict[str, bytes](), list[tuple[str, str]]()
    kinds = set[str]()
    for place in archives:
        kind = _ARCHIVE.search(place.name)
        if kind is None:
            continue
        kinds.add(kind["kind"])
        if kind["kind"] == "debian":
            patches = _series(dict(_members(place, lambda file: file.startswith("patches/"))))
        else:
            below = f"{kind['part']}/" if kind["part"] else ""
            files |= {below + file: content for file, content in _members(place, _is_read)}
    whole = sum(map(len, files.values())) <= LARGEST_TREE
    return Source(name, files, patches) if len(kinds) == len(_KINDS) and whole else None


def _series(found: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """The patches in the order in which they are applied: name and text."""
    lines = found.get("patches/series", b"").decode("utf-8", "replace").splitlines()
    names = [words[0] for line in lines if (words := line.partition("#")[0].split())]
    return [
        (name, found[f"patches/{name}"].decode("utf-8", "replace"))
        for name in names
        if f"patches/{name}" in found
    ]


def _is_read(file: str) -> bool:
    """Whether the product reads it, and it is no test."""
    folders = file.split("/")[:-1]
    if folders[:1] == ["debian"] or language_of(file) is None or is_trial(file):
        return False
    return not any(folder == "vendor" or refused_by_name(folder) for folder in folders)


def _members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, without the folder that all of them are in."""
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.isfile()]
        names = [member.name.removeprefix("./") for member in members]
        outer = names[0].partition("/")[0] + "/" if names else ""
        skip = len(outer) if all(name.startswith(outer) for name in names) else 0
        for member, name in zip(members, names, strict=True):
            if wanted(name[skip:]) and member.size <= LARGEST_FILE:
                content = tar.extractfile(member)
                if content is not None:
                    yield name[skip:], content.read()


def main() -> None:
    """Make the questions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", type=Path, default=Path(__file__).with_suffix(".txt"))
    options = parser.parse_args()
    trees: Path = options.folder / "trees"
    trees.mkdir(parents=True, exist_ok=True)
    known: set[str] = set()
    with (options.folder / "changes.jsonl").open("w", encoding="utf-8") as out:
        for package in options.sources.read_text("utf-8").split():
            with tempfile.TemporaryDirectory(prefix="changes-") as place:
                source = fetched(package, Path(place))
                made = list(source.questions(trees)) if source else []
            told = f"{len(made)} questions" if source else "not to be had, or too large"
            print(f"{package}: {told}", file=sys.stderr)
            for one in made:
                if one["text"] not in known:  # two versions of a package may have one patch
                    known.add(one["text"])
                    out.write(json.dumps(one) + "\n")


if __name__ == "__main__":
    main()
