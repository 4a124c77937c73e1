"""Fine-tunes the built-in encoder end to end, together with its head (the `train` extra).

Every acceptable expert counts: half of the loss is the cross-entropy with a target that gives the
best expert most of the weight, half is the negative log-probability that any acceptable one is
chosen. A third part keeps the encoder's vector near what the published encoder gave, so that the
same vector still serves experts that it has never heard of (Hinton et al., 2015, on vectors).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from collegium.encoders.excerpt import token_numbers
from collegium.learning.augment import altered
from collegium.learning.bert import Bert, Shape, load_published
from collegium.routing.features import structure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from collegium.encoders.wordpiece import WordPiece
    from collegium.learning.dataset import Example


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how fast it learns.

    A text is read up to `tokens`. `keep` weighs how near the vector stays to the published one. A
    source of more than `source_cap` rows counts as that many. `altered` is the share of rows that
    are met in an altered form.
    """

    epochs: float = 3.0
    batch: int = 64
    rate: float = 8e-5
    head_rate: float = 2e-3
    tokens: int = 160
    keep: float = 1.0
    primary: float = 0.65
    source_cap: int = 150
    altered: float = 0.15
    seed: int = 0


class Tuned(nn.Module):
    """The encoder and its head: vector, first state and structure to a logit per expert."""

    def __init__(self, bert: Bert, experts: int, structure: int) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(2 * bert.shape.width + structure, experts)

    def forward(self, numbers: Tensor, lengths: Tensor, structure: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of (batch, experts) and vectors of (batch, width), of padded token numbers."""
        vector, first = self.bert(numbers, lengths)
        seen = torch.cat((vector, first, structure), 1)
        return self.head(functional.dropout(seen, 0.1, self.training)), vector


def finetune(
    examples: Sequence[Example],
    experts: Sequence[str],
    pieces: WordPiece,
    published: Mapping[str, Tensor],
    recipe: Recipe,
    *,
    work: Path | None = None,
    advance: Callable[[int], object] = lambda _: None,
    shape: Shape | None = None,
) -> Tuned:
    """Train an encoder and head on the examples, on a GPU where there is one.

    Deterministic for a seed and a machine, but for a GPU's order of adding.

    Args:
        examples: what to learn from; every label must be in `experts`.
        experts: the order of the head's outputs.
        pieces: the encoder's vocabulary.
        published: the tensors of the encoder to begin with.
        recipe: how to learn.
        work: a folder to keep the published encoder's vectors in, which take minutes.
        advance: told after every step, for a progress bar of `steps_of(...)` steps.
        shape: the encoder's sizes; None means MiniLM-L6.
    """
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    device = _device()
    bert = Bert(shape or Shape())
    load_published(bert, published)
    teacher = Bert(bert.shape)
    load_published(teacher, published)
    model = Tuned(bert, len(experts), len(structure_of(""))).to(device)
    texts = _Texts(examples, pieces, recipe, rng)
    targets, allowed, weights = (part.to(device) for part in _targets(examples, experts, recipe))
    kept = _published_vectors(teacher.to(device), texts.plain, work if recipe.keep else None)
    kept = kept.to(device)
    optimiser = torch.optim.AdamW(
        [
            {"params": list(bert.parameters()), "lr": recipe.rate},
            {"params": list(model.head.parameters()), "lr": recipe.head_rate},
        ],
        weight_decay=0.01,
        fused=True,
    )
    steps = steps_of(len(examples), recipe)
    warm_up = 0.06 * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / warm_up, max(0.0, (steps - step) / (steps - warm_up))),
    )
    model.train()
    for _, batch in zip(range(steps), texts.batches(), strict=False):
        with _half_where_fast(device):
            logits, vectors = model(*(part.to(device) for part in texts.padded(batch)))
        place = torch.tensor(batch, device=device)
        log_shares = logits.float().log_softmax(1)
        best = -(targets[place] * log_shares).sum(1)
        any_of = -torch.logsumexp(log_shares.masked_fill(~allowed[place], -30.0), 1)
        loss = ((0.5 * best + 0.5 * any_of) * weights[place]).sum() / weights[place].sum()
        if recipe.keep:
            near = functional.cosine_similarity(vectors.float(), kept[place], dim=1)
            loss = loss + recipe.keep * (1 - near).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        advance(1)
    return model.cpu().eval()


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _half_where_fast(device: torch.device) -> torch.autocast:
    """Products in bfloat16 on a GPU; a processor computes as it is."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def steps_of(rows: int, recipe: Recipe) -> int:
    """How many steps a training takes."""
    return max(1, round(recipe.epochs * rows / recipe.batch))


def logits_and_vectors(
    model: Tuned, texts: Sequence[str], pieces: WordPiece, tokens: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the trained model says of each text: (n, experts) logits and (n, width) vectors."""
    logits = np.zeros((len(texts), model.head.out_features), np.float32)
    vectors = np.zeros((len(texts), model.bert.shape.width), np.float32)
    numbers = [token_numbers(pieces, text, tokens) for text in texts]
    device = _device()
    model.to(device).eval()
    with torch.inference_mode():
        for batch in by_length(numbers, 64):
            padded, lengths = pad([numbers[i] for i in batch])
            structure = torch.from_numpy(np.stack([structure_of(texts[i]) for i in batch]))
            logit, vector = model(padded.to(device), lengths.to(device), structure.to(device))
            logits[batch], vectors[batch] = logit.cpu().numpy(), vector.cpu().numpy()
    model.cpu()
    return logits, vectors


def vectors_of(bert: Bert, numbers: Sequence[Sequence[int]]) -> Tensor:
    """The mean vectors of tokenised texts, (n, width)."""
    bert.eval()
    device = bert.norm.weight.device
    vectors = torch.zeros(len(numbers), bert.shape.width)
    with torch.inference_mode():
        for batch in by_length(numbers, 64):
            padded, lengths = pad([numbers[i] for i in batch])
            vectors[batch] = bert(padded.to(device), lengths.to(device))[0].cpu()
    return vectors


def _published_vectors(
    teacher: Bert, numbers: Sequence[Sequence[int]], work: Path | None
) -> Tensor:
    """What the published encoder gives for each text; those met before are read from `work`."""
    store = work / "published.pt" if work else None
    known: dict[bytes, Tensor] = {}
    if store is not None and store.is_file():
        known = torch.load(store, weights_only=True)
    keys = [np.array(one, np.int32).tobytes() for one in numbers]
    missing = {key: one for key, one in zip(keys, numbers, strict=True) if key not in known}
    if missing:
        found = vectors_of(teacher, list(missing.values())).half()
        known |= {key: vector.clone() for key, vector in zip(missing, found, strict=True)}
        if store is not None:
            torch.save(known, store.with_suffix(".part"))
            store.with_suffix(".part").replace(store)
    return torch.stack([known[key] for key in keys]).float()


def by_length(numbers: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Places in batches of like lengths, so that little is padded."""
    order = sorted(range(len(numbers)), key=lambda place: len(numbers[place]))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def pad(numbers: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token numbers padded to one length, (n, longest), and the true lengths, (n,)."""
    longest = max(map(len, numbers))
    padded = torch.zeros(len(numbers), longest, dtype=torch.long)
    for row, one in enumerate(numbers):
        padded[row, : len(one)] = torch.tensor(one)
    return padded, torch.tensor([len(one) for one in numbers])


def _targets(
    examples: Sequence[Example], experts: Sequence[str], recipe: Recipe
) -> tuple[Tensor, Tensor, Tensor]:
    number = {expert: place for place, expert in enumerate(experts)}
    targets = torch.zeros(len(examples), len(experts))
    sizes: dict[str, int] = {}
    for example in examples:
        sizes[example.source] = sizes.get(example.source, 0) + 1
    for row, example in enumerate(examples):
        places = [number[label] for label in example.labels]
        targets[row, places] = (1 - recipe.primary) / len(places)
        targets[row, places[0]] += recipe.primary
    own = {"authored", ""}
    weights = torch.tensor(
        [
            1.0 if one.source in own else min(1.0, recipe.source_cap / sizes[one.source])
            for one in examples
        ]
    )
    return targets, targets > 0, weights


class _Texts:
    """The training texts as token numbers; some are read anew in an altered form."""

    def __init__(
        self,
        examples: Sequence[Example],
        pieces: WordPiece,
        recipe: Recipe,
        rng: random.Random,
    ) -> None:
        self._texts = [example.text for example in examples]
        self._pieces, self._recipe, self._rng = pieces, recipe, rng
        self.plain = [self._numbers(text) for text in self._texts]
        self._structure = [structure_of(text) for text in self._texts]

    def _numbers(self, text: str) -> list[int]:
        return token_numbers(self._pieces, text, self._recipe.tokens)

    def batches(self) -> Iterator[list[int]]:
        """Batches of like lengths in random order, epoch after epoch."""
        size = self._recipe.batch
        while True:
            order = list(range(len(self.plain)))
            self._rng.shuffle(order)
            batches: list[list[int]] = []
            for start in range(0, len(order), size * 20):
                pool = sorted(order[start : start + size * 20], key=lambda i: len(self.plain[i]))
                batches += [pool[at : at + size] for at in range(0, len(pool), size)]
            self._rng.shuffle(batches)
            yield from batches

    def padded(self, batch: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """A batch's token numbers, lengths and structure; some of its texts altered."""
        numbers = [self.plain[place] for place in batch]
        structure = [self._structure[place] for place in batch]
        for at, place in enumerate(batch):
            if self._rng.random() < self._recipe.altered:
                text = altered(self._texts[place], self._rng)
                numbers[at], structure[at] = self._numbers(text), structure_of(text)
        return *pad(numbers), torch.from_numpy(np.stack(structure))
