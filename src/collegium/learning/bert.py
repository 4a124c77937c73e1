"""A small BERT encoder in PyTorch, for fine-tuning; only the `train` extra brings PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT encoder; MiniLM-L6 by default."""

    vocabulary: int = 30522
    positions: int = 512
    width: int = 384
    inner: int = 1536
    heads: int = 12
    layers: int = 6


class Layer(nn.Module):
    """Self-attention and a feed-forward net, each with a residual and a layer norm after it."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width)
        self.value = nn.Linear(shape.width, shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm_1 = nn.LayerNorm(shape.width, eps=1e-12)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.norm_2 = nn.LayerNorm(shape.width, eps=1e-12)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        """States of (batch, length, width); `seen`, (batch, 1, 1, length), is True at tokens."""
        rate = self.dropout if self.training else 0.0
        batch, length, width = states.shape

        def split(projected: Tensor) -> Tensor:
            return projected.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            split(self.query(states)),
            split(self.key(states)),
            split(self.value(states)),
            attn_mask=seen,
            dropout_p=rate,
        )
        mixed = self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        states = self.norm_1(states + functional.dropout(mixed, rate))
        fed = self.outer(functional.gelu(self.inner(states)))
        return self.norm_2(states + functional.dropout(fed, rate))


class Bert(nn.Module):
    """Token numbers to two vectors per text: the mean of the last states, and the first of them."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))

    def forward(self, numbers: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and first states, each (batch, width), for padded numbers of (batch, length)."""
        states = self.norm(self.tokens(numbers) + self.positions.weight[: numbers.shape[1]])
        real = _real(lengths, numbers.shape[1])
        for layer in self.layers:
            states = layer(states, real[:, None, None])
        weight = real[..., None].to(states.dtype)
        return (states * weight).sum(1) / weight.sum(1), states[:, 0]


def _real(lengths: Tensor, longest: int) -> Tensor:
    """True where a token is real: (batch, longest)."""
    return torch.arange(longest, device=lengths.device)[None] < lengths[:, None]


_LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "norm_1": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm_2": "output.LayerNorm",
}


def load_published(model: Bert, tensors: Mapping[str, Tensor]) -> None:
    """Take the weights of a published BERT, under the names its files have.

    The first token type's embedding, which every token here has, is added to the positions.

    Raises:
        KeyError: a tensor is missing.
    """
    names = {key.removeprefix("bert."): value for key, value in tensors.items()}
    own = {
        "tokens.weight": names["embeddings.word_embeddings.weight"],
        "positions.weight": names["embeddings.position_embeddings.weight"]
        + names["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": names["embeddings.LayerNorm.weight"],
        "norm.bias": names["embeddings.LayerNorm.bias"],
    }
    for number in range(model.shape.layers):
        for mine, theirs in _LAYER_NAMES.items():
            for part in ("weight", "bias"):
                own[f"layers.{number}.{mine}.{part}"] = names[
                    f"encoder.layer.{number}.{theirs}.{part}"
                ]
    model.load_state_dict(own)
