"""Calls by another name that a definition was given: `render = console.render`, `render()`."""

from __future__ import annotations

import pytest
from knowledge_sources import Tree, pairs

TOOLS = """
def target(): ...
def other(): ...
class Box:
    size = 1
    def open(self): ...
    @property
    def lid(self): return target
other_name = target
"""


def called(code: str, *, of: str = "act") -> set[str]:
    """What a function calls for certain in a module that takes all from another."""
    files = {"tools.py": TOOLS, "a.py": f"from tools import *\nimport tools\n{code}"}
    found = pairs(Tree(files).edges(), "calls")
    return {target.partition(":")[2] for source, target in found if source == f"a.py:{of}"}


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("def act():\n    t = target\n    t()", "target"),
        ("def act():\n    t = tools.target\n    t()", "target"),
        ("def act(box: Box):\n    t = box.open\n    for one in range(3): t()", "Box.open"),
        ("def act():\n    t = target\n    u = t\n    u()", "target"),
        ("def act():\n    made = Box\n    made()", "Box"),
        ("t = target\ndef act(): t()", "target"),
        ("t = tools.target\nu = t\ndef act(): u()", "target"),
        ("def act(): other_name()", "target"),
        ("def act(): tools.other_name()", "target"),
        ("def act():\n    t = other_name\n    t()", "target"),
        ("def act(flag):\n    if flag:\n        t = target\n        t()", "target"),
        ("def around():\n    t = target\n    def act(): t()", "target"),
    ],
)
def test_a_call_by_another_name_is_a_call(code: str, meant: str) -> None:
    of = "around.act" if code.startswith("def around") else "act"

    assert called(code, of=of) == {meant}


@pytest.mark.parametrize(
    "code",
    [
        "def act(t): t()",
        "def act(t: type[Box]):\n    u = t\n    u()",
        "def act(flag):\n    t = target\n    if flag: t = other\n    t()",
        "def act(flag):\n    t = target if flag else other\n    t()",
        "def act(box: Box):\n    t = box.lid\n    t()",
        "def act(box: Box):\n    t = box.size\n    t()",
        "def act(all):\n    t = target\n    [t() for t in all]",
        "def act():\n    for t in [target]: t()",
        "t = target\nt = other\ndef act(): t()",
        "t = u\nu = t\ndef act(): t()",
        "def act():\n    t = t\n    t()",
        "try:\n    from tools import target as t\nexcept ImportError:\n    t = None\n"
        "def act():\n    u = 1\n    u()",
    ],
)
def test_what_may_hold_something_else_is_called_by_no_certain_name(code: str) -> None:
    assert called(code) == set()


def test_a_variable_of_an_alias_is_still_referred_to() -> None:
    edges = Tree({"a.py": "def f(): ...\nt = f\ndef act(): t()"}).edges()

    assert ("a.py:act", "a.py:t") in pairs(edges, "references")


def test_a_local_alias_of_javascript_is_called() -> None:
    code = """
        class Box { open() {} }
        function act() { const box = new Box(); const f = box.open; f(); }
        """
    assert ("a.js:act", "a.js:Box.open") in pairs(Tree({"a.js": code}).edges(), "calls")


def test_what_another_value_may_be_assigned_to_unseen_is_no_alias() -> None:
    files = {
        "go.mod": "module x\n",
        "a/a.go": "package a\nfunc Far() {}\nfunc Near() {}\n",
        "b/b.go": """
            package b
            import "x/a"
            func either(c bool) {
                f := a.Far
                if c { f = a.Near }
                f()
            }
        """,
    }
    assert pairs(Tree(files).edges(), "calls") == set()
