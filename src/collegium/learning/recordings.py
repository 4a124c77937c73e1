"""Recorded answers of real models: read from a folder of Parquet files, and checked.

`prompts.parquet` has prompt_id, dataset, text, gold, prompt_tokens; `answers_*.parquet` prompt_id,
model, score (0 to 1), answer (the final answer alone), response, output_tokens, cost_usd;
`pools.json` may name pools of models. Reading them takes the `replay` extra.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.backends.recorded import Recording
from collegium.errors import DataError
from collegium.jsonvalues import is_array, is_object
from collegium.learning.parquet import rows_of
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PROMPT_COLUMNS = ("prompt_id", "dataset", "text", "gold", "prompt_tokens")
ANSWER_COLUMNS = ("prompt_id", "model", "score", "answer", "response", "output_tokens", "cost_usd")


@dataclass(frozen=True, slots=True)
class RecordedPrompt:
    """A prompt that models were asked.

    `asked` is its text; where that was not recorded, or another prompt has the same, with its id.
    """

    id: str
    dataset: str
    asked: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Recordings:
    """What was recorded of some models and some prompts.

    `scores`, how right answers are, and `costs_usd` are (prompts, models), NaN where nothing was
    recorded; `answers` are the final answers and `responses` the whole ones, None where unknown.
    `golds` holds the right answers by prompt id, where there is one.
    """

    prompts: tuple[RecordedPrompt, ...]
    models: tuple[str, ...]
    scores: Floats
    costs_usd: Floats
    tokens: NDArray[np.int64]
    answers: tuple[tuple[str | None, ...], ...]
    responses: tuple[tuple[str | None, ...], ...]
    golds: Mapping[str, str]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The data set of each prompt, which is its kind of task."""
        return tuple(prompt.dataset for prompt in self.prompts)

    def part(self, rows: Sequence[int]) -> Recordings:
        """The same of some of the prompts, by their places."""
        places = np.asarray(rows, dtype=np.int64)
        return Recordings(
            tuple(self.prompts[row] for row in rows),
            self.models,
            self.scores[places],
            self.costs_usd[places],
            self.tokens[places],
            tuple(self.answers[row] for row in rows),
            tuple(self.responses[row] for row in rows),
            self.golds,
        )

    def spoken(self) -> dict[tuple[str, str], Recording]:
        """What the models say when they are asked again: no scores, no right answers."""
        said: dict[tuple[str, str], Recording] = {}
        for row, prompt in enumerate(self.prompts):
            for column, model in enumerate(self.models):
                cost_usd = float(self.costs_usd[row, column])
                if np.isfinite(cost_usd):
                    usage = Usage(prompt.tokens, int(self.tokens[row, column]), cost_usd)
                    said[model, prompt.asked] = Recording(self._words(row, column), usage)
        return said

    def _words(self, row: int, column: int) -> str:
        """A response, which may have been cut, with the final answer that was taken from it."""
        answer, response = self.answers[row][column], self.responses[row][column] or ""
        if answer is not None:
            return f"{response}\n\nAnswer: {answer}"
        if response.strip():
            return response
        return f"(What {self.models[column]} answered was not recorded.)"


def read_recordings(
    folder: Path,
    *,
    models: Collection[str] | None = None,
    datasets: Collection[str] = (),
) -> Recordings:
    """The recordings of a folder.

    Args:
        folder: where the files are.
        models: the models to read, of which some may have no answers; None means all there are.
        datasets: the data sets to read; empty means those whose final answers were recorded, which
            is what a mixture goes by; where none were, all.

    Raises:
        DataError: a file is missing or has other columns, a row of it is wrong, or nothing is left
            to read.
    """
    prompts = rows_of(folder / "prompts.parquet", PROMPT_COLUMNS)
    files = sorted(folder.glob("answers_*.parquet"))
    if not files:
        raise DataError(f"there is no answers_*.parquet in {folder}")
    where = None if models is None else ("model", models)
    read = (row for file in files for row in rows_of(file, ANSWER_COLUMNS, where=where))
    rows = [row for row in read if _judged(row, folder)]
    wanted = {row["prompt_id"] for row in rows}
    told = {row["prompt_id"] for row in rows if _text(row["answer"])}
    comparable = {row["dataset"] for row in prompts if row["prompt_id"] in told}
    read_ones = datasets or comparable
    asked = _prompts(
        row
        for row in prompts
        if row["prompt_id"] in wanted and (not read_ones or row["dataset"] in read_ones)
    )
    _check_there(folder, asked, rows, models, datasets)
    golds = {str(row["prompt_id"]): str(row["gold"]) for row in prompts if row["gold"] is not None}
    return _laid_out(asked, rows, models, golds)


def pool_of(folder: Path, name: str) -> tuple[str, ...]:
    """The models of a pool that the folder's `pools.json` names.

    Raises:
        DataError: there is no such file, or no such pool in it.
    """
    path = folder / "pools.json"
    try:
        pools = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the pools in {path}: {error}") from error
    models = pools.get(name) if is_object(pools) else None
    if not is_array(models):
        there = ", ".join(pools) if is_object(pools) else "none"
        raise DataError(f"{path} names no pool {name!r}; there are: {there}")
    return tuple(map(str, models))


def _judged(row: Mapping[str, Any], folder: Path) -> bool:
    """Whether it was recorded how right an answer is; one of which it was not teaches nothing."""
    score: Any = row["score"]
    cost_usd: Any = row["cost_usd"] or 0.0
    if score is None or score != score:  # noqa: PLR0124 -- not a number
        return False
    numbers = isinstance(score, int | float) and isinstance(cost_usd, int | float)
    if not (numbers and 0 <= score <= 1 and 0 <= cost_usd < math.inf):
        raise DataError(
            f"{folder} has an answer of {row['model']!r} to prompt {row['prompt_id']!r} with score "
            f"{score!r} and cost {cost_usd!r}; a number from 0 to 1 and one from 0 on are right"
        )
    return True


def _prompts(rows: Iterable[Mapping[str, Any]]) -> list[RecordedPrompt]:
    prompts: list[RecordedPrompt] = []
    texts: set[str] = set()
    for row in rows:
        name, dataset, text = str(row["prompt_id"]), str(row["dataset"]), _text(row["text"])
        asked = text or f"(The text of {dataset} prompt {name} was not recorded.)"
        if asked in texts:
            asked += f"\n\n({name})"
        texts.add(asked)
        tokens = row["prompt_tokens"]
        known = isinstance(tokens, int | float) and np.isfinite(tokens)
        prompts.append(RecordedPrompt(name, dataset, asked, int(tokens) if known else 0))
    return prompts


def _check_there(
    folder: Path,
    asked: Sequence[RecordedPrompt],
    rows: Sequence[Mapping[str, Any]],
    models: Collection[str] | None,
    datasets: Collection[str],
) -> None:
    if not rows:
        named = ", ".join(sorted(models or ()))
        raise DataError(f"{folder} has no answer of any of these models: {named}")
    missing = sorted(set(datasets) - {prompt.dataset for prompt in asked})
    if missing:
        raise DataError(f"{folder} has no answer of these models to data set {missing[0]!r}")
    if not asked:
        raise DataError(f"{folder} has answers, and none of the prompts that they are to")
    twice = [name for name, count in Counter(prompt.id for prompt in asked).items() if count > 1]
    if twice:
        raise DataError(f"{folder} has more than one prompt {twice[0]!r}")


def _laid_out(
    asked: Sequence[RecordedPrompt],
    rows: Sequence[Mapping[str, Any]],
    models: Collection[str] | None,
    golds: Mapping[str, str],
) -> Recordings:
    places = {prompt.id: place for place, prompt in enumerate(asked)}
    rows = [row for row in rows if str(row["prompt_id"]) in places]
    there = {str(row["model"]) for row in rows}
    names = tuple(one for one in (sorted(there) if models is None else models) if one in there)
    columns = {name: place for place, name in enumerate(names)}
    shape = (len(asked), len(names))
    scores, costs = np.full(shape, np.nan), np.full(shape, np.nan)
    tokens = np.zeros(shape, dtype=np.int64)
    answers: list[list[str | None]] = [[None] * len(names) for _ in asked]
    responses: list[list[str | None]] = [[None] * len(names) for _ in asked]
    for row in rows:
        place, column = places[str(row["prompt_id"])], columns[str(row["model"])]
        scores[place, column] = row["score"]
        costs[place, column] = row["cost_usd"] or 0.0
        tokens[place, column] = row["output_tokens"] or 0
        answers[place][column] = _text(row["answer"])
        responses[place][column] = _text(row["response"])
    return Recordings(
        tuple(asked),
        names,
        scores,
        costs,
        tokens,
        tuple(map(tuple, answers)),
        tuple(map(tuple, responses)),
        golds,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
