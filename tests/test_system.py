"""The whole college: one question's way through it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from collegium.config import read
from collegium.errors import UnknownExpert, UnknownModel
from collegium.events import Answered, Completed, Event, Routed
from collegium.system import Collegium
from collegium.testing import ScriptedExpert
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent


def recorded_college(
    tmp_path: Path, extra: str = "", experts: Sequence[ScriptedExpert] = ()
) -> Collegium:
    answers = tmp_path / "answers.jsonl"
    rows = [
        {"model": model, "prompt": "write a poem", "text": f"{model} writes a poem"}
        for model in ("one", "two")
    ]
    answers.write_text("\n".join(map(json.dumps, rows)))
    text = (
        f"moe:\n  experts:\n"
        f"    - {{name: WritingExpert, models: [rec/one]}}\n"
        f"    - {{name: AdvisorExpert, models: [rec/two]}}\n{extra}"
        f"backends: {{rec: {{kind: recorded, path: '{answers}'}}}}\n"
    )
    return Collegium.of(read(text, source="test.yaml"), experts=experts)


async def test_a_stream_begins_with_the_decision_and_ends_with_the_response(tmp_path: Path) -> None:
    told: list[Event] = []
    async with recorded_college(tmp_path) as college:
        college.events.subscribe(told.append)
        async with aclosing(college.stream("write a poem")) as chunks:
            seen = [chunk async for chunk in chunks]
        waited = await college.ask("write a poem")
    assert seen[0].decision is not None
    assert seen[0].decision.chosen[0].expert == "WritingExpert"
    assert seen[-1].response is not None
    assert seen[-1].response.text == "".join(chunk.text for chunk in seen) == waited.text
    assert (waited.text, waited.model) == ("one writes a poem", "rec/one")
    assert [type(event) for event in told[:3]] == [Routed, Answered, Completed]


async def test_two_experts_answer_and_the_other_is_told_of(tmp_path: Path) -> None:
    async with recorded_college(tmp_path) as college:
        response = await college.ask("write a poem", top_k=2)
    assert response.expert == "WritingExpert"
    (other,) = response.metadata["alternative_responses"]
    assert (other["expert"], other["summary"]) == ("AdvisorExpert", "two writes a poem")
    assert response.receipt is not None
    assert response.receipt.decision is not None


async def test_the_mixture_switched_off_is_one_expert_and_no_instructions(tmp_path: Path) -> None:
    async with recorded_college(tmp_path, "  enabled: false\n") as college:
        response = await college.ask("write a poem")
    assert response.model == "rec/two"
    assert len(college.router.roster) == 1


async def test_an_expert_made_in_python_joins_or_takes_a_place(tmp_path: Path) -> None:
    own = ScriptedExpert("DiceExpert", "six", confidence=0.99)
    better = ScriptedExpert("WritingExpert", "better", confidence=0.99)
    async with recorded_college(tmp_path, experts=[own, better]) as college:
        assert [expert.key for expert in college.router.roster] == ["advisor", "dice", "writing"]
        assert (await college.ask("roll", experts=["dice"])).text == "six"
        assert (await college.ask("write a poem", experts=["writing"])).text == "better"


async def test_one_model_can_answer_for_everybody(tmp_path: Path) -> None:
    config = recorded_college(tmp_path)
    await config.aclose()
    text = f"backends: {{rec: {{kind: recorded, path: '{tmp_path}/answers.jsonl'}}}}"
    async with Collegium.of(read(text, source="t"), model="rec/two") as college:
        assert (await college.ask("write a poem")).model == "rec/two"
    with pytest.raises(UnknownModel, match="nowhere/x"):
        await Collegium.of(read(text, source="t"), model="nowhere/x").ask("hi")


async def test_what_would_be_refused_anyway_is_refused_before_anything_is_opened(
    tmp_path: Path,
) -> None:
    college = recorded_college(tmp_path)
    with pytest.raises(UnknownExpert):
        await college.ask("hi", experts=["nobody"])
    assert not college.lineups.opened
    await college.aclose()


@pytest.mark.embedded
async def test_without_any_configuration_the_embedded_model_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with Collegium.from_config() as college:
        query = Query.of("What is the capital of France?", sampling={"max_tokens": 8, "seed": 1})
        response = await college.ask(query)
    assert response.text.strip()
    assert response.expert == "ResearchExpert"
    assert response.model.split("/")[0] in ("local", "ollama", "vllm", "llamacpp", "lmstudio")


@pytest.mark.embedded
async def test_the_embedded_model_streams_what_the_response_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[Event] = []
    text = "Which file in this repo implements the retry logic? Who calls it in our codebase?"
    query = Query.of(text, sampling={"max_tokens": 12, "seed": 1})
    async with Collegium.from_config() as college:
        college.events.subscribe(told.append)
        async with aclosing(college.stream(query)) as chunks:
            seen = [chunk async for chunk in chunks]
    decision, response = seen[0].decision, seen[-1].response
    assert decision is not None
    assert response is not None
    assert [chunk for chunk in seen[1:] if chunk.decision is not None] == []
    assert response.text == "".join(chunk.text for chunk in seen)
    assert len([chunk for chunk in seen if chunk.text]) > 2
    assert [type(event) for event in told] == [Routed, Answered, Completed]
    assert decision.chosen[0].key != "knowledge"
    assert any("no codebase has been indexed" in reason for reason in decision.reasons)


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["ask.py", "own_expert.py"])
def test_the_examples_run(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()


def test_the_smallest_example_is_small() -> None:
    lines = (ROOT / "examples/ask.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 15


def test_an_installed_package_brings_an_expert_by_its_entry_point(tmp_path: Path) -> None:
    (tmp_path / "weather.py").write_text(
        "from collegium import Answer, Expert\n"
        "class WeatherExpert(Expert):\n"
        "    def __init__(self):\n"
        "        super().__init__('WeatherExpert')\n"
        "    async def can_handle(self, query):\n"
        "        return 0.9 if 'weather' in query.text else 0.0\n"
        "    async def process(self, query):\n"
        "        return Answer(self.name, 'window', 'It rains.')\n"
    )
    info = tmp_path / "weather-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weather\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[collegium.experts]\nweather = weather:WeatherExpert\n")
    (tmp_path / "c.yaml").write_text("moe: {experts: [{name: WeatherExpert, use: weather}]}\n")
    told = subprocess.run(
        [sys.executable, "-m", "collegium", "ask", "the weather?", "--config", "c.yaml"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path), "PATH": ""},
        check=False,
    )
    assert (told.returncode, told.stdout) == (0, "It rains.\n"), told.stderr


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("Which wine goes with lamb?", "wine"),
        ("Is 2015 a good vintage in Burgundy?", "wine"),
        ("Which burgundy has the softest tannin?", "wine"),
        ("Write a Python function that sorts a list", "coding"),
        ("What is the derivative of x^3?", "math"),
    ],
)
async def test_an_expert_with_a_plain_list_of_words_gets_the_queries_that_speak_them(
    query: str, key: str
) -> None:
    experts = "[{name: CodingExpert}, {name: MathExpert}, {name: AdvisorExpert}, {name: WineExpert"
    words = "vocabulary: [wine, vintage, tannin, burgundy]}]"
    college = Collegium.of(read(f"moe: {{experts: {experts}, {words}}}", source="test.yaml"))
    decision = await college.decide(query)
    assert decision.chosen[0].key == key, decision.reasons
