"""A college over recorded answers: it pays for what it sees, and sees nothing else."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import math
import types
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner, Result

from collegium import config as configuration
from collegium.aggregation.cascade import Cascade
from collegium.backends.recorded import RecordedBackend
from collegium.cli.app import build
from collegium.errors import DataError
from collegium.experts.model_expert import ModelExpert
from collegium.lab.memory import Memory
from collegium.lab.replaying import Lab
from collegium.learning.recordings import PROMPT_COLUMNS, pool_of, read_recordings
from collegium.learning.replay import Standing, majority, replay
from collegium.learning.replay_plot import draw, front_of
from collegium.system import Collegium
from collegium.types import Query, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from collegium.lab.replaying import Fitted
    from collegium.lab.report import Report
    from collegium.learning.recordings import Recordings

MODELS = tuple(f"lab/model-{letter}" for letter in "abcde")
# How often each is right about easy and about hard prompts, and what an answer of it costs.
RIGHT = ((0.84, 0.3), (0.86, 0.3), (0.88, 0.35), (0.92, 0.4), (0.95, 0.5))
COSTS_USD = (0.0001, 0.00015, 0.0003, 0.0008, 0.006)
SECRET = "GOLD"  # in every right answer that cannot be computed, and in no other text


@dataclass(frozen=True)
class World:
    """Prompts and answers as rows, before they are written."""

    prompts: list[dict[str, Any]]
    answers: list[dict[str, Any]]

    def written(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(self.prompts), folder / "prompts.parquet")
        for number, part in enumerate((self.answers[::2], self.answers[1::2])):
            if part:
                parquet.write_table(
                    pa.Table.from_pylist(part), folder / f"answers_{number}.parquet"
                )
        pools = {"few": list(MODELS[:3]), "all": list(MODELS), "nobody": ["lab/nobody"]}
        (folder / "pools.json").write_text(json.dumps(pools), "utf-8")
        return folder


def world(seed: int, *, riddles: int = 130, sums: int = 20, essays: int = 10) -> World:
    """A world drawn from a latent class model: riddles, sums and essays."""
    rng = np.random.default_rng(seed)
    made = World([], [])
    for number in range(riddles):
        truth, name = f"{SECRET}{rng.integers(1_000_000)}", f"riddle-{seed}-{number}"
        hard = bool(rng.random() < 0.35)
        text = f"Riddle {seed}.{number}: what am I? I have {rng.integers(1_000_000)} legs."
        _asked(made, name, "riddles", text, truth)
        for column, model in enumerate(MODELS):
            right = bool(rng.random() < RIGHT[column][hard])
            said = truth if right else f"guess{rng.integers(6)}"
            _answered(
                made,
                name,
                model,
                float(right),
                said,
                cost_usd=COSTS_USD[column] * rng.uniform(0.7, 1.3),
            )
    for number in range(sums):
        one, other = (int(rng.integers(11, 99)) for _ in range(2))
        name = f"sum-{seed}-{number}"
        _asked(made, name, "sums", f"What is {one} * {other}?", str(one * other))
        for column, model in enumerate(MODELS):
            right = bool(rng.random() < 0.7)
            said = str(one * other if right else one * other + 10)
            _answered(made, name, model, float(right), said, cost_usd=COSTS_USD[column])
    for number in range(essays):
        name = f"essay-{seed}-{number}"
        _asked(made, name, "essays", f"Write about topic {seed}.{number} at length.", None)
        for column, model in enumerate(MODELS):
            score = float(np.clip(rng.normal(0.4 + 0.05 * column, 0.1), 0, 1))
            _answered(
                made,
                name,
                model,
                score,
                None,
                cost_usd=COSTS_USD[column] * 2,
                response=f"An essay by {model}.",
            )
    return made


def _asked(made: World, name: str, dataset: str, text: str | None, gold: str | None) -> None:
    row = (name, dataset, text, gold, 20)
    made.prompts.append(dict(zip(PROMPT_COLUMNS, row, strict=True)))


def _answered(
    made: World,
    name: str,
    model: str,
    score: float | None,
    answer: str | None,
    *,
    cost_usd: float,
    response: str = "Let me think.",
) -> None:
    made.answers.append(
        {
            "prompt_id": name,
            "model": model,
            "score": score,
            "answer": answer,
            "response": response,
            "output_tokens": 30,
            "cost_usd": cost_usd,
        }
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world(1).written(tmp_path_factory.mktemp("learned"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world(2).written(tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="module")
def fitted(learned: Path) -> Fitted:
    return asyncio.run(Lab().fit(read_recordings(learned)))


@pytest.fixture(scope="module")
def reports(judged: Path, fitted: Fitted) -> Mapping[str, Report]:
    """How the college does, by objective."""
    recorded = read_recordings(judged)
    return {
        objective: asyncio.run(Lab(objective).judge(recorded, fitted))
        for objective in ("parity", "quality")
    }


def small(seed: int = 5) -> World:
    return world(seed, riddles=24, sums=4, essays=4)


def backend_of(college: Collegium) -> RecordedBackend:
    expert = next(one for one in college.router.roster if isinstance(one, ModelExpert))
    assert expert.pool is not None
    backend = expert.pool._instances[0].backend
    assert isinstance(backend, RecordedBackend)
    return backend


# What the college sees, and what it pays.


async def test_an_answer_is_seen_only_by_calling_and_paying_for_it(
    judged: Path, fitted: Fitted
) -> None:
    recorded = read_recordings(judged)
    college = Lab().college(recorded, fitted.policy)
    decisions = await replay(recorded, college.ask, fitted.policy.forms, objective="quality")
    ledger = backend_of(college).ledger
    asked = {prompt.id: prompt.asked for prompt in recorded.prompts}
    assert Counter((one.model, one.prompt) for one in ledger) == Counter(
        (model, asked[one.prompt_id]) for one in decisions for model in one.models
    )
    for row, one in enumerate(decisions):
        costs = [recorded.costs_usd[row, recorded.models.index(model)] for model in one.models]
        assert one.cost_usd == math.fsum(costs)
    assert max(len(one.models) for one in decisions) > 1


async def test_what_is_computed_costs_nothing_and_is_right(reports: Mapping[str, Report]) -> None:
    sums = [one for one in reports["parity"].decisions if one.dataset == "sums"]
    assert sums
    assert {(one.models, one.cost_usd, one.score, one.spoke) for one in sums} == {((), 0, 1, "")}


async def test_an_answer_is_as_right_as_was_recorded(
    judged: Path, reports: Mapping[str, Report]
) -> None:
    recorded = read_recordings(judged)
    for row, one in enumerate(reports["quality"].decisions):
        if one.spoke:
            column = recorded.models.index(one.spoke)
            assert one.score == recorded.scores[row, column]
            assert one.answer == recorded.answers[row][column]
            assert one.spoke in one.models


def reachable(start: object) -> Iterator[object]:
    """Everything that can be got at from an object, but for what modules and classes hold."""
    seen, waiting = {id(start)}, [start]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, types.FunctionType):
            found: Sequence[object] = [one.__closure__, one.__defaults__, one.__kwdefaults__]
        elif isinstance(one, types.ModuleType | type | types.FrameType | logging.Logger):
            found = []
        else:
            found = gc.get_referents(one)
        for other in found:
            if id(other) not in seen:
                seen.add(id(other))
                waiting.append(other)


def secrets_in(start: object, recorded: Recordings) -> set[str]:
    """What can be got at from an object, and should not be."""
    golds = {gold for gold in recorded.golds.values() if SECRET in gold}
    found: set[str] = set()
    for one in reachable(start):
        if one is recorded:
            found.add("the recordings")
        elif isinstance(one, str) and one in golds:
            found.add("a right answer")
        elif isinstance(one, np.ndarray) and _tells_scores(one, recorded):
            found.add("scores")
    return found


def _tells_scores(array: np.ndarray, recorded: Recordings) -> bool:
    shared = any(np.shares_memory(array, one) for one in (recorded.scores, recorded.costs_usd))
    return shared or len(recorded.prompts) in array.shape


async def test_nothing_leads_from_the_college_to_scores_or_right_answers(
    judged: Path, fitted: Fitted
) -> None:
    recorded = read_recordings(judged)
    everything = {"the recordings", "a right answer", "scores"}
    assert secrets_in([recorded], recorded) == everything  # they would be found
    college = Lab().college(recorded, fitted.policy)
    assert any(isinstance(one, RecordedBackend) for one in reachable(college))
    assert secrets_in(college, recorded) == set()
    few = recorded.part(range(20))
    await replay(few, college.ask, fitted.policy.forms)
    assert secrets_in(college, recorded) == set()


# What it comes to.


def test_parity_costs_a_fraction_and_is_not_worse(reports: Mapping[str, Report]) -> None:
    told = reports["parity"].as_data()
    assert told["gain"] >= 0
    assert told["cost_ratio"] < 0.5


def test_quality_is_better_and_costs_no_more(reports: Mapping[str, Report]) -> None:
    told = reports["quality"].as_data()
    assert told["gain_interval"][0] > 0
    assert told["cost_ratio"] <= 1
    assert 0 < told["gap_closed"] <= 1


def test_the_college_stands_beside_what_it_is_compared_with(
    judged: Path, reports: Mapping[str, Report]
) -> None:
    recorded, report = read_recordings(judged), reports["parity"]
    assert [one.name for one in report.standings] == [
        "cascade, parity",
        "best single",
        "random",
        "majority of 3",
        "majority of 5",
        "oracle",
    ]
    assert [one.name for one in report.singles] == list(MODELS)
    assert report.single.accuracy == report.singles[-1].accuracy
    assert report.standings[-1].accuracy == recorded.scores.max(axis=1).mean()
    assert not any(report.unseen.values())


async def test_the_same_seed_teaches_the_same(tmp_path: Path) -> None:
    recorded = read_recordings(small().written(tmp_path / "small"), models=MODELS[:3])
    for name in ("one", "other"):
        (await Lab(seed=3, verification=False).fit(recorded)).policy.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


async def test_unseen_models_and_data_sets_take_the_prior_and_are_listed(
    fitted: Fitted, tmp_path: Path
) -> None:
    strange = small()
    for row in strange.prompts[:12]:
        row["dataset"] = "puzzles"
    for row in strange.prompts[:24]:
        _answered(strange, row["prompt_id"], "a/stranger", 1.0, row["gold"], cost_usd=0.0001)
    datasets = ("puzzles", "riddles", "sums")
    recorded = read_recordings(strange.written(tmp_path / "strange"), datasets=datasets)
    assert recorded.models[0] == "a/stranger"  # columns are not those that were fitted to
    report = await Lab("quality").judge(recorded, fitted)
    assert report.unseen == {"models": ["a/stranger"], "datasets": ["puzzles"]}
    assert report.single.accuracy == recorded.scores[:, recorded.models.index(MODELS[-1])].mean()
    assert {one.dataset for one in report.decisions} == {*datasets}
    assert not any(one.failure for one in report.decisions)
    college = Lab().college(recorded, fitted.policy)
    assert {key[0] for key in backend_of(college)._answers} == {*MODELS, "a/stranger"}


def test_without_being_told_it_reads_what_a_mixture_can_compare(tmp_path: Path) -> None:
    recorded = read_recordings(small().written(tmp_path / "small"))
    assert {*recorded.kinds} == {"riddles", "sums"}  # of essays only the scores were recorded


async def test_a_model_alone_is_the_one_that_the_objective_chooses(
    fitted: Fitted, tmp_path: Path
) -> None:
    recorded = read_recordings(small(9).written(tmp_path / "fresh"))
    lab = Lab("quality", strategy="weighted", compute=False, verification=False)
    report = await lab.judge(recorded, fitted)
    asked = {one.models for one in report.decisions if one.dataset == "riddles"}
    assert asked == {(MODELS[-1],)}


async def test_what_a_lab_remembers_changes_no_outcome(fitted: Fitted, tmp_path: Path) -> None:
    recorded = read_recordings(small(9).written(tmp_path / "fresh"))
    memory = Memory()
    plain = await Lab("quality").judge(recorded, fitted)
    for _ in range(2):
        remembered = await Lab("quality", memory=memory).judge(recorded, fitted)
        assert remembered.decisions == plain.decisions
    assert memory.computed
    assert memory.found


async def test_prompts_that_were_fitted_to_are_counted_where_they_are_judged(
    fitted: Fitted, learned: Path, tmp_path: Path
) -> None:
    again = await Lab().judge(read_recordings(learned).part(range(12)), fitted)
    fresh = await Lab().judge(read_recordings(small(9).written(tmp_path / "fresh")), fitted)
    assert (again.overlap, fresh.overlap) == (12, 0)
    assert again.as_data()["overlap"] == 12


async def test_answers_that_are_missing_are_called_for_and_not_had(
    fitted: Fitted, tmp_path: Path
) -> None:
    holey, rng = small(), np.random.default_rng(0)
    kept = [row for row in holey.answers if rng.random() < 0.5]
    first = holey.prompts[0]["prompt_id"]
    kept = [row for row in kept if row["prompt_id"] != first]
    kept.append(next(row for row in holey.answers if row["prompt_id"] == first))
    recorded = read_recordings(replace(holey, answers=kept).written(tmp_path / "holey"))
    report = await Lab("quality").judge(recorded, fitted)
    there = {(row["prompt_id"], row["model"]) for row in kept}
    assert {(one.prompt_id, model) for one in report.decisions for model in one.models} <= there
    assert not any(one.failure for one in report.decisions)
    assert all(math.isfinite(one.score) for one in report.decisions)
    assert json.loads(json.dumps(report.as_data()))["failures"] == 0


async def test_halves_of_a_folder_with_missing_answers_are_joined(tmp_path: Path) -> None:
    holey = small()
    del holey.answers[::7]
    recorded = read_recordings(holey.written(tmp_path / "holey"), models=MODELS[:3])
    report = await Lab(verification=False).halves(recorded)
    assert Counter(one.prompt_id for one in report.decisions) == Counter(
        prompt.id for prompt in recorded.prompts
    )
    assert {len(one.scores) for one in report.standings} == {len(recorded.prompts)}
    # The policy that is kept knows all of it, not one half.
    tallies = [tally for kinds in report.policy.records.models.values() for tally in kinds.values()]
    assert sum(tally.total for tally in tallies) == np.isfinite(recorded.scores).sum()


async def test_a_model_without_answers_in_what_was_fitted_to_is_like_any_other(
    learned: Path,
) -> None:
    recorded = read_recordings(learned, models=(*MODELS[:2], "lab/nobody"))
    assert recorded.models == MODELS[:2]
    blank = replace(recorded, scores=recorded.scores.copy(), costs_usd=recorded.costs_usd.copy())
    blank.scores[:, 1] = blank.costs_usd[:, 1] = np.nan
    blank = replace(blank, answers=tuple((row[0], None) for row in blank.answers))
    policy = (await Lab(verification=False).fit(blank.part(range(0, 150, 5)))).policy
    assert np.isfinite(policy.latent.right).all()
    assert np.allclose(*policy.latent.right)
    assert policy.records.cost_usd(MODELS[1], "riddles") is None


# What is read.


def test_prompts_of_the_same_text_and_of_none_are_told_apart(tmp_path: Path) -> None:
    odd = World([], [])
    for name, text in (("a", "Same?"), ("b", "Same?"), ("c", None), ("d", "  "), ("e", "Other?")):
        _asked(odd, name, "riddles", text, "1")
        _answered(odd, name, MODELS[0], 1.0, f"said of {name}", cost_usd=0.001)
    recorded = read_recordings(odd.written(tmp_path / "odd"))
    asked = [prompt.asked for prompt in recorded.prompts]
    assert len(set(asked)) == 5
    assert (asked[0], asked[4]) == ("Same?", "Other?")
    spoken = recorded.spoken()
    for prompt in recorded.prompts:
        assert spoken[MODELS[0], prompt.asked].text.endswith(f"Answer: said of {prompt.id}")


def test_an_answer_of_which_it_is_not_known_how_right_it_is_is_left_out(tmp_path: Path) -> None:
    odd = small()
    for row, score in zip(odd.answers, (None, math.nan), strict=False):
        row["score"] = score
    datasets = ("riddles", "sums", "essays")
    recorded = read_recordings(odd.written(tmp_path / "odd"), datasets=datasets)
    assert np.isnan(recorded.scores).sum() == np.isnan(recorded.costs_usd).sum() == 2
    assert len(recorded.spoken()) == len(odd.answers) - 2


def test_a_pool_and_data_sets_narrow_what_is_read(learned: Path) -> None:
    few = read_recordings(learned, models=pool_of(learned, "few"), datasets=("sums", "essays"))
    assert few.models == MODELS[:3]
    assert set(few.kinds) == {"sums", "essays"}


async def test_a_prompt_is_asked_of_the_college_as_one_of_its_kind(learned: Path) -> None:
    recorded = read_recordings(learned).part([0, 135])
    queries: list[Query] = []

    async def ask(query: Query) -> Any:
        queries.append(query)
        raise DataError("not now")

    done: list[int] = []
    decisions = await replay(recorded, ask, {"sums": "number"}, objective="cheap", done=done.append)
    assert [one.failure for one in decisions] == ["not now"] * 2
    assert [one.score for one in decisions] == [0.0, 0.0]
    assert sum(done) == 2
    assert [query.task for query in queries] == [Task("text", "riddles"), Task("number", "sums")]
    assert {query.objective for query in queries} == {"cheap"}
    assert not any(gold in str(queries) for gold in recorded.golds.values() if SECRET in gold)


def _renamed(made: World) -> None:
    for row in made.prompts:
        row["words"] = row.pop("text")


def _without_scores(made: World) -> None:
    for row in made.answers:
        del row["score"]


def _in_words(column: str) -> Callable[[World], None]:
    def change(made: World) -> None:
        for row in made.answers:
            row[column] = "much"

    return change


def _without(folder: Path, pattern: str) -> None:
    for file in folder.glob(pattern):
        file.unlink()


def _of_another_world(made: World) -> None:
    made.answers[1:] = []
    made.answers[0]["prompt_id"] = "elsewhere"


ROWS: Mapping[str, Callable[[World], object]] = {
    "prompts column": _renamed,
    "answers column": _without_scores,
    "score": _in_words("score"),
    "cost_usd": _in_words("cost_usd"),
    "beyond": lambda made: made.answers[3].update(score=1.5),
    "no answers": _of_another_world,
    "twice": lambda made: made.prompts.append(made.prompts[0]),
}
FILES: Mapping[str, Callable[[Path], object]] = {
    "empty": lambda folder: _without(folder, "*"),
    "no prompts file": lambda folder: _without(folder, "prompts.parquet"),
    "no answers file": lambda folder: _without(folder, "answers_*"),
    "not parquet": lambda folder: (folder / "answers_0.parquet").write_bytes(b"PAR1, they said"),
    "no pools": lambda folder: _without(folder, "pools.json"),
    "broken pools": lambda folder: (folder / "pools.json").write_text("[1, 2]", "utf-8"),
}


def broken(what: str, folder: Path) -> Path:
    """A folder of which something is wrong."""
    made = small()
    if what in ROWS:
        ROWS[what](made)
    made.written(folder)
    if what in FILES:
        FILES[what](folder)
    return folder


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("empty", "prompts.parquet"),
        ("no prompts file", "prompts.parquet"),
        ("no answers file", "answers_"),
        ("not parquet", "answers_0.parquet"),
        ("prompts column", "'text'"),
        ("answers column", "'score'"),
        ("score", "'much'"),
        ("cost_usd", "'much'"),
        ("beyond", "1.5"),
        ("no answers", "none of the prompts"),
        ("twice", "more than one prompt 'riddle-5-0'"),
    ],
)
def test_a_folder_that_is_not_right_is_refused(what: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=named):
        read_recordings(broken(what, tmp_path / "bad"))


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("no pools", "pools.json"),
        ("broken pools", "no pool 'most'"),
        ("nothing wrong", "no pool 'most'; there are: few, all, nobody"),
    ],
)
def test_a_pool_that_is_not_there_is_refused(what: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=named):
        pool_of(broken(what, tmp_path / "bad"), "most")


def test_models_and_data_sets_that_are_not_there_are_refused(learned: Path) -> None:
    with pytest.raises(DataError, match="lab/nobody"):
        read_recordings(learned, models=("lab/nobody",))
    with pytest.raises(DataError, match="no answer of these models to data set 'poems'"):
        read_recordings(learned, datasets=("sums", "poems"))


# The command line.


@pytest.fixture
def evaluate() -> Iterator[Any]:
    """`collegium evaluate replay` with these words; logging is afterwards as it was."""
    logger = logging.getLogger("collegium")
    before = (logger.handlers, logger.propagate, logger.level)

    def run(*words: object) -> Result:
        return CliRunner().invoke(build(), ["evaluate", "replay", *map(str, words)])

    yield run
    logger.handlers, logger.propagate = before[:2]
    logger.setLevel(before[2])


def test_all_that_is_asked_for_is_written(evaluate: Any, tmp_path: Path) -> None:
    fit, judge = small(7).written(tmp_path / "fit"), small(8).written(tmp_path / "judge")
    decisions, policy, plot = (tmp_path / name for name in ("d.jsonl", "policy.json", "p.svg"))
    outputs = ("--decisions", decisions, "--save", policy, "--plot", plot)
    which = ("--pool", "few", "--datasets", "riddles,sums,essays")
    ended = evaluate("--fit", fit, "--judge", judge, *which, *outputs, "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    assert (told["objective"], told["strategy"], told["prompts"]) == ("parity", "cascade", 32)
    assert {*told["datasets"]} == {"riddles", "sums", "essays"}
    rows = [json.loads(line) for line in decisions.read_text("utf-8").splitlines()]
    fields = {"prompt_id", "models", "answer", "cost_usd", "by", "confidence"}
    assert len(rows) == 32
    assert all(set(row) == fields for row in rows)
    assert math.fsum(row["cost_usd"] for row in rows) / 32 == pytest.approx(
        told["standings"][0]["cost_usd_per_prompt"], abs=1e-8
    )
    assert all(0 <= row["confidence"] <= 1 and set(row["models"]) <= {*MODELS[:3]} for row in rows)
    drawn = plot.read_text("utf-8")
    assert drawn.startswith("<?xml")
    assert "best single" in drawn
    written = {"fit", "judge", "d.jsonl", "policy.json", "p.svg"}
    assert {path.name for path in tmp_path.iterdir()} == written
    asyncio.run(serves_by(policy, tmp_path))


async def serves_by(policy: Path, folder: Path) -> None:
    """What was saved is what a college configured with it goes by."""
    said = {"model-a": "42", "model-b": "42", "model-c": "17"}
    lines = (
        json.dumps({"model": model, "prompt": "What am I?", "text": f"Answer: {text}"})
        for model, text in said.items()
    )
    (folder / "said.jsonl").write_text("\n".join(lines), "utf-8")
    document = {
        "moe": {
            "router": {"type": "heuristic"},
            "experts": [{"name": "MathExpert", "models": [f"lab/{one}" for one in said]}],
            "aggregation": {"strategy": "cascade", "policy": str(policy)},
        },
        "backends": {"lab": {"kind": "recorded", "path": str(folder / "said.jsonl")}},
    }
    settings = configuration.read(json.dumps(document), source="a test")
    async with Collegium.of(settings) as college:
        query = Query.of("What am I?", task=Task("text", "riddles"), objective="quality")
        response = await college.ask(query)
    cascade = college.aggregator.strategy("cascade")
    assert isinstance(cascade, Cascade)
    assert cascade.policy.learned
    assert response.receipt is not None
    assert response.receipt.strategy == "cascade"
    assert "right with probability" in response.receipt.notes[-1]


def test_without_a_folder_to_be_judged_on_halves_are_and_a_table_is_shown(
    evaluate: Any, tmp_path: Path
) -> None:
    fit = small().written(tmp_path / "fit")
    ended = evaluate(
        "--fit", fit, "--datasets", "riddles,sums", "--pool", "few", "--objective", "quality"
    )
    assert ended.exit_code == 0, ended.output
    assert "28 prompts" in ended.stdout
    assert "majority of 3" in ended.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--pool", "most"), "no pool 'most'"),
        (("--pool", "nobody"), "lab/nobody"),
        (("--datasets", "poems"), "poems"),
        (("--objective", "best"), "no objective called 'best'"),
        (("--strategy", "tossing"), "no strategy called 'tossing'"),
        (("--plot", "p.gif"), ".svg, .png, .pdf"),
        (("--save", "nowhere/policy.json"), "does not exist"),
        (("--judge", "empty"), "prompts.parquet"),
    ],
)
def test_what_is_wrong_ends_it_with_2_and_nothing_is_written(
    words: tuple[str, str], named: str, evaluate: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    small().written(tmp_path / "fit")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    ended = evaluate("--fit", "fit", "--decisions", "d.jsonl", *words)
    assert ended.exit_code == 2, ended.output
    assert named in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"fit", "empty"}


# The plot, and what it stands on.


def standing(name: str, accuracy: float, cost_usd: float) -> Standing:
    return Standing(name, np.array([accuracy]), np.array([cost_usd]))


SINGLES = (
    standing("$dear_$", 0.9, 0.01),
    standing("cheap", 0.6, 0.0001),
    standing("dominated", 0.5, 0.005),
    standing("free", 0.3, 0.0),
)


def test_on_the_front_is_whom_nobody_beats_for_less() -> None:
    assert [one.name for one in front_of(SINGLES)] == ["free", "cheap", "$dear_$"]
    assert front_of([]) == []


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?x")]
)
def test_a_plot_is_of_the_format_that_its_name_says_and_always_the_same(
    suffix: str, start: bytes, tmp_path: Path
) -> None:
    standings = [standing("college", 0.92, 0.001), standing("best single", 0.9, 0.01)]
    drawn: list[bytes] = []
    for name in ("one", "other"):
        path = tmp_path / f"{name}.{suffix}"
        draw(path, standings, SINGLES)
        drawn.append(path.read_bytes())
    assert drawn[0].startswith(start)
    assert drawn[0] == drawn[1]
    assert len([*tmp_path.iterdir()]) == 2
    if suffix == "svg":
        assert b"dear" in drawn[0]
        assert b"dominated" not in drawn[0]


def test_a_plot_of_nothing_but_the_college_is_one_too(tmp_path: Path) -> None:
    draw(tmp_path / "p.png", [standing("college", 1.0, 0.0)], [])
    assert (tmp_path / "p.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["p.gif", "p", "missing/p.svg"])
def test_a_plot_that_cannot_be_written_leaves_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot"):
        draw(tmp_path / name, [standing("college", 1.0, 0.1)], SINGLES)
    assert not [*tmp_path.iterdir()]


def test_of_equal_majorities_the_first_counts() -> None:
    assert majority(np.array([0, 1, 1])) == 1
    assert majority(np.array([0, 1, 2])) == 0
    assert majority(np.array([-1, 1, -1])) == 1
    assert majority(np.array([-1, -1])) == 0
