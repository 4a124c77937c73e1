"""The public surface: short, sorted, and every name of it importable."""

from __future__ import annotations

import collegium


def test_every_public_name_is_there_and_they_are_sorted() -> None:
    assert collegium.__all__ == sorted(collegium.__all__)
    for name in collegium.__all__:
        assert getattr(collegium, name).__name__ == name


def test_the_surface_is_what_the_map_says() -> None:
    assert set(collegium.__all__) == {
        "Answer",
        "Collegium",
        "CollegiumError",
        "Expert",
        "ExpertCapability",
        "Message",
        "MoERouter",
        "Query",
        "Response",
        "Task",
    }


def test_the_version_is_the_installed_one() -> None:
    assert collegium.__version__ == "0.1.0"
    assert not hasattr(collegium, "anything_else")
