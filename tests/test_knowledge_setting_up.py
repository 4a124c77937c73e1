"""What is said of a codebase that has been named, and is not indexed or not there yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import knowledge_shop
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

CONFIG = """
backends: {{away: {{kind: http, url: "http://127.0.0.1:9/v1"}}}}
moe:
  router: {{type: heuristic}}
  experts:
    - name: KnowledgeExpert
      models: [away/reader]
      knowledge: {{path: "{folder}", semantic: false}}
"""


@pytest.fixture
def collegium(tmp_path: Path) -> Run:
    """Run the command line with a cache of its own, and the configuration of a folder."""

    def run(folder: Path, *words: str) -> Any:
        config = tmp_path / "team.yaml"
        config.write_text(CONFIG.format(folder=folder))
        return subprocess.run(
            [sys.executable, "-m", "collegium", *words, "--config", str(config)],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "COLLEGIUM_CACHE": str(tmp_path / "cache"), "COLUMNS": "400"},
            timeout=300,
            check=False,
        )

    return run


def test_doctor_names_the_command_that_indexes(collegium: Run, tmp_path: Path) -> None:
    shop = knowledge_shop.write(tmp_path / "my tree")
    told = json.loads(collegium(shop, "doctor", "--json").stdout)
    (finding,) = [one for one in told["findings"] if one["what"] == "expert knowledge"]
    assert f"`collegium index '{shop}'`" in finding["found"]


def test_asking_says_that_it_indexes_first_and_only_then(collegium: Run, tmp_path: Path) -> None:
    shop = knowledge_shop.write(tmp_path / "tree")
    first, second = (collegium(shop, "ask", "where is `Cart` defined?") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout == second.stdout
    assert f"{shop} has no index yet; it is made now" in first.stderr
    assert "index" not in second.stderr


def test_checking_a_configuration_names_a_folder_that_is_not_there(
    collegium: Run, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    checked = collegium(gone, "config", "check")
    assert checked.returncode == 0
    assert checked.stdout.endswith(": right\n")
    assert f"there is no folder {gone} yet" in checked.stderr
    there = collegium(tmp_path, "config", "check")
    assert (there.returncode, there.stderr) == (0, "")
