"""Whether the traffic and the experts are as they were."""

from __future__ import annotations

from collegium.management.drift.drift import Drift

__all__ = ["Drift"]
