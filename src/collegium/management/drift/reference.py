"""What queries were like when it began: numbers that tell how another one differs from them."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_DIRECTIONS = 4
_CELLS = 20
_PLACES = 256


@dataclass(frozen=True, slots=True)
class Reference:
    """Vectors of length 1: `anchors`, and the `axes` along which they differ most."""

    anchors: NDArray[np.float32]
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]

    def scores(self, vector: NDArray[np.float32]) -> list[float]:
        """The likeness to the nearest anchor, -1 to 1, then the place along each axis."""
        places = self.axes @ (vector - self.centre)
        return [float((self.anchors @ vector).max()), *places.tolist()]

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"anchors": packed(self.anchors), "axes": packed(self.axes)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Reference:
        """The one that `as_data` told of; raises ValueError where that is not one."""
        anchors, axes = unpacked(data["anchors"]), unpacked(data["axes"])
        if anchors.shape[1:] != axes.shape[1:]:
            raise ValueError(f"anchors of shape {anchors.shape} and axes of shape {axes.shape}")
        return cls(anchors, anchors.mean(axis=0), axes)


def vector_of(told: str | Mapping[str, Any]) -> NDArray[np.float32] | None:
    """A query as a vector of length 1, from its embedding in base64 or from the gate's shares.

    Shares become their square roots, each at a place that its key's hash says: distances are then
    Hellinger's. None where there is no such vector.
    """
    try:
        vector = _decoded(told) if isinstance(told, str) else _spread(told)
    except (ValueError, TypeError):
        return None
    length = math.sqrt(float(vector @ vector))
    if not 0 < length < math.inf:
        return None
    return np.asarray(vector / length, np.float32)


def _decoded(text: str) -> NDArray[np.float32]:
    halves: NDArray[np.float16] = np.frombuffer(base64.b64decode(text), "<f2")
    return halves.astype(np.float32)


def _spread(shares: Mapping[str, Any]) -> NDArray[np.float32]:
    vector = np.zeros(_PLACES, np.float32)
    for key, share in shares.items():
        vector[zlib.crc32(key.encode()) % _PLACES] += float(share)
    return np.sqrt(np.maximum(vector, 0))


def fit(vectors: NDArray[np.float32]) -> tuple[Reference, list[list[float]]]:
    """A reference made of every other vector, and edges for its scores made of the rest.

    The rest is not among the anchors, so that it is as near to them as queries to come.
    """
    anchors, rest = vectors[::2], vectors[1::2]
    centre = anchors.mean(axis=0)
    reference = Reference(anchors, centre, _principal_axes(anchors - centre))
    scores = np.array([reference.scores(vector) for vector in rest])
    edges = np.quantile(scores, np.arange(1, _CELLS) / _CELLS, axis=0)
    return reference, edges.T.tolist()


def _principal_axes(deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """The directions of most variance, each of length 1, or 0 where there is no more variance."""
    # The matrix of inner products is the smaller one: a hundred vectors of hundreds of numbers.
    _, combinations = np.linalg.eigh(deviations @ deviations.T)
    axes = combinations[:, -_DIRECTIONS:].T @ deviations
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    unit = np.divide(axes, lengths, out=np.zeros_like(axes), where=lengths > 1e-6)
    return np.asarray(unit, np.float32)


def packed(matrix: NDArray[np.float32]) -> dict[str, Any]:
    """A matrix as JSON, its numbers as half-precision floats in base64."""
    text = base64.b64encode(matrix.astype("<f2").tobytes()).decode()
    return {"shape": list(matrix.shape), "numbers": text}


def unpacked(data: Mapping[str, Any]) -> NDArray[np.float32]:
    """The matrix that `packed` told of; raises ValueError where that is not one."""
    matrix: NDArray[np.float32] = _decoded(data["numbers"]).reshape(data["shape"])
    return matrix
