"""Trains the quick model: a softmax regression on hashed n-grams and structure (`train` extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from collegium.routing.features import STRUCTURE, structure_of
from collegium.routing.ngrams import TABLE_BITS, hashed
from collegium.routing.quick import QuickModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from collegium.learning.dataset import Example


def fit_quick(
    examples: Sequence[Example],
    experts: Sequence[str],
    *,
    epochs: int = 8,
    rate: float = 0.03,
    decay: float = 2e-4,
    batch: int = 256,
    source_cap: int = 150,
    seed: int = 0,
    advance: Callable[[int], object] = lambda _: None,
) -> QuickModel:
    """The model that makes the examples' best experts likeliest.

    Args:
        examples: what to learn from.
        experts: the order of the outputs.
        epochs: how often each is seen; `advance` is told after every one.
        rate: Adam's step size.
        decay: how strongly the table is drawn towards zero.
        batch: examples a step.
        source_cap: a source of more rows counts as that many.
        seed: of the order.
        advance: for a progress bar of `epochs` steps.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = [hashed(example.text) for example in examples]
    places = [torch.from_numpy(place) for place, _ in rows]
    strengths = [torch.from_numpy(strength) for _, strength in rows]
    structure = torch.from_numpy(np.stack([structure_of(example.text) for example in examples]))
    targets, weights = _targets(examples, experts, source_cap)
    table = torch.zeros(1 << TABLE_BITS, len(experts), requires_grad=True)
    linear = torch.zeros(STRUCTURE + 1, len(experts), requires_grad=True)
    optimiser = torch.optim.Adam([table, linear], lr=rate, fused=True)
    steps = epochs * ((len(rows) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=generator)
        for chosen in order.split(batch):
            logits = _logits(table, linear, chosen, places, strengths, structure)
            own = -(targets[chosen] * logits.log_softmax(1)).sum(1)
            loss = (own * weights[chosen]).sum() / weights[chosen].sum()
            loss = loss + decay * table.square().sum() / 2
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        advance(1)
    return QuickModel(
        table.detach().numpy().astype(np.float16), linear.detach().numpy().astype(np.float32)
    )


def _logits(
    table: Tensor,
    linear: Tensor,
    chosen: Tensor,
    places: Sequence[Tensor],
    strengths: Sequence[Tensor],
    structure: Tensor,
) -> Tensor:
    numbers = chosen.tolist()
    flat = torch.cat([places[i] for i in numbers])
    sizes = torch.tensor([0, *(len(places[i]) for i in numbers[:-1])]).cumsum(0)
    bagged = functional.embedding_bag(
        flat,
        table,
        sizes,
        mode="sum",
        per_sample_weights=torch.cat([strengths[i] for i in numbers]),
    )
    return bagged + structure[chosen] @ linear[:-1] + linear[-1]


def _targets(
    examples: Sequence[Example], experts: Sequence[str], source_cap: int
) -> tuple[Tensor, Tensor]:
    number = {expert: place for place, expert in enumerate(experts)}
    targets = torch.zeros(len(examples), len(experts))
    sizes: dict[str, int] = {}
    for row, example in enumerate(examples):
        sizes[example.source] = sizes.get(example.source, 0) + 1
        targets[row, [number[label] for label in example.labels]] = 0.35 / len(example.labels)
        targets[row, number[example.labels[0]]] += 0.65
    weights = torch.tensor(
        [
            1.0 if one.source in {"authored", ""} else min(1.0, source_cap / sizes[one.source])
            for one in examples
        ]
    )
    return targets, weights
