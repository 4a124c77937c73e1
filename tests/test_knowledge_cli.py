"""The verbs about a codebase, as processes: what they print, where, and how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import knowledge_shop
import pytest
import typer

from collegium.cli import codebases
from collegium.cli.index import index
from collegium.cli.progress import megabytes
from collegium.cli.roots import holds_everything
from collegium.cli.search import parse_line, shown
from collegium.errors import MissingGrammar, QueryError
from collegium.knowledge.codebase import Finding
from collegium.knowledge.index.lock import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

# Nothing here takes more than a moment; a machine may be busy all the same.
LONGEST_S = 300


@pytest.fixture
def collegium(tmp_path: Path) -> Run:
    """Run the command line with a cache of its own."""

    def run(
        *words: object, cwd: Path | None = None, stdin: str = "", home: Path | None = None
    ) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "collegium", *map(str, words)],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env={
                **os.environ,
                "COLLEGIUM_CACHE": str(tmp_path / "cache"),
                "COLUMNS": "200",
                "HOME": str(home or tmp_path),
            },
            cwd=cwd,
            timeout=LONGEST_S,
            check=False,
        )

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return knowledge_shop.write(tmp_path / "tree")


def test_indexing_says_what_is_known_and_leaves_nothing_in_the_folder(
    collegium: Run, shop: Path
) -> None:
    before = sorted(shop.rglob("*"))
    done = collegium("index", shop)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "6 files (6 added, 0 changed, 0 removed)" in done.stdout
    assert "5 python, 1 markdown" in done.stdout
    assert sorted(shop.rglob("*")) == before

    told = json.loads(collegium("index", shop, "--json").stdout)
    assert told["files"] == {"python": 5, "markdown": 1}
    assert told["added"] == told["changed"] == told["removed"] == 0
    assert told["edges"]["inherits"]["resolved"] == 3
    assert told["vectors"] > 0
    assert told["units"] >= told["vectors"]


def test_vectors_can_be_left_to_another_run_and_all_can_be_read_anew(
    collegium: Run, shop: Path
) -> None:
    (shop / "node_modules").mkdir()
    (shop / "node_modules/a.js").write_text("1;")
    told = json.loads(collegium("index", shop, "--no-wait", "--json").stdout)
    assert told["vectors"] == 0
    assert list(told["skipped"]) == ["node_modules/"]
    again = json.loads(collegium("index", shop, "--rebuild", "--lexical", "--json").stdout)
    assert again["added"] == 6


@pytest.mark.parametrize("verb", ["index", "graph", "search"])
def test_a_path_that_is_no_folder_is_refused_in_a_sentence(
    collegium: Run, tmp_path: Path, verb: str
) -> None:
    file = tmp_path / "file.py"
    file.write_text("")
    words = {"index": (), "graph": ("where", "f", "--path"), "search": ("f", "--path")}[verb]
    for path in (tmp_path / "missing", file):
        done = collegium(verb, *words, path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert str(path) in done.stderr
        assert "Traceback" not in done.stderr


def test_answers_of_the_graph_are_lines_and_the_rest_is_on_stderr(
    collegium: Run, shop: Path
) -> None:
    done = collegium("graph", "callers", "Order.pay", "--path", shop)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "shop/orders.py:24\tGiftOrder.pay",
        "shop/reports.py:10\tmain",
    ]
    assert "callers of Order.pay (shop/orders.py:17)" in done.stderr

    done = collegium("graph", "subclasses", "Base", "--all", "--path", shop, "--json")
    told = json.loads(done.stdout)
    assert [one["symbol"] for one in told["found"]] == ["Order", "GiftOrder", "SmallGift"]
    assert told["exact"] is True

    done = collegium("graph", "overrides", "Base.validate", "--all", "--path", shop)
    assert done.stdout == "shop/orders.py:14\tOrder.validate\n"


def test_what_calls_a_method_through_its_base_has_a_heading_of_its_own(
    collegium: Run, tmp_path: Path
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text(
        "class Base:\n    def run(self): ...\n\n"
        "class Task(Base):\n    def run(self): ...\n\n"
        "def start(task: Base):\n    task.run()\n"
    )
    done = collegium("graph", "callers", "Task.run", "--path", tmp_path / "tree")
    assert done.stdout == "a.py:8\tstart\tthrough Base.run\n"
    assert "none\nthrough Base.run (a.py:2), which Task.run (a.py:5) overrides:" in done.stderr
    told = json.loads(
        collegium("graph", "callers", "Task.run", "--path", tmp_path / "tree", "--json").stdout
    )
    assert told["found"] == []
    (through,) = told["through"]
    assert through["base"]["symbol"] == "Base.run"
    assert [(one["symbol"], one["lines"]) for one in through["found"]] == [("start", [8])]
    line = json.dumps({"qid": 1, "query": "What calls `Task.run`?"})
    batch = collegium("search", "--batch", "-", "--root", tmp_path / "tree", stdin=line)
    assert json.loads(batch.stdout)["answer"] == []


def test_which_folder_is_asked_is_said_where_it_could_surprise(collegium: Run, shop: Path) -> None:
    first = collegium("graph", "where", "total", "--path", shop)
    assert first.stderr.splitlines()[0] == f"{shop} is not indexed yet: indexing it"
    assert collegium("graph", "where", "total", "--path", shop).stderr == ""
    below = collegium("search", "where is `round_up` defined?", cwd=shop / "docs")
    assert below.stderr.splitlines()[0] == f"answering from the index of {shop}"
    assert collegium("graph", "where", "round_up", cwd=shop).stderr == ""


def test_nothing_is_indexed_for_a_batch_that_is_not_there(
    collegium: Run, shop: Path, tmp_path: Path
) -> None:
    done = collegium("search", "--batch", tmp_path / "none.jsonl", "--root", shop)
    assert done.returncode == 2
    assert "none.jsonl" in done.stderr
    assert "indexing" not in done.stderr


@pytest.mark.parametrize("query", ["", "  "])
def test_an_empty_query_is_refused(collegium: Run, shop: Path, query: str) -> None:
    done = collegium("search", query, "--path", shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert "empty" in done.stderr
    lines = "\n".join(json.dumps({"qid": 1, "query": each}) for each in (query, "total"))
    batch = collegium("search", "--batch", "-", "--root", shop, "--lexical", stdin=lines)
    assert batch.returncode == 4
    assert "line 1: the query is empty" in batch.stderr
    assert len(batch.stdout.splitlines()) == 1


def test_places_that_a_search_finds_are_never_broken() -> None:
    found = [
        Finding("a/very/long/path/of/a/file.py", "Type.method", line=120, why="its name"),
        Finding("b.py", "f", line=3, why="its documentation says so"),
    ]
    assert shown(found, None) == (
        "a/very/long/path/of/a/file.py:120\tType.method\tits name\n"
        "b.py:3\tf\tits documentation says so\n"
    )
    assert shown(found, 80) == (
        "a/very/long/path/of/a/file.py:120  Type.method  its name\n"
        "b.py:3                             f            its documentation says so\n"
    )
    assert shown(found, 20) == (
        "a/very/long/path/of/a/file.py:120  Type.method\n    its name\n"
        "b.py:3  f\n    its documentation says so\n"
    )


def test_damaged_lines_are_named(collegium: Run, shop: Path) -> None:
    (shop / "shop/broken.py").write_text("def f():\n    pass\n\n)))\n\ndef g():\n    pass\n")
    done = collegium("index", shop, "--lexical")
    assert "damaged  shop/broken.py (line 4 could not be read)\n" in done.stdout


def test_nothing_found_is_an_answer_and_an_unknown_name_an_error(
    collegium: Run, shop: Path
) -> None:
    none = collegium("graph", "callers", "SmallGift", "--path", shop)
    assert (none.returncode, none.stdout) == (0, "")
    assert "none" in none.stderr
    unknown = collegium("graph", "callers", "roundup", "--path", shop)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "`round_up`" in unknown.stderr


@pytest.mark.parametrize("words", [("callers", ""), ("where", " `` "), ("path", "main", "")])
def test_an_empty_name_is_refused(collegium: Run, shop: Path, words: tuple[str, ...]) -> None:
    done = collegium("graph", *words, "--path", shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the name is empty" in done.stderr


def test_a_name_that_nothing_has_ends_alike_however_it_is_asked_for(
    collegium: Run, shop: Path
) -> None:
    asked = ("graph", "callers", "roundup"), ("search", "who calls `roundup`?")
    for words in asked:
        done = collegium(*words, "--path", shop)
        assert (done.returncode, done.stdout) == (1, "")
        assert "error: nothing here is called `roundup`" in done.stderr
        done = collegium(*words, "--path", shop, "--json")
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert (told["intent"], told["name"], told["exact"]) == ("callers", "roundup", False)
        assert "`round_up`" in told["note"]
    path = collegium("graph", "path", "main", "nobody", "--path", shop, "--json")
    assert path.returncode == 1
    assert "`nobody`" in json.loads(path.stdout)["note"]


def test_a_line_says_what_it_belongs_to_where_several_were_asked_about(
    collegium: Run, shop: Path
) -> None:
    done = collegium("graph", "callers", "total", "--path", shop)
    assert done.stdout.splitlines() == [
        "shop/orders.py:12\tOrder.__init__\tof total (shop/pricing.py:4)",
        "shop/reports.py:11\tmain\tof total (shop/reports.py:4)",
    ]
    one = collegium("graph", "callers", "shop/pricing.py::total", "--path", shop)
    assert one.stdout == "shop/orders.py:12\tOrder.__init__\n"


def test_whether_one_does_something_is_answered_in_words(collegium: Run, shop: Path) -> None:
    def ask(text: str) -> str:
        done = collegium("search", text, "--path", shop)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert ask("does `main` call `Order.pay`?") == (
        "Yes, main (shop/reports.py:8) calls Order.pay (shop/orders.py:17):\n"
        "shop/reports.py:10\tmain\n"
    )
    assert ask("does `main` call `round_up`?") == (
        "No: it is not seen that main (shop/reports.py:8) calls round_up (shop/pricing.py:9).\n"
        "it comes to be called by way of `Order`, `total`\n"
    )
    assert ask("is `Base` a subclass of `GiftOrder`?") == (
        "No: it is not seen that Base (shop/base.py:1) inherits from GiftOrder "
        "(shop/orders.py:22).\n"
        "it is the other way round: `GiftOrder` inherits from `Base`\n"
    )
    assert ask("how does `round_up` reach `main`?") == (
        "No calls that the source tells lead from round_up (shop/pricing.py:9) to main "
        "(shop/reports.py:8).\n"
    )


def test_the_nearest_index_above_is_asked_and_kept_as_its_folder_is(
    collegium: Run, shop: Path
) -> None:
    collegium("index", shop, "--lexical")
    (shop / "shop/late.py").write_text("def late():\n    pass\n")
    done = collegium("graph", "where", "late", cwd=shop / "docs")
    assert done.stdout == "shop/late.py:1\tlate\tdef late()\n"
    (shop / "shop/late.py").unlink()
    stale = collegium("graph", "where", "late", "--no-index", cwd=shop / "docs")
    assert stale.stdout == done.stdout
    assert collegium("graph", "where", "late", cwd=shop / "docs").returncode == 1


def test_a_path_is_a_line_for_each_definition_on_it(collegium: Run, shop: Path) -> None:
    done = collegium("graph", "path", "main", "round_up", "--path", shop)
    assert done.stdout == (
        "shop/reports.py:8\tmain\tdef main()\n"
        "shop/orders.py:7\tOrder\tcalled at shop/reports.py:9\n"
        "shop/pricing.py:4\ttotal\tcalled at shop/orders.py:12\n"
        "shop/pricing.py:9\tround_up\tcalled at shop/pricing.py:6\n"
    )
    none = collegium("graph", "path", "round_up", "main", "--path", shop)
    assert (none.returncode, none.stdout) == (0, "")
    assert "none" in none.stderr
    assert collegium("graph", "path", "main", "nobody", "--path", shop).returncode == 1


def test_without_an_index_nothing_is_asked_where_none_may_be_made(
    collegium: Run, shop: Path
) -> None:
    done = collegium("search", "anything", "--no-index", "--path", shop)
    assert done.returncode == 2
    assert "collegium index" in done.stderr


def test_a_search_shows_places_and_reasons(collegium: Run, shop: Path) -> None:
    done = collegium("search", "what all goods cost together", "--path", shop, "--lexical")
    assert done.returncode == 0, done.stderr
    assert "shop/pricing.py:4\ttotal\t" in done.stdout
    told = json.loads(
        collegium("search", "what all goods cost", "--path", shop, "--limit", 2, "--json").stdout
    )
    assert told["intent"] == "search"
    assert len(told["found"]) == 2
    assert told["found"][0]["symbol"] == "total"
    exact = collegium("search", "who calls `round_up`?", "--path", shop)
    assert exact.stdout == "shop/pricing.py:6\ttotal\n"


def test_a_search_without_vectors_says_how_to_have_them(collegium: Run, shop: Path) -> None:
    words = ("search", "what all goods cost together", "--path", shop)
    first = collegium(*words)
    assert f"by words alone; `collegium index {shop}`" in first.stderr
    assert "by words alone" not in collegium(*words, "--lexical").stderr
    collegium("index", shop)
    assert collegium(*words).stderr == ""


def test_a_batch_answers_line_for_line_and_names_the_bad_ones(
    collegium: Run, shop: Path, tmp_path: Path
) -> None:
    batch = tmp_path / "questions.jsonl"
    asked = [
        {"qid": "a", "query": "What calls `Order.pay`?"},
        {"qid": 2, "query": "what all goods cost together"},
        {"qid": "c", "query": "Which files import `Order`?"},
        {"qid": "d", "query": "Who calls `nobody`?"},
    ]
    lines = [*map(json.dumps, asked), "", "{", '{"query": "no id"}', "[" * 100_000]
    lines.append('{"qid": "\\ud800", "query": "goods"}')
    batch.write_text("\n".join(lines))
    done = collegium("search", "--batch", batch, "--root", shop, "--lexical")
    assert done.returncode == 4
    assert "line 6" in done.stderr
    assert "line 7" in done.stderr
    assert "line 8" in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["qid"] for one in told] == ["a", 2, "c", "d", "\ud800"]
    assert told[0]["answer"] == [
        {"file": "shop/orders.py", "symbol": "GiftOrder.pay"},
        {"file": "shop/reports.py", "symbol": "main"},
    ]
    assert "answer" not in told[1]
    assert told[1]["ranked"][0] == {"file": "shop/pricing.py", "symbol": "total"}
    assert told[2]["answer"] == [{"file": "shop/__init__.py"}, {"file": "shop/reports.py"}]
    assert told[3]["answer"] == []
    assert all(one["latency_ms"] > 0 for one in told)

    piped = collegium("search", "--batch", "-", "--root", shop, stdin=lines[0])
    assert json.loads(piped.stdout)["answer"] == told[0]["answer"]
    missing = collegium("search", "--batch", tmp_path / "none.jsonl", "--root", shop)
    assert missing.returncode == 2
    assert "none.jsonl" in missing.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"qid": NaN, "query": "x"}', "line 7: it is no JSON: NaN"),
        ('{"qid": 1e999, "query": "x"}', "line 7: its qid has to be a string or a number"),
        ('{"qid": [1], "query": "x"}', "line 7: its qid"),
        ('{"qid": true, "query": "x"}', "line 7: its qid"),
        ('{"qid": null, "query": "x"}', "line 7: its qid"),
        ('{"qid": 1, "query": ["x"]}', "line 7: it has to be"),
        ('["qid", "query"]', "line 7: it has to be"),
        ("NaN", "line 7: it is no JSON"),
        ('{"qid": 1, "query": " "}', "line 7: the query is empty"),
        ('{"qid": 1' + "0" * 5000 + ', "query": "x"}', "line 7: it is no JSON"),
    ],
)
def test_a_line_that_cannot_be_answered_says_its_number_and_why(line: str, told: str) -> None:
    with pytest.raises(QueryError, match=re.escape(told)):
        parse_line(line.encode(), 7)


def test_the_answer_to_a_line_of_a_batch_does_not_wait_for_the_next(
    shop: Path, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*[sys.executable, "-m", "collegium", "search", "--batch", "-"], "--root", str(shop)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "COLLEGIUM_CACHE": str(tmp_path / "cache"), "PYTHONUNBUFFERED": ""},
        encoding="utf-8",
    ) as asking:
        assert asking.stdin is not None
        assert asking.stdout is not None
        asking.stdin.write(json.dumps({"qid": 1, "query": "who calls `total`?"}) + "\n")
        asking.stdin.flush()
        assert json.loads(asking.stdout.readline())["qid"] == 1
        asking.stdin.close()


def test_a_question_is_answered_from_before_while_another_process_indexes(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(codebases, "PATIENCE_S", 0.05)
    with codebases.codebase(shop, lexical=True) as graph:
        (shop / "shop/late.py").write_text("def late():\n    pass\n")
        with alone(graph.index.path, lambda: None), codebases.codebase(shop) as waited:
            assert waited.where("round_up").found
            assert not waited.index.symbols_named("late")
    assert f"{shop} is being indexed: answering from what was known" in capsys.readouterr().err
    with codebases.codebase(shop) as graph:
        assert graph.index.symbols_named("late")


def test_whoever_indexes_all_that_he_has_is_warned(
    collegium: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = collegium("index", shop, "--lexical", home=shop)
    assert done.returncode == 0
    assert f"{shop} is no codebase, but holds all that you have" in done.stderr
    assert collegium("index", shop, "--lexical").stderr == ""
    monkeypatch.setenv("HOME", str(shop))
    assert holds_everything(type(shop)("/"))
    assert holds_everything(shop.parent)
    assert not holds_everything(shop / "docs")


def test_what_cannot_be_meant_is_refused(collegium: Run, shop: Path) -> None:
    both = collegium("search", "total", "--path", shop, "--root", shop)
    assert both.returncode == 2
    assert "not both" in both.stderr
    steps = collegium("graph", "callers", "total", "--all", "--path", shop)
    assert steps.returncode == 2
    assert "No such option: --all" in steps.stderr


@contextmanager
def watching(shop: Path, *words: str) -> Generator[subprocess.Popen[str]]:
    """A process that watches the shop, and ends with the test however that ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "collegium", "index", str(shop), "--watch", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLLEGIUM_CACHE": str(shop.parent / "cache")},
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def put(file: Path, text: str) -> None:
    """Write a file so that nobody sees it half written."""
    aside = file.parents[2] / "aside"
    aside.write_text(text)
    aside.replace(file)


def test_watching_says_each_change_until_interrupted(shop: Path) -> None:
    with watching(shop, "--json", "--lexical") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["added"] == 6
        assert json.loads(process.stdout.readline())["added"] == []
        put(shop / "shop/late.py", "def late():\n    pass\n")
        change = json.loads(process.stdout.readline())
        assert change["added"] == ["shop/late.py"]
        assert change["damaged"] == {}
        put(shop / "shop/late.py", "def late():\n    pass\n)\n")
        change = json.loads(process.stdout.readline())
        assert change["damaged"] == {"shop/late.py": "line 3"}
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=LONGEST_S)
        assert process.returncode == 130
    assert "Traceback" not in stderr


def test_watching_is_refused_at_once_where_what_it_takes_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    monkeypatch.setenv("COLLEGIUM_CACHE", str(shop.parent / "cache"))
    with pytest.raises(typer.Exit) as ended:
        index(shop, watch=True, no_wait=True)
    assert ended.value.exit_code == MissingGrammar.exit_code
    told = capsys.readouterr()
    assert "watchfiles is not installed" in told.err
    assert "watching" not in told.err
    assert told.out == ""


def test_watching_says_which_file_is_damaged_and_where(shop: Path) -> None:
    with watching(shop, "--lexical") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"watching {shop}")
        put(shop / "shop/late.py", "def late():\n    pass\n)\n")
        change = process.stderr.readline()
        assert change.startswith("added shop/late.py (damaged: line 3 could not be read) (")


def test_a_question_of_the_graph_loads_no_arrays_and_no_parser(
    collegium: Run, shop: Path, tmp_path: Path
) -> None:
    collegium("index", shop, "--lexical")
    code = (
        "import sys\n"
        "from collegium.cli import main\n"
        "sys.argv = ['collegium', 'graph', 'where', 'total', '--path', sys.argv[1]]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'numpy', 'tree_sitter', 'watchfiles', 'onnxruntime', 'mcp'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shop)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLLEGIUM_CACHE": str(tmp_path / "cache")},
        timeout=LONGEST_S,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (180_224, "181 kB"),
        (999_999, "1000 kB"),
        (1_000_000, "1 MB"),
        (93_000_000, "93 MB"),
    ],
)
def test_sizes_are_said_in_units_in_which_they_are_not_nothing(count: int, told: str) -> None:
    assert megabytes(count) == told
