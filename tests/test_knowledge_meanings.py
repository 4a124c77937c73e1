"""The table of meanings: what is found though no word of the question stands there."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collegium.knowledge.index import Index
from collegium.knowledge.parse import parse
from collegium.knowledge.search.holdings import Holdings
from collegium.knowledge.search.meanings import SHIPPED, Meanings, shipped
from collegium.knowledge.search.retrieval import Retrieval
from collegium.knowledge.search.semantic import cosines
from collegium.knowledge.search.terms import asked, number_of
from collegium.knowledge.search.units import Field, describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SHOP = """
def fetch(address):
    return connect(address).read()


def remove(path):
    path.unlink()


def compare(one, other):
    return one.price == other.price


def quit_shop():
    raise SystemExit
"""


def terms_of(source: str, path: str = "shop.py") -> list[bytes]:
    facts = parse(path, source.encode())
    return [unit.terms for unit in describe(facts, source)]


def vector_of(text: str) -> NDArray[np.float32] | None:
    numbers = [number_of(term) for term in asked(text)]
    return shipped().of_question(numbers, np.ones(len(numbers), np.float32))


def nearest(text: str, source: str) -> str:
    facts = parse("shop.py", source.encode())
    units = describe(facts, source)
    vectors = shipped().of_units([unit.terms for unit in units])
    vector = vector_of(text)
    assert vector is not None
    return units[int(cosines(vectors, vector).argmax())].symbol


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("retrieve a page", "fetch"),
        ("delete a file", "remove"),
        ("tells whether both are equal", "compare"),
        ("exit the program", "quit_shop"),
    ],
)
def test_what_is_said_in_other_words_is_found(text: str, symbol: str) -> None:
    assert nearest(text, SHOP) == symbol


def test_vectors_have_length_1_or_are_not_there() -> None:
    vector = vector_of("delete a file")
    assert vector is not None
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert vector_of("xqzzyplk vwqqtrfn") is None
    assert vector_of("") is None


def test_a_unit_of_unknown_words_alone_has_zeros_and_is_like_nothing() -> None:
    unknown = "def xqzzyplk():\n    vwqqtrfn\n"
    table = tiny()
    vectors = table.of_units(terms_of(unknown, "qqq.py"))
    assert vectors.shape == (2, 2)
    assert not vectors.any()
    assert cosines(vectors, np.array([1, 0], np.float32)).tolist() == [0, 0]


def tiny() -> Meanings:
    """A table of two terms that mean the same, and a third."""
    numbers = np.array([number_of(term) for term in ("fetch", "retriev", "price")], np.uint32)
    order = np.argsort(numbers)
    rows = np.array([[127, 0], [127, 0], [0, 127]], np.int8)
    ones = np.ones(3, np.float16)
    weights = np.ones(len(Field), np.float32)
    return Meanings(numbers[order], rows[order], ones, ones, weights, weights * 0, 0.5)


def test_no_units_are_no_vectors() -> None:
    assert shipped().of_units([]).shape == (0, shipped().width)


def test_the_vector_of_a_unit_is_the_same_among_however_many() -> None:
    source = "".join(
        f"def part_{at}(price, order):\n    return fetch(price) + {at} * order.total\n"
        for at in range(600)
    )
    terms = terms_of(source)
    together = shipped().of_units(terms)
    alone = np.concatenate([shipped().of_units([one]) for one in terms])
    assert (together == alone).all()


def test_rare_words_of_a_question_count_most() -> None:
    table = tiny()
    numbers = [number_of("fetch"), number_of("price")]
    common = table.of_question(numbers, np.array([0.1, 4.0], np.float32))
    rare = table.of_question(numbers, np.array([4.0, 0.1], np.float32))
    assert common is not None
    assert rare is not None
    assert rare[0] > rare[1]
    assert common[1] > common[0]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    root = tmp_path / "root"
    root.mkdir()
    index = Index.open(root, cache=tmp_path / "cache", create=True)
    yield index
    index.close()


def rows_of(holdings: Holdings) -> dict[tuple[str, str], bytes]:
    alive = np.flatnonzero(holdings.lexicon.alive).tolist()
    return {
        (holdings.places[at].file, holdings.places[at].symbol): holdings.senses[at].tobytes()
        for at in alive
    }


def test_vectors_after_edits_are_those_of_a_clean_build(index: Index, tmp_path: Path) -> None:
    chance, root = random.Random(7), tmp_path / "root"
    verbs = ("fetch", "parse", "delete", "render", "compare")
    retrieval = Retrieval(index)
    for step in range(12):
        name = f"part{chance.randrange(9)}.py"
        if step > 6 and chance.random() < 0.3:
            (root / name).unlink(missing_ok=True)
        else:
            body = "".join(
                f"def {chance.choice(verbs)}_{chance.choice(verbs)}_{at}(order):\n    order.total\n"
                for at in range(chance.randrange(1, 6))
            )
            (root / name).write_text(body, "utf-8")
        index.update()
        holdings = retrieval.refresh()
        assert len(holdings.senses) == len(holdings.places)
        assert rows_of(holdings) == rows_of(Holdings.of(index.units()))


def test_what_shares_no_word_is_found_by_its_meaning(index: Index, tmp_path: Path) -> None:
    (tmp_path / "root" / "shop.py").write_text(SHOP, "utf-8")
    index.update()
    retrieval = Retrieval(index)
    hits = retrieval.find("delete a file", 3)
    assert [(hit.symbol, hit.why) for hit in hits] == [("remove", "similar in meaning")]
    assert retrieval.find("quantum chromodynamics") == []


def test_a_table_of_another_form_is_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", rows=np.zeros((1, 2), np.int8))
    with pytest.raises(KeyError):
        Meanings.read(tmp_path / "other.npz")


def test_the_table_is_small_and_quick() -> None:
    assert SHIPPED.stat().st_size <= 5_000_000
    terms = terms_of(SHOP) * 400
    shipped().of_units(terms[:5])
    began = time.process_time()
    shipped().of_units(terms)
    assert time.process_time() - began < 2.0  # some 0.02 s; the rest is for a busy machine
