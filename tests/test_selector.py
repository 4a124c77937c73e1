"""Which model answers, by what is wanted and what is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collegium.assembly import Staff, records_of, selector_of
from collegium.backends.base import Prompt
from collegium.backends.directory import Surroundings
from collegium.backends.standing import Standing
from collegium.config import read
from collegium.errors import DataError, QueryError
from collegium.experts.base import spoken
from collegium.experts.model_expert import ModelExpert
from collegium.experts.records import Records
from collegium.routing.selector import OBJECTIVES, ModelSelector, ModelState, expected_share, rank
from collegium.types import Message, Query, Task

if TYPE_CHECKING:
    from pathlib import Path

TASK = Task()
BIG = ModelState("big", 0.90, cost_usd=0.02, latency_ms=8000)
TWIN = ModelState("twin", 0.89, cost_usd=0.01, latency_ms=9000)
QUICK = ModelState("quick", 0.78, cost_usd=0.0005, latency_ms=500)
SMALL = ModelState("small", 0.50, cost_usd=0.0001, latency_ms=3000)
WEAK = ModelState("weak", 0.20, cost_usd=0.0, latency_ms=100)
ALL = (WEAK, SMALL, QUICK, TWIN, BIG)


def names(
    objective: str,
    *models: ModelState,
    budget_usd: float | None = None,
    incumbent: str | None = None,
) -> list[str]:
    ranked = rank(models or ALL, TASK, objective, budget_usd=budget_usd, incumbent=incumbent)
    return [one.name for one in ranked]


@pytest.mark.parametrize(
    ("objective", "first"),
    [
        ("quality", "twin"),  # as good as the big one within what can be told, and cheaper
        ("cheap", "small"),  # the weak one is free, and far worse
        ("fast", "quick"),
        ("parity", "twin"),
        ("balanced", "quick"),
    ],
)
def test_each_objective_has_its_own_first_choice(objective: str, first: str) -> None:
    assert names(objective)[0] == first
    assert set(names(objective)) == {one.name for one in ALL}


def test_by_quality_the_order_is_how_often_they_are_right() -> None:
    assert names("quality") == ["twin", "big", "quick", "small", "weak"]


def test_parity_does_not_give_up_quality_for_any_price() -> None:
    assert names("parity", BIG, QUICK, SMALL)[0] == "big"


def test_balanced_pays_for_quality_that_is_worth_it() -> None:
    worse = ModelState("worse", 0.6, cost_usd=0.01, latency_ms=8000)
    assert names("balanced", worse, BIG)[0] == "big"


def test_of_equals_the_one_with_less_to_do_is_first() -> None:
    for objective in OBJECTIVES:
        busy, idle = ModelState("busy", 0.6, load=0.5), ModelState("idle", 0.6)
        assert names(objective, busy, idle) == ["idle", "busy"]


def test_a_busy_model_is_expected_to_take_longer() -> None:
    busy = ModelState("busy", 0.8, latency_ms=1000, load=0.9)
    assert names("fast", busy, ModelState("calm", 0.8, latency_ms=1500)) == ["calm", "busy"]


def test_one_that_was_never_timed_is_tried() -> None:
    assert names("fast", QUICK, ModelState("new", 0.8)) == ["new", "quick"]


def test_what_costs_more_than_the_budget_is_left_out() -> None:
    assert names("quality", budget_usd=0.001) == ["quick", "small", "weak"]
    assert names("quality", BIG, ModelState("unpriced", 0.5), budget_usd=0.001) == ["unpriced"]


def test_where_all_cost_more_than_the_budget_the_cheapest_is_asked_and_says_so() -> None:
    (only,) = rank((BIG, TWIN), TASK, "quality", budget_usd=0.001)
    assert only.name == "twin"
    assert only.why == (
        "right for 89% as far as is known, about $0.01, about 9.0 s, "
        "over the budget of $0.001, and the cheapest there is"
    )


def test_a_session_keeps_its_model_unless_another_is_clearly_better() -> None:
    near, far = ModelState("near", 0.86), ModelState("far", 0.7)
    best = ModelState("best", 0.9)
    assert names("quality", best, near, far, incumbent="near") == ["near", "best", "far"]
    assert names("quality", best, near, far, incumbent="far") == ["best", "near", "far"]
    assert names("quality", best, near, incumbent="gone") == ["best", "near"]
    assert rank((best, near), TASK, "quality", incumbent="near")[0].why.endswith("has the session")


def test_a_model_with_no_room_for_the_prompt_is_left_out_unless_none_has() -> None:
    tight = ModelState("tight", 0.9, context_tokens=100)
    wide = ModelState("wide", 0.5, context_tokens=1000)

    def fitting(tokens: int) -> list[str]:
        return [one.name for one in rank((tight, wide), TASK, "quality", tokens=tokens)]

    assert [fitting(tokens) for tokens in (50, 500, 5000)] == [
        ["tight", "wide"],
        ["wide"],
        ["tight", "wide"],
    ]


def test_the_harder_the_task_the_less_is_expected() -> None:
    shares = [expected_share(0.8, difficulty) for difficulty in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == pytest.approx(0.8)


def test_for_an_easy_task_a_cheap_model_will_do() -> None:
    good = ModelState("good", 0.9, cost_usd=0.01)
    cheap = ModelState("cheap", 0.79, cost_usd=0.001)
    easy, hard = (
        rank((good, cheap), Task(difficulty=difficulty), "balanced")[0].name
        for difficulty in (0.05, 0.6)
    )
    assert (easy, hard) == ("cheap", "good")


def test_an_unknown_objective_is_refused_with_those_there_are() -> None:
    with pytest.raises(QueryError, match="'best'; there are: quality, balanced, cheap, fast, par"):
        rank(ALL, TASK, "best")


@given(
    some.lists(
        some.builds(
            ModelState,
            some.sampled_from("abcdefgh"),
            some.floats(0, 1),
            some.none() | some.floats(0, 100),
            some.none() | some.floats(0, 1e6),
            some.floats(0, 1),
            some.none() | some.integers(1, 1000),
        ),
        min_size=1,
        unique_by=lambda one: one.name,
    ),
    some.builds(Task, difficulty=some.floats(0, 1)),
    some.sampled_from(OBJECTIVES),
    some.none() | some.floats(0, 1),
)
def test_somebody_is_always_asked_and_nobody_twice(
    models: list[ModelState], task: Task, objective: str, budget_usd: float | None
) -> None:
    ranked = rank(models, task, objective, budget_usd=budget_usd, incumbent="a", tokens=500)
    found = [one.name for one in ranked]
    assert found
    assert len(found) == len(set(found))
    assert set(found) <= {one.name for one in models}
    assert rank(models, task, objective, budget_usd=budget_usd, incumbent="a", tokens=500) == ranked


RECORDS = Records.of(
    {
        "models": {
            "lab/good": {"math": {"right": 900, "total": 1000, "cost_usd": 10.0}},
            "lab/fair": {"math": {"right": 700, "total": 1000, "cost_usd": 0.0}},
        }
    }
)
STANDINGS = (Standing("lab/fair", cost_usd=0.0001), Standing("lab/good", cost_usd=9.0))


def prompt(objective: str | None = None, budget_usd: float | None = None) -> Prompt:
    task = Task(kind="math")
    return Prompt((Message("user", "?"),), task=task, objective=objective, budget_usd=budget_usd)


def test_the_querys_own_objective_goes_before_the_configured_one() -> None:
    selector = ModelSelector(RECORDS, objective="quality")
    assert selector(prompt(), STANDINGS, None) == ("lab/good",)
    assert selector(prompt("cheap"), STANDINGS, None) == ("lab/fair",)


def test_the_querys_own_budget_goes_before_the_configured_one() -> None:
    selector = ModelSelector(RECORDS, objective="quality", budget_usd=0.001)
    assert selector(prompt(), STANDINGS, None) == ("lab/fair",)
    assert selector(prompt(budget_usd=0.05), STANDINGS, None) == ("lab/good",)


def test_only_a_model_about_as_good_is_asked_instead_of_waiting() -> None:
    standings = (Standing("lab/good", load=1.0), Standing("lab/fair"), Standing("lab/new"))
    assert ModelSelector(RECORDS, objective="quality")(prompt(), standings, None) == ("lab/good",)
    assert len(ModelSelector(objective="quality")(prompt(), standings, None)) == 3


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with two models' recorded answers, and records of how good they are."""
    rows = [{"model": name, "prompt": "six", "text": name} for name in ("good", "fair")]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    RECORDS.save(tmp_path / "records.json")
    return tmp_path


def staff(lab: Path, rest: str, models: str = "[lab/fair, lab/good]") -> Staff:
    text = f"""
moe:
  records: {lab}/records.json
  experts: [{{name: MathExpert, models: {models}}}]
{rest}
backends:
  lab: {{kind: recorded, path: {lab}/answers.jsonl}}
"""
    return Staff(read(text), Surroundings(lab, "http://127.0.0.1:9", 1, lambda _: None, True))


async def model_asked(staff: Staff, query: Query) -> str:
    await staff.settle()
    (expert,) = staff.experts()
    answer = await spoken(expert.stream(query), expert)
    await staff.directory.aclose()
    return answer.model


@pytest.mark.parametrize(("objective", "model"), [("quality", "lab/good"), ("cheap", "lab/fair")])
async def test_the_configured_objective_decides_by_the_records(
    lab: Path, objective: str, model: str
) -> None:
    query = Query.of("six", task=Task(kind="math"))
    assert await model_asked(staff(lab, f"  objective: {objective}"), query) == model


async def test_prices_and_a_budget_keep_the_dear_model_from_answering(lab: Path) -> None:
    priced = staff(
        lab,
        "  objective: quality\n  budget_usd: 0.0001\n"
        "models: {best: lab/good}\n"
        "prices: {best: {input: 0, output: 100}, fair: {input: 0, output: 0.1}}",
        "[best, lab/fair]",
    )
    query = Query.of("six", task=Task(kind="math"))
    assert await model_asked(priced, query) == "lab/fair"
    (expert,) = priced.experts()
    assert isinstance(expert, ModelExpert)
    good, fair = expert.voices()
    assert good.expected_cost_usd(query) == pytest.approx(0.04)
    assert fair.expected_cost_usd(query) == pytest.approx(0.00004)


def test_without_a_file_there_are_no_records(tmp_path: Path) -> None:
    assert records_of(read("")) == Records()
    with pytest.raises(DataError, match="cannot be read"):
        records_of(read(f"moe: {{records: {tmp_path}/gone.json}}"))


def test_the_selector_of_a_configuration_has_its_objective_and_budget() -> None:
    selector = selector_of(read("moe: {objective: fast, budget_usd: 0.5}"), RECORDS)
    assert (selector.objective, selector.budget_usd) == ("fast", 0.5)
    assert selector.records is RECORDS
