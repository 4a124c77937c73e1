"""Lineups are swapped whole while queries are answered, and tried beside each other."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from collegium.config import Config, patched, read
from collegium.errors import ConfigError, GateError
from collegium.events import Event, Reconfigured
from collegium.experts.catalog import BUILT_IN
from collegium.routing.router import MoERouter
from collegium.system import Collegium
from collegium.testing import ScriptedExpert
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = [row.name for row in BUILT_IN]
POEM = "write a poem"


def configured(tmp_path: Path, *models: str, extra: str = "") -> Config:
    answers = tmp_path / "answers.jsonl"
    rows = [
        {"model": model, "prompt": POEM, "text": f"{model} writes a poem"}
        for model in ("one", "two", "three")
    ]
    answers.write_text("\n".join(map(json.dumps, rows)))
    experts = "".join(
        f"    - {{name: {name}, models: [rec/{model}]}}\n"
        for name, model in zip(("WritingExpert", "AdvisorExpert"), models, strict=True)
    )
    text = (
        "moe:\n  router: {type: heuristic}\n  experts:\n"
        f"{experts}{extra}backends: {{rec: {{kind: recorded, path: '{answers}'}}}}\n"
    )
    return read(text, source="test.yaml")


def college_of(tmp_path: Path, *models: str, experts: Sequence[ScriptedExpert] = ()) -> Collegium:
    return Collegium.of(configured(tmp_path, *models), experts=experts)


def but(config: Config, changes: dict[str, object]) -> Config:
    return patched(config, changes, built_in=NAMES)


async def test_another_configuration_answers_the_next_query(tmp_path: Path) -> None:
    told: list[Event] = []
    async with college_of(tmp_path, "one", "two") as college:
        college.events.subscribe(told.append)
        assert (await college.ask(POEM)).text == "one writes a poem"
        changed = await college.lineups.renew(configured(tmp_path, "three", "two"))
        assert changed == ("moe.experts.WritingExpert",)
        assert (await college.ask(POEM)).text == "three writes a poem"
    assert [one for one in told if isinstance(one, Reconfigured)] == [Reconfigured(2, changed)]


async def test_what_is_the_same_stays_the_same_expert_with_its_record(tmp_path: Path) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        await college.ask(POEM)
        writing, advisor = college.router.roster
        await college.lineups.renew(configured(tmp_path, "three", "two"))
        after, same = college.router.roster
        assert same is advisor
        assert after is not writing
        assert after.total_queries == writing.total_queries == 1


async def test_nothing_is_done_where_nothing_has_changed(tmp_path: Path) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        before = college.lineup
        assert await college.lineups.renew(configured(tmp_path, "one", "two")) == ()
        assert college.lineup is before


async def test_a_query_that_was_routed_is_answered_after_its_expert_has_left(
    tmp_path: Path,
) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        query = Query.of(POEM)
        decision = await college.routed(query)
        changes: dict[str, object] = {"moe": {"experts": {"WritingExpert": None}}}
        await college.lineups.renew(but(configured(tmp_path, "one", "two"), changes))
        assert "writing" not in college.router.roster
        async with aclosing(college.answered(query, decision)) as chunks:
            texts = [chunk.text async for chunk in chunks]
        assert "".join(texts) == "one writes a poem"


async def test_a_configuration_that_cannot_be_is_refused_whole(tmp_path: Path) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        before, experts = college.lineup, college.router.roster.snapshot()
        changes: dict[str, object] = {
            "moe": {
                "router": {"type": "neural", "model": str(tmp_path / "nowhere")},
                "experts": {"WritingExpert": {"models": ["rec/three"]}},
            }
        }
        with pytest.raises((ConfigError, GateError)):
            await college.lineups.renew(but(configured(tmp_path, "one", "two"), changes))
        assert college.lineup is before
        assert college.router.roster.snapshot() == experts
        assert (await college.ask(POEM)).text == "one writes a poem"


async def test_experts_made_in_python_stay_and_those_who_left_do_not_come_back(
    tmp_path: Path,
) -> None:
    dice = ScriptedExpert("DiceExpert", "six", confidence=0.99)
    async with college_of(tmp_path, "one", "two", experts=[dice]) as college:
        coin = ScriptedExpert("CoinExpert", "heads", confidence=0.99)
        college.manager.register_expert(coin)
        college.manager.remove_expert("advisor")
        await college.lineups.renew(configured(tmp_path, "three", "two"))
        assert [one.key for one in college.router.roster] == ["writing", "dice", "coin"]
        assert (await college.ask("toss", experts=["coin"])).text == "heads"


async def test_who_is_in_a_variant_is_answered_by_it_and_its_decision_says_so(
    tmp_path: Path,
) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        changes: dict[str, object] = {
            "moe": {"experts": {"WritingExpert": {"models": ["rec/two"]}}}
        }
        await college.lineups.add_variant("poems:challenger", but(college.lineups.config, changes))
        college.lineups.trial = lambda query: (
            "poems:challenger" if query.session == "odd" else "poems:control"
        )
        odd, even = Query.of(POEM, session="odd"), Query.of(POEM, session="even")
        assert (await college.ask(odd)).text == "two writes a poem"
        assert (await college.ask(even)).text == "one writes a poem"
        assert (await college.routed(odd)).variant == "poems:challenger"
        assert (await college.routed(even)).variant == "poems:control"
        named = await college.routed(odd, experts=["writing"])
        assert named.variant == "", "who names an expert is in no experiment"
        college.lineups.drop_variant("poems:challenger")
        assert (await college.ask(odd)).text == "one writes a poem"


async def test_what_a_variant_does_is_not_counted_to_the_expert_in_force(tmp_path: Path) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        changes: dict[str, object] = {
            "moe": {"experts": {"WritingExpert": {"models": ["rec/two"]}}}
        }
        await college.lineups.add_variant("poems:other", but(college.lineups.config, changes))
        college.lineups.trial = lambda query: "poems:other"
        await college.ask(POEM)
        assert college.router.roster["writing"].total_queries == 0


async def test_a_hundred_swaps_under_load_lose_no_query(tmp_path: Path) -> None:
    async with college_of(tmp_path, "one", "two") as college:
        texts: list[str] = []
        done = asyncio.Event()

        async def ask() -> None:
            while not done.is_set():
                texts.append((await college.ask(POEM)).text)
                await asyncio.sleep(0)

        asking = [asyncio.create_task(ask()) for _ in range(8)]
        for number in range(100):
            model = ("one", "two", "three")[number % 3]
            await college.lineups.renew(configured(tmp_path, model, "two"))
            await asyncio.sleep(0)
        done.set()
        await asyncio.gather(*asking)
    assert set(texts) <= {f"{one} writes a poem" for one in ("one", "two", "three")}
    assert len(texts) > 100


async def test_a_college_made_of_parts_has_no_configuration_to_change() -> None:
    college = Collegium(MoERouter([ScriptedExpert("DiceExpert", "six")]))
    with pytest.raises(ConfigError, match="made of parts"):
        await college.lineups.renew(Config())
