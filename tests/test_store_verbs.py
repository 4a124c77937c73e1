"""`collegium store`: what is on record, written out, cleared out."""

from __future__ import annotations

import asyncio
import csv
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from stores import numbered
from typer.testing import CliRunner

from collegium.cli import store as verbs
from collegium.storage.opening import open_store
from collegium.storage.records import Record

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

DAY_S = 86_400.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose record has three answers and two outcomes, the first 100 days old."""
    path = tmp_path / "record.sqlite3"
    config = tmp_path / "collegium.yaml"
    config.write_text(f"storage:\n  url: {path}\n  keep_days: 30\n")
    now = time.time()
    fill(
        path,
        Record("answer", now - 100 * DAY_S, "q0", "Coding", data={"text": 'a, "b"\n'}),
        Record("answer", now - 2 * DAY_S, "q1", "Coding", data={"n": 1}),
        Record("outcome", now - 2 * DAY_S, "q1", data={"n": 2}),
        Record("answer", now, "q2", "é", data={"n": 3}),
        Record("outcome", now, "q2", data={"n": 4}),
    )
    return config


def fill(path: Path, *records: Record) -> None:
    async def work() -> None:
        store = open_store(str(path), keep_days=None)
        for record in records:
            store.append(record)
        await store.aclose()

    asyncio.run(work())


def ran(config: Path, *arguments: object) -> Result:
    told = [str(one) for one in arguments]
    return CliRunner().invoke(verbs.app(), [*told, "--config", str(config)])


def exported(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_everything_is_exported_a_line_a_record(config: Path) -> None:
    result = ran(config, "export")
    assert result.exit_code == 0
    rows = exported(result.stdout)
    assert [row["query"] for row in rows] == ["q0", "q1", "q1", "q2", "q2"]
    assert rows[0]["data"] == {"text": 'a, "b"\n'}
    assert list(rows[0]) == [
        "number", "at", "kind", "query", "expert", "model", "variant", "origin", "data"
    ]  # fmt: skip


def test_an_export_is_narrowed_down_by_kind_and_time(config: Path) -> None:
    rows = exported(ran(config, "export", "--kind", "answer", "--since", "7d").stdout)
    assert [row["data"] for row in rows] == [{"n": 1}, {"n": 3}]


def test_a_file_of_csv_has_a_head_and_data_as_json(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "record.csv"
    result = ran(config, "export", "--format", "csv", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["expert"] for row in rows] == ["Coding", "Coding", "", "é", ""]
    assert json.loads(rows[0]["data"]) == {"text": 'a, "b"\n'}


def test_an_export_that_cannot_be_written_leaves_nothing_behind(
    config: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    result = ran(config, "export", "--out", tmp_path / "nowhere" / "x.jsonl")
    assert result.exit_code == 1
    assert "cannot write" in result.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [("--kind", "answers", "is none of decision"), ("--since", "soon", "not a length of time")],
)
def test_what_there_is_not_is_refused(config: Path, option: str, value: str, what: str) -> None:
    result = ran(config, "export", option, value)
    assert result.exit_code == 2
    assert what in " ".join(result.stderr.replace("│", " ").split())


def test_looking_deletes_nothing(config: Path) -> None:
    assert json.loads(ran(config, "status", "--json").stdout)["counts"] == {
        "answer": 3,
        "outcome": 2,
    }
    assert json.loads(ran(config, "status", "--json").stdout)["counts"]["answer"] == 3


def test_status_says_where_what_and_since_when(config: Path, tmp_path: Path) -> None:
    result = ran(config, "status", "--json")
    told = json.loads(result.stdout)
    assert told["where"] == str(tmp_path / "record.sqlite3")
    assert told["oldest"] < told["newest"]
    assert told["failing"] == ""
    assert told["size_bytes"] > 0
    table = ran(config, "status").stdout
    assert "outcome" in table
    assert "answer" in table


def test_vacuum_deletes_what_is_too_old_and_says_what_that_gave_back(config: Path) -> None:
    path = config.with_name("record.sqlite3")
    old = time.time() - 50 * DAY_S
    fill(path, *numbered(2000, at=old, query="q" * 200))
    told = json.loads(ran(config, "vacuum", "--json").stdout)
    assert told["erased"] == 2001
    assert told["bytes_after"] < told["bytes_before"] / 2
    assert "0 records deleted" in ran(config, "vacuum").stdout
    assert len(exported(ran(config, "export").stdout)) == 4


def test_no_record_is_said_and_not_made(tmp_path: Path) -> None:
    config = tmp_path / "collegium.yaml"
    config.write_text(f"storage:\n  url: {tmp_path / 'none.sqlite3'}\n")
    result = ran(config, "status")
    assert result.exit_code == 1
    assert "there is no record at" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["collegium.yaml"]
    config.write_text("storage:\n  url: 'off'\n")
    assert "storage.url is 'off'" in ran(config, "status").stderr
