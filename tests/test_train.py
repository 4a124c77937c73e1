"""Training, judging and extending a gate from the command line."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from collegium import config as configuration
from collegium.config.editing import with_expert
from collegium.errors import ConfigError, DataError
from collegium.learning.dataset import (
    Example,
    fingerprint,
    read_examples,
    without_near_duplicates,
)
from collegium.learning.measures import (
    Judged,
    calibration_error,
    confusion,
    interval,
    summary,
)
from collegium.learning.report import page

HOME = {
    "music": "play some jazz|put on the radio|next song please|turn the music up|shuffle my mix",
    "clock": "wake me at seven|set an alarm for noon|cancel my alarm|timer for ten minutes|snooze",
    "weather": "will it rain today|how cold is it|weather tomorrow|is it sunny|any storms coming",
}


def collegium(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "collegium", *arguments],
        capture_output=True, text=True, cwd=cwd, check=False, timeout=120,
        env={"PATH": "", "HOME": str(cwd), "COLUMNS": "120", **(env or {})},
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rows = [
        {"text": text, "labels": [expert]}
        for expert, texts in HOME.items()
        for text in texts.split("|")
    ]
    place = tmp_path / "home.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return place


def test_a_gate_is_trained_reported_and_used(home: Path, tmp_path: Path) -> None:
    trained = collegium("train", "--data", home.name, "--out", "gate", "--json", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    report = json.loads(trained.stdout)
    assert report["experts"] == 3
    assert report["accuracy_any"] > 0.6
    (tmp_path / "collegium.yaml").write_text(
        "moe:\n  router: {type: neural, model: gate}\n"
        "  experts: [{name: music}, {name: clock}, {name: weather}]\n"
    )
    routed = collegium(
        "route", "--assume-ready", "--json", "skip this song and play blues", cwd=tmp_path
    )
    assert routed.returncode == 0, routed.stderr
    assert json.loads(routed.stdout)["expert"] == "music"


def test_a_gate_for_other_experts_is_refused_at_the_start(home: Path, tmp_path: Path) -> None:
    assert collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path).returncode == 0
    (tmp_path / "collegium.yaml").write_text("moe: {router: {type: neural, model: gate}}\n")
    routed = collegium("route", "--assume-ready", "wake me at six", cwd=tmp_path)
    assert routed.returncode == 2
    assert "knows clock, music, weather, and none of the experts on duty" in routed.stderr


@pytest.mark.parametrize(
    "router", ["{type: heuristic, blend: learned}", "{model: gate, blend: learned}"]
)
def test_a_learned_blend_is_refused_for_a_gate_it_was_not_fitted_for(
    home: Path, tmp_path: Path, router: str
) -> None:
    assert collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path).returncode == 0
    (tmp_path / "collegium.yaml").write_text(f"moe: {{router: {router}}}\n")
    routed = collegium("route", "--assume-ready", "wake me at six", cwd=tmp_path)
    assert routed.returncode == 2
    assert "moe.router.blend is 'learned', and nothing was fitted for this gate" in routed.stderr


def test_labels_are_experts_keys(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"text": "my card", "labels": ["Billing Team", "CardsExpert", "cards"]}\n')
    assert read_examples(data)[0].labels == ("billing_team", "cards")
    data.write_text('{"text": "my card", "labels": ["!?"]}\n')
    with pytest.raises(DataError, match="an expert's name has letters"):
        read_examples(data)


def test_an_expert_that_no_query_can_reach_is_refused(home: Path, tmp_path: Path) -> None:
    assert collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path).returncode == 0
    mine = "moe: {router: {model: gate}, experts: [{name: music}, {name: wether%s}]}\n"
    (tmp_path / "collegium.yaml").write_text(mine % "")
    routed = collegium("route", "--assume-ready", "is it cold", cwd=tmp_path)
    assert routed.returncode == 2
    assert "no query can come to wether: the gate of moe.router knows clock" in routed.stderr
    (tmp_path / "collegium.yaml").write_text(mine % ", fallback: true")
    assert collegium("route", "--assume-ready", "is it cold", cwd=tmp_path).returncode == 0


def test_few_examples_that_all_go_right_promise_no_certainty(home: Path, tmp_path: Path) -> None:
    assert collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path).returncode == 0
    (tmp_path / "collegium.yaml").write_text(
        "moe: {router: {model: gate}, experts: [{name: music}, {name: clock}, {name: weather}]}\n"
    )
    for text, least, most in (("set an alarm for noon", 0.6, 0.99), ("xq zv", 0.0, 0.9)):
        routed = collegium("route", "--assume-ready", "--json", text, cwd=tmp_path)
        assert least <= json.loads(routed.stdout)["confidence"] <= most


def test_a_share_of_a_few_alike_keeps_its_doubt() -> None:
    assert interval([True] * 6) == pytest.approx((0.61, 1.0), abs=0.01)
    assert interval([False] * 6) == pytest.approx((0.0, 0.39), abs=0.01)


def test_a_report_for_nowhere_is_refused_before_the_work(home: Path, tmp_path: Path) -> None:
    judged = collegium(
        "evaluate", "routing", "--data", home.name, "--html", "none/x.html", cwd=tmp_path
    )
    assert judged.returncode == 2
    assert "its folder does not exist" in judged.stderr


def test_training_is_quiet_in_a_pipe_and_names_its_folder(home: Path, tmp_path: Path) -> None:
    trained = collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path)
    assert trained.stdout == "gate\n"
    assert "\x1b" not in trained.stderr
    assert "held out (random fifths): accuracy" in trained.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no examples"),
        ('{"text": "a"}\n', "line 1: 'labels' is None"),
        ('{"text": " ", "labels": ["x"]}\n', "line 1: 'text' is ' '"),
        ("nonsense\n", "line 1 is not JSON: Expecting value"),
        ("[1]\n", "line 1: list is not an object"),
        ('{"text": "a", "labels": [3]}\n', "line 1: 'labels' is [3]"),
        ('{"text": "a", "labels": ["x"]}\n{"text": "b", "labels": ["x"]}\n', "two experts or more"),
        (
            '{"text": "a", "labels": ["x"]}\n{"text": "b", "labels": ["x"]}\n'
            '{"text": "c", "labels": ["y"]}\n',
            "only one example each for y",
        ),
    ],
    ids=["empty", "no_label", "blank", "no_json", "list", "number", "one_expert", "one_example"],
)
def test_what_cannot_be_learned_from_is_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "data.jsonl").write_text(content)
    trained = collegium("train", "--data", "data.jsonl", "--out", "gate", cwd=tmp_path)
    assert trained.returncode == 2
    assert told in trained.stderr
    assert not (tmp_path / "gate").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    trained = collegium("train", "--data", "none.jsonl", "--out", "gate", cwd=tmp_path)
    assert trained.returncode == 2
    assert "none.jsonl" in trained.stderr


def test_a_gate_is_not_written_over_a_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("mine")
    trained = collegium("train", "--data", home.name, "--out", "gate", cwd=tmp_path)
    assert trained.returncode == 2
    assert (tmp_path / "gate").read_text() == "mine"


def test_routing_is_judged_with_a_report(tmp_path: Path) -> None:
    rows = [
        {"text": "Fix this bug: IndexError in my loop", "labels": ["coding"], "source": "a"},
        {"text": "What is 17 % of 340?", "labels": ["math"], "source": "a"},
        {"text": "Translate 'see you soon' into Dutch", "labels": ["language"], "source": "b"},
        {"text": "Who wrote The Trial?", "labels": ["research"], "source": "b"},
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = collegium(
        "evaluate", "routing", "--data", "q.jsonl", "--html", "r.html", "--json", cwd=tmp_path
    )
    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout)
    assert figures["n"] == 4
    assert figures["accuracy_any"] >= 0.75
    assert set(figures["by_source"]) == {"a", "b"}
    html = (tmp_path / "r.html").read_text("utf-8")
    assert "Routing of q.jsonl" in html
    assert "http" not in html
    shown = collegium("evaluate", "routing", "--data", "q.jsonl", cwd=tmp_path)
    assert "accuracy, any acceptable" in shown.stdout


def test_labels_that_no_expert_has_are_told(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"text": "hello", "labels": ["codding"]}\n')
    told = collegium("evaluate", "routing", "--data", "q.jsonl", cwd=tmp_path)
    assert told.returncode == 2
    assert "no expert is called 'codding' (1 times); known: advisor, coding" in told.stderr


def test_a_report_shows_what_was_counted() -> None:
    rows = [
        Judged(("a",), ("a", "b"), 0.9, "one", "en"),
        Judged(("b", "a"), ("a", "b"), 0.8, "one", "en"),
        Judged(("b",), ("<i>", "b"), 0.4, "two", "de"),
    ]
    told = summary(rows)
    assert told["accuracy_any"] == pytest.approx(2 / 3, abs=1e-3)
    assert told["accuracy_primary"] == pytest.approx(1 / 3, abs=1e-3)
    assert told["top_2"] == 1
    assert confusion(rows) == {"a": {"a": 1}, "b": {"b": 1, "<i>": 1}}
    assert calibration_error(rows, bins=3) == pytest.approx((0.1 + 0.2 + 0.4) / 3)
    html = page(rows, title="A & B")
    assert "A &amp; B" in html
    assert "<i>" not in html


def test_near_duplicates_are_left_out() -> None:
    rows = [
        Example("how do I boil an egg so that it is soft inside", ("advisor",)),
        Example("How do I boil an egg, so that it is soft inside?", ("advisor",)),
        Example("how do I paint an egg so that it is bright outside", ("advisor",)),
    ]
    kept, gone = without_near_duplicates(rows)
    assert (len(kept), gone) == (2, 1)


def test_a_fingerprint_is_of_the_content_alone() -> None:
    rows = [Example("a", ("x",), source="s"), Example("b", ("y",))]
    assert fingerprint(rows) == fingerprint([rows[1], Example("a", ("x",))])
    assert fingerprint(rows) != fingerprint([rows[0], Example("b", ("x",))])


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("MIT", True), ("Apache-2.0 (repo) / CC-BY-SA-4.0 (dataset card)", True),
        ("CC-BY-3.0", True), ("project-owned", True), ("BSD-3-Clause (WikiSQL)", True),
        ("CC-BY-NC-4.0 (DATA_LICENSE)", False), ("none stated in repo", False), ("", False),
        ("CC-BY-4.0 (MBPP) via MBPP+ file; repo data CC-BY-NC-4.0", False), ("see repo", False),
    ],
)  # fmt: skip
def test_only_what_may_be_given_away_is_learned(licence: str, free: bool) -> None:
    assert Example("a", ("x",), license=licence).permissive is free


def test_the_own_queries_are_sound() -> None:
    folder = Path(__file__).parent.parent / "data" / "routing"
    experts = "coding math reasoning planning data knowledge research writing language advisor"
    ids: list[str] = []
    for part, fewest in (("seed", 5000), ("more", 5000), ("further", 2000)):
        rows = read_examples(folder / f"authored_{part}.jsonl")
        assert len(rows) >= fewest
        assert {label for row in rows for label in row.labels} == set(experts.split())
        assert all(row.permissive for row in rows)
        ids += [row.id for row in rows]
    assert len(set(ids)) == len(ids)


def wine(tmp_path: Path, *lines: str) -> None:
    texts = lines or (
        "which red goes with lamb", "is this rioja ready to drink", "best vintage of burgundy",
        "how long to decant a barolo", "white wine for oysters",
    )  # fmt: skip
    (tmp_path / "wine.txt").write_text("\n".join(texts) + "\n", "utf-8")


def test_an_expert_is_added_by_its_examples(tmp_path: Path) -> None:
    wine(tmp_path)
    added = collegium(
        "experts", "add", "WineExpert", "--examples", "wine.txt", "--json", cwd=tmp_path
    )
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["left_out_and_right"] >= 3
    routed = collegium("route", "--assume-ready", "what wine with roast duck?", cwd=tmp_path)
    assert routed.stdout.startswith("wine\t")
    assert "CodingExpert" in (tmp_path / "collegium.yaml").read_text()


def test_the_rest_of_the_file_stays_as_it_was(tmp_path: Path) -> None:
    before = (
        "# ours\nmoe:\n  experts:\n    - name: CodingExpert  # the first\n\n# the end\nmodels: {}\n"
    )
    (tmp_path / "collegium.yaml").write_text(before)
    wine(tmp_path)
    assert (
        collegium("experts", "add", "Wine", "--examples", "wine.txt", cwd=tmp_path).returncode == 0
    )
    after = (tmp_path / "collegium.yaml").read_text()
    assert [
        line for line in after.splitlines() if line in before.splitlines()
    ] == before.splitlines()
    assert [one.name for one in configuration.read(after).moe.experts] == ["CodingExpert", "Wine"]


def test_line_ends_and_a_byte_order_mark_are_kept(tmp_path: Path) -> None:
    before = b"\xef\xbb\xbfmoe:\r\n  experts:\r\n    - name: X\r\n"
    (tmp_path / "collegium.yaml").write_bytes(before)
    wine(tmp_path)
    added = collegium("experts", "add", "Wine", "--examples", "wine.txt", cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    after = (tmp_path / "collegium.yaml").read_bytes()
    assert after.startswith(before)
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    wine(tmp_path)
    tried = collegium("experts", "add", "Wine", "--examples", "wine.txt", "--dry-run", cwd=tmp_path)
    assert tried.returncode == 0, tried.stderr
    assert not (tmp_path / "collegium.yaml").exists()


def test_too_few_examples_are_refused(tmp_path: Path) -> None:
    wine(tmp_path, "one", "two", "two")
    added = collegium("experts", "add", "Wine", "--examples", "wine.txt", cwd=tmp_path)
    assert added.returncode == 2
    assert "wine.txt has 2 different queries; give 5 to 20, and 3 at least" in added.stderr
    assert not (tmp_path / "collegium.yaml").exists()


def test_an_expert_that_is_there_already_is_refused(tmp_path: Path) -> None:
    before = "moe:\n  experts:\n    - name: Wine\n"
    (tmp_path / "collegium.yaml").write_text(before)
    wine(tmp_path)
    added = collegium("experts", "add", "WineExpert", "--examples", "wine.txt", cwd=tmp_path)
    assert added.returncode == 2
    assert "is the same expert as number 1" in added.stderr
    assert (tmp_path / "collegium.yaml").read_text() == before


@pytest.mark.parametrize(
    ("text", "experts"),
    [
        ("", ["A", "B", "New"]),
        ("models: {}\n", ["A", "B", "New"]),
        ("moe:\n  enabled: true", ["A", "B", "New"]),
        ("moe:\n  router:\n    top_k: 2\nmodels: {}\n", ["A", "B", "New"]),
        (
            "moe:\n  experts:\n  - name: X\n    models: [ollama/b]\n  router: {top_k: 2}\n",
            ["X", "New"],
        ),
        ("moe:\r\n  experts:\r\n    - name: X\r\n", ["X", "New"]),
        (
            "moe:\n  experts:\n    - name: X\n      instructions: |\n        one\n        two\n",
            ["X", "New"],
        ),
    ],
)
def test_an_expert_is_written_into_any_layout(text: str, experts: list[str]) -> None:
    entry = {"name": "New", "examples": ["a: b", "'c", "- d"]}
    made = with_expert(text, entry, built_in=("A", "B"))
    parsed = configuration.read(made).moe.experts
    assert [one.name for one in parsed] == experts
    assert parsed[-1].examples == ["a: b", "'c", "- d"]


@pytest.mark.parametrize(
    "text",
    [
        "moe: {experts: [{name: X}]}\n",
        "moe:\n",
        "moe:\n  experts: []\n",
        "moe:\n  experts: [{name: X}]\n",
        "moe:\n  experts:\n    - &one\n      name: X\n",
        "moe:\n  experts:\n    - name: X\n...\n",
    ],
)
def test_a_layout_that_cannot_be_added_to_shows_what_to_add(text: str) -> None:
    with pytest.raises(ConfigError, match="add this to its experts:\n    - name: New"):
        with_expert(text, {"name": "New"}, built_in=("A",))


def test_a_directory_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=str(tmp_path)):
        read_examples(tmp_path)


def test_the_default_needs_no_training_tools(tmp_path: Path) -> None:
    program = (
        "import sys, collegium.routing.shelf as shelf\n"
        "from collegium import Query\n"
        "from collegium.routing.classifier import QueryClassifier\n"
        "gate = shelf.gate('builtin')\n"
        "before = 'onnxruntime' in sys.modules\n"
        "gate.scores(QueryClassifier().read(Query.of('is this rioja any good')))\n"
        "assert not before and 'onnxruntime' in sys.modules\n"
        "heavy = {'torch', 'transformers', 'sklearn', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout.strip() == "[]"
