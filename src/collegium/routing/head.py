"""A linear head: features to a probability per expert (softmax regression)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_MEMORY = 8


@dataclass(frozen=True, slots=True)
class Head:
    """`matrix` of (features, experts) and `bias` of (experts,)."""

    matrix: NDArray[Any]
    bias: NDArray[Any]

    def logits(self, features: NDArray[Any]) -> NDArray[Any]:
        """(..., experts) logits of (..., features)."""
        return features @ self.matrix + self.bias


def fit_head(
    features: NDArray[Any],
    targets: NDArray[Any],
    *,
    weights: NDArray[Any] | None = None,
    decay: float = 1e-3,
    steps: int = 100,
    advance: Callable[[int], object] = lambda _: None,
) -> Head:
    """The softmax regression with the least cross-entropy plus `decay` / 2 x squared weights.

    Found by L-BFGS (Liu & Nocedal, 1989) with backtracking; convex, so the start does not matter.

    Args:
        features: (rows, features).
        targets: (rows, experts), each row summing to 1.
        weights: (rows,) what each row counts; None means all the same.
        decay: the ridge; the bias is free of it.
        steps: the most iterations; `advance` is told after each.
        advance: for a progress bar.
    """
    rows, width = features.shape
    experts = targets.shape[1]
    padded = np.concatenate((features, np.ones((rows, 1), np.float32)), axis=1)
    share = np.full(rows, 1 / rows, np.float32) if weights is None else weights / np.sum(weights)
    ridge = np.full((width + 1, 1), decay, np.float32)
    ridge[-1] = 0

    def loss_of(flat: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        matrix = flat.reshape(width + 1, experts)
        logits = padded @ matrix
        logits -= logits.max(1, keepdims=True)
        log_shares = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        loss = -float(np.sum(share[:, None] * targets * log_shares))
        slope = padded.T @ (share[:, None] * (np.exp(log_shares) - targets)) + ridge * matrix
        return loss + float((ridge * matrix**2).sum()) / 2, slope.ravel()

    flat = _least(loss_of, np.zeros_like(ridge @ targets[:1]).ravel(), steps, advance)
    matrix = flat.reshape(width + 1, experts)
    return Head(matrix[:-1].astype(np.float32), matrix[-1].astype(np.float32))


def _least(
    loss_of: Callable[[NDArray[Any]], tuple[float, NDArray[Any]]],
    start: NDArray[Any],
    steps: int,
    advance: Callable[[int], object],
) -> NDArray[Any]:
    at = start
    loss, slope = loss_of(at)
    moves: list[tuple[NDArray[Any], NDArray[Any], float]] = []
    for _ in range(steps):
        direction = -_two_loops(slope, moves)
        fall = float(slope @ direction)
        if fall >= 0:
            direction, fall, moves = -slope, -float(slope @ slope), []
        size = 1.0 if moves else min(1.0, 1.0 / max(1e-12, float(np.abs(slope).sum())))
        for _ in range(30):
            there = at + np.float32(size) * direction
            new_loss, new_slope = loss_of(there)
            if new_loss <= loss + 1e-4 * size * fall:
                break
            size /= 2
        else:
            break
        change, bend = there - at, new_slope - slope
        curve = float(change @ bend)
        if curve > 1e-12:
            moves = [*moves[-_MEMORY + 1 :], (change, bend, 1 / curve)]
        done = loss - new_loss < 1e-7 * max(1.0, abs(loss))
        at, loss, slope = there, new_loss, new_slope
        advance(1)
        if done:
            break
    return at


def _two_loops(
    slope: NDArray[Any], moves: list[tuple[NDArray[Any], NDArray[Any], float]]
) -> NDArray[Any]:
    """The slope times the inverse Hessian that the last moves tell of."""
    direction = slope.copy()
    parts: list[float] = []
    for change, bend, inverse in reversed(moves):
        part = inverse * float(change @ direction)
        direction -= np.float32(part) * bend
        parts.append(part)
    if moves:
        change, bend, inverse = moves[-1]
        direction *= np.float32(1 / (inverse * float(bend @ bend)))
    for (change, bend, inverse), part in zip(moves, reversed(parts), strict=True):
        direction += np.float32(part - inverse * float(bend @ direction)) * change
    return direction


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Shares over the last axis, which sum to 1."""
    logits = logits.astype(np.float32)
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)
