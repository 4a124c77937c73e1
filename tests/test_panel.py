"""A panel: one deadline for everybody, and nothing that was answered is lost."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from collegium.aggregation.aggregator import ResponseAggregator
from collegium.aggregation.panel import Panel
from collegium.aggregation.strategies import Weighted
from collegium.errors import (
    BackendUnavailable,
    DeadlineExceeded,
    ExpertError,
    PanelFailed,
    UnknownStrategy,
)
from collegium.events import Answered, Event, EventBus, Failed
from collegium.testing import ScriptedExpert, strategy_checks
from collegium.types import Answer, Chunk, Query, Response, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from collegium.aggregation.strategies import Strategy
    from collegium.experts.base import Expert

QUERY = Query.of("hello")


def panel_of(*experts: Expert, deadline_s: float | None = None) -> tuple[Panel, list[Event]]:
    told: list[Event] = []
    events = EventBus()
    events.subscribe(told.append)
    seats = [(expert, 1.0) for expert in experts]
    return Panel(QUERY, seats, events=events, deadline_s=deadline_s), told


@pytest.mark.parametrize("check", strategy_checks())
async def test_weighted_keeps_the_promises_of_a_strategy(
    check: Callable[[Callable[[], Strategy]], Awaitable[None]],
) -> None:
    await check(Weighted)


async def test_everybody_is_asked_at_once() -> None:
    panel, told = panel_of(*(ScriptedExpert(name, pause_s=0.05) for name in "ABCD"))
    started = time.perf_counter()
    answers = await panel.ask_all()
    assert time.perf_counter() - started < 0.15
    assert [answer.expert for answer in answers] == list("ABCD")
    assert [type(event) for event in told] == [Answered] * 4


async def test_one_deadline_holds_for_the_whole_panel_and_the_quick_answers_are_kept() -> None:
    panel, told = panel_of(
        ScriptedExpert("Slow", pause_s=60), ScriptedExpert("Quick", "here"), deadline_s=0.05
    )
    answers = await panel.ask_all()
    assert [answer.text for answer in answers] == ["here"]
    assert panel.experts[0].current_load == 0
    assert panel.failures[0][0] == "Slow"
    assert isinstance(panel.failures[0][1], DeadlineExceeded)
    assert {type(event) for event in told} == {Answered, Failed}


async def test_where_everybody_is_late_the_deadline_is_what_is_told() -> None:
    panel, _ = panel_of(*(ScriptedExpert(name, pause_s=60) for name in "AB"), deadline_s=0.05)
    with pytest.raises(DeadlineExceeded, match=r"A had not finished after.*B had|B had.*A had"):
        await panel.ask_all()


async def test_an_expert_that_cancels_itself_has_failed_and_the_others_go_on() -> None:
    panel, _ = panel_of(
        ScriptedExpert("Odd", error=asyncio.CancelledError()),  # type: ignore[arg-type]
        ScriptedExpert("Sound", "here"),
    )
    assert [answer.text for answer in await panel.ask_all()] == ["here"]
    assert "Odd was cancelled by its own doing" in str(panel.failures[0][1])


async def test_an_answer_without_a_text_is_a_failure_of_whoever_gave_it() -> None:
    panel, _ = panel_of(
        ScriptedExpert("Odd", None),  # type: ignore[arg-type]
        ScriptedExpert("Sound", "here"),
    )
    assert [answer.text for answer in await panel.ask_all()] == ["here"]
    assert "Odd failed: TypeError" in str(panel.failures[0][1])


async def test_a_later_answer_of_a_stream_takes_the_place_of_an_earlier_one() -> None:
    class Improving(ScriptedExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            for text, cost_usd in (("a draft", 0.1), ("the answer", 0.3)):
                answer = Answer(self.name, "m", text, usage=Usage(1, 1, cost_usd))
                yield Chunk(answer=answer, usage=answer.usage)
                await asyncio.sleep(self.pause_s)

    panel, _ = panel_of(Improving("A"))
    assert (await panel.ask(panel.experts[0])).text == "the answer"
    assert panel.spent.cost_usd == 0.3
    panel, _ = panel_of(Improving("A", pause_s=60), deadline_s=0.05)
    assert (await panel.ask(panel.experts[0])).text == "a draft"
    assert [(call.outcome, call.usage.cost_usd) for call in panel.calls] == [("answered", 0.1)]


async def test_a_second_question_to_the_panel_has_only_the_time_that_is_left() -> None:
    panel, _ = panel_of(ScriptedExpert("A", pause_s=0.06), deadline_s=0.1)
    await panel.ask(panel.experts[0])
    with pytest.raises(DeadlineExceeded, match=r"A had not finished after the 0\.1 s allowed"):
        await panel.ask(panel.experts[0])


async def test_when_everybody_fails_every_failure_is_named() -> None:
    panel, _ = panel_of(
        ScriptedExpert("A", error=BackendUnavailable("nobody home")),
        ScriptedExpert("B", error=ValueError("odd")),
    )
    with pytest.raises(PanelFailed, match="A: nobody home; B: B failed: ValueError"):
        await panel.ask_all()


async def test_a_panel_of_one_fails_with_its_own_error() -> None:
    panel, _ = panel_of(ScriptedExpert("A", error=BackendUnavailable("nobody home")))
    with pytest.raises(BackendUnavailable, match="nobody home"):
        await ResponseAggregator().settle(panel)


async def test_answers_come_as_they_are_given_and_leaving_ends_the_rest() -> None:
    experts = [
        ScriptedExpert("Slow", pause_s=60),
        ScriptedExpert("Later", "later", pause_s=0.02),
        ScriptedExpert("Down", error=BackendUnavailable("down")),
        ScriptedExpert("Soon", "soon"),
    ]
    panel, told = panel_of(*experts)
    texts: list[str] = []
    async with panel.asking(panel.voices) as answers:
        async for answer in answers:
            texts.append(answer.text)
            if len(texts) == 2:
                break
        assert answers.outstanding == (experts[0],)
    assert texts == ["soon", "later"]
    assert [expert.current_load for expert in experts] == [0, 0, 0, 0]
    assert [event.expert for event in told if isinstance(event, Failed)] == ["Down", "Slow"]
    assert [call.outcome for call in panel.calls if call.expert == "Slow"] == ["abandoned"]


async def test_an_answer_is_checked_once_and_keeps_its_place_among_the_answers() -> None:
    class Slow:
        checked = 0

        async def verify(self, query: Query, text: str, /) -> Verdict:
            self.checked += 1
            await asyncio.sleep(0.01)
            return Verdict("passed")

    checker = Slow()
    expert = ScriptedExpert("A", "42")
    panel = Panel(QUERY, [(expert, 0.7)], verifier=checker)
    answer = await panel.ask(expert)
    one, other = await asyncio.gather(panel.verified(answer), panel.verified(answer))
    assert one is other
    assert await panel.verified(one) is one
    assert checker.checked == 1
    assert panel.answers == [one]
    assert one.verdict == Verdict("passed")
    assert (panel.weight(answer), panel.weight(one)) == (0.7, 0.7)
    assert panel.weight(Answer("B", "m", "foreign")) == 1.0


async def test_what_failed_calls_consumed_is_counted_as_far_as_it_is_known() -> None:
    class Half(ScriptedExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            yield Chunk("half", model="m", usage=Usage(7, 5, 0.25))
            raise BackendUnavailable("cut")

    panel, _ = panel_of(Half("A"), ScriptedExpert("B", "whole"))
    await panel.ask_all()
    assert panel.spent == Usage(8, 6, 0.25)
    assert [(call.model, call.outcome) for call in panel.calls] == [
        ("m", "failed"),
        ("scripted", "answered"),
    ]


async def test_the_budget_counts_those_at_work_as_what_they_are_expected_to_cost() -> None:
    slow = ScriptedExpert("A", pause_s=60, cost_usd=0.6)
    panel = Panel(QUERY, [(slow, 1.0)], budget_usd=1.0)
    other = ScriptedExpert("B", cost_usd=0.5)
    free = ScriptedExpert("C")
    assert panel.affordable([slow, other, free]) == (slow, free)
    waiting = asyncio.create_task(panel.ask(slow))
    await asyncio.sleep(0.01)
    assert not panel.affords(other)
    with pytest.raises(ExpertError, match=r"B would cost \$0\.5, and \$0\.6 of \$1 "):
        await panel.ask(other)
    assert other.asked == []
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert panel.affords(other)


async def test_leaving_the_stream_tells_that_the_expert_was_abandoned() -> None:
    class Endless(ScriptedExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            while True:
                yield Chunk("and ")

    panel, told = panel_of(Endless("A"))
    async with aclosing(panel.stream(panel.experts[0])) as chunks:
        await anext(chunks)
    (event,) = told
    assert isinstance(event, Failed)
    assert event.abandoned
    assert panel.experts[0].current_load == 0


async def test_an_expert_that_returns_something_else_is_told_apart() -> None:
    class Odd(ScriptedExpert):
        async def process(self, query: Query) -> Answer:
            return "a string"  # type: ignore[return-value]

    panel, _ = panel_of(Odd("A"))
    with pytest.raises(ExpertError, match=r"A\.process returned str, not an Answer or a Response"):
        await panel.ask(panel.experts[0])


async def test_a_stream_without_a_whole_answer_is_made_into_one() -> None:
    class Plain(ScriptedExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            yield Chunk("to", model="m")
            yield Chunk("gether", usage=Usage(3, 2), finish="length")

    panel, _ = panel_of(Plain("A"))
    answer = await panel.ask(panel.experts[0])
    assert (answer.text, answer.model, answer.finish) == ("together", "m", "length")
    assert answer.usage == Usage(3, 2)


async def test_the_best_answer_wins_and_the_others_are_told_of() -> None:
    long = "word " * 100
    panel, _ = panel_of(
        ScriptedExpert("A", long, confidence=0.4), ScriptedExpert("B", "best", confidence=0.9)
    )
    response = await ResponseAggregator().settle(panel)
    assert (response.text, response.expert, response.confidence) == ("best", "B", 0.9)
    (other,) = response.metadata["alternative_responses"]
    assert (other["expert"], other["confidence"]) == ("A", 0.4)
    assert len(other["summary"]) <= 200
    assert other["summary"].endswith("…")
    assert len(response.answers) == 2
    assert response.receipt is not None
    assert response.receipt.usage == Usage(2, 2)


async def test_a_panel_of_one_streams_straight_through() -> None:
    class Speaker(ScriptedExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            for word in ("a ", "b ", "c"):
                yield Chunk(word)

    panel, _ = panel_of(Speaker("A"))
    async with aclosing(ResponseAggregator().stream(panel)) as chunks:
        seen = [chunk async for chunk in chunks]
    assert [chunk.text for chunk in seen[:3]] == ["a ", "b ", "c"]
    assert seen[-1].response is not None
    assert seen[-1].response.text == "a b c"
    waited = await ResponseAggregator().settle(panel_of(Speaker("A"))[0])
    assert waited.text == "a b c"


async def test_answers_in_hand_are_aggregated_by_confidence_and_weight() -> None:
    mine = Answer("A", "m", "mine", confidence=0.8)
    yours = Response(text="yours", expert="A", model="n", confidence=0.7)
    aggregator = ResponseAggregator()
    assert (await aggregator.aggregate([(mine, 0.5), (yours, 0.9)])).text == "yours"
    assert (await aggregator.aggregate([(mine, 0.9), (yours, 0.9)], "weighted")).text == "mine"
    with pytest.raises(ExpertError, match="no answer"):
        await aggregator.aggregate([])


async def test_an_unknown_strategy_is_refused_with_those_there_are() -> None:
    panel, _ = panel_of(ScriptedExpert("A"))
    with pytest.raises(UnknownStrategy, match=r"'wieghted'; there are: .*weighted"):
        await ResponseAggregator().settle(panel, "wieghted")


async def test_cancelling_the_wait_cancels_every_expert() -> None:
    experts = [ScriptedExpert(name, pause_s=60) for name in "AB"]
    panel, told = panel_of(*experts)
    waiting = asyncio.create_task(panel.ask_all())
    await asyncio.sleep(0.01)
    assert [expert.current_load for expert in experts] == [1, 1]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert [expert.current_load for expert in experts] == [0, 0]
    assert all(isinstance(event, Failed) and event.abandoned for event in told)
