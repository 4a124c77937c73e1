"""The command line, as processes: what goes to stdout, what to stderr, and how it ends."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from collegium.cli.doctor import sandbox
from collegium.types import Receipt
from collegium.verification.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER = "Rain falls.\nIt is \x1b[31mred\x07 \x9bnow\r\n"


def collegium(
    *words: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "collegium", *words],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        timeout=60,
        check=False,
    )


def shows_no_traceback(result: subprocess.CompletedProcess[bytes]) -> bool:
    return b"Traceback" not in result.stderr + result.stdout


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration whose two experts answer from a file."""
    folder = tmp_path_factory.mktemp("recorded")
    prompts = ["write a poem about rain", "fix my python code"]
    rows = [
        {"model": "m", "prompt": one, "text": ANSWER, "completion_tokens": 5} for one in prompts
    ]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    config = {
        "moe": {
            "experts": [
                {"name": "WritingExpert", "models": ["rec/m"]},
                {"name": "CodingExpert", "models": ["rec/m"]},
            ]
        },
        "backends": {"rec": {"kind": "recorded", "path": str(folder / "answers.jsonl")}},
    }
    (folder / "team.yaml").write_text(yaml.safe_dump(config))
    return folder / "team.yaml"


def test_only_the_answer_goes_to_stdout_and_it_is_harmless(recorded: Path) -> None:
    asked = collegium("ask", "write a poem about rain", "--config", str(recorded))
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.decode() == "Rain falls.\nIt is ␛[31mred␇ \ufffdnow\n"
    told = asked.stderr.decode()
    assert "writing, confidence 0." in told
    assert "WritingExpert, rec/m" in told


def test_json_and_explain_tell_the_whole_story(recorded: Path) -> None:
    words = ("ask", "-", "--json", "--explain", "--top-k", "2", "--config", str(recorded))
    asked = collegium(*words, stdin=b"write a poem about rain")
    assert asked.returncode == 0, asked.stderr
    told = json.loads(asked.stdout)
    assert told["text"] == ANSWER
    assert (told["expert"], told["model"], told["strategy"]) == (
        "WritingExpert",
        "rec/m",
        "weighted",
    )
    assert told["decision"]["chosen"] == ["writing", "coding"]
    assert [one["expert"] for one in told["alternatives"]] == ["CodingExpert"]
    assert told["usage"]["completion_tokens"] == 10
    assert "score" in asked.stderr.decode()
    assert "recognised by" in asked.stderr.decode()


SHEEP = "A farmer has 17 sheep; all but 9 die. How many sheep are left?"
PRODUCT = "What is 17 * 23?"


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration whose one expert has two models, who do not agree, and one is bad at sums."""
    folder = tmp_path_factory.mktemp("disputed")
    rows = [
        {"model": model, "prompt": prompt, "text": text, "completion_tokens": 5}
        for model, prompt, text in (
            ("a", SHEEP, "Answer: 9"),
            ("b", SHEEP, "Answer: \x1b[31m8"),
            ("a", PRODUCT, "17 * 23 = 392\nAnswer: 392"),
        )
    ]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    expert = {"name": "MathExpert", "models": ["rec/a", "rec/b"], "compute": False}
    config = {
        "moe": {"experts": [expert], "aggregation": {"adjudicate": False}},
        "backends": {"rec": {"kind": "recorded", "path": str(folder / "answers.jsonl")}},
        "prices": {"rec/a": {"input": 1.0, "output": 2.0}},
    }
    (folder / "team.yaml").write_text(yaml.safe_dump(config))
    return folder / "team.yaml"


def test_the_receipt_in_json_is_the_whole_of_it(disputed: Path) -> None:
    words = ("--json", "--strategy", "voting", "--objective", "quality", "--budget", "1")
    asked = collegium("ask", SHEEP, *words, "--config", str(disputed))
    assert asked.returncode == 0, asked.stderr
    told = json.loads(asked.stdout)
    receipt = told["receipt"]
    assert set(receipt) == {one.name for one in dataclasses.fields(Receipt)} - {"decision"}
    assert [(call["model"], call["outcome"]) for call in receipt["calls"]] == [
        ("rec/a", "answered"),
        ("rec/b", "answered"),
    ]
    assert receipt["calls"][0]["usage"]["cost_usd"] == pytest.approx(1e-5)
    assert receipt["usage"] == told["usage"]
    assert receipt["agreement"] == 0.5
    assert receipt["disagreement"] == "the experts disagree: '9' (rec/a) or '8' (rec/b)"
    assert 0 < receipt["confidence"] < 0.5
    assert receipt["quality"] == "accepted"


def test_what_was_computed_says_how(tmp_path: Path) -> None:
    told = json.loads(collegium("ask", PRODUCT, "--json", cwd=tmp_path).stdout)
    (verdict,) = told["receipt"]["verdicts"]
    assert (verdict["expert"], verdict["outcome"]) == ("MathExpert", "passed")
    assert "computed exactly" in verdict["evidence"]


def test_explain_tells_who_was_called_at_what_cost_and_who_agreed(disputed: Path) -> None:
    words = ("--explain", "--strategy", "voting", "--config", str(disputed))
    said = collegium("ask", SHEEP, *words).stderr.decode()
    assert "  by voting, accepted, right with probability 0." in said
    assert "2 calls, $0.000010, " in said
    assert "  MathExpert, rec/a: answered after " in said
    assert "0 + 5 tokens, $0.000010\n" in said
    assert "  agreement 0.50: the experts disagree: '9' (rec/a) or '8' (rec/b)\n" in said
    checked = collegium("ask", PRODUCT, *words).stderr.decode()
    assert "  MathExpert's answer by rec/a failed its check (arithmetic): 17 * 23 = 392" in checked
    assert "agreement" not in checked


def test_without_explain_only_what_is_in_doubt_is_told_and_in_one_line(
    disputed: Path, recorded: Path
) -> None:
    split = collegium("ask", SHEEP, "--strategy", "voting", "--config", str(disputed))
    _, _, told = split.stderr.decode().partition("— MathExpert, rec/a, ")
    assert told.splitlines()[1:] == ["  the experts disagree: '9' (rec/a) or '8' (rec/b)"]
    wrong = collegium("ask", PRODUCT, "--model", "rec/a", "--config", str(disputed))
    _, _, told = wrong.stderr.decode().partition("— MathExpert, rec/a, ")
    (line,) = told.splitlines()[1:]
    assert "failed its check (arithmetic): 17 * 23 = 392, but it is 391" in line
    assert line.endswith("; no better answer was found")
    good = collegium("ask", "write a poem about rain", "--config", str(recorded))
    _, _, told = good.stderr.decode().partition("— WritingExpert, rec/m, ")
    assert told.splitlines()[1:] == []


def test_a_budget_leaves_out_whom_it_has_no_room_for(disputed: Path) -> None:
    ended = collegium("ask", SHEEP, "--budget", "1e-7", "--config", str(disputed))
    assert (ended.returncode, ended.stdout) == (0, b"Answer: \xe2\x90\x9b[31m8\n"), ended.stderr
    words = ("--model", "rec/a", "--budget", "1e-7", "--config", str(disputed))
    ended = collegium("ask", SHEEP, *words)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert "MathExpert would cost $0.0" in ended.stderr.decode()
    assert shows_no_traceback(ended)


def test_a_pipe_is_read_without_being_asked_to(recorded: Path) -> None:
    asked = collegium("ask", "--config", str(recorded), stdin=b"fix my python code")
    assert asked.returncode == 0, asked.stderr
    assert "CodingExpert" in asked.stderr.decode()


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("ask", ""), 2, "the query is empty"),
        (("ask", " \n "), 2, "the query is empty"),
        (("ask", "hi", "--strategy", "nonsense"), 2, "'nonsense'; there are: auto, cascade"),
        (("ask", "hi", "--objective", "best"), 2, "'best'; there are: quality, balanced, cheap"),
        (("ask", "hi", "--budget", "0"), 2, "'--budget': 0 is not an amount of USD above 0"),
        (("ask", "hi", "--budget=-0.5"), 2, "'--budget': -0.5 is not an amount of USD above 0"),
        (("ask", "hi", "--budget", "nan"), 2, "'--budget': nan is not an amount of USD above 0"),
        (("ask", "hi", "--budget", "inf"), 2, "'--budget': inf is not an amount of USD above 0"),
        (("ask", "hi", "--budget", "cheap"), 2, "'--budget'"),
        (("ask", "hi", "--expert", "codin"), 2, "did you mean 'coding'"),
        (("ask", "hi", "--model", "nowhere/x"), 2, "nowhere/x"),
        (("ask", "hi", "--top-k", "0"), 2, "--top-k"),
        (("ask", "hi", "--nonsense"), 2, "--nonsense"),
        (("ask", "hi"), 1, "no answer of 'm' to 'hi'"),
        (("route", "hi", "--batch", "x.jsonl"), 2, "not both"),
        (("route", "--batch", "nowhere.jsonl"), 2, "'nowhere.jsonl'"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(
    recorded: Path, words: tuple[str, ...], code: int, why: str
) -> None:
    ended = collegium(*words, "--config", str(recorded), env={"COLUMNS": "200"})
    assert (ended.returncode, ended.stdout) == (code, b""), ended.stderr
    assert why in ended.stderr.decode()
    assert shows_no_traceback(ended)


@pytest.mark.parametrize(
    ("stdin", "why"),
    [
        (b"x" * 1_048_576, "1,048,576 characters; at most 500,000"),
        (b"a\0b", "NUL character at position 1"),
        (b"ok \xff\xfe", "byte 0xff at position 3"),
        (b"", "the query is empty"),
    ],
)
def test_stdin_that_is_no_query_is_refused(recorded: Path, stdin: bytes, why: str) -> None:
    ended = collegium("ask", "-", "--config", str(recorded), stdin=stdin)
    assert ended.returncode == 2
    assert why in ended.stderr.decode()
    assert shows_no_traceback(ended)


def test_debug_shows_the_traceback(recorded: Path) -> None:
    ended = collegium("ask", "hi", "--debug", "--config", str(recorded))
    assert ended.returncode == 1
    assert b"Traceback" in ended.stderr


def test_a_backend_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "moe: {experts: [{name: CodingExpert, models: [gone/m]}]}\n"
        "backends: {gone: {kind: http, url: 'http://127.0.0.1:9/v1'}}\n"
    )
    ended = collegium("ask", "hi", "--config", str(config))
    assert ended.returncode == 3, ended.stderr
    assert "backend 'gone' at http://127.0.0.1:9/v1 does not answer" in ended.stderr.decode()
    assert shows_no_traceback(ended)


def test_offline_without_a_model_names_the_command(tmp_path: Path) -> None:
    ended = collegium(
        "ask", "hi", "--offline", env={"COLLEGIUM_CACHE": str(tmp_path)}, cwd=tmp_path
    )
    assert ended.returncode == 3, ended.stderr
    assert "collegium models pull smollm2-135m" in ended.stderr.decode()
    assert list(tmp_path.rglob("*.gguf")) == []


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    rows = tmp_path / "q.jsonl"
    rows.write_text("".join(f'{{"text": "write a poem number {n}"}}\n' for n in range(3000)))
    command = [sys.executable, "-m", "collegium", "route", "--batch", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_an_answer_nobody_reads_ends_quietly(tmp_path: Path) -> None:
    text = "rain " * 100_000
    (tmp_path / "a.jsonl").write_text(json.dumps({"model": "m", "prompt": "hi", "text": text}))
    config = tmp_path / "c.yaml"
    config.write_text(
        "moe: {experts: [{name: CodingExpert, models: [rec/m]}]}\n"
        f"backends: {{rec: {{kind: recorded, path: '{tmp_path}/a.jsonl'}}}}\n"
    )
    command = [sys.executable, "-m", "collegium", "ask", "hi", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1) == b"r"
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(30) == 0
    assert b"Traceback" not in said
    assert b"rror" not in said


def test_route_says_who_and_how_sure() -> None:
    routed = collegium("route", "Write a Python function")
    key, confidence = routed.stdout.decode().split()
    assert key == "coding"
    assert 0 < float(confidence) < 1
    assert "knowledge" in routed.stderr.decode()
    told = json.loads(collegium("route", "--json", "Write a Python function").stdout)
    assert told["expert"] == "coding"
    assert len(told["experts"]) == 10
    assert told["reasons"]


def test_knowledge_queries_go_to_the_next_best_until_there_is_an_index() -> None:
    query = "Which file in this repo implements the retry logic? Who calls it in our codebase?"
    told = json.loads(collegium("route", "--json", query).stdout)
    assert told["expert"] != "knowledge"
    assert any("no codebase has been indexed" in reason for reason in told["reasons"])
    assumed = json.loads(collegium("route", "--json", "--assume-ready", query).stdout)
    assert assumed["expert"] == "knowledge"


BATCH: list[tuple[bytes, Any]] = [
    (b'{"id": "a", "text": "write a poem"}', "a"),
    (b'{"id": 7, "query": "translate this into French", "else": [1]}', 7),
    (b'{"id": null, "messages": [{"role": "user", "content": "fix my python code"}]}', None),
    (b"not json", "bad"),
    (b'{"text": "what is the sum of 3 and 4?"}', 5),
    (b"", "blank"),
    (b'{"id": [1], "text": "x"}', "bad"),
    (b'{"id": 8}', "bad"),
    (b'{"id": 9, "text": "   "}', "bad"),
    (b'{"id": 10, "text": "\xff"}', "bad"),
    (b'{"id": 11, "text": 3}', "bad"),
    (
        b'{"id": true, "messages": [{"role": "user", '
        b'"content": [{"type": "text", "text": "hi"}]}]}',
        True,
    ),
    (b'{"id": 12, "messages": [{"content": "no role"}]}', "bad"),
    (b'{"id": NaN, "text": "hi"}', "bad"),
    (b'{"id": 1e999, "text": "hi"}', "bad"),
    (b'{"id": ' + b"1" * 5000 + b', "text": "hi"}', "bad"),
    (b"[" * 100_000, "bad"),
    (b'{"id": 1.5, "text": "hi"}', 1.5),
]


def test_a_batch_comes_out_in_order_and_bad_lines_are_named_and_left_out(tmp_path: Path) -> None:
    rows = tmp_path / "batch.jsonl"
    rows.write_bytes(b"\n".join(line for line, _ in BATCH))
    routed = collegium("route", "--batch", str(rows))
    assert routed.returncode == 4
    told = [json.loads(line) for line in routed.stdout.decode().splitlines()]
    good = [identity for _, identity in BATCH if identity not in ("bad", "blank")]
    assert [row["id"] for row in told] == good
    assert [row["expert"] for row in told][:4] == ["writing", "language", "coding", "math"]
    for row in told:
        assert set(row) == {"id", "expert", "confidence", "experts", "overhead_ms"}
        assert row["experts"][0][0] == row["expert"]
        assert len(row["experts"]) == 10
    bad = [place for place, (_, identity) in enumerate(BATCH, start=1) if identity == "bad"]
    said = routed.stderr.decode()
    assert [place for place in range(1, len(BATCH) + 1) if f"line {place}:" in said] == bad
    assert f"{len(bad)} lines were bad" in said
    piped = collegium("route", "--batch", "-", stdin=BATCH[0][0] + b"\n")
    assert (piped.returncode, piped.stderr) == (0, b"")


def test_every_mistake_of_a_configuration_is_named_at_once(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "moe:\n  router: {tpo_k: 1, min_confidence: 2}\n  experts: [{name: A, models: [b/c]}]\n"
    )
    checked = collegium("config", "check", "--config", str(config))
    assert checked.returncode == 2
    said = checked.stderr.decode()
    for word in (
        "moe.router.tpo_k",
        "top_k",
        "moe.router.min_confidence",
        "moe.experts[0].models[0]",
    ):
        assert word in said
    unknown = tmp_path / "n.yaml"
    unknown.write_text("moe: {router: {type: neurall}}")
    assert b"did you mean 'neural'" in collegium("config", "check", "--config", str(unknown)).stderr


def test_what_config_show_prints_is_a_configuration(tmp_path: Path, recorded: Path) -> None:
    shown = collegium("config", "show", "--config", str(recorded))
    (tmp_path / "collegium.yaml").write_bytes(shown.stdout)
    checked = collegium("config", "check", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert json.loads(collegium("config", "schema").stdout)["properties"]


def test_bare_names_without_backends_load_and_doctor_says_what_to_add(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "moe: {experts: [{name: CodingExpert, models: [qwen-coder, deepseek-coder]}]}\n"
    )
    told = json.loads(collegium("doctor", "--json", "--config", str(config)).stdout)
    assert told["ok"] is False
    (finding,) = [one for one in told["findings"] if one["what"] == "expert coding"]
    assert "models: {qwen-coder: BACKEND/MODEL}" in finding["found"]
    assert collegium("doctor", "--config", str(config)).returncode == 3
    routed = collegium("route", "hi", "--config", str(config))
    assert routed.returncode == 3
    assert "doctor" in routed.stderr.decode()


def test_doctor_experts_and_models_tell_what_there_is() -> None:
    told = json.loads(collegium("doctor", "--json").stdout)
    assert told["ok"] is True
    assert {"Python", "configuration", "model cache", "experts"} <= {
        one["what"] for one in told["findings"]
    }
    team = json.loads(collegium("experts", "--json").stdout)["experts"]
    assert [one["key"] for one in team if not one["ready"]] == ["knowledge"]
    assert len(team) == 10
    models = json.loads(collegium("models", "list", "--json").stdout)["models"]
    assert models[0]["name"] == "smollm2-135m"
    for verb in ("path", "pull"):
        refused = collegium("models", verb, "nonsense")
        assert (refused.returncode, refused.stdout) == (2, b"")
        assert "there are: smollm2-135m" in refused.stderr.decode()
    assert Path(collegium("models", "path", "smollm2-135m").stdout.decode().strip()).is_file()


def test_doctor_says_what_holds_code_and_warns_where_it_may_run_unheld(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("moe: {verification: {unsafe: true}}")
    for words, warned in (((), False), (("--config", str(config)), True)):
        told = json.loads(collegium("doctor", "--json", *words, cwd=tmp_path).stdout)
        findings = {one["what"]: one for one in told["findings"]}
        assert findings["sandbox"]["state"] in {"ok", "warn"}
        assert ("moe.verification.unsafe" in findings) is warned
    assert findings["moe.verification.unsafe"]["state"] == "warn"


async def test_where_isolation_is_not_proved_doctor_says_why_and_what_follows() -> None:
    unproved = Sandbox(means=())
    finding = await sandbox(unproved, unsafe=False)
    assert finding.state == "warn"
    assert finding.advice
    for words in ("isolation is not proved", "nothing holds", "is not run", "'unknown'"):
        assert words in finding.found
    assert "run all the same" in (await sandbox(unproved, unsafe=True)).found


VERBS = (
    *"ask route experts doctor".split(),
    *(f"config {verb}" for verb in ("check", "schema", "show")),
    *(f"models {verb}" for verb in ("list", "path", "pull")),
)


def test_the_help_of_every_verb_has_an_example() -> None:
    def example(verb: str) -> str:
        helped = collegium(*verb.split(), "--help", env={"COLUMNS": "120", "NO_COLOR": "1"})
        _, _, shown = helped.stdout.decode().partition("Example")
        return shown.split("Options")[0]

    with ThreadPoolExecutor(2) as pool:
        examples = dict(zip(VERBS, pool.map(example, VERBS), strict=True))
    assert [verb for verb in VERBS if f"collegium {verb}" not in examples[verb]] == []


def test_ctrl_c_ends_with_130_and_leaves_no_process(upstream: str, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "moe: {experts: [{name: CodingExpert, models: [up/hang]}]}\n"
        f"backends: {{up: {{kind: http, url: '{upstream}'}}}}\n"
    )
    command = [sys.executable, "-m", "collegium", "ask", "hi", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"coding" in process.stderr.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == b"interrupted\n"


@pytest.mark.embedded
def test_ctrl_c_while_the_embedded_model_speaks_ends_its_process() -> None:
    command = [sys.executable, "-m", "collegium", "ask", "Count from one to one thousand"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        children = _children(process.pid)
        assert children
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
        assert b"Traceback" not in process.stderr.read()
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]
