"""Asking as anybody would: `collegium search --batch`, over a tree whose index is kept apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from material import Question


@dataclass(frozen=True)
class Asker:
    """The command line of this package; what it keeps lies in `cache`, not in the user's own."""

    cache: Path

    def answers(self, root: Path, questions: Iterable[Question]) -> tuple[list[Any], float]:
        """The lines it writes for the questions, and the seconds it took, its index included."""
        asked = [{"qid": one["qid"], "query": one["query"]} for one in questions]
        text = "".join(json.dumps(one) + "\n" for one in asked)
        started = time.perf_counter()
        told = self.run("search", "--batch", "-", "--root", str(root), given=text)
        return [json.loads(line) for line in told.splitlines()], time.perf_counter() - started

    def run(self, *arguments: str, given: str = "") -> str:
        """What a verb writes to stdout; its stderr goes to ours."""
        # The cache of a user, and where one's own settings would be: both somewhere empty.
        apart = {"COLLEGIUM_CACHE": str(self.cache), "XDG_CONFIG_HOME": str(self.cache)}
        return subprocess.run(
            [sys.executable, "-m", "collegium", *arguments],
            input=given,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, **apart},
            cwd=self.cache,
        ).stdout
