"""Places of the code that an answer cites are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from collegium.experts.knowledge.citing import Citations, Place, places_of
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERY = Query.of("How are sessions signed?")


class Shop:
    """Two files of a codebase, by their number of lines."""

    lengths: ClassVar = {"src/shop/cart.py": 40, "src/shop/views/cart.py": 12, "README.md": 9}

    def files_ending(self, tail: str) -> Sequence[str]:
        return [file for file in self.lengths if file == tail or file.endswith(f"/{tail}")]

    def lines_of(self, file: str) -> int:
        return self.lengths[file]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("see src/shop/cart.py:12", "src/shop/cart.py:12"),
        ("It is in `cart.py:3-9`.", "cart.py:3-9"),
        ("(cart.py, lines 3 to 9)", "cart.py:3-9"),
        ("README.md line 4 says so", "README.md:4"),
        ("[cart.py#L7-L9](x)", "cart.py:7-9"),
        ("cart.py:3\u20139", "cart.py:3-9"),
        ("./src/@shop/cart.ts:2", "src/@shop/cart.ts:2"),
        ("a `gin.go`:20 call", "gin.go:20"),
        ("`cart.py` (line 12) says", "cart.py:12"),
        ("cart.py (lines 3-9)", "cart.py:3-9"),
        ("on line 12 of `cart.py`.", "cart.py:12"),
        ("Lines 3 to 9 in cart.py do it", "cart.py:3-9"),
        ("cart.py:L12-L15", "cart.py:12-15"),
        ("cart.py:12.", "cart.py:12"),
    ],
)
def test_places_are_read_as_people_write_them(text: str, place: str) -> None:
    assert [str(one) for one in places_of(text)] == [place]


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost.local:8080/x",
        "at 12:30",
        "version 1.2:3",
        "user@host.com:22",
        "docker pull example.org:5000/image",
        "image.tar:1.2.3",
        "ratio 3.5",
        "v1.py",
    ],
)
def test_what_only_looks_like_a_place_is_none(text: str) -> None:
    assert places_of(text) == ()


async def test_places_that_exist_pass() -> None:
    verdict = await Citations(Shop()).verify(QUERY, "See src/shop/cart.py:12 and README.md:9.")
    assert verdict.outcome == "passed"
    assert verdict.evidence == "all 2 cited places exist"


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("See basket.py:3.", "there is no file basket.py"),
        ("See README.md:10.", "README.md has 9 lines, not 10-10"),
        ("See README.md:8-4.", "README.md has 9 lines, not 8-4"),
        ("See README.md:0.", "README.md has 9 lines, not 0-0"),
    ],
)
async def test_places_that_do_not_exist_fail(text: str, evidence: str) -> None:
    verdict = await Citations(Shop()).verify(QUERY, text)
    assert (verdict.outcome, verdict.evidence) == ("failed", evidence)


async def test_a_file_name_alone_may_mean_any_file_of_that_name() -> None:
    verdict = await Citations(Shop()).verify(QUERY, "See cart.py:30.")
    assert verdict.outcome == "passed"


async def test_an_answer_made_from_passages_cites_one_of_them() -> None:
    check = Citations(Shop(), [Place("src/shop/cart.py", 10, 20)])
    silent = await check.verify(QUERY, "They are signed.")
    assert silent.outcome == "failed"
    assert silent.evidence == "it cites no file and line, such as src/shop/cart.py:10-20"
    elsewhere = await check.verify(QUERY, "README.md:3 tells.")
    assert elsewhere.outcome == "failed"
    assert "none is among the passages" in elsewhere.evidence
    right = await check.verify(QUERY, "Signed in cart.py:15, told in README.md:3.")
    assert right.outcome == "passed"
    assert right.evidence == "all 2 cited places exist, 1 of them among the passages it was given"
