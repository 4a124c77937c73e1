"""Those who judge by every record, made by the configuration."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from collegium.management.drift.drift import Drift
from collegium.oversight.following import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config import DriftConfig
    from collegium.events import Drifted
    from collegium.storage.store import Store


def drift_of(
    settings: DriftConfig,
    publish: Callable[[Drifted], None],
    store: Store | None,
    *,
    clock: Callable[[], float] = time.time,
) -> Judge[Drift] | None:
    """Who notices changes; None where nobody is to."""
    if not settings.enabled:
        return None
    recalled = partial(Drift.of, settings=settings, publish=publish)
    return Judge("drift", Drift(settings, publish), recalled, store, clock=clock)
