"""The table of meanings while it is trained, and the form in which it is shipped."""

from __future__ import annotations

import math

import numpy as np
import torch
from batches import Batch, Terms
from numpy.typing import NDArray
from torch.nn import functional

from collegium.knowledge.search.meanings import Meanings

# What a field says at first, in the order of `units.Field`, and how far a long one is discounted.
FIRST_WEIGHTS = (3.0, 0.7, 0.7, 1.5, 1.0, 0.5, 1.0, 0.5, 0.5)
FIRST_DISCOUNT, FIRST_RARITY, FIRST_SHARPNESS = 0.3, 0.7, 2.7
SMOOTHING = 0.02
_EXCLUDED = -1e4
_TINY = 1e-6
_LARGEST = 127


class Table(torch.nn.Module):
    """A row for each term, what it counts in units and in questions, and what each field counts."""

    def __init__(self, terms: NDArray[np.uint32], width: int) -> None:
        super().__init__()
        self.terms = terms
        self.rows = torch.nn.Parameter(torch.randn(len(terms), width) / math.sqrt(width))
        self.held = torch.nn.Parameter(torch.zeros(len(terms)))
        self.asked = torch.nn.Parameter(torch.zeros(len(terms)))
        self.fields = torch.nn.Parameter(torch.log(torch.tensor(FIRST_WEIGHTS)))
        self.discounts = torch.nn.Parameter(torch.full((len(FIRST_WEIGHTS),), FIRST_DISCOUNT))
        self.rarity = torch.nn.Parameter(torch.tensor(FIRST_RARITY))
        self.sharpness = torch.nn.Parameter(torch.tensor(FIRST_SHARPNESS))

    def weights(self) -> list[torch.nn.Parameter]:
        """All parameters but the rows."""
        return [one for name, one in self.named_parameters() if name != "rows"]

    def of_units(self, batch: Batch) -> torch.Tensor:
        """(units, width) vectors of length 1."""
        fields, long = torch.from_numpy(batch.fields), torch.from_numpy(batch.long)
        places = torch.from_numpy(batch.units.places)
        logs = self.fields[fields] + self.held[places] - self.discounts[fields] * long
        return self._summed(batch.units, torch.exp(logs) * torch.from_numpy(batch.often))

    def of_questions(self, batch: Batch) -> torch.Tensor:
        """(questions, width) vectors of length 1."""
        places = torch.from_numpy(batch.questions.places)
        logs = self.asked[places] + self.rarity * torch.log(torch.from_numpy(batch.rarity))
        return self._summed(batch.questions, torch.exp(logs))

    def _summed(self, terms: Terms, weights: torch.Tensor) -> torch.Tensor:
        places, begins = torch.from_numpy(terms.places), torch.from_numpy(terms.begins)
        sums = functional.embedding_bag(
            places, self.rows, begins, mode="sum", per_sample_weights=weights
        )
        return functional.normalize(sums + _TINY, dim=1)


def loss_of(table: Table, batch: Batch) -> torch.Tensor:
    """How far the questions are from finding their units."""
    cosines = table.of_questions(batch) @ table.of_units(batch).T
    logits = cosines * torch.exp(table.sharpness)
    logits = logits.masked_fill(torch.from_numpy(batch.alike), _EXCLUDED)
    wanted = torch.from_numpy(batch.wanted)
    return functional.cross_entropy(logits, wanted, label_smoothing=SMOOTHING)


def shipped(table: Table) -> Meanings:
    """The table as the product reads it, a byte for each number."""
    rows = table.rows.detach().numpy()
    largest = np.abs(rows).max(axis=1)
    held, asked = (torch.exp(one).detach().numpy() * largest for one in (table.held, table.asked))
    return Meanings(
        numbers=table.terms,
        rows=np.rint(rows / largest[:, np.newaxis] * _LARGEST).astype(np.int8),
        held=(held / held.mean()).astype(np.float16),
        asked=(asked / asked.mean()).astype(np.float16),
        weights=torch.exp(table.fields).detach().numpy(),
        discounts=table.discounts.detach().numpy(),
        rarity=float(table.rarity.detach()),
    )
