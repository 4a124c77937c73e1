"""A configuration with changes, and what two configurations do not have in common."""

from __future__ import annotations

from typing import Any

import pytest

from collegium.config import Config, merged, patched, read
from collegium.config.differences import differences
from collegium.errors import ConfigError
from collegium.oversight.wishes import Wishes, overlaid

NAMES = ["CodingExpert", "MathExpert"]


def changed(config: Config, changes: Any) -> Config:
    return patched(config, changes, built_in=NAMES)


# The examples of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_merged_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


def test_what_is_changed_is_changed_and_the_rest_is_as_it_was() -> None:
    config = read("moe: {router: {top_k: 2, min_confidence: 0.5}}")
    made = changed(config, {"moe": {"router": {"top_k": 3}}})
    assert (made.moe.router.top_k, made.moe.router.min_confidence) == (3, 0.5)
    assert config.moe.router.top_k == 2


def test_no_changes_are_the_configuration_itself() -> None:
    config = read("moe: {router: {top_k: 2}}")
    assert changed(config, {}) is config


def test_experts_are_changed_by_name_or_key_added_and_taken_away() -> None:
    config = read("moe: {experts: [{name: CodingExpert, max_instances: 2}, {name: MathExpert}]}")
    entries = {
        "coding": {"description": "code"},
        "WineExpert": {"vocabulary": {"wine": 1}},
        "MathExpert": None,
    }
    made = changed(config, {"moe": {"experts": entries}})
    coding, wine = made.moe.experts
    assert (coding.name, coding.max_instances, coding.description) == ("CodingExpert", 2, "code")
    assert (wine.name, wine.vocabulary) == ("WineExpert", {"wine": 1})


def test_an_expert_that_is_not_there_is_taken_away_already() -> None:
    config = read("moe: {experts: [{name: CodingExpert}]}")
    assert changed(config, {"moe": {"experts": {"NobodyExpert": None}}}) == config


def test_a_configuration_without_experts_means_the_built_in_ones() -> None:
    made = changed(Config(), {"moe": {"experts": {"MathExpert": None}}})
    assert [one.name for one in made.moe.experts] == ["CodingExpert"]


@pytest.mark.parametrize("experts", [[{"name": "MathExpert"}], None, "MathExpert"])
def test_experts_are_changed_by_name_alone(experts: Any) -> None:
    with pytest.raises(ConfigError, match="changed by name"):
        changed(read("moe: {experts: [{name: CodingExpert}]}"), {"moe": {"experts": experts}})


def test_every_mistake_of_changes_is_told_without_lines_that_nobody_has_seen() -> None:
    experts = {"CodingExpert": {"models": ["olama/x"]}}
    with pytest.raises(ConfigError) as told:
        changed(Config(), {"moe": {"router": {"tpo_k": 1}, "experts": experts}})
    assert len(told.value.problems) == 2
    assert "did you mean 'top_k'?" in str(told.value)
    assert ":1:" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], "a mapping such as"),
        ({"moe": {"experts": {"CodingExpert": 3}}}, "a mapping or null is right"),
    ],
)
def test_changes_of_the_wrong_kind_are_refused(changes: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        changed(read("moe: {experts: [{name: CodingExpert}]}"), changes or [1])


def test_no_change_takes_the_walls_down_that_code_runs_behind() -> None:
    with pytest.raises(ConfigError, match="in the configuration's file alone"):
        changed(Config(), {"moe": {"verification": {"unsafe": True}}})
    unsafe = read("moe: {verification: {unsafe: true}}")
    assert changed(unsafe, {"moe": {"router": {"top_k": 2}}}).moe.verification.unsafe


def test_the_last_expert_of_a_configuration_stays() -> None:
    config = read("moe: {experts: [{name: CodingExpert}]}")
    with pytest.raises(ConfigError, match="at least one expert has to stay"):
        changed(config, {"moe": {"experts": {"CodingExpert": None}}})


def test_differences_are_named_as_people_write_them() -> None:
    before = read("moe: {router: {top_k: 1}, experts: [{name: CodingExpert}, {name: MathExpert}]}")
    after = read("moe: {router: {top_k: 2}, experts: [{name: CodingExpert, max_instances: 3}]}")
    assert differences(before, after) == (
        "moe.router.top_k",
        "moe.experts.CodingExpert",
        "moe.experts.MathExpert",
    )
    assert differences(before, before) == ()


def test_experts_in_another_order_are_a_difference() -> None:
    before = read("moe: {experts: [{name: CodingExpert}, {name: MathExpert}]}")
    after = read("moe: {experts: [{name: MathExpert}, {name: CodingExpert}]}")
    assert differences(before, after) == ("moe.experts",)


def test_two_patches_one_after_the_other_do_what_one_does() -> None:
    config = read("moe: {router: {top_k: 2}, experts: [{name: CodingExpert}, {name: MathExpert}]}")
    first = {"moe": {"experts": {"MathExpert": None}, "router": {"top_k": 3}}}
    second = {"moe": {"experts": {"WineExpert": {"vocabulary": {"wine": 1}}}}}
    apart = changed(changed(config, first), second)
    assert changed(config, overlaid(first, second)) == apart


def test_wishes_can_be_taken_back_one_after_the_other() -> None:
    one = Wishes().patched({"moe": {"router": {"top_k": 2}}})
    two = one.patched({"moe": {"router": {"top_k": 3}}})
    back = two.taken_back()
    assert back is not None
    assert back.patch == one.patch
    again = back.taken_back()
    assert again is not None
    assert again.patch == {}
    assert again.taken_back() is None


def test_wishes_survive_being_written_down() -> None:
    wishes = Wishes(resting={"math": "drained"}, sizes={"MathExpert": 2}).patched({"models": {}})
    assert Wishes.of(wishes.as_data()) == wishes
    assert wishes.count == 2
