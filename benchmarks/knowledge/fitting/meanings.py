"""Trains the table of meanings on what `corpus.py` has read, and judges it by trees that are held.

    python benchmarks/knowledge/fitting/meanings.py --corpus DIR --into meanings.npz
        [--without DATA] [--steps N] [--width N] [--terms N] [--seed N]

A question is to find the unit that it documents among others of the same tree: a softmax over the
cosines of their vectors. In most batches no unit has documentation, so that to have none is no
clue; in the others all keep theirs, and a half of the words is asked for. `--without` names the
folder of the given questions: what is said there is not asked for. It takes PyTorch.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from batches import Batches
from corpus import packages
from given import said_there
from judging import Judge
from pairs import Reader, Units, vocabulary
from table import Table, loss_of, shipped

from collegium.knowledge.search.meanings import Meanings

RATE, FASTER = 2e-3, 4e-3  # learning rates: of rows, and of weights
WARM_UP = 100
SHOWN = 1000


def trees_of(folder: Path, banned: frozenset[str]) -> tuple[list[Units], list[Units]]:
    """The trees to train on, and those that are held."""
    reader = Reader(banned)
    told: dict[bool, list[Units]] = {False: [], True: []}
    for package in packages():
        path = folder / "units" / f"{package.key}.mp"
        tree = reader.tree(path, held=package.held) if path.exists() else None
        if tree is not None:
            told[package.held].append(tree)
    return told[False], told[True]


def trained(trees: list[Units], held: list[Units], options: argparse.Namespace) -> Table:
    """A table after so many steps."""
    import torch  # noqa: PLC0415 -- nothing else here needs it

    torch.manual_seed(options.seed)
    terms = vocabulary(trees, options.terms)
    table = Table(terms, options.width)
    judge, batches = Judge(held), Batches(trees, terms, options.seed)
    groups = [{"params": [table.rows], "lr": RATE}, {"params": table.weights(), "lr": FASTER}]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / WARM_UP) * (1 - step / options.steps) ** 0.7
    )
    began, total = time.monotonic(), 0.0
    for step in range(1, options.steps + 1):
        batch = batches.draw()
        if batch is not None:
            loss = loss_of(table, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        schedule.step()
        if step % SHOWN == 0 or step == options.steps:
            took, mean = time.monotonic() - began, total / (1 + (step - 1) % SHOWN)
            print(f"step {step}, {took:.0f} s, loss {mean:.3f}", file=sys.stderr)
            save(table, options.into)
            print(f"  {judge(shipped(table))}", file=sys.stderr)
            total = 0.0
    return table


def save(table: Table, path: Path) -> None:
    """Write a table as it is shipped."""
    np.savez(path, **shipped(table)._asdict())


def main() -> None:
    """Read, train, judge, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    parser.add_argument("--into", type=Path, required=True, metavar="FILE")
    parser.add_argument("--without", type=Path, metavar="DATA")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--terms", type=int, default=32_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    banned = said_there(options.without) if options.without else frozenset()
    trees, held = trees_of(options.corpus, banned)
    pairs = sum(len(tree.pairs) for tree in trees)
    units = sum(map(len, trees))
    print(f"{len(trees)} trees, {units:,} units, {pairs:,} documented", file=sys.stderr)
    save(trained(trees, held, options), options.into)
    print(Judge(held)(Meanings.read(options.into)))


if __name__ == "__main__":
    main()
