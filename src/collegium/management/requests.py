"""What pools tell of their requests, as a tracker takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collegium.management.tracker import PerformanceTracker


class Requests:
    """Tells a tracker of every request to an instance; a listener of pools, see `PoolEvents`."""

    def __init__(self, tracker: PerformanceTracker) -> None:
        self._tracker = tracker

    def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
        """A request to the instance is over."""
        self._tracker.instance(instance, took_ms, ok=ok)

    def retried(self, instance: str) -> None:
        """A request is sent again: that the one before failed was told."""

    def hedged(self, instance: str) -> None:
        """Another instance is asked as well: how the slow one ends will be told."""

    def breaker(self, instance: str, state: str) -> None:
        """The breaker has changed its state, after failures that were told."""
