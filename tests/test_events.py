"""What happened is told once, to everybody, and nobody can hurt by listening."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from collegium.events import Event, EventBus, Joined

if TYPE_CHECKING:
    import pytest


def test_every_listener_hears_every_event_until_it_leaves() -> None:
    bus, first, second = EventBus(), [], []  # type: ignore[var-annotated]
    leave = bus.subscribe(first.append)
    bus.subscribe(second.append)
    bus.publish(Joined("A"))
    leave()
    bus.publish(Joined("B"))
    assert first == [Joined("A")]
    assert second == [Joined("A"), Joined("B")]


def test_a_listener_that_fails_is_logged_and_the_others_still_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("deaf")

    heard: list[Event] = []
    bus = EventBus()
    bus.subscribe(broken)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(Joined("A"))
    assert heard == [Joined("A")]
    assert "a listener failed on Joined" in caplog.text
