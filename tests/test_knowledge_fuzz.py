"""After any edits an index that was kept up to date is the one a clean build would make."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from knowledge_fuzzing import WRITERS, Editor

from collegium.knowledge.index import Index
from collegium.knowledge.index.following import relevant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def contents(index: Index) -> dict[str, list[Any]]:
    """All that an index tells of its tree."""
    files = list(index.files())
    return {
        "files": files,
        "edges": list(index.edges()),
        "symbols": [(file, one) for file in files for one in index.symbols_of(file.path)],
        "units": sorted((one.file, one.symbol, one.start, one.terms) for one in index.units()),
    }


def differences(kept: dict[str, list[Any]], clean: dict[str, list[Any]]) -> list[str]:
    """What one has and the other has not."""
    told = list[str]()
    for what, rows in kept.items():
        others = clean[what]
        told += [
            f"only after updates: {what} {str(row)[:200]}" for row in rows if row not in others
        ]
        told += [f"only built clean: {what} {str(row)[:200]}" for row in others if row not in rows]
        if not told and rows != others:
            told.append(f"{what} in another order")
    return told


def edit_and_compare(place: Path, seed: int, steps: int, languages: Iterable[str]) -> None:
    root = place / "tree"
    root.mkdir(parents=True)
    rng = random.Random(seed)
    editor = Editor(root, rng, languages)
    with closing(Index.open(root, cache=place / "kept", create=True)) as kept:
        kept.update()
        for step in range(steps):
            editor.done.clear()
            editor.touched.clear()
            for _ in range(rng.randint(1, 3)):
                editor.edit()
            # Half the time as a watcher would have it: told which places changed.
            told_of = {f"{kept.root}/{place}" for place in editor.touched}
            kept.update(relevant(kept.root, told_of) if rng.random() < 0.5 else None)
            with closing(Index.open(root, cache=place / f"clean-{step}", create=True)) as clean:
                clean.update()
                told = differences(contents(kept), contents(clean))
            assert not told, "\n".join([f"seed {seed}, step {step}:", *editor.done, *told])


@pytest.mark.parametrize("language", WRITERS)
def test_edits_in_one_language_leave_what_a_clean_build_makes(
    language: str, tmp_path: Path
) -> None:
    edit_and_compare(tmp_path, seed=11, steps=5, languages=[language])


@pytest.mark.parametrize("seed", range(3))
def test_edits_in_many_languages_leave_what_a_clean_build_makes(seed: int, tmp_path: Path) -> None:
    edit_and_compare(tmp_path, seed, steps=5, languages=WRITERS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
def test_long_histories_leave_what_a_clean_build_makes(seed: int, tmp_path: Path) -> None:
    languages = list(WRITERS) if seed % 2 else [random.Random(seed).choice(list(WRITERS))]
    edit_and_compare(tmp_path, seed, steps=40, languages=languages)
