"""What is done a quicker way gives what the plain way gives."""

from __future__ import annotations

import gc
import re
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.knowledge.index import Index, store
from collegium.knowledge.index.collecting import SELDOM, collecting_seldom
from collegium.knowledge.parsing.documentation import with_margin_off
from collegium.knowledge.search.terms import NAME, names_of
from collegium.knowledge.search.units import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOME_CODE = st.text(alphabet="ab_1 \t\n\\\"'`#/*é", max_size=40)
PLAINLY = {
    "python": (
        r"(#[^\n]*)",
        r'"""(?:[^\\]|\\.)*?"""',
        r"'''(?:[^\\]|\\.)*?'''",
        r'"(?:[^"\\\n]|\\.)*"',
        r"'(?:[^'\\\n]|\\.)*'",
    ),
    "go": (
        r"(//[^\n]*|/\*.*?\*/)",
        r'"(?:[^"\\\n]|\\.)*"',
        r"`(?:[^`\\]|\\.)*`",
        r"'(?:[^'\\\n]|\\.)'",
    ),
    "typescript": (
        r"(//[^\n]*|/\*.*?\*/)",
        r'"(?:[^"\\\n]|\\.)*"',
        r"`(?:[^`\\]|\\.)*`",
        r"'(?:[^'\\\n]|\\.)*'",
    ),
}


@settings(deadline=None)
@given(st.text(max_size=40) | SOME_CODE)
def test_names_are_found_alike_in_any_text(text: str) -> None:
    assert names_of(text) == NAME.findall(text)


@settings(deadline=None)
@given(st.text(alphabet="ab \t\n\r", max_size=40))
def test_a_margin_comes_off_as_it_does_in_the_library(text: str) -> None:
    assert with_margin_off(text) == textwrap.dedent(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PLAINLY)), SOME_CODE)
def test_code_is_told_from_comments_and_strings_as_the_plain_rules_tell_it(
    language: str, text: str
) -> None:
    comment, *strings = PLAINLY[language]
    pieces = re.split(f"{comment}|({'|'.join(strings)})", text, flags=re.DOTALL)
    plain = pieces[::3], [one for one in pieces[1::3] if one], [one for one in pieces[2::3] if one]
    assert split(text, language) == plain


@pytest.fixture
def threshold() -> Iterator[int]:
    """What is set before, which is back afterwards whatever the test does."""
    before = gc.get_threshold()
    gc.set_threshold(701, *before[1:])
    yield 701
    gc.set_threshold(*before)


def test_cycles_are_looked_for_as_before_once_the_last_that_made_much_is_done(
    threshold: int,
) -> None:
    first, second = collecting_seldom(), collecting_seldom()
    with first:
        second.__enter__()
        assert gc.get_threshold()[0] == SELDOM
    assert gc.get_threshold()[0] == SELDOM
    second.__exit__(None, None, None)
    assert gc.get_threshold()[0] == threshold


def test_whoever_has_cycles_looked_for_more_seldom_or_never_is_left_alone() -> None:
    before = gc.get_threshold()
    try:
        for own in (0, 2 * SELDOM):
            gc.set_threshold(own)
            with collecting_seldom():
                assert gc.get_threshold()[0] == own
            assert gc.get_threshold()[0] == own
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize(("grown_bytes", "is_taken_in"), [(0, True), (1 << 30, False)])
def test_the_log_of_an_edit_is_taken_into_the_file_only_once_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grown_bytes: int, is_taken_in: bool
) -> None:
    monkeypatch.setattr(store, "GROWN_BYTES", grown_bytes)
    root = tmp_path / "tree"
    root.mkdir()
    (root / "shop.py").write_text("def total(): ...\n")
    with closing(Index.open(root, cache=tmp_path / "cache", create=True)) as index:
        index.update()
        (root / "shop.py").write_text("def total(): ...\n\n\ndef rounded(): ...\n")
        index.update(["shop.py"])
        assert index.symbols_named("rounded")
        without_log = f"{index.path.as_uri()}?immutable=1"
        with closing(sqlite3.connect(without_log, uri=True)) as file:
            tables = file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            names = [name for (name,) in file.execute("SELECT name FROM symbols")] if tables else []
        assert ("rounded" in names) == is_taken_in


PREPARING = """
import sys
from collegium.knowledge.index.preparing import prepare
prepare(["shop/cart.py", "README.md"])
loaded = ["tree_sitter_python", "collegium.knowledge.resolving", "tree_sitter_go"]
print([name in sys.modules for name in loaded])
"""


def test_whoever_follows_has_loaded_what_an_edit_takes_before_there_is_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARING], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[True, True, False]\n"
