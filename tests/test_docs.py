"""The documents tell the truth: every error, flag and snippet in them is tried."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import collegium.config
import collegium.errors
from collegium.errors import CollegiumError

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def all_errors(root: type[CollegiumError] = CollegiumError) -> list[type[CollegiumError]]:
    return [root, *(one for child in root.__subclasses__() for one in all_errors(child))]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_is_documented_with_its_code_and_exit_code(
    error: type[CollegiumError],
) -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{error.__name__}` ")]
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[2] == f"`{error.code}`"
    assert cells[4] == str(error.exit_code)
    if error is not collegium.errors.BackendRefused:
        assert cells[3] == str(error.status)


def test_error_codes_are_their_own() -> None:
    codes = [error.code for error in all_errors()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    "verb",
    [
        "ask",
        "route",
        "experts",
        "experts add",
        "experts rank",
        "experts remove",
        "experts drain",
        "experts restore",
        "experts scale",
        "status",
        "rate",
        "experiments start",
        "experiments status",
        "experiments stop",
        "store export",
        "store status",
        "store vacuum",
        "backends list",
        "backends put",
        "backends remove",
        "models aliases",
        "models alias",
        "models unalias",
        "config reload",
        "config rollback",
        "train",
        "evaluate routing",
        "evaluate replay",
        "index",
        "search",
        "graph callers",
        "graph subclasses",
        "mcp",
        "doctor",
        "config",
        "models",
    ],
)
def test_every_flag_of_every_verb_is_in_the_readme(verb: str) -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "collegium", *verb.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "NO_COLOR": "1", "PATH": ""},
    ).stdout
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", helped)) - {"--help"}
    assert {flag for flag in flags if flag not in README} == set()


@pytest.mark.parametrize("place", range(2))
def test_the_python_of_the_readme_runs(place: int) -> None:
    snippet = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[place]
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()


def test_the_yaml_of_the_readme_is_right() -> None:
    (snippet,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    config = collegium.config.read(snippet, source="README.md")
    assert config.moe.experts[0].name == "CodingExpert"


def test_the_configurations_of_the_answers_page_are_right() -> None:
    page = (ROOT / "docs/answers.md").read_text("utf-8")
    first, second = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert collegium.config.read(first, source="docs/answers.md").moe.objective == "balanced"
    strategy = collegium.config.read(second, source="docs/answers.md").moe.aggregation.strategy
    assert strategy == "cascade"


def test_the_configurations_of_the_knowledge_page_are_right() -> None:
    page = (ROOT / "docs/knowledge.md").read_text("utf-8")
    snippets = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(snippets) == 2
    for snippet in snippets:
        config = collegium.config.read(snippet, source="docs/knowledge.md")
        assert config.moe.experts[0].knowledge is not None


def test_the_python_of_the_knowledge_page_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs/knowledge.md").read_text("utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLLEGIUM_CACHE": str(tmp_path)},
    )
    assert told.returncode == 0, told.stderr
    assert "own_expert.py" in told.stdout


def test_the_commands_of_the_knowledge_page_exist() -> None:
    page = (ROOT / "docs/knowledge.md").read_text("utf-8")
    verbs = set(re.findall(r"^\$ collegium (\w+)", page, re.MULTILINE))
    assert {"index", "search", "graph"} <= verbs
    for verb in verbs:
        command = [sys.executable, "-m", "collegium", verb, "--help"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_what_the_answers_page_shows_is_what_is_said() -> None:
    page = (ROOT / "docs/answers.md").read_text("utf-8")
    ((question, shown),) = re.findall(
        r'```console\n\$ collegium ask "(.*?)"\n(.*?)```', page, re.DOTALL
    )
    told = subprocess.run(
        [sys.executable, "-m", "collegium", "ask", "--offline", question],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() in shown


def test_every_page_that_is_linked_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_room_is_on_the_map_or_named_by_its_package() -> None:
    page = (ROOT / "docs/map.md").read_text("utf-8")
    source = ROOT / "src/collegium"
    lost: set[str] = set()
    for path in source.rglob("*.py"):
        named = page + (path.parent / "__init__.py").read_text("utf-8") * (path.parent != source)
        if not path.stem.startswith("__") and not re.search(rf"\b{path.stem}\b", named):
            lost.add(str(path.relative_to(source)))
    # Where a package's name says what its files are about, the map has the package alone.
    told = (
        "config/",
        *(f"experts/computing/{one}/" for one in ("arithmetic", "dates", "texts", "units")),
    )
    assert {one for one in lost if not one.startswith(told)} == set()


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "<!-- tests -->" in script
    (block,) = re.findall(r"<!-- tests -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert "pytest" in block
    assert block.count("\n") == 0


def test_the_commands_of_the_routing_page_run_in_their_order(tmp_path: Path) -> None:
    page = (ROOT / "docs/routing.md").read_text("utf-8")
    wine = ("red with lamb", "is this rioja ready", "decant a barolo", "best burgundy vintage")
    (tmp_path / "wine.txt").write_text("\n".join(wine) + "\n")
    rows = [
        json.dumps({"text": f"{text} {end}", "labels": [expert]})
        for expert, texts in {
            "billing": ("why was I charged twice", "send me the invoice", "refund my payment"),
            "cards": ("my card was declined", "block my stolen card", "order a new card"),
            "travel": ("book a flight to Rome", "cancel my hotel", "which gate is my flight"),
        }.items()
        for text in texts
        for end in ("please", "today")
    ]
    for name in ("my.jsonl", "held_out.jsonl"):
        (tmp_path / name).write_text("\n".join(rows) + "\n")
    steps = re.findall(r"```(sh|yaml)\n(.*?)```", page, re.DOTALL)
    assert [kind for kind, _ in steps] == ["sh", "sh", "yaml", "sh"]
    for kind, text in steps:
        if kind == "yaml":
            (tmp_path / "collegium.yaml").write_text(text)
            continue
        for line in text.strip().splitlines():
            command = [sys.executable, "-m", *shlex.split(line)]
            told = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=tmp_path
            )
            assert told.returncode == 0, told.stderr
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "my_gate" / "gate.npz").is_file()


def test_the_configuration_of_the_gateways_page_is_right() -> None:
    page = (ROOT / "docs/gateway.md").read_text("utf-8")
    (snippet,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    config = collegium.config.read(snippet, source="docs/gateway.md")
    assert config.models == {"gpt-4o": "auto"}


def test_loading_the_encoder_leaves_nothing_in_the_users_folders(tmp_path: Path) -> None:
    """Some builds of ONNX Runtime keep a device's id there, and send events to their makers."""
    program = "from collegium.routing.shelf import encoder; encoder('builtin').encode(['x'])"
    variables = {"HOME": str(tmp_path), "PATH": ""}
    subprocess.run([sys.executable, "-c", program], check=True, env=variables)
    assert list(tmp_path.rglob("*")) == []
