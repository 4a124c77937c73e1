"""Fits by what signs a text is told to describe code, to want a change or to name a topic.

    python benchmarks/knowledge/fitting/manners.py QUESTIONS...

Multinomial regression in which each manner counts alike, however many questions it has, with
squared weights held down; folds are by tree. The leanings printed are what `manner.py` is to hold.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from gather import Question, lines_of
from numpy.typing import NDArray

from collegium.knowledge.search.manner import LEANINGS, Manner, manner_of, signs_of

Numbers = NDArray[np.float64]
FOLDS, PENALTY, STEPS, RATE = 5, 0.003, 3000, 0.5
SIGNS = list(LEANINGS)


def signs(questions: Sequence[Question]) -> Numbers:
    """(questions, signs), 1 where a text has the sign."""
    held = [set(signs_of(one["text"])) for one in questions]
    return np.array([[float(sign in own) for sign in SIGNS] for own in held])


def leanings(columns: Numbers, sorts: NDArray[np.intp]) -> Numbers:
    """(signs, manners): what each sign says."""
    shares = np.bincount(sorts, minlength=len(Manner._fields))
    weight = (1 / np.maximum(shares, 1))[sorts] / len(Manner._fields)
    wanted = np.eye(len(Manner._fields))[sorts]
    found = np.zeros((columns.shape[1], len(Manner._fields)))
    for _ in range(STEPS):
        gap = (chances(columns, found) - wanted) * weight[:, None]
        found -= RATE * (columns.T @ gap + PENALTY * found)
    return found


def chances(columns: Numbers, found: Numbers) -> Numbers:
    """(questions, manners): how likely each is."""
    sums = columns @ found
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def show(title: str, told: Numbers, sorts: NDArray[np.intp]) -> None:
    """Print how likely each manner is taken for each."""
    print(title)
    for sort, name in enumerate(Manner._fields):
        own = told[sorts == sort]
        means = ", ".join(f"{to} {own[:, at].mean():.2f}" for at, to in enumerate(Manner._fields))
        right = (own.argmax(axis=1) == sort).mean()
        print(f"    {name:12} right {right:.3f}, on average {means} (n = {len(own)})")


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path, nargs="+")
    options = parser.parse_args()
    # Nobody asks by how a section begins.
    questions = [
        one for path in options.questions for one in lines_of(path) if one.get("how") != "begin"
    ]
    columns = signs(questions)
    sorts = np.array([Manner._fields.index(one["manner"]) for one in questions], np.intp)
    folds = np.array([crc32(f"fold {one['tree']}".encode()) % FOLDS for one in questions])
    show("present", np.array([manner_of(one["text"]) for one in questions]), sorts)
    told = np.zeros((len(questions), len(Manner._fields)))
    for fold in range(FOLDS):
        left = folds == fold
        told[left] = chances(columns[left], leanings(columns[~left], sorts[~left]))
    show("fitted", told, sorts)
    for sign, row in zip(SIGNS, leanings(columns, sorts), strict=True):
        print(f'    "{sign}": ({", ".join(f"{value:.2f}" for value in row)}),')


if __name__ == "__main__":
    main()
