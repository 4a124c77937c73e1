"""What the gate says of sources it has not seen: trained without each fold, asked about it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.learning.dataset import Example, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from collegium.encoders.wordpiece import WordPiece
    from collegium.learning.finetune import Recipe


@dataclass(frozen=True, slots=True)
class Told:
    """For queries in order: the tuned head's logits, the quick model's, and the vectors."""

    logits: NDArray[np.float32]
    quick: NDArray[np.float32]
    vectors: NDArray[np.float32]
    fold: NDArray[np.int64]


def trained_on(
    examples: Sequence[Example], folds: Mapping[str, int], fold: int | None
) -> list[Example]:
    """What may be learned from when a fold is held out: permissive rows of the other sources.

    The project's own rows are in no fold and always there. None holds nothing out.
    """
    return [
        one
        for one in examples
        if one.permissive and (fold is None or folds.get(one.source) != fold)
    ]


def ask_fold(
    train: Sequence[Example],
    asked: Sequence[str],
    experts: Sequence[str],
    pieces: WordPiece,
    published: Any,
    recipe: Recipe,
    work: Path,
    *,
    advance: Callable[[int], object] = lambda _: None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Logits, quick logits and vectors of texts, by models trained on `train`; kept in `work`.

    A training is known by a hash of its data and its recipe, so that an interrupted run goes on
    where it was.
    """
    from collegium.learning.finetune import (  # noqa: PLC0415
        finetune,  # pyright: ignore[reportUnknownVariableType]
        logits_and_vectors,
    )
    from collegium.learning.quick import fit_quick  # noqa: PLC0415

    sources = sorted(Counter(one.source for one in train).items())
    known = [fingerprint(train), sources, list(experts), asdict(recipe), list(asked)]
    told = json.dumps(known, sort_keys=True)
    kept = work / f"{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:16]}.npz"
    if not kept.is_file():
        model: Any = finetune(  # pyright: ignore[reportUnknownVariableType]
            train, experts, pieces, published, recipe, work=work, advance=advance
        )
        logits, vectors = logits_and_vectors(model, asked, pieces, recipe.tokens)
        quick = fit_quick(train, experts, seed=recipe.seed).all_logits(asked)
        unfinished = kept.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, logits=logits, quick=quick, vectors=vectors.astype(np.float16))
        unfinished.replace(kept)
    with np.load(kept) as arrays:
        return arrays["logits"], arrays["quick"], arrays["vectors"].astype(np.float32)


def ask_folds(
    examples: Sequence[Example],
    folds: Mapping[str, int],
    ask: Callable[[int, list[Example], list[str]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]],
) -> tuple[list[Example], Told]:
    """The examples of the folds' sources, each with what a model said that never saw its fold.

    Args:
        examples: all there are.
        folds: source -> fold.
        ask: (fold, what to train on, texts) -> logits, quick logits, vectors.
    """
    public = [one for one in examples if one.source in folds]
    place = np.array([folds[one.source] for one in public])
    parts: list[NDArray[Any]] | None = None
    for fold in sorted(set(folds.values())):
        held = np.flatnonzero(place == fold)
        train = [one for one in trained_on(examples, folds, fold) if not one.dev]
        told = ask(fold, train, [public[row].text for row in held])
        if parts is None:
            parts = [np.zeros((len(public), part.shape[1]), np.float32) for part in told]
        for whole, part in zip(parts, told, strict=True):
            whole[held] = part
    assert parts is not None  # noqa: S101 -- there is a fold for every source
    logits, quick, vectors = parts
    return public, Told(logits, quick, vectors, place)
