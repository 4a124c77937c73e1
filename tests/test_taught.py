"""A gate as outcomes have corrected it: bounded, frozen, and serving whatever its file holds."""

from __future__ import annotations

import json
import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from collegium.errors import GateError
from collegium.routing.belief import Belief, BelievingGate, PonderingGate
from collegium.routing.calibration import Calibration
from collegium.routing.classifier import QueryClassifier
from collegium.routing.marks import DIRECTIONS, MARKS, Projection, marks_of
from collegium.routing.stack import Stack, StackingGate
from collegium.routing.taught import BOUND, LEAST, TaughtGate, Teaching, taught
from collegium.types import Query, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from collegium.routing.classifier import Reading

READING = QueryClassifier().read(Query.of("Write a function that sorts a list"))
SHARES = {"coding": 0.5, "math": 0.3, "writing": 0.2}


class Fixed:
    """A gate that says the same of everything."""

    calibration = Calibration(0.0, 1.0, 1.0, 1.0)
    settled = True
    stack = Stack(0.3, calibration)
    keys = tuple(SHARES)

    def __init__(self, vector: Sequence[float] | None = None) -> None:
        self._vector = vector
        self.examples: Mapping[str, Sequence[str]] = {}

    def scores(self, reading: Reading) -> Mapping[str, float]:
        return SHARES

    def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
        sure = ("coding",) if risk is not None else ()
        return Belief(SHARES, in_scope=True, stage="fixed", sure=sure, vector=self._vector)

    def with_examples(self, examples: Mapping[str, Sequence[str]]) -> Fixed:
        made = Fixed(self._vector)
        made.examples = examples
        return made


def shares_of(lessons: Mapping[str, Any], **fields: Any) -> Mapping[str, float]:
    teaching = Teaching.of({"format": 1, "lessons": lessons, **fields})
    return TaughtGate(Fixed(), teaching).scores(READING)


def test_a_gate_that_was_taught_nothing_says_what_it_said_before() -> None:
    assert shares_of({}) == SHARES


def test_a_lesson_raises_one_share_and_the_others_give_way_in_proportion() -> None:
    told = shares_of({"math": {"always": 1.0}})
    assert told["math"] > 0.45
    assert told["coding"] / told["writing"] == pytest.approx(2.5, rel=0.01)
    assert math.fsum(told.values()) == pytest.approx(1)


def test_a_lesson_of_a_kind_counts_for_that_kind_alone() -> None:
    assert shares_of({"math": {"kind sql": 1.5}})["math"] == pytest.approx(0.3, rel=0.01)
    assert READING.answer_form == "code"
    assert shares_of({"math": {"form code": 1.5}})["math"] > 0.5


def test_no_lesson_moves_the_odds_of_two_experts_by_more_than_twice_the_bound() -> None:
    worst = {"coding": dict.fromkeys(MARKS, -9.0), "math": dict.fromkeys(MARKS, 9.0)}
    told = shares_of(worst)
    before = SHARES["math"] / SHARES["coding"]
    assert told["math"] / told["coding"] <= before * math.exp(2 * BOUND) * 1.001


def test_every_expert_is_left_a_share() -> None:
    told = Teaching({"a": {"always": -10.0}}).applied(
        {"a": 0.0, "b": 1.0}, marks_of(Task(), None, None)
    )
    assert told["a"] >= LEAST / 2


def test_an_expert_the_gate_does_not_know_gets_a_share_by_what_was_learned() -> None:
    told = shares_of({"sql": {"always": 1.0}})
    assert told["sql"] > 0.25
    assert math.fsum(told.values()) == pytest.approx(1)


def test_directions_of_the_vector_are_told_apart() -> None:
    projection = Projection(np.zeros(4), 2 * np.eye(4)[:2])
    teaching = Teaching({"math": {"direction 0": 1.0}}, projection)
    ahead = TaughtGate(Fixed([1.0, 0, 0, 0]), teaching).scores(READING)
    aside = TaughtGate(Fixed([0.0, 0, 1, 0]), teaching).scores(READING)
    assert ahead["math"] > 0.6
    assert aside["math"] < 0.35


@pytest.mark.parametrize("vector", [[1.0, 2.0], [math.nan] * 4, [math.inf, 0, 0, 0]])
def test_a_vector_that_does_not_fit_tells_nothing(vector: list[float]) -> None:
    projection = Projection(np.zeros(4), np.eye(4)[:2])
    with np.errstate(invalid="ignore"):
        told = marks_of(Task(), vector, projection)
    assert np.isfinite(told).all()
    assert not told[-DIRECTIONS:].any()


async def test_pondering_says_what_believing_says() -> None:
    gate = TaughtGate(Fixed(), Teaching({"math": {"always": 1.0}}))
    assert await gate.ponder(READING, risk=0.1) == gate.believe(READING, risk=0.1)


def test_what_else_the_gate_knows_is_passed_on() -> None:
    gate = TaughtGate(Fixed(), Teaching({"sql": {"always": 0.1}}))
    assert isinstance(gate, BelievingGate)
    assert isinstance(gate, PonderingGate)
    assert isinstance(gate, StackingGate)
    assert gate.settled
    assert gate.stack is Fixed.stack
    assert gate.calibration is Fixed.calibration
    assert gate.keys == ("coding", "math", "writing", "sql")
    belief = gate.believe(READING)
    assert (belief.in_scope, belief.stage) == (True, "fixed")


def test_the_set_of_experts_keeps_everybody_and_takes_in_the_one_who_comes_first() -> None:
    gate = TaughtGate(Fixed(), Teaching({"math": {"always": 1.5}}))
    assert gate.believe(READING, risk=0.1).sure == ("coding", "math")


def test_experts_known_by_examples_are_taught_as_well() -> None:
    made = TaughtGate(Fixed(), Teaching({})).with_examples({"sql": ["a", "b"]})
    assert isinstance(made, TaughtGate)
    assert isinstance(made.base, Fixed)
    assert made.base.examples == {"sql": ["a", "b"]}


def test_a_teaching_is_saved_and_loaded_as_it_was(tmp_path: Path) -> None:
    projection = Projection(np.array([0.25, 0.5]), np.array([[1.0, -1.0]]))
    Teaching({"math": {"always": 0.5, "kind sql": -0.25}}, projection, 420).save(
        tmp_path / "t.json"
    )
    gate = taught(Fixed(), tmp_path / "t.json")
    assert (
        gate.teaching.as_data()
        == Teaching({"math": {"always": 0.5, "kind sql": -0.25}}, projection, 420).as_data()
    )
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"format": 1}', '{"format": 2, "lessons": {}}', "[" * 100_000]
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(GateError, match="t\\.json"):
        Teaching.load(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"none\.json"):
        Teaching.load(tmp_path / "none.json")


def test_broken_numbers_count_as_nothing_and_a_warning_names_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = {"math": {"always": math.nan, "form code": 1e308, "kind": 1, "foreign": "x"}, "a": 3}
    with caplog.at_level(logging.WARNING):
        told = shares_of(rows, projection={"middle": [math.nan], "directions": [[1]]})
    assert all(map(math.isfinite, told.values()))
    assert "math.always" in caplog.text
    assert "6 of its values are broken" in caplog.text


numbers = some.one_of(
    some.floats(), some.integers(), some.none(), some.booleans(), some.text(max_size=3)
)
rows = some.dictionaries(
    some.one_of(some.sampled_from(MARKS), some.text(max_size=5)), numbers, max_size=5
)
anything = some.recursive(numbers, lambda one: some.lists(one, max_size=3), max_leaves=6)


@given(
    lessons=some.dictionaries(
        some.sampled_from(("coding", "math", "other", "")), some.one_of(rows, numbers), max_size=4
    ),
    projection=some.one_of(
        some.none(), some.fixed_dictionaries({"middle": anything, "directions": anything})
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_numbers_the_file_has_it_serves(
    lessons: dict[str, Any], projection: dict[str, Any] | None
) -> None:
    logging.disable(logging.WARNING)
    data = json.loads(json.dumps({"format": 1, "lessons": lessons, "projection": projection}))
    told = TaughtGate(Fixed([0.1] * 3), Teaching.of(data)).scores(READING)
    logging.disable(logging.NOTSET)
    assert {*SHARES} <= {*told}
    assert math.fsum(told.values()) == pytest.approx(1)
    assert all(share >= LEAST / len(told) for share in told.values())
