"""A college is watched while it answers, and what it goes by is changed."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from collegium.config.source import Source
from collegium.errors import ConfigError, Conflict, LastExpert, UnknownExpert, UnknownQuery
from collegium.events import Concluded, Event, Joined
from collegium.observe.casebook import SHADOW
from collegium.routing.router import MoERouter
from collegium.storage.opening import open_store
from collegium.storage.records import Record
from collegium.system import Collegium
from collegium.testing import ScriptedExpert
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from collegium.oversight import Oversight

POEM = "write a poem"
WAIT_S = 30.0


def text_of(tmp_path: Path, *, model: str = "one", extra: str = "") -> str:
    answers = tmp_path / "answers.jsonl"
    if not answers.exists():
        rows = [
            {"model": one, "prompt": POEM, "text": f"{one} writes a poem"}
            for one in ("one", "two", "three")
        ]
        answers.write_text("\n".join(map(json.dumps, rows)))
    return (
        "moe:\n"
        "  router: {type: heuristic}\n"
        "  experts:\n"
        f"    - {{name: WritingExpert, models: [rec/{model}]}}\n"
        "    - {name: AdvisorExpert, models: [rec/two]}\n"
        f"{extra}"
        f"backends: {{rec: {{kind: recorded, path: '{answers}'}}}}\n"
    )


@asynccontextmanager
async def watched(
    tmp_path: Path, *, extra: str = "", store: str | None = None
) -> AsyncGenerator[tuple[Collegium, Oversight]]:
    """A college out of a file, and who watches it."""
    path = tmp_path / "collegium.yaml"
    if not path.exists():
        path.write_text(text_of(tmp_path, extra=extra))
    source = Source(path)
    college = Collegium.of(source.read())
    opened = open_store(str(tmp_path / store)) if store else None
    oversight = college.watch(source=source, store=opened, folder=tmp_path)
    await oversight.start()
    try:
        yield college, oversight
    finally:
        await oversight.aclose()
        await college.aclose()


@asynccontextmanager
async def listing(model: str, *, port: int) -> AsyncGenerator[None]:
    """A model server that says that it has one model."""

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": model, "object": "model"}]})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def until(held: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(WAIT_S):
        while True:
            now = held()
            if now if isinstance(now, bool) else await now:
                return
            await asyncio.sleep(0.02)


async def answer(college: Collegium, query: str | Query = POEM) -> str:
    return (await college.ask(query)).text


async def test_an_expert_is_added_and_answers_the_next_query(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        entry = {"name": "WineExpert", "models": ["rec/three"], "vocabulary": {"poem": 9}}
        await oversight.add_expert(entry)
        assert "wine" in college.router.roster
        response = await college.ask(POEM, experts=["wine"])
        assert response.text == "three writes a poem"


async def test_an_expert_that_is_there_is_added_only_in_its_own_place(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        entry = {"name": "WritingExpert", "models": ["rec/three"]}
        with pytest.raises(Conflict, match="there is an expert"):
            await oversight.add_expert(entry)
        await oversight.add_expert(entry, replace=True)
        assert await answer(college) == "three writes a poem"
        assert [one.key for one in college.router.roster] == ["writing", "advisor"]


async def test_a_wrong_entry_changes_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        with pytest.raises(ConfigError, match="modles: unknown key"):
            await oversight.add_expert({"name": "WineExpert", "modles": ["rec/one"]})
        assert [one.key for one in college.router.roster] == ["writing", "advisor"]
        assert oversight.status()["changes"] == 0


async def test_an_expert_is_removed_and_brought_back(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await oversight.remove_expert("writing")
        assert await answer(college) == "two writes a poem"
        assert oversight.status()["removed"] == ["WritingExpert"]
        await oversight.restore_expert("WritingExpert")
        assert await answer(college) == "one writes a poem"
        assert oversight.status()["removed"] == []


async def test_one_that_was_added_is_removed_and_brought_back_as_it_was(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await oversight.add_expert({"name": "WineExpert", "models": ["rec/three"]})
        await oversight.remove_expert("wine")
        assert "wine" not in college.router.roster
        await oversight.restore_expert("WineExpert")
        assert (await college.ask(POEM, experts=["wine"])).text == "three writes a poem"


async def test_one_made_in_python_is_removed_and_brought_back(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        college.manager.register_expert(ScriptedExpert("DiceExpert", "six", confidence=0.9))
        await oversight.remove_expert("dice")
        assert "dice" not in college.router.roster
        await oversight.restore_expert("dice")
        assert (await college.ask("roll", experts=["dice"])).text == "six"


async def test_one_that_is_drained_gets_no_queries_until_it_is_restored(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await oversight.drain_expert("writing")
        assert await answer(college) == "two writes a poem"
        assert oversight.status()["draining"] == ["WritingExpert"]
        await oversight.restore_expert("writing")
        assert await answer(college) == "one writes a poem"
        with pytest.raises(Conflict, match="nothing to restore"):
            await oversight.restore_expert("writing")


async def test_the_last_who_can_answer_is_neither_drained_nor_removed(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await oversight.drain_expert("writing")
        with pytest.raises(LastExpert):
            await oversight.drain_expert("advisor")
        with pytest.raises(LastExpert):
            await oversight.remove_expert("advisor")
        await oversight.remove_expert("advisor", force=True)
        with pytest.raises(LastExpert):
            await oversight.remove_expert("writing", force=True)
        assert len(college.router.roster) == 1


async def test_two_who_are_taken_off_at_once_leave_one(tmp_path: Path) -> None:
    for take_off in ("remove_expert", "drain_expert"):
        async with watched(tmp_path) as (college, oversight):
            ends = await asyncio.gather(
                getattr(oversight, take_off)("writing"),
                getattr(oversight, take_off)("advisor"),
                return_exceptions=True,
            )
            assert [type(end) for end in ends] == [type(None), LastExpert]
            assert [one.key for one in college.router.roster if not one.lacks] == ["advisor"]


async def test_one_who_was_drained_and_removed_is_awake_when_added_anew(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        wine = {"name": "WineExpert", "models": ["rec/three"]}
        await oversight.add_expert(wine)
        await oversight.drain_expert("wine")
        await oversight.remove_expert("wine")
        await oversight.add_expert(wine)
        assert (await college.ask(POEM, experts=["wine"])).text == "three writes a poem"


async def test_what_is_put_in_anothers_place_has_nothing_of_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        entry = {"name": "WineExpert", "models": ["rec/three"], "vocabulary": {"wine": 1}}
        await oversight.add_expert(entry)
        await oversight.add_expert({"name": "WineExpert", "vocabulary": {"grape": 2}}, replace=True)
        (wine,) = (
            one for one in oversight.document()["moe"]["experts"] if one["name"] == "WineExpert"
        )
        assert (wine["vocabulary"], wine["models"]) == ({"grape": 2}, [])


async def test_a_change_that_nobody_waits_for_goes_to_its_end(tmp_path: Path) -> None:
    async with watched(tmp_path, store="record.sqlite3") as (_, oversight):
        changing = asyncio.create_task(oversight.remove_expert("writing"))
        await asyncio.sleep(0)
        changing.cancel()
        await until(lambda: oversight.removed == ("WritingExpert",))
    async with watched(tmp_path, store="record.sqlite3") as (college, _):
        assert "writing" not in college.router.roster


async def test_a_record_that_nobody_understands_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        watched(tmp_path, store="record.sqlite3") as (college, one),
        watched(tmp_path, store="record.sqlite3") as (_, other),
    ):
        one.recorder.put(Record("rating", time.time(), "q", "WritingExpert"))
        await college.ask(POEM)
        await until(lambda: other.tracker.performance("WritingExpert").queries == 1)
        await asyncio.sleep(1.2)
        assert other.tracker.performance("WritingExpert").queries == 1
    async with watched(tmp_path, store="record.sqlite3") as (_, again):
        assert again.tracker.performance("WritingExpert").queries == 1
    assert "could not be taken in" in caplog.text


async def test_changes_that_no_longer_fit_are_left_out_and_the_others_hold(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    async with watched(tmp_path, store="record.sqlite3") as (_, oversight):
        await oversight.add_expert({"name": "WineExpert", "fallback": True})
        await oversight.drain_expert("writing")
    # With this fallback in the file, the one that was added before is one too many.
    path.write_text(text_of(tmp_path, extra="    - {name: BeerExpert, fallback: true}\n"))
    async with watched(tmp_path, store="record.sqlite3") as (_, oversight):
        assert "only one may be" in oversight.refused
        assert oversight.status()["draining"] == ["WritingExpert"]
        await oversight.restore_expert("writing")
        with pytest.raises(Conflict, match="taken back first"):
            await oversight.add_expert({"name": "TeaExpert"})
        for _ in range(3):  # the restoring, the draining, the expert that does not fit
            await oversight.rollback()
        await oversight.add_expert({"name": "TeaExpert"})


async def test_nobody_unknown_is_removed_drained_or_restored(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        for change in (
            oversight.remove_expert("nobody"),
            oversight.drain_expert("nobody"),
            oversight.restore_expert("nobody"),
        ):
            with pytest.raises(UnknownExpert):
                await change


async def test_a_changed_file_is_put_in_force_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    async with watched(tmp_path) as (college, oversight):
        path.write_text(text_of(tmp_path, model="three"))
        await until(lambda: oversight.generation == 2)
        assert await answer(college) == "three writes a poem"
        path.write_text("moe: {router: {tpo_k: 1}}")
        await until(lambda: bool(oversight.refused))
        assert "tpo_k" in oversight.refused
        assert await answer(college) == "three writes a poem"
        path.write_text(text_of(tmp_path, model="one"))
        await until(lambda: not oversight.refused)
        assert await answer(college) == "one writes a poem"


async def test_what_the_file_was_can_be_gone_back_to(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        path.write_text(text_of(tmp_path, model="three"))
        await until(lambda: oversight.generation == 2)
        await oversight.rollback()
        assert await answer(college) == "one writes a poem"
        with pytest.raises(Conflict, match="no way back"):
            await oversight.rollback()
        assert await oversight.reload() == ("moe.experts.WritingExpert",)
        assert await answer(college) == "three writes a poem", "the file is read again by hand"
        await oversight.rollback()
        path.write_text(text_of(tmp_path, model="two"))
        await until(lambda: oversight.generation == 6)
        assert await answer(college) == "two writes a poem", "a newer file counts again"


async def test_changes_are_taken_back_one_after_the_other(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await oversight.put_model("poet", "rec/three")
        await oversight.remove_expert("writing")
        await oversight.rollback()
        assert "writing" in college.router.roster
        assert college.aliases == {"poet": "rec/three"}
        await oversight.rollback()
        assert college.aliases == {}


async def test_a_backend_is_put_and_taken_away_unless_somebody_needs_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        entry = {"kind": "recorded", "path": str(tmp_path / "answers.jsonl")}
        await oversight.put_backend("other", entry)
        wine = {"name": "WineExpert", "models": ["other/three"]}
        await oversight.add_expert(wine)
        assert (await college.ask(POEM, experts=["wine"])).model == "other/three"
        with pytest.raises(ConfigError, match="'other', which is not there"):
            await oversight.remove_backend("other")
        await oversight.remove_expert("wine")
        await oversight.remove_backend("other")
        assert "other" not in oversight.document()["backends"]


async def test_what_was_changed_holds_after_a_restart(tmp_path: Path) -> None:
    async with watched(tmp_path, store="record.sqlite3") as (_, oversight):
        await oversight.add_expert({"name": "WineExpert", "models": ["rec/three"]})
        await oversight.drain_expert("writing")
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        assert [one.key for one in college.router.roster] == ["writing", "advisor", "wine"]
        assert oversight.status()["draining"] == ["WritingExpert"]
        assert await answer(college) == "two writes a poem"


async def test_a_record_that_was_deleted_begins_anew_and_can_be_written(tmp_path: Path) -> None:
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        await oversight.drain_expert("writing")
        for left in tmp_path.glob("record.sqlite3*"):
            left.unlink()
        await oversight.restore_expert("writing")
        await oversight.drain_expert("writing")
        assert await answer(college) == "two writes a poem"
        assert (await oversight.start_experiment(plan()))["name"] == "poets"


async def test_learning_begins_when_it_is_switched_on(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        assert oversight.status()["learning"] is None
        await oversight.apply({"moe": {"management": {"learning": {"enabled": True}}}})
        query = Query.of(POEM)
        await college.ask(query)
        await oversight.rate(query.id, 1.0)
        assert oversight.status()["learning"]["outcomes"] == 1


async def test_what_holds_from_the_next_start_on_is_said_to(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        changes = {"gateway": {"port": 9}, "moe": {"router": {"top_k": 2}}}
        assert await oversight.apply(changes) == (
            "moe.router.top_k",
            "gateway.port (at the next start)",
        )


async def test_a_short_name_that_an_expert_goes_by_stays(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        await oversight.put_model("poet", "rec/three")
        await oversight.add_expert({"name": "WineExpert", "models": ["poet"]})
        with pytest.raises(ConfigError, match="WineExpert answers with"):
            await oversight.remove_model("poet")


async def test_a_rollback_says_who_gets_queries_again(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        await oversight.drain_expert("writing")
        assert await oversight.rollback() == ("resting.writing",)


async def test_an_experiment_tries_what_a_lineup_is_made_of(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        with pytest.raises(ConfigError, match="changes gateway; what can be tried is under"):
            await oversight.start_experiment(plan(changes={"gateway": {"port": 9}}))


async def test_two_processes_on_one_store_do_the_same(tmp_path: Path) -> None:
    async with (
        watched(tmp_path, store="record.sqlite3") as (_, one),
        watched(tmp_path, store="record.sqlite3") as (college, other),
    ):
        await one.drain_expert("writing")
        await until(lambda: other.status()["draining"] == ["WritingExpert"])
        assert await answer(college) == "two writes a poem"
        assert [one.leading, other.leading].count(True) == 1


async def test_performance_is_known_in_every_process_and_after_a_restart(tmp_path: Path) -> None:
    async with (
        watched(tmp_path, store="record.sqlite3") as (college, one),
        watched(tmp_path, store="record.sqlite3") as (_, other),
    ):
        for _ in range(5):
            await college.ask(POEM)
        assert one.tracker.performance("WritingExpert").queries == 5
        await until(lambda: other.tracker.performance("WritingExpert").queries == 5)
    async with watched(tmp_path, store="record.sqlite3") as (_, again):
        assert again.tracker.performance("WritingExpert").queries == 5


async def test_an_answer_can_be_rated_also_after_a_restart(tmp_path: Path) -> None:
    query = Query.of(POEM)
    async with watched(tmp_path, store="record.sqlite3") as (college, _):
        await college.ask(query)
    async with watched(tmp_path, store="record.sqlite3") as (_, oversight):
        rated = await oversight.rate(query.id, 1.0, rater="alice")
        assert (rated.expert, rated.rating) == ("WritingExpert", 1.0)
        with pytest.raises(UnknownQuery):
            await oversight.rate("nothing", 1.0)


async def test_everybody_is_ranked(tmp_path: Path) -> None:
    async with watched(tmp_path) as (college, oversight):
        await college.ask(POEM)
        scores = await oversight.evaluate_experts()
        assert set(scores) == {"WritingExpert", "AdvisorExpert"}
        assert all(0 <= score <= 1 for score in scores.values())
        assert await college.manager.evaluate_experts() == scores


def plan(**more: object) -> dict[str, object]:
    changes = {"moe": {"experts": {"WritingExpert": {"models": ["rec/three"]}}}}
    return {"name": "poets", "changes": changes, **more}


async def answers_by(college: Collegium, count: int = 40) -> set[str]:
    return {await answer(college, Query.of(POEM, session=str(one))) for one in range(count)}


async def test_an_experiment_answers_each_session_by_its_variant(tmp_path: Path) -> None:
    told: list[Event] = []
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        college.events.subscribe(told.append)
        begun = await oversight.start_experiment(plan())
        assert begun["name"] == "poets"
        both = {"one writes a poem", "three writes a poem"}
        assert await answers_by(college) == both
        session = Query.of(POEM, session="one")
        assert len({await answer(college, session) for _ in range(5)}) == 1
        with pytest.raises(Conflict, match="'poets' is running"):
            await oversight.start_experiment(plan(name="others"))
        await oversight.stop_experiment("poets")
        assert await answers_by(college) == {"one writes a poem"}
    assert [one.what for one in told if isinstance(one, Concluded)] == ["started", "stopped"]


async def test_a_variant_that_is_promoted_by_hand_answers_everybody(tmp_path: Path) -> None:
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        await oversight.start_experiment(plan())
        ended = await oversight.stop_experiment("poets", promote=True)
        assert ended["state"] == "promoted"
        assert await answers_by(college, 10) == {"three writes a poem"}
        await oversight.rollback()
        assert await answers_by(college, 10) == {"one writes a poem"}


async def test_an_experiment_is_the_same_in_every_process_and_after_a_restart(
    tmp_path: Path,
) -> None:
    queries = [Query.of(POEM, session=str(one)) for one in range(20)]
    async with (
        watched(tmp_path, store="record.sqlite3") as (college, one),
        watched(tmp_path, store="record.sqlite3") as (other_college, other),
    ):
        await one.start_experiment(plan())
        await until(lambda: other.trials._complete)
        texts = [await answer(college, query) for query in queries]
        assert [await answer(other_college, query) for query in queries] == texts
    async with watched(tmp_path, store="record.sqlite3") as (college, _):
        assert [await answer(college, query) for query in queries] == texts


async def test_an_experiment_ends_whose_variant_no_longer_fits(tmp_path: Path) -> None:
    told: list[Event] = []
    async with watched(tmp_path) as (college, oversight):
        college.events.subscribe(told.append)
        await oversight.put_model("poet", "rec/three")
        changes = {"moe": {"experts": {"WritingExpert": {"models": ["rec/three"]}}}}
        await oversight.start_experiment({"name": "poets", "changes": changes})
        await oversight.add_expert({"name": "WritingExpert", "models": ["rec/three"]}, replace=True)
        assert await answer(college) == "three writes a poem"

        def ends() -> list[Concluded]:
            return [one for one in told if isinstance(one, Concluded) and one.what == "stopped"]

        await until(lambda: bool(ends()))
        (ended,) = ends()
        assert "do not fit the configuration" in ended.verdict
        assert oversight.experiments()[0]["state"] == "stopped"


async def test_a_plan_whose_variant_cannot_be_begins_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        wrong = plan(changes={"moe": {"experts": {"WritingExpert": {"models": ["olama/x"]}}}})
        with pytest.raises(ConfigError, match="olama"):
            await oversight.start_experiment(wrong)
        assert all(one["state"] != "running" for one in oversight.experiments())
        await oversight.start_experiment(plan(name="again"))


async def test_a_variant_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, oversight):
        with pytest.raises(ConfigError, match="changes nothing"):
            await oversight.start_experiment(plan(changes={"moe": {"router": {"top_k": 1}}}))


async def test_a_shadow_answers_beside_and_nobody_sees_it(tmp_path: Path) -> None:
    told: list[Event] = []
    async with watched(tmp_path, store="record.sqlite3") as (college, oversight):
        await oversight.start_experiment(plan(mode="shadow", share=0.5))
        college.events.subscribe(told.append)
        assert await answers_by(college) == {"one writes a poem"}
        assert oversight.store is not None
        store = oversight.store

        async def shadows() -> set[str]:
            await store.flush()
            rows = await asyncio.to_thread(lambda: list(store.records(kinds=["outcome"])))
            return {row.record.model for row in rows if row.record.query.endswith(SHADOW)}

        async def seen() -> bool:
            return await shadows() == {"rec/three"}

        await until(seen)
        assert oversight.tracker.performance("WritingExpert").queries == 40
    assert not any(SHADOW in repr(event) for event in told)


async def test_a_college_that_is_entered_is_watched_and_left(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    path.write_text(text_of(tmp_path))
    told: list[Event] = []
    async with Collegium.from_config(path) as college:
        assert college.oversight is not None
        college.events.subscribe(told.append)
        await college.ask(POEM)
        assert college.oversight.tracker.performance("WritingExpert").queries == 1
        await college.oversight.add_expert({"name": "WineExpert", "models": ["rec/three"]})
        college.manager.register_expert(ScriptedExpert("DiceExpert", "six"))
    assert Joined("DiceExpert") in told


async def test_a_college_that_is_entered_again_is_watched_again(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    path.write_text(text_of(tmp_path))
    college = Collegium.from_config(path)
    for _ in range(2):
        async with college:
            assert college.oversight is not None
            await college.ask(POEM)
            assert college.oversight.tracker.performance("WritingExpert").queries == 1
        assert college.oversight is None


async def test_a_model_that_was_away_when_its_backend_changed_is_found_later(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as (college, oversight):
        await college.open()
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        entry = {"kind": "http", "url": f"http://127.0.0.1:{port}/v1"}
        await oversight.put_backend("late", entry)
        await oversight.add_expert({"name": "LateExpert", "models": ["echo"]})
        assert college.router.roster["late"].lacks
        async with listing("echo", port=port):
            await until(lambda: not college.router.roster["late"].lacks)


async def test_a_college_of_parts_is_watched_and_has_no_configuration_to_change() -> None:
    college = Collegium(MoERouter([ScriptedExpert("DiceExpert", "six")]))
    oversight = college.watch()
    await oversight.start()
    assert (await college.ask("roll")).text == "six"
    assert oversight.tracker.performance("DiceExpert").queries == 1
    for change in (
        oversight.add_expert({"name": "WineExpert"}),
        oversight.put_model("poet", "rec/one"),
    ):
        with pytest.raises(ConfigError, match="made of parts"):
            await change
    await oversight.aclose()
