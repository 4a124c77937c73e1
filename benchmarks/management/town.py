"""Colleges made up for drift.py: their traffic as records, and what is told of many runs."""

from __future__ import annotations

import base64
import math
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.config.managing import DriftConfig
from collegium.management.drift import Drift
from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from collegium.events import Drifted

FALSE_ALARM = 0.01


class Town:
    """Ten topics, and queries about them, as vectors."""

    def __init__(self, rng: np.random.Generator, width: int = 64) -> None:
        self._rng = rng
        self._topics = rng.normal(size=(10, width))

    def query(self, topic: int) -> str:
        """A query about a topic."""
        return told(self._topics[topic] + 1.2 * self._rng.normal(size=self._topics.shape[1]))


def watching(seed: int) -> tuple[list[Drifted], Drift]:
    """A new watch, and the alarms it will have raised."""
    alarms: list[Drifted] = []
    settings = DriftConfig(false_alarm=FALSE_ALARM)
    return alarms, Drift(settings, alarms.append, rng=random.Random(seed))


def told(vector: NDArray[Any]) -> str:
    """A vector of length 1 as records have it."""
    unit = vector / np.linalg.norm(vector)
    return base64.b64encode(unit.astype("<f2").tobytes()).decode()


def decision(number: int, vector: str, *, expert: str = "A", session: str = "") -> Record:
    """The record of a decision."""
    data = {"chosen": [expert], "confidence": 0.9, "session": session, "vector": vector}
    return Record("decision", float(number), f"q{number}", expert, data=data)


def answer(number: int, expert: str, outcome: str) -> Record:
    """The record of an answer that was checked."""
    return Record(
        "answer", float(number), f"q{number}", expert, data={"ok": True, "verdict": outcome}
    )


def delays(found: Sequence[float]) -> dict[str, Any]:
    """Quantiles of how long it took, infinite where it was not found, and how often it was."""
    ordered = sorted(found)
    at = {f"p{q}": ordered[min(len(ordered) - 1, len(ordered) * q // 100)] for q in (10, 50, 90)}
    shown = {name: None if math.isinf(delay) else delay for name, delay in at.items()}
    return {"found": share([not math.isinf(delay) for delay in found]), "delay": shown}


def share(flags: Sequence[bool]) -> dict[str, Any]:
    """A share with Wilson's 95 % interval."""
    n, z = len(flags), 1.96
    mean = sum(flags) / n
    middle, width = (
        mean + z * z / (2 * n),
        z * math.sqrt(mean * (1 - mean) / n + (z / (2 * n)) ** 2),
    )
    low, high = ((middle + sign * width) / (1 + z * z / n) for sign in (-1, 1))
    return {
        "share": mean,
        "low": round(max(0.0, low), 4),
        "high": round(min(1.0, high), 4),
        "of": n,
    }
