"""Who is on duty: found by name or key, changed without disturbing who is reading."""

from __future__ import annotations

import pytest

from collegium.errors import ConfigError, UnknownExpert
from collegium.events import Event, EventBus, Joined, Left
from collegium.experts.roster import Roster
from collegium.management.manager import ExpertManager
from collegium.testing import ScriptedExpert


def test_an_expert_is_found_by_its_name_and_by_its_key() -> None:
    expert = ScriptedExpert("CodingExpert")
    roster = Roster([expert])
    assert roster["CodingExpert"] is expert
    assert roster["coding"] is expert
    assert "coding" in roster
    assert "CodingExpert" in roster


def test_an_unknown_name_says_who_is_there_and_what_was_perhaps_meant() -> None:
    roster = Roster([ScriptedExpert("CodingExpert"), ScriptedExpert("MathExpert")])
    with pytest.raises(UnknownExpert, match=r"'codin'; did you mean 'coding'.*coding, math"):
        roster["codin"]


def test_two_experts_cannot_share_a_key() -> None:
    roster = Roster([ScriptedExpert("CodingExpert")])
    with pytest.raises(ConfigError, match="'coding'"):
        roster.add(ScriptedExpert("Coding"))


def test_a_reader_keeps_the_roster_it_began_with() -> None:
    roster = Roster([ScriptedExpert("A"), ScriptedExpert("B")])
    seen = []
    for expert in roster:
        seen.append(expert.name)
        if "B" in roster:
            roster.remove("B")
    assert seen == ["A", "B"]
    assert len(roster) == 1


def test_joining_and_leaving_are_told() -> None:
    told: list[Event] = []
    events = EventBus()
    events.subscribe(told.append)
    roster = Roster()
    manager = ExpertManager(roster, events)
    expert = ScriptedExpert("A")
    manager.register_expert(expert)
    assert manager.remove_expert("a") is expert
    assert told == [Joined("A"), Left("A")]
    with pytest.raises(UnknownExpert):
        manager.remove_expert("a")
