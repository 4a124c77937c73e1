"""The verbs that ask a running collegium how it is, and change it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import config_of, serving, until
from typer.testing import CliRunner

from collegium.cli.administration import server
from collegium.cli.app import build
from collegium.cli.experiments import changes_of
from collegium.cli.status import lines_of
from collegium.config import read_data
from collegium.config.document import parse
from collegium.errors import BackendTimeout, ConfigError
from collegium.storage.opening import open_store
from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

MEASURED = {"mean": 0.9, "low": 0.81, "high": 0.95, "count": 40}
RANK = {"score": 0.8123, "low": 0.7, "high": 0.9, "enough": True, "why": "by 40 outcomes"}
CODING: dict[str, Any] = {
    "expert": "coding",
    "name": "CodingExpert",
    "ready": True,
    "lacks": None,
    "load": 2,
    "max_load": 4,
    "draining": False,
    "instances": 3,
    "wanted": None,
    "note": "",
    "rank": RANK,
    "performance": {
        "queries": 1234,
        "success": MEASURED,
        "satisfaction": MEASURED,
        "p50_ms": 120.0,
        "p95_ms": 2400.0,
        "tokens_per_s": 41.5,
        "cost_usd": 0.25,
    },
}
POET: dict[str, Any] = {
    **CODING,
    "expert": "poet",
    "name": "Poet\x1b[31m",
    "lacks": "it rests",
    "draining": True,
    "rank": {**RANK, "score": 0.4, "enough": False, "why": "too few outcomes to rank: 3 of 20"},
    "performance": {**CODING["performance"], "success": None, "satisfaction": None},
}
TWO: dict[str, Any] = {
    "name": "two",
    "state": "running",
    "mode": "ab",
    "verdict": "",
    "comparisons": [{"words": "too early"}],
    "warnings": ["few ratings"],
}
ENDED = {**TWO, "name": "one", "state": "stopped", "verdict": "by hand"}
HTTP: dict[str, Any] = {
    "name": "farm",
    "kind": "http",
    "url": "http://a:1/v1",
    "replicas": ["http://b:1/v1"],
    "api_key_env": "FARM_KEY",
    "capacity": 32,
}
TAPE = {"name": "tape", "kind": "recorded", "path": "answers.jsonl"}
EMBEDDED = {"name": "here", "kind": "llamacpp", "models": [], "slots": 2}
STATUS: dict[str, Any] = {
    "ready": True,
    "reason": "",
    "experts": [CODING, POET],
    "generation": 3,
    "changes": 1,
    "config": "team.yaml",
    "experiments": [TWO, ENDED],
    "drift": [
        {"what": "success", "expert": "Poet", "alarm": {"at": 1.0, "detail": "90 % to 60 %"}},
        {"what": "input", "expert": "", "alarm": None},
    ],
    "fleet": [
        {"expert": "CodingExpert", "note": "no memory for one more", "quarantined": ["local/m#2"]}
    ],
    "evenness": {"utilisation_cv": 0.12, "count_cv": 0.3},
    "learning": {"outcomes": 1200, "proposed": 1, "taught": None, "models": []},
    "storage": {"where": "a.sqlite3", "written": 9, "dropped": 2, "failing": "the disk is full"},
}


class Scripted:
    """A server that gives the answers it was told to, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any, str]] = []
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.head: dict[str, str] = {}
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                key = self.headers.get("authorization", "")
                scripted.asked.append((self.command, self.path, body, key))
                unknown = {"error": {"message": "nothing there", "code": "unknown_path"}}
                status, told = scripted.answers.get((self.command, self.path), (404, unknown))
                raw = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                for name, value in {"content-length": str(len(raw)), **scripted.head}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 -- the library's names

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    one = Scripted()
    thread = threading.Thread(target=one.http.serve_forever, args=(0.02,))
    thread.start()
    yield one
    one.http.shutdown()
    thread.join()
    one.http.server_close()


@contextmanager
def listening() -> Iterator[str]:
    """Somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


def unused() -> str:
    """An address at which nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def run(*words: str, folder: Path, **env: str) -> Result:
    """What the command line says to these words, in this process."""
    before, logger = Path.cwd(), logging.getLogger("collegium")
    heard = logger.handlers, logger.propagate, logger.level
    os.chdir(folder)
    try:
        user = {
            "XDG_CONFIG_HOME": str(folder),
            "XDG_STATE_HOME": str(folder),
            "COLUMNS": "200",
            "NO_COLOR": "1",
            **env,
        }
        return CliRunner().invoke(build(), list(words), env=user)
    finally:
        os.chdir(before)
        logger.handlers, logger.propagate, logger.level = heard


@pytest.mark.parametrize(
    ("words", "asked", "comes"),
    [
        (
            "experts remove Poet --force",
            ("DELETE", "/api/experts/Poet?force=true", None),
            ({"expert": "Poet", "removed": True}, "Poet is off duty\n"),
        ),
        (
            "experts drain coding",
            ("POST", "/api/experts/coding/drain", {}),
            (CODING, "CodingExpert gets no more queries; 2 are being answered\n"),
        ),
        (
            "experts restore coding",
            ("POST", "/api/experts/coding/restore", {}),
            (CODING, "CodingExpert gets queries again\n"),
        ),
        (
            "experts scale coding 3",
            ("POST", "/api/experts/coding/scale", {"instances": 3}),
            (CODING, "CodingExpert: 3 wanted, 3 there\n"),
        ),
        (
            "experts scale coding auto",
            ("POST", "/api/experts/coding/scale", {"instances": None}),
            (CODING, "CodingExpert: as many instances as demand wants, 3 there\n"),
        ),
        (
            "experts scale coding 4",
            ("POST", "/api/experts/coding/scale", {"instances": 4}),
            (
                {**CODING, "wanted": 4, "note": "there are only 3 addresses"},
                "CodingExpert: 4 wanted, 3 there; there are only 3 addresses\n",
            ),
        ),
        (
            "rate q1 good",
            ("POST", "/api/ratings", {"id": "q1", "rating": 1.0}),
            (
                {"id": "q1", "expert": "Poet", "rating": 1.0, "weight": 0.5},
                "rated 1: the answer of Poet, with a weight of 0.5\n",
            ),
        ),
        (
            "rate q1 0.3 --expert Poet",
            ("POST", "/api/ratings", {"id": "q1", "rating": 0.3, "expert": "Poet"}),
            (
                {"id": "q1", "expert": None, "rating": 0.3, "weight": 1.0},
                "rated 0.3: the answer, with a weight of 1\n",
            ),
        ),
        (
            "experiments start --name two --changes moe.router.top_k=2",
            (
                "POST",
                "/api/experiments",
                {"name": "two", "changes": {"moe": {"router": {"top_k": 2}}}},
            ),
            (TWO, "two runs; `collegium experiments status` says how it stands\n"),
        ),
        (
            "experiments stop two --promote",
            ("DELETE", "/api/experiments/two?promote=true", None),
            (
                {"name": "two", "state": "promoted", "verdict": "by hand"},
                "two: promoted; by hand\n",
            ),
        ),
        (
            "backends put farm --address http://a:1/v1",
            ("PUT", "/api/backends/farm", {"kind": "http", "url": "http://a:1/v1"}),
            (HTTP, "farm is a backend: http://a:1/v1, http://b:1/v1\n"),
        ),
        (
            "backends put farm --kind vllm --address http://a:1/v1 --replica http://b:1/v1 "
            "--replica http://c:1/v1 --api-key-env FARM_KEY --capacity 32",
            (
                "PUT",
                "/api/backends/farm",
                {
                    "kind": "vllm",
                    "url": "http://a:1/v1",
                    "replicas": ["http://b:1/v1", "http://c:1/v1"],
                    "api_key_env": "FARM_KEY",
                    "capacity": 32,
                },
            ),
            (HTTP, "farm is a backend: http://a:1/v1, http://b:1/v1\n"),
        ),
        (
            "backends remove farm",
            ("DELETE", "/api/backends/farm", None),
            ({"name": "farm", "removed": True}, "farm is no backend any more\n"),
        ),
        (
            "models alias team/quick farm/small",
            ("PUT", "/api/models/team%2Fquick", {"means": "farm/small"}),
            ({"name": "team/quick", "means": "farm/small"}, "team/quick means farm/small\n"),
        ),
        (
            "models unalias quick",
            ("DELETE", "/api/models/quick", None),
            ({"name": "quick", "removed": True}, "quick means no model any more\n"),
        ),
        (
            "config reload",
            ("POST", "/api/config/reload", {}),
            (
                {"generation": 4, "changed": ["moe.router.top_k", "backends.farm"]},
                "changed: moe.router.top_k, backends.farm; generation 4 is in force\n",
            ),
        ),
        (
            "config rollback",
            ("POST", "/api/config/rollback", {}),
            (
                {"generation": 4, "changed": []},
                "nothing has changed; generation 4 is in force\n",
            ),
        ),
    ],
)
def test_a_verb_asks_the_server_and_says_what_came_of_it(
    scripted: Scripted, tmp_path: Path, words: str, asked: Any, comes: tuple[Any, str]
) -> None:
    answer, told = comes
    scripted.answers[asked[:2]] = (200, answer)
    said = run(*words.split(), "--url", scripted.url, folder=tmp_path, COLLEGIUM_KEY="cg-1")
    assert said.exit_code == 0, said.stderr
    assert said.stdout == told
    assert scripted.asked == [(*asked, "Bearer cg-1")]


def test_status_shows_experts_and_what_is_managed(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    said = run("status", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    row = next(line for line in said.stdout.splitlines() if "CodingExpert" in line)
    for cell in (
        "██░░ 2/4",
        "1,234",
        "90% (81-95)",
        "120ms/2.4s",
        "42",
        "$0.2500",
        "0.81",
    ):
        assert cell in row
    assert "\x1b" not in said.stdout
    assert "(draining)" in said.stdout
    for line in (
        "experiment two: too early; few ratings",
        "drift: success of Poet: 90 % to 60 %",
        "instances of CodingExpert: no memory for one more",
        "instance local/m#2: fails every look at it, and is asked no more",
        "evenness: load varies by 12% between experts, queries by 30%",
        "learning: 1,200 outcomes; the gate goes by what was taught: nothing yet",
        "record: a.sqlite3, 9 written, 2 dropped; it fails: the disk is full",
        "configuration: team.yaml, generation 3, 1 changes beside it",
    ):
        assert line in said.stdout
    assert "drift: input" not in said.stdout
    assert "by hand" not in said.stdout


def test_a_narrow_terminal_shows_less_and_nothing_cut(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    said = run("status", "--url", scripted.url, folder=tmp_path, COLUMNS="80")
    row = next(line for line in said.stdout.splitlines() if "CodingExpert" in line)
    for cell in ("██░░ 2/4", "1,234", "90% (81-95)", "120ms/2.4s", "0.81"):
        assert cell in row
    assert "…" not in row
    assert "cost" not in said.stdout


def test_an_instance_that_fails_is_named(scripted: Scripted, tmp_path: Path) -> None:
    broken = {"label": "up@127.0.0.1:9", "breaker": "open"}
    scripted.answers["GET", "/api/status"] = (200, {**STATUS, "instances": [broken]})
    said = run("status", "--url", scripted.url, folder=tmp_path)
    assert "instance up@127.0.0.1:9: it fails, and is left alone for now" in said.stdout


def test_alarms_are_acknowledged_before_status_is_shown(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["POST", "/api/drift/acknowledge"] = (200, {"acknowledged": 1})
    scripted.answers["GET", "/api/status"] = (200, {**STATUS, "drift": []})
    said = run("status", "--acknowledge", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert "drift" not in said.stdout
    assert [one[:3] for one in scripted.asked] == [
        ("POST", "/api/drift/acknowledge", {}),
        ("GET", "/api/status", None),
    ]


def test_status_in_a_pipe_is_shown_once_even_if_it_is_to_be_watched(
    scripted: Scripted, tmp_path: Path
) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    said = run("status", "--watch", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert said.stdout.count("generation 3") == 1
    assert len(scripted.asked) == 1


def test_status_as_json_is_what_the_server_tells(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    said = run("status", "--json", "--url", f"{scripted.url}/v1/", folder=tmp_path)
    assert json.loads(said.stdout) == {"source": scripted.url, **STATUS}


def test_experts_are_ranked_best_first_and_who_cannot_be_says_so(
    scripted: Scripted, tmp_path: Path
) -> None:
    scripted.answers["GET", "/api/status"] = (200, {**STATUS, "experts": [POET, CODING]})
    said = run("experts", "rank", "--url", scripted.url, folder=tmp_path)
    first, second = [line for line in said.stdout.splitlines() if "0.700 and 0.900" in line]
    assert first.split()[:3] == ["1", "CodingExpert", "0.812"]
    assert second.split()[0] == "?"
    assert "too few outcomes to rank: 3 of 20" in second
    told = run("experts", "rank", "--json", "--url", scripted.url, folder=tmp_path)
    assert [row["expert"] for row in json.loads(told.stdout)["experts"]] == ["coding", "poet"]


def test_an_expert_joins_a_running_server_and_no_file_is_touched(
    scripted: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "wine.txt").write_text("red with lamb\nis this rioja ready\ndecant a barolo\n")
    scripted.answers["POST", "/api/experts?replace=true"] = (201, CODING)
    words = ("experts", "add", "WineExpert", "--examples", "wine.txt", "--model", "up/m")
    said = run(*words, "--replace", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert scripted.asked[0][2] == {
        "name": "WineExpert",
        "models": ["up/m"],
        "examples": ["red with lamb", "is this rioja ready", "decant a barolo"],
    }
    assert [one.name for one in tmp_path.iterdir()] == ["wine.txt"]


def test_a_plan_is_sent_as_its_file_has_it(scripted: Scripted, tmp_path: Path) -> None:
    plan = {"name": "two", "mode": "canary", "changes": {"moe": {"objective": "cheap"}}}
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    scripted.answers["POST", "/api/experiments"] = (201, TWO)
    said = run("experiments", "start", "plan.yaml", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert scripted.asked[0][2] == plan


def test_the_experiments_are_listed_with_their_verdicts(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["GET", "/api/experiments"] = (200, {"data": [TWO]})
    scripted.answers["GET", "/api/experiments/two"] = (200, TWO)
    said = run("experiments", "status", "--url", scripted.url, folder=tmp_path)
    assert "too early" in said.stdout
    one = run("experiments", "status", "two", "--json", "--url", scripted.url, folder=tmp_path)
    assert json.loads(one.stdout) == TWO
    scripted.answers["GET", "/api/experiments"] = (200, {"data": []})
    none = run("experiments", "status", "--url", scripted.url, folder=tmp_path)
    assert none.stdout == "nothing has been tried out yet\n"


def test_the_backends_are_listed_with_where_their_models_are(
    scripted: Scripted, tmp_path: Path
) -> None:
    scripted.answers["GET", "/api/backends"] = (200, {"data": [HTTP, TAPE, EMBEDDED]})
    said = run("backends", "list", "--url", scripted.url, folder=tmp_path)
    for cells in (
        ("farm", "http", "32", "FARM_KEY", "http://a:1/v1, http://b:1/v1"),
        ("tape", "recorded", "answers.jsonl"),
        ("here", "llamacpp", "2", "on the server's machine"),
    ):
        (line,) = [line for line in said.stdout.splitlines() if cells[0] in line.split()]
        assert all(cell in line for cell in cells)
    told = run("backends", "list", "--json", "--url", scripted.url, folder=tmp_path)
    assert json.loads(told.stdout) == {"backends": [HTTP, TAPE, EMBEDDED]}
    scripted.answers["GET", "/api/backends"] = (200, {"data": []})
    none = run("backends", "list", "--url", scripted.url, folder=tmp_path)
    assert none.stdout.startswith("there are no backends")


def test_backends_alone_lists_those_of_the_configured_server(
    scripted: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "collegium.yaml").write_text(f"gateway: {{port: {scripted.http.server_port}}}\n")
    scripted.answers["GET", "/api/backends"] = (200, {"data": [HTTP]})
    said = run("backends", folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert "http://a:1/v1, http://b:1/v1" in said.stdout


def test_a_backend_is_sent_as_its_file_has_it(scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "entry.yaml").write_text("# ours\nkind: llamacpp\nmodels: [small]\nslots: 2\n")
    scripted.answers["PUT", "/api/backends/here"] = (200, EMBEDDED)
    words = ("backends", "put", "here", "--file", "entry.yaml", "--url", scripted.url)
    said = run(*words, folder=tmp_path)
    assert said.stdout == "here is a backend: on the server's machine\n", said.stderr
    assert scripted.asked[0][2] == {"kind": "llamacpp", "models": ["small"], "slots": 2}
    assert json.loads(run(*words, "--json", folder=tmp_path).stdout) == EMBEDDED
    (tmp_path / "entry.yaml").write_text("kind: [llamacpp\n")
    broken = run(*words, folder=tmp_path)
    assert broken.exit_code == 2
    assert "entry.yaml:" in broken.stderr
    assert len(scripted.asked) == 2


def test_the_backend_of_the_managements_page_is_right() -> None:
    page = (Path(__file__).parent.parent / "docs/management.md").read_text("utf-8")
    (entry,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    read_data({"backends": {"here": parse(entry, source="entry").data}}, source="the page")


def test_the_short_names_are_listed_with_what_each_means(
    scripted: Scripted, tmp_path: Path
) -> None:
    rows = [{"name": "quick", "means": "farm/small"}]
    scripted.answers["GET", "/api/models"] = (200, {"data": rows})
    said = run("models", "aliases", "--url", scripted.url, folder=tmp_path)
    assert any(line.split() == ["quick", "farm/small"] for line in said.stdout.splitlines())
    told = run("models", "aliases", "--json", "--url", scripted.url, folder=tmp_path)
    assert json.loads(told.stdout) == {"models": rows}
    scripted.answers["GET", "/api/models"] = (200, {"data": []})
    none = run("models", "aliases", "--url", scripted.url, folder=tmp_path)
    assert none.stdout.startswith("there are no short names")


def test_a_running_server_is_given_backends_and_names_and_goes_back(
    upstream: str, tmp_path: Path
) -> None:
    with serving(tmp_path / "served", config_of(upstream)) as served:

        def told(words: str, exit_code: int = 0) -> str:
            said = run(*words.split(), "--url", served.url, folder=tmp_path)
            assert said.exit_code == exit_code, said.output
            assert "Traceback" not in said.stderr
            return said.stderr if exit_code else said.stdout

        told(f"backends put second --address {upstream} --capacity 3")
        (row,) = [
            row
            for row in json.loads(told("backends list --json"))["backends"]
            if row["name"] == "second"
        ]
        assert (row["kind"], row["url"], row["capacity"]) == ("http", upstream, 3)
        told("models alias team/swift second/words-3")
        assert served.chat("team/swift").headers["x-collegium-model"] == "second/words-3"
        assert "team/swift" in told("models aliases")
        assert "team/swift" in told("backends remove second", exit_code=1)
        assert told("models alias lost nowhere/m", exit_code=2).count("'nowhere'") == 1
        assert "'nowhere'" in told("backends put third --address nowhere", exit_code=2)
        secret = "backends put third --address http://127.0.0.1:1 --api-key-env PATH"
        assert "PATH" in told(secret, exit_code=2)
        assert "changed: models.team/swift;" in told("config rollback")
        assert json.loads(told("backends remove second --json"))["removed"]
        assert json.loads(told("config rollback --json"))["changed"] == ["backends.second"]
        assert "nothing has changed" in told("config reload")
        told("config rollback")
        assert "no way back" in told("config rollback", exit_code=1)
        file = tmp_path / "served/collegium.yaml"
        file.write_text(file.read_text().replace("heuristic", "magic"))
        assert "'magic'" in told("config reload", exit_code=1)


@pytest.mark.parametrize(
    ("refusal", "exit_code", "also"),
    [
        ((401, "invalid_api_key"), 1, "put a key into COLLEGIUM_KEY"),
        ((403, "forbidden"), 1, ""),
        ((404, "unknown_expert"), 2, ""),
        ((409, "last_expert"), 1, ""),
        ((400, "invalid_request"), 2, ""),
        ((418, "unheard_of"), 1, ""),
    ],
)
def test_what_the_server_refuses_is_said_and_ends_as_the_error_does(
    scripted: Scripted, tmp_path: Path, refusal: tuple[int, str], exit_code: int, also: str
) -> None:
    status, code = refusal
    told = {"error": {"message": "it is\x1b not done", "code": code, "type": "x", "param": None}}
    scripted.answers["POST", "/api/experts/coding/drain"] = (status, told)
    said = run("experts", "drain", "coding", "--url", scripted.url, folder=tmp_path)
    assert said.exit_code == exit_code
    assert said.stdout == ""
    assert "it is␛ not done" in said.stderr
    assert also in said.stderr


def test_a_key_goes_nowhere_else_than_to_the_server_that_was_named(
    scripted: Scripted, tmp_path: Path
) -> None:
    scripted.answers["GET", "/api/status"] = (302, b"")
    scripted.head = {"location": f"{scripted.url}/elsewhere"}
    said = run("status", "--url", scripted.url, folder=tmp_path, COLLEGIUM_KEY="cg-1")
    assert said.exit_code == 1
    assert "302" in said.stderr
    assert [path for _, path, *_ in scripted.asked] == ["/api/status"]


def test_no_proxy_is_asked(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    proxied = {"http_proxy": unused(), "HTTP_PROXY": unused(), "no_proxy": ""}
    said = run("status", "--url", scripted.url, folder=tmp_path, **proxied)
    assert said.exit_code == 0, said.stderr


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 2000])
def test_something_else_at_that_address_is_told_apart(
    scripted: Scripted, tmp_path: Path, body: bytes
) -> None:
    for status in (200, 500):
        scripted.answers["GET", "/api/status"] = (status, body)
        said = run("status", "--url", scripted.url, folder=tmp_path)
        assert said.exit_code == 1
        assert scripted.url in said.stderr
        assert "in a way it should not" not in said.stderr


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with listening() as url:
        one = server(url, "COLLEGIUM_KEY", None, timeout_s=0.2)
        with pytest.raises(BackendTimeout, match=r"within 0\.2 s"):
            one.get("status")


def test_where_nobody_serves_the_command_that_would_is_named(tmp_path: Path) -> None:
    for words in (
        ["status"],
        ["experts", "drain", "coding"],
        ["rate", "q1", "bad"],
        ["config", "rollback"],
    ):
        said = run(*words, "--url", unused(), folder=tmp_path)
        assert said.exit_code == 3
        assert "`collegium serve`" in said.stderr


def test_the_server_is_where_the_configuration_has_it(scripted: Scripted, tmp_path: Path) -> None:
    port = scripted.http.server_port
    for host in ("127.0.0.1", "0.0.0.0"):
        (tmp_path / "collegium.yaml").write_text(f"gateway: {{host: {host}, port: {port}}}\n")
        scripted.answers["GET", "/api/status"] = (200, STATUS)
        assert run("status", "--json", folder=tmp_path).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        "status --url ftp://x",
        "status --url http://user:secret@127.0.0.1",
        "status --url http://[x",
        "status --url 127.0.0.1:8100",
        "status --url http://127.0.0.1:8100 --key-env NOT_SET_AT_ALL",
        "rate q1 fine",
        "rate q1 1.5",
        "rate q1 nan",
        "experts scale coding many",
        "experts scale coding 1.5",
        "experts scale coding 0",
        "experts add Poet --examples none.txt --replace",
        "backends put",
        "backends put farm",
        "backends put farm --url http://127.0.0.1:8100",
        "backends put farm --address http://a --capacity 0",
        "backends put farm --address http://a --file entry.yaml",
        "backends put farm --file missing.yaml",
        "backends put farm --file missing.yaml --kind vllm",
        "backends list --url nowhere",
        "models alias quick",
        "models unalias",
        "config reload now",
        "experiments start",
        "experiments start plan.yaml --name two",
        "experiments start missing.yaml",
        "experiments start --name two",
        "experiments start --name two --changes top_k",
        "experiments start --name two --changes =2",
        "experiments start --name two --changes a=[",
        "experiments start --name two --changes a=1 --changes a.b=2",
        "experiments start --name two --changes a.b=1 --changes a=2",
    ],
)
def test_wrong_words_end_with_2_and_reach_no_server(words: str, tmp_path: Path) -> None:
    said = run(*words.split(), folder=tmp_path)
    assert said.exit_code == 2, said.output
    assert "Traceback" not in said.stderr


def test_changes_are_values_as_yaml_has_them() -> None:
    told = [
        "moe.router.top_k=2",
        "moe.router.model=builtin",
        "moe.experts=[]",
        "prices=",
        "a.b=x=y",
    ]
    assert changes_of(told) == {
        "moe": {"router": {"top_k": 2, "model": "builtin"}, "experts": []},
        "prices": None,
        "a": {"b": "x=y"},
    }
    with pytest.raises(ConfigError, match="nothing to try out"):
        changes_of([])


def test_little_is_said_where_there_is_little_to_say() -> None:
    assert lines_of({"experts": []}) == []
    told = {"experts": [POET], "reason": "no model yet", "storage": None}
    assert lines_of(told) == ["not ready: no model yet", "Poet\x1b[31m: it rests"]


def on_record(path: Path, outcomes: dict[str, list[bool]]) -> None:
    """Write down how answers of experts have turned out."""

    async def write() -> None:
        store = open_store(str(path))
        for expert, oks in outcomes.items():
            for place, ok in enumerate(oks):
                data = {"ok": ok, "latency_ms": 100.0, "completion_tokens": 5, "cost_usd": 0.01}
                store.append(
                    Record("answer", time.time(), f"{expert}{place}", expert, "up/m", data=data)
                )
        await store.aclose()

    asyncio.run(write())


@pytest.mark.parametrize("named", [True, False])
def test_where_nobody_serves_experts_are_ranked_by_what_is_on_record(
    tmp_path: Path, named: bool
) -> None:
    where = tmp_path / ("mine.db" if named else "collegium/record.sqlite3")
    where.parent.mkdir(exist_ok=True)
    on_record(where, {"Good": [True] * 40, "Worse": [True, False] * 20, "New": [True] * 3})
    port = unused().rpartition(":")[2]
    storage = f"storage: {{url: '{where}'}}\n" if named else ""
    (tmp_path / "collegium.yaml").write_text(f"gateway: {{port: {port}}}\n{storage}")
    said = run("experts", "rank", folder=tmp_path)
    assert said.exit_code == 0, said.stderr
    assert f"no collegium serves; this is what is on record in {where}" in said.stderr
    lines = said.stdout.splitlines()
    assert [
        next(line for line in lines if name in line).split()[0] for name in ("Good", "New")
    ] == [
        "1",
        "?",
    ]
    assert "too few outcomes to rank: 3 of 20" in said.stdout
    told = json.loads(run("status", "--json", folder=tmp_path).stdout)
    assert told["source"] == str(where)
    rows = {row["name"]: row["performance"] for row in told["experts"]}
    assert rows["Worse"]["queries"] == 40
    assert rows["Worse"]["success"]["mean"] == pytest.approx(0.5, abs=0.05)
    shown = run("status", folder=tmp_path)
    assert "Good" in shown.stdout
    assert "nobody" not in shown.stderr


def test_without_a_server_and_without_a_record_that_is_said(tmp_path: Path) -> None:
    port = unused().rpartition(":")[2]
    for storage in ("", "storage: {url: 'off'}\n", "storage: {url: 'none.db'}\n"):
        (tmp_path / "collegium.yaml").write_text(f"gateway: {{port: {port}}}\n{storage}")
        said = run("status", folder=tmp_path)
        assert said.exit_code == 3
        assert "nothing is on record" in said.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["collegium.yaml"]


def test_on_a_terminal_status_is_looked_at_again_and_again_until_it_is_interrupted(
    scripted: Scripted, tmp_path: Path
) -> None:
    scripted.answers["GET", "/api/status"] = (200, STATUS)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "collegium", "status", "--watch", "--url", scripted.url]
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "COLUMNS": "150", "TERM": "xterm"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=env
    ) as process:
        os.close(theirs)
        assert until(lambda: len(scripted.asked) >= 2, 30)
        process.send_signal(signal.SIGINT)
        shown = heard(ours)
        assert process.wait(20) == 130
    os.close(ours)
    assert "CodingExpert" in shown
    assert "generation 3" in shown
    assert "Traceback" not in shown


def heard(terminal: int) -> str:
    """All that comes of a terminal until nobody writes to it any more."""
    pieces: list[bytes] = []
    with suppress(OSError):  # that is how Linux says so
        while piece := os.read(terminal, 65_536):
            pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")
