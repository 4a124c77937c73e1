"""Which files of a folder are read, and which are not and why."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from collegium.errors import MissingGrammar, TreeRefused
from collegium.knowledge.tree import Tree, governs, refusal


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root


def read(root: Path) -> list[str]:
    return list(Tree(root).walk().files)


def test_source_and_documents_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    plant(tmp_path, {"b/x.py": "", "b.py": "", "a/deep/y.go": "", "README.md": "", "logo.svg": ""})
    assert read(tmp_path) == ["README.md", "a/deep/y.go", "b.py", "b/x.py"]


def test_a_file_without_an_ending_is_perhaps_a_script(tmp_path: Path) -> None:
    plant(tmp_path, {"tool": "#!/usr/bin/env python3\n", "data.bin": ""})
    assert read(tmp_path) == ["tool"]


def test_ignore_files_hold_below_their_folder_and_nearer_ones_overrule(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            ".gitignore": "*.gen.py\n/local.py\nlogs/\n",
            "local.py": "",
            "a.gen.py": "",
            "sub/local.py": "",
            "sub/.gitignore": "!kept.gen.py\nsecret.py\n",
            "sub/kept.gen.py": "",
            "sub/secret.py": "",
            "secret.py": "",
            "logs/x.py": "",
            "sub/logs/x.py": "",
        },
    )
    walk = Tree(tmp_path).walk()
    assert list(walk.files) == ["secret.py", "sub/kept.gen.py", "sub/local.py"]
    assert walk.skipped["local.py"] == "ignored by .gitignore"
    assert walk.skipped["sub/secret.py"] == "ignored by sub/.gitignore"
    assert walk.skipped["sub/logs/"] == "ignored by .gitignore"


def test_nothing_comes_back_out_of_a_folder_that_is_ignored(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "out/\n!out/keep.py\n", "out/keep.py": "", "in.py": ""})
    assert read(tmp_path) == ["in.py"]


def test_folders_come_back_where_all_is_ignored_but_them_and_some_files(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "*\n!*/\n!*.py\nout/\n", "a.py": "", "a.go": ""})
    plant(tmp_path, {"src/a.py": "", "src/a.go": "", "src/in/b.py": "", "out/c.py": ""})
    assert read(tmp_path) == ["a.py", "src/a.py", "src/in/b.py"]
    plant(tmp_path, {".gitignore": "/*\n!/src/\n!/a.py\nin/\n"})
    assert read(tmp_path) == ["a.py", "src/a.go", "src/a.py"]
    plant(tmp_path, {".gitignore": "*/\n"})
    assert read(tmp_path) == ["a.go", "a.py"]
    plant(tmp_path, {".gitignore": "*/\n!src/\n"})
    assert read(tmp_path) == ["a.go", "a.py", "src/a.go", "src/a.py"]


def test_other_ignore_files_are_heeded_and_overrule_that_of_git(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            ".gitignore": "a.py\n",
            ".ignore": "!a.py\nb.py\n",
            ".collegiumignore": "!b.py\nc.py\n",
            **{f"{name}.py": "" for name in "abc"},
        },
    )
    assert read(tmp_path) == ["a.py", "b.py"]


def test_lines_that_are_no_patterns_are_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "!\n\\\n# x.py\n\n[\ny.py\n", "x.py": "", "y.py": ""})
    assert read(tmp_path) == ["x.py"]


def test_an_ignore_file_that_is_no_text_or_no_file_harms_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"x.py": "", "sub/y.py": ""})
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe\x00garbage\nx.py\n")
    (tmp_path / "sub" / ".gitignore").mkdir()
    assert read(tmp_path) == ["sub/y.py"]


def test_what_git_itself_excludes_counts_from_within_the_repository_too(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            ".git/info/exclude": "private.py\n",
            ".gitignore": "/pkg/generated.py\n*.tmp.py\n",
            "pkg/private.py": "",
            "pkg/generated.py": "",
            "pkg/x.tmp.py": "",
            "pkg/kept.py": "",
            "pkg/pkg/generated.py": "",
        },
    )
    assert read(tmp_path / "pkg") == ["kept.py", "pkg/generated.py"]
    assert read(tmp_path) == ["pkg/kept.py", "pkg/pkg/generated.py"]


def test_an_ignored_folder_that_is_asked_for_by_name_is_read(tmp_path: Path) -> None:
    plant(tmp_path, {".git/HEAD": "", ".gitignore": "scratch/\n", "scratch/x.py": ""})
    assert read(tmp_path / "scratch") == ["x.py"]


def test_folders_that_hold_no_source_of_their_own_are_passed_over(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "pyproject.toml": "",
            "Cargo.toml": "",
            "node_modules/x/index.js": "",
            ".git/hooks/x.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/x.py": "",
            "cache/CACHEDIR.TAG": "",
            "cache/x.py": "",
            "pkg/_vendor/x.py": "",
            "vendor/x.go": "",
            "build/lib/x.py": "",
            "dist/x.py": "",
            "target/debug/x.rs": "",
            "pkg.egg-info/x.txt": "",
            "main.py": "",
        },
    )
    walk = Tree(tmp_path).walk()
    assert list(walk.files) == ["Cargo.toml", "main.py"]
    assert walk.skipped == {
        ".git/": "hidden",
        "build/": "build output",
        "cache/": "a cache",
        "dist/": "build output",
        "env/": "a virtual environment",
        "node_modules/": "installed packages",
        "pkg.egg-info/": "made by a tool",
        "pkg/_vendor/": "vendored",
        "target/": "build output",
        "vendor/": "vendored",
    }


def test_packages_that_are_only_called_like_such_folders_are_read(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "",
        "build/__init__.py": "",
        "shop/vendor/__init__.py": "",
        "shop/build/x.py": "",
        "tools/target/x.py": "",
    }
    plant(tmp_path, files)
    assert read(tmp_path) == sorted(name for name in files if name.endswith(".py"))


def test_a_build_folder_that_git_keeps_is_source_unless_a_tool_filled_it(tmp_path: Path) -> None:
    kept = {
        ".gitignore": "node_modules\n",
        "package.json": "",
        "build/make.js": "",
        "dist/a.js": "",
    }
    assert "build/make.js" in read(plant(tmp_path / "kept", kept))
    assert "dist/a.js" not in read(tmp_path / "kept")
    ignored = {**kept, ".gitignore": "build\n"}
    assert "build/make.js" not in read(plant(tmp_path / "ignored", ignored))
    for made in ("build/lib/x.py", "build/CMakeCache.txt", "build/bdist.linux/x.py"):
        assert "build/make.js" not in read(plant(tmp_path / made, {**kept, made: ""}))


def test_build_output_that_an_ignore_file_asks_for_by_name_is_read(tmp_path: Path) -> None:
    files = {"pyproject.toml": "", "package.json": "", "dist/a.py": "", "vendor/b.py": ""}
    plant(tmp_path, {".ignore": "!dist/\n!/vendor\n!node_modules/\n", **files})
    plant(tmp_path, {"node_modules/c.py": ""})
    assert [path for path in read(tmp_path) if path.endswith("py")] == ["dist/a.py", "vendor/b.py"]
    plant(tmp_path, {".ignore": "!*/\n"})
    assert [path for path in read(tmp_path) if path.endswith("py")] == []
    plant(tmp_path, {".ignore": "!dist/\n", ".collegiumignore": "dist/\n"})
    assert [path for path in read(tmp_path) if path.endswith("py")] == []


def test_the_folder_itself_may_be_called_anything(tmp_path: Path) -> None:
    root = plant(tmp_path / "node_modules" / ".hidden" / "vendor", {"x.js": "", "CACHEDIR.TAG": ""})
    assert read(root) == ["x.js"]


def test_large_files_are_passed_over_unread(tmp_path: Path) -> None:
    plant(tmp_path, {"small.py": "x = 1\n"})
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(50_000_000)
    walk = Tree(tmp_path).walk()
    assert list(walk.files) == ["small.py"]
    assert walk.skipped == {"huge.py": "larger than 1,000,000 bytes"}


def test_links_are_not_followed_in_or_out_or_in_circles(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"real/x.py": ""})
    plant(tmp_path / "outside", {"y.py": ""})
    (root / "again.py").symlink_to("real/x.py")
    (root / "again").symlink_to("real")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "real" / "up").symlink_to("..")
    (root / "self.py").symlink_to("self.py")
    (root / "dangling.py").symlink_to("nowhere.py")
    walk = Tree(root).walk()
    assert list(walk.files) == ["real/x.py"]
    assert walk.skipped["again.py"] == walk.skipped["dangling.py"] == "a link"


def test_a_link_to_the_folder_means_the_folder(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"x.py": ""})
    (tmp_path / "link").symlink_to(root)
    assert Tree(tmp_path / "link").root == root.resolve()
    assert read(tmp_path / "link") == ["x.py"]


def test_pipes_and_sockets_are_not_opened(tmp_path: Path) -> None:
    plant(tmp_path, {"x.py": ""})
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket may not be long
        try:
            listening.bind("socket.py")
        finally:
            os.chdir(here)
        walk = Tree(tmp_path).walk()
    assert list(walk.files) == ["x.py"]
    assert walk.skipped == dict.fromkeys(["pipe.py", "socket.py"], "not a regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said_and_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, {"x.py": "", "closed/y.py": ""})
    (tmp_path / "closed").chmod(0)
    try:
        walk = Tree(tmp_path).walk()
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert list(walk.files) == ["x.py"]
    assert walk.skipped == {"closed/": "not readable"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everything")
def test_a_file_that_may_not_be_looked_at_is_said(tmp_path: Path) -> None:
    plant(tmp_path, {"x.py": "", "closed/y.py": ""})
    (tmp_path / "closed").chmod(0o400)
    try:
        walk = Tree(tmp_path).walk()
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert list(walk.files) == ["x.py"]
    assert walk.skipped == {"closed/y.py": "not readable"}


def test_names_in_any_script_are_read_and_those_that_are_no_text_are_said(tmp_path: Path) -> None:
    plant(tmp_path, {"модуль.py": "", "类型/函数.py": ""})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.py")).touch()
    walk = Tree(tmp_path).walk()
    assert list(walk.files) == ["модуль.py", "类型/函数.py"]
    assert walk.skipped == {"bad\\udcff.py": "its name is not UTF-8"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_text("x"), "is a file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (os.mkfifo, "is a file"),
    ],
    ids=["missing", "file", "circle", "pipe"],
)
def test_what_is_no_folder_is_refused(tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "root"
    assert callable(make)
    make(path)
    with pytest.raises(TreeRefused, match=said):
        Tree(path)


def test_a_folder_that_is_gone_is_refused_when_it_is_walked(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {})
    root.mkdir()
    tree = Tree(root)
    root.rmdir()
    with pytest.raises(TreeRefused, match="cannot be read"):
        tree.walk()


def test_a_look_finds_what_a_walk_finds_there(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            ".gitignore": "*.gen.py\n",
            "package.json": "",
            "a/b/x.py": "",
            "a/b/y.gen.py": "",
            "a/b/c/z.py": "",
            "a/.gitignore": "w.py\n",
            "a/b/w.py": "",
            "dist/x.js": "",
            "node_modules/deep/x.js": "",
            "top.py": "",
        },
    )
    tree = Tree(tmp_path)
    whole = tree.walk()
    asked = [
        "a/b",
        "package.json",
        "top.py",
        "dist/x.js",
        "node_modules/deep/x.js",
        "gone.py",
        "gone/too.py",
    ]
    found = tree.look(asked)
    assert found.files == whole.files
    assert found.skipped["a/b/w.py"] == "ignored by a/.gitignore"
    assert tree.look(["a/b/w.py"]).files == {}
    assert list(tree.look(["a/b/c/z.py"]).files) == ["a/b/c/z.py"]


def test_files_that_decide_about_others_are_known() -> None:
    assert all(governs(name) for name in (".gitignore", "pyvenv.cfg", "package.json"))
    assert not governs("main.py")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"x = 1\n", ""),
        (b"", ""),
        (b"\x7fELF\0\0", "binary"),
        (b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n", "generated"),
        (b"# -*- coding: utf-8 -*-\n# Generated by a tool.  DO NOT EDIT!\n", "generated"),
        (b"/**\n * @generated SignedSource<<0>>\n */\n", "generated"),
        (b'MARK = "@generated"\n# see generated files\n', ""),
        (b"# A file that says `@generated` at its top is passed over.\n", ""),
        (b"def generated():\n    # do not edit\n    pass\n", ""),
        (b"x\n" * 100 + b"// Code generated by hand. DO NOT EDIT.\n", ""),
        (b"var a=1;" * 500, "minified"),
        (b"/*! licence */\n" + b"var a=1;" * 500, "minified"),
        (b"x = 1\n" * 1000 + b"DATA = '" + b"A" * 3000 + b"'\n", ""),
    ],
)
def test_what_a_file_holds_tells_whether_it_is_source(source: bytes, why: str) -> None:
    assert refusal(source) == why


def test_long_lines_are_usual_in_prose() -> None:
    assert refusal(b"word " * 1000, prose=True) == ""


def test_thousands_of_files_are_walked_in_no_time(tmp_path: Path) -> None:
    names = [f"{outer}/{inner}" for outer in range(20) for inner in range(5)]
    plant(tmp_path, {".gitignore": "\n".join(f"*.ignored{n}\n/only/{n}" for n in range(15))})
    for name in names:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for number in range(30):
            os.close(os.open(folder / f"m{number}.py", os.O_CREAT | os.O_WRONLY))
    began = time.process_time()  # not of others, who may keep the machine busy
    walk = Tree(tmp_path).walk()
    assert len(walk.files) == 3000
    assert time.process_time() - began < 5


def test_what_is_not_installed_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitignore").write_text("build/\n")
    monkeypatch.setitem(sys.modules, "pathspec", None)
    with pytest.raises(MissingGrammar, match=r"or in a clone '\.\[knowledge\]'"):
        Tree(tmp_path).walk()
