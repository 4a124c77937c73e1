"""What values of Python are that come of its library, of lambdas and of taking things apart."""

from __future__ import annotations

import textwrap

import pytest
from knowledge_sources import Tree, pairs

HOUSE = """
    import asyncio, contextlib, functools
    from collections import defaultdict, namedtuple
    from dataclasses import dataclass, field
    from typing import Any, NamedTuple
    class Door:
        def open(self): ...
        def shut(self): ...
        async def knock(self) -> 'Lock': ...
    class Lock:
        def turn(self): ...
    class Pair(NamedTuple):
        door: Door
        lock: Lock = Lock()
    @dataclass
    class House:
        front: Any = field(default_factory=lambda: Door())
        def __init__(self):
            super().__init__()
            self.doors = defaultdict(lambda: Door())
"""


def called_by_act(body: str) -> set[str]:
    """What the function `act` calls for certain, without the file's name."""
    code = f"{textwrap.dedent(HOUSE)}\nasync def act(doors: list[Door], pair: Pair, h: House):\n"
    tree = Tree({"a.py": code + textwrap.indent(body, "    ")})
    found = pairs(tree.edges(), "calls")
    return {target.partition(":")[2] for source, target in found if source == "a.py:act"}


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("with contextlib.closing(doors[0]) as x: x.open()", {"Door.open"}),
        ("x, *rest = doors\nrest[0].open()", {"Door.open"}),
        ("*rest, x = doors\nx.open()", {"Door.open"}),
        ("make = lambda: Door()\nmake().open()", {"Door", "Door.open"}),
        ("h.front.open()", {"Door.open"}),
        ("h.doors['a'].open()", {"Door.open"}),
        ("a, b = await asyncio.gather(doors[0].knock(), doors[1].knock())\nb.turn()",
         {"Door.knock", "Lock.turn"}),
        ("pair[0].open()", {"Door.open"}),
        ("pair[1].turn()", {"Lock.turn"}),
        ("a, b = pair\nb.turn()", {"Lock.turn"}),
        ("a, b = pair\na.open()", {"Door.open"}),
    ],
)  # fmt: skip
def test_what_is_made_or_taken_apart_is_known(body: str, called: set[str]) -> None:
    assert called_by_act(body) == called


def test_what_stands_behind_a_star_is_not_told_by_its_place() -> None:
    called = called_by_act("a, *b, c = (Door(), Lock(), Lock(), Door())\nc.turn()")

    assert "Lock.turn" not in called


def test_what_every_object_has_is_no_candidate() -> None:
    edges = Tree({"a.py": HOUSE}).edges()
    sources = {source for source, _ in pairs(edges, "calls", "candidate")}

    assert "a.py:House.__init__" not in sources
