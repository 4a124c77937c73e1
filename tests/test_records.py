"""What is known of models, and how far it is believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collegium.errors import DataError
from collegium.experts.records import Records, Tally

if TYPE_CHECKING:
    from pathlib import Path

DATA: dict[str, Any] = {
    "prior": 0.6,
    "models": {
        "lab/big": {
            "math": {"right": 80.0, "total": 100, "cost_usd": 1.0},
            "code": {"right": 90.0, "total": 100, "cost_usd": 3.0},
        },
        "small": {"math": {"right": 2, "total": 2}},
    },
}
RECORDS = Records.of(DATA)


def test_a_model_with_many_answers_is_known_by_them() -> None:
    overall = (170 + 10 * 0.6) / 210
    assert RECORDS.reliability("lab/big", "math") == pytest.approx((80 + 20 * overall) / 120)
    assert RECORDS.reliability("lab/big", "math") < RECORDS.reliability("lab/big", "code")


def test_a_kind_that_was_never_asked_is_expected_to_go_as_the_others() -> None:
    assert RECORDS.reliability("lab/big", "law") == pytest.approx((170 + 10 * 0.6) / 210)


def test_two_right_answers_prove_little() -> None:
    assert 0.6 < RECORDS.reliability("small", "math") < 0.75


def test_an_unknown_model_has_the_prior() -> None:
    assert RECORDS.reliability("lab/new", "math") == 0.6
    assert not RECORDS.known("lab/new")
    assert Records().reliability("anything", "math") == 0.6


def test_a_model_is_found_by_its_bare_name_at_any_backend() -> None:
    assert RECORDS.known("ollama/small")
    assert RECORDS.reliability("ollama/small", "math") == RECORDS.reliability("small", "math")
    assert not RECORDS.known("ollama/big")


def test_cost_is_the_mean_of_the_kind_else_of_all() -> None:
    assert RECORDS.cost_usd("lab/big", "code") == pytest.approx(0.03)
    assert RECORDS.cost_usd("lab/big", "law") == pytest.approx(0.02)
    assert RECORDS.cost_usd("small", "math") is None
    assert RECORDS.cost_usd("lab/new", "math") is None


def test_the_best_single_model_is_the_one_most_often_right() -> None:
    assert RECORDS.best_single() == RECORDS.best_single("math") == "lab/big"
    assert Records().best_single() is None


def test_of_equally_good_models_the_cheapest_is_the_best() -> None:
    costs = {"a": 3, "b": 1, "c": 2}
    rows = {name: {"math": {"right": 5, "total": 9, "cost_usd": costs[name]}} for name in costs}
    assert Records.of({"models": rows}).best_single("math") == "b"


def test_what_is_saved_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    RECORDS.save(path)
    assert Records.load(path) == RECORDS
    assert json.loads(path.read_text("utf-8")) == DATA


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"models": {"a": {"k": {"right": 2, "total": 1}}}}, "models.a.k has 2 right answers of 1"),
        ({"models": {"a": {"k": {"right": -1, "total": 1}}}}, "models.a.k.right is -1; a number"),
        ({"models": {"a": {"k": {"right": True, "total": 1}}}}, "models.a.k.right is True"),
        ({"models": {"a": {"k": {"right": 1}}}}, "models.a.k.total is None; a number from 0 on"),
        ({"models": {"a": {"k": {"rihgt": 1}}}}, "'rihgt'; its keys are right, total and cost_usd"),
        ({"models": {"a": {"k": 5}}}, "models.a.k is 5; names with their values are right"),
        ({"models": {"a": 5}}, "a is 5"),
        ({"models": []}, "models is "),
        ({"prior": 2}, "prior is 2; a share from 0 to 1 is right"),
        ({"prior": float("nan")}, "prior is nan"),
        ({"models": {"a": {"k": {"right": 1, "total": 1, "cost_usd": "x"}}}}, "cost_usd is 'x'"),
    ],
)
def test_records_that_cannot_be_are_refused(data: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError) as caught:
        Records.of(data)
    assert told in str(caught.value)


def test_a_file_that_is_no_records_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    with pytest.raises(DataError, match=r"records\.json' cannot be read: No such file"):
        Records.load(path)
    path.write_text("{", "utf-8")
    with pytest.raises(DataError, match=r"records\.json' are not JSON"):
        Records.load(path)
    for text in ("[]", '{"prior": 7}'):
        path.write_text(text, "utf-8")
        with pytest.raises(DataError, match=r"records\.json': "):
            Records.load(path)


def test_tallies_add_up_with_the_costs_that_are_known() -> None:
    assert Tally(1, 2) + Tally(1, 3, 0.5) == Tally(2, 5, 0.5)
    assert (Tally(1, 2) + Tally(1, 3)).cost_usd is None


@given(some.integers(0, 500), some.integers(0, 500), some.floats(0, 1))
def test_reliability_is_a_share_and_one_more_right_answer_never_lowers_it(
    right: int, wrong: int, prior: float
) -> None:
    def reliability(right: int) -> float:
        rows = {"m": {"k": {"right": right, "total": right + wrong}}}
        return Records.of({"prior": prior, "models": rows}).reliability("m", "k")

    assert 0 <= reliability(right) <= reliability(right + 1) + 1e-12 <= 1 + 1e-9
