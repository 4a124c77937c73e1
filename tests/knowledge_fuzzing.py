"""Small trees of code made by chance, and an editor that changes them as people do, and worse.

A name tells which file defines it, if nothing is amiss: `AlphaStore` and `load_alpha` are of
`alpha`. So files say things about each other that are often true, and become untrue by an edit.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from pathlib import Path

VERBS = ("load", "save", "render")
STEMS = ("alpha", "beta", "gamma", "delta")
FOLDERS = ("pkg", "pkg/sub", "lib")
MANIFESTS = {
    "go.mod": ("module example.org/tree\n", "module example.org/tree/lib\n", "module ("),
    "Cargo.toml": ('[package]\nname = "alpha"\n', '[lib]\nname = "lib"\n', "[package"),
    "package.json": (
        '{"name": "pkg", "main": "./alpha.js"}\n',
        '{"name": "lib", "exports": {".": "./beta.js", "./sub": "./gamma.ts"}}\n',
        "{",
    ),
    "tsconfig.json": (
        '{"compilerOptions": {"baseUrl": ".", "paths": {"lib/*": ["pkg/*"]}}}\n',
        '{"extends": "./pkg/tsconfig.json"}\n',
    ),
}


@dataclass(frozen=True)
class Words:
    """What is written in a file called `stem`, drawn by chance."""

    rng: random.Random
    stem: str
    known: list[str] = field(default_factory=list)

    def take(self, name: str) -> str:
        """A name that is imported, so that it is used more often than others."""
        self.known.append(name)
        return name

    def some_stem(self) -> str:
        """Any file's name, its own as well."""
        return self.rng.choice(STEMS)

    def type_of(self, stem: str) -> str:
        """A type that a file of that name has."""
        return stem.title() + self.rng.choice(("Store", "Widget"))

    def function_of(self, stem: str) -> str:
        """A function or method of it; one name is everybody's, but rare."""
        return "close" if self.rng.random() < 0.05 else f"{self.rng.choice(VERBS)}_{stem}"

    def some_type(self) -> str:
        """A type of any file, more often one that is known here."""
        return self._known(upper=True) or self.type_of(self.some_stem())

    def some_function(self) -> str:
        """A function or method of any file, more often one that is known here."""
        return self._known(upper=False) or self.function_of(self.some_stem())

    def _known(self, *, upper: bool) -> str:
        names = [name for name in self.known if name[0].isupper() == upper]
        return self.rng.choice(names) if names and self.rng.random() < 0.7 else ""

    def own_stem(self) -> str:
        """The stem of what is defined here: mostly its own."""
        return self.stem if self.rng.random() < 0.85 else self.some_stem()

    def several(self, write: Callable[[], str], least: int, most: int) -> str:
        """So many lines or blocks."""
        return "\n".join(write() for _ in range(self.rng.randint(least, most)))


def python(words: Words) -> str:
    """A module that takes from the others, in every way there is."""
    pick = words.rng.choice

    def taken() -> str:
        stem = words.some_stem()
        name = words.take(pick((words.type_of(stem), words.function_of(stem))))
        place = pick(("", "", "", ".", "sub."))
        return pick(
            (
                f"from .{place}{stem} import {name}",
                f"from pkg.{stem} import {name}",
                f"from .{stem} import {name} as {words.some_type()}",
                f"from {pick(('.', '..', 'pkg', 'pkg.sub', 'lib'))} import {name}, {stem}",
                f"from .{stem} import *",
                f"import pkg.sub.{stem}",
                f"try:\n    from .{stem} import {name}\nexcept ImportError:\n    {name} = None",
            )
        )

    def call() -> str:
        made = f"{words.some_type()}()"
        receivers = ("self", "self.part", "super()", "other", words.some_stem(), made)
        called = f"{words.some_function()}()"
        return pick((f"{pick(receivers)}.{called}", called, made))

    def method() -> str:
        mark = pick(("", "", "", "    @property\n", "    @classmethod\n"))
        head = (
            f"{mark}    def {words.function_of(words.own_stem())}(self, other: {words.some_type()})"
        )
        hint = pick(("", f" -> {words.some_type()}", f" -> 'list[{words.some_type()}]'"))
        return f"{head}{hint}:\n        self.part = {words.some_type()}()\n        return {call()}"

    def defined() -> str:
        stem = words.own_stem()
        if pick((True, False)):
            base = pick(
                ("", f"({words.some_type()})", f"({words.some_stem()}.{words.some_type()})")
            )
            return f"class {words.type_of(stem)}{base}:\n{words.several(method, 1, 3)}"
        loop = (
            f"for other in {call()}:\n        other.{words.some_function()}()\n    return {call()}"
        )
        head = f"def {words.function_of(stem)}(other: {words.some_type()}):"
        alias = pick(
            ("", f"it = {pick(('other', words.some_stem()))}.{words.some_function()}; it()")
        )
        return f"{head}\n    self = {call()}\n    {alias}\n    {loop}"

    exported = pick(("", "", f"__all__ = ['{words.some_type()}', '{words.some_function()}']"))
    parts = words.several(taken, 2, 5), words.several(defined, 2, 5)
    alias = f"{words.function_of(words.own_stem())} = {words.some_function()}"
    return "\n".join([parts[0], exported, parts[1], f"other = {call()}", pick(("", alias)), ""])


def javascript(words: Words) -> str:
    """A module of either kind, or of both."""
    pick = words.rng.choice

    def taken() -> str:
        stem = words.some_stem()
        name, kind = words.take(words.function_of(stem)), words.take(words.type_of(stem))
        place = pick(("./", "./", "../", "./sub/")) + stem
        return pick(
            (
                f"import {{ {name}, {kind} as {words.some_type()} }} from '{place}.js';",
                f"import {kind} from '{place}';",
                f"import * as {stem} from '{place}';",
                f"import {{ {kind} }} from '{pick(('pkg', 'lib', 'lib/sub'))}';",
                f"const {{ {name} }} = require('{place}');",
                f"export * from '{place}.js';",
                f"export {{ default as {kind} }} from '{place}';",
            )
        )

    def call() -> str:
        made = f"new {words.some_type()}()"
        receiver = pick(("this", "this.part", "a", made, words.some_stem()))
        called = f"{words.some_function()}(a)"
        return pick((f"{receiver}.{called}", called))

    def defined() -> str:
        stem = words.own_stem()
        name, kind = words.function_of(stem), words.type_of(stem)
        arrow = f"const {name} = (a) => {{ {call()}; }};"
        grown = f"{kind}.prototype.{name} = function (a) {{ {call()}; }};"
        function = f"export function {name}(a) {{ return {call()}; }}"
        type_ = (
            f"export class {kind} extends {words.some_type()} {{\n"
            f"  constructor() {{ super(); this.part = new {words.some_type()}(); }}\n"
            f"  {name}(a) {{ return {call()}; }}\n}}"
        )
        return pick((arrow, grown, function, type_, type_))

    stem = words.own_stem()
    everything = f"module.exports = {{ {words.function_of(stem)}, {words.type_of(stem)} }};"
    exported = pick((everything, f"export default {words.type_of(stem)};"))
    return f"{words.several(taken, 2, 4)}\n{words.several(defined, 2, 5)}\n{exported}\n"


def typescript(words: Words) -> str:
    """What JavaScript has, and types."""
    kind, function = words.type_of(words.stem), words.function_of(words.stem)
    stem = words.some_stem()
    return (
        f"import type {{ {words.type_of(stem)} }} from './{stem}';\n{javascript(words)}"
        f"export interface {kind} {{ {function}(): {words.some_type()}; }}\n"
        f"export function {function}(a: {words.some_type()}) {{ a.{words.some_function()}(); }}\n"
        f"export type {words.type_of(words.stem)} = {words.some_type()} | {words.some_type()};\n"
    )


def golang(words: Words) -> str:
    """A file of a package, whose other files it sees without importing them."""
    pick, stem, other = words.rng.choice, words.own_stem(), words.some_stem()
    kind, place = words.type_of(stem), pick(("pkg", "pkg/sub", "lib"))
    return (
        f"package {pick(('pkg', 'sub', 'lib'))}\n"
        f'import {pick(("", "_ ", "p "))}"example.org/tree/{place}"\n'
        f"type {kind} struct {{ {pick(('', '*'))}{words.some_type()}; part {words.some_type()} }}\n"
        f"func (x *{kind}) {words.function_of(stem)}() *{words.type_of(other)} {{\n"
        f"\tx.part.{words.some_function()}()\n\treturn x.{words.function_of(other)}()\n}}\n"
        f"func {words.function_of(stem)}(x {words.type_of(other)}) {{\n"
        f"\ty := {words.some_function()}(x)\n\ty.{words.some_function()}()\n"
        f"\t{pick(('pkg', 'sub', 'lib', 'p'))}.{words.some_function()}()\n"
        f"\tx.{words.function_of(other)}().{words.some_function()}()\n}}\n"
        f"type {stem.title()}Loader interface {{ load_{stem}() *{words.type_of(other)} }}\n"
    )


def rust(words: Words) -> str:
    """A module, with what it declares and what it uses."""
    pick, stem, other = words.rng.choice, words.own_stem(), words.some_stem()
    taken = pick((words.type_of(other), words.function_of(other), "*"))
    return (
        f"mod {words.some_stem()};\n"
        f"use {pick(('crate', 'super', 'self', 'crate::sub'))}::{other}::{taken};\n"
        f"pub struct {words.type_of(stem)} {{ part: {words.type_of(other)} }}\n"
        f"impl {pick(('', f'{words.some_type()} for '))}{words.type_of(stem)} {{\n"
        f"    pub fn {words.function_of(stem)}(&self) -> {words.some_type()} {{\n"
        f"        self.part.{words.function_of(other)}()\n    }}\n}}\n"
        f"pub fn {words.function_of(stem)}(x: &{words.type_of(other)}) {{\n"
        f"    x.{words.function_of(other)}().{words.some_function()}();\n"
        f"    {words.type_of(other)}::{words.function_of(other)}();\n"
        f"    {other}::{words.function_of(other)}();\n    {words.some_function()}();\n}}\n"
    )


def java(words: Words) -> str:
    """A class of a package that need not be the one of its folder."""
    pick, stem, other = words.rng.choice, words.own_stem(), words.some_stem()
    kind, part = words.type_of(stem), words.type_of(other)
    base = pick(("", f"extends {words.some_type()} ", f"implements {words.some_type()} "))
    taken = f"{pick(('pkg', 'pkg.sub', 'lib'))}.{pick((part, words.some_type(), '*'))}"
    return (
        f"package {pick(('pkg', 'pkg.sub', 'lib'))};\nimport {taken};\n"
        f"public class {kind} {base}{{\n  private {part} part = new {part}();\n"
        f"  public {words.some_type()} {words.function_of(stem)}() {{\n"
        f"    return part.{words.function_of(other)}();\n  }}\n"
        f"  static void {words.function_of(stem)}({part} x) {{\n"
        f"    x.{words.function_of(other)}().{words.some_function()}();\n"
        f"    {words.some_function()}();\n  }}\n}}\n"
    )


def markdown(words: Words) -> str:
    """A document that names what may be there."""
    stem = words.some_stem()
    return (
        f"# About {stem}\nCall `{words.function_of(stem)}()`, or "
        f"`{words.type_of(stem)}.{words.function_of(stem)}`.\n"
        f"## More\nSee `{words.some_type()}`, `pkg.{stem}` and `{stem}.py`.\n"
    )


WRITERS: dict[str, Callable[[Words], str]] = {
    ".py": python,
    ".js": javascript,
    ".ts": typescript,
    ".go": golang,
    ".rs": rust,
    ".java": java,
    ".md": markdown,
}


class Editor:
    """Changes a tree at random.

    `done` tells what was done, so that a failure can be understood; `touched` are the files and
    folders that a watcher would name.
    """

    def __init__(self, root: Path, rng: random.Random, languages: Iterable[str] = WRITERS) -> None:
        self._root, self._rng, self._languages = root, rng, tuple(languages)
        self.done: list[str] = []
        self.touched: set[str] = set()
        for _ in range(18):
            self._add()

    def edit(self) -> None:
        """One edit."""
        common = (self._rewrite, self._move, self._swap, self._rename, self._delete)
        small = (self._grow, self._cut)
        rarer = (self._break, self._mix, self._ignore, self._describe)
        rarest = (self._move_folder, self._delete_folder)
        # More come than go, or there would soon be little left that is whole.
        adding = (self._add, self._add, self._rewrite) * 8
        self._rng.choice((*adding, *small * 6, *common * 3, *rarer * 2, *rarest))()

    def _files(self) -> list[Path]:
        return sorted(one for one in self._root.rglob("*") if one.is_file())

    def _some(self) -> Path:
        return self._rng.choice(self._files() or [self._add()])

    def _fresh(self, extension: str) -> Path:
        stems = {
            ".py": (*STEMS, "__init__"),
            ".js": (*STEMS, "index"),
            ".rs": (*STEMS, "mod", "lib"),
        }
        stem = self._rng.choice(stems.get(extension, STEMS))
        return self._root / self._rng.choice(FOLDERS) / f"{stem}{extension}"

    def _write(self, path: Path, text: str, what: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self._tell(what, path)
        self.done.append(text)
        return path

    def _tell(self, what: str, *places: Path) -> None:
        names = [one.relative_to(self._root).as_posix() for one in places]
        self.touched.update(names)
        self.done.append(f"{what} {' to '.join(names)}")

    def _text_of(self, path: Path) -> str:
        stem = path.stem if path.stem in STEMS else self._rng.choice(STEMS)
        return WRITERS.get(path.suffix, markdown)(Words(self._rng, stem))

    def _add(self) -> Path:
        path = self._fresh(self._rng.choice(self._languages))
        return self._write(path, self._text_of(path), "write")

    def _rewrite(self) -> None:
        path = self._some()
        self._write(path, self._text_of(path), "write anew")

    def _grow(self) -> None:
        """More is defined and imported in a file, and all that it had stays."""
        path = self._some()
        texts = [path.read_text("utf-8"), self._text_of(path)]
        self._rng.shuffle(texts)
        self._write(path, "\n".join(texts), "more in")

    def _cut(self) -> None:
        path = self._some()
        lines = path.read_text("utf-8").splitlines(keepends=True)
        first = self._rng.randint(0, len(lines))
        del lines[first : first + self._rng.randint(1, 5)]
        self._write(path, "".join(lines), "cut")

    def _move(self) -> None:
        path = self._some()
        place = self._fresh(path.suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
        self._tell("move", path, place)

    def _delete(self) -> None:
        path = self._some()
        path.unlink()
        self._tell("delete", path)

    def _swap(self) -> None:
        one, two = self._some(), self._some()
        texts = one.read_text("utf-8"), two.read_text("utf-8")
        self._write(one, texts[1], "swapped")
        self._write(two, texts[0], "swapped")

    def _rename(self) -> None:
        """A word becomes another in one file only: what names it elsewhere dangles."""
        path = self._some()
        old, new = self._rng.sample((*STEMS, "load", "save", "Store", "Widget"), 2)
        self._write(path, path.read_text("utf-8").replace(old, new), f"{old} is {new} in")

    def _break(self) -> None:
        path = self._some()
        text = path.read_text("utf-8")
        at = self._rng.randint(0, len(text))
        self._write(path, text[:at] + self._rng.choice(("", "((", "}", '"""', "\x00")), "break")

    def _mix(self) -> None:
        """The lines of one file are shuffled: most of them mean something else then."""
        path = self._some()
        lines = path.read_text("utf-8").splitlines(keepends=True)
        self._rng.shuffle(lines)
        self._write(path, "".join(lines), "shuffle")

    def _ignore(self) -> None:
        path = self._root / self._rng.choice(("", "pkg")) / ".gitignore"
        rules = [
            "",
            "",
            "",
            "pkg/sub/\n",
            f"{self._rng.choice(STEMS)}.*\n",
            "*.js\n!alpha.js\n",
            "/lib\n",
        ]
        self._write(path, self._rng.choice(rules), "ignore by")

    def _describe(self) -> None:
        """A manifest says by what name others know what is around it."""
        name = self._rng.choice(sorted(MANIFESTS))
        text = self._rng.choice(MANIFESTS[name])
        self._write(self._root / self._rng.choice(FOLDERS) / name, text, "describe by")

    def _move_folder(self) -> None:
        one, two = self._rng.sample(FOLDERS, 2)
        source, place = self._root / one, self._root / two
        if source.is_dir() and not place.exists() and source not in place.parents:
            place.parent.mkdir(parents=True, exist_ok=True)
            source.replace(place)
            self._tell("move folder", source, place)

    def _delete_folder(self) -> None:
        folder = self._root / self._rng.choice(FOLDERS)
        shutil.rmtree(folder, ignore_errors=True)
        self._tell("delete folder", folder)
