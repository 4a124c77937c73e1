"""Experts who compute: exactly and without a model; what they cannot, they check and mend."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from collegium import config as configuration
from collegium.aggregation.aggregator import ResponseAggregator
from collegium.aggregation.panel import Panel
from collegium.backends.pool import Instance, Pool
from collegium.backends.prices import Price
from collegium.errors import BackendUnavailable, ExpertNotReady
from collegium.experts.base import spoken
from collegium.experts.computing.arithmetic import Arithmetic
from collegium.experts.computing.base import Computed
from collegium.experts.verifying import COMPUTED_CONFIDENCE, SURE, VerifyingExpert
from collegium.lexicon import Vocabulary
from collegium.routing.router import MoERouter
from collegium.system import Collegium
from collegium.testing import ScriptedBackend, ScriptedExpert, expert_checks
from collegium.types import Chunk, Message, Query, Task, Usage, Verdict
from collegium.verification.checks import Verifier, standard_checks
from collegium.verification.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from collegium.backends.base import Prompt
    from collegium.experts.base import Expert
    from collegium.experts.computing.base import Computer
    from collegium.experts.verifying import Checker

SUM = Query.of("What is 17 * 23?")
RIDDLE = Query.of("Why is a raven like a writing desk?", task=Task("text", "riddles"))
CODE = Query.of(
    "Write a Python function add(a, b). For example, add(1, 2) == 3 and add(5, 5) == 10.",
    task=Task("code", "coding"),
)
WRONG = "```python\ndef add(a, b):\n    return a - b\n```"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


class Reciting(ScriptedBackend):
    """A backend that says the next of its texts each time, or raises the next of them."""

    def __init__(self, *texts: str | BackendUnavailable, model: str = "scripted") -> None:
        super().__init__(model=model)
        self.texts = texts

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        said = self.texts[min(len(self.prompts), len(self.texts) - 1)]
        if isinstance(said, str):
            self.text = said
        else:
            self.error = said
        async with aclosing(super().stream(prompt)) as chunks:
            async for chunk in chunks:
                yield chunk


class Reading:
    """A computer that reads whatever has 'sum' in it, and makes of it what it was told to."""

    name = "reading"

    def __init__(self, computed: Computed | Exception | None) -> None:
        self.computed = computed

    def reads(self, query: Query) -> object | None:
        return query.text if "sum" in query.text else None

    async def compute(self, plan: object) -> Computed | None:
        if isinstance(self.computed, Exception):
            raise self.computed
        return self.computed


class Doubting:
    """A checker that fails what has 'wrong' in it; `seen` is what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def verify(self, query: Query, text: str, /) -> Verdict:
        self.seen.append(text)
        return Verdict("failed" if "wrong" in text else "passed", "it is wrong", "doubt")


def expert_of(
    *backends: ScriptedBackend,
    computers: tuple[Computer, ...] = (),
    verifier: Checker | None = None,
) -> VerifyingExpert:
    instances = [
        Instance(backend, backend.model, f"lab/{number}", 4)
        for number, backend in enumerate(backends)
    ]
    expert = VerifyingExpert("MathExpert", Vocabulary({}), Pool(instances) if instances else None)
    expert.computers, expert.verifier = computers, verifier
    return expert


async def pieces(expert: Expert, query: Query) -> list[Chunk]:
    async with aclosing(expert.stream(query)) as chunks:
        return [chunk async for chunk in chunks]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


async def proved(sandbox: Sandbox) -> Verifier:
    """A verifier that runs code; where nothing can hold a program, the test is left out."""
    isolation = await sandbox.isolation()
    if not isolation.proved:
        pytest.skip(f"nothing isolates here: {isolation.why}")
    return Verifier(standard_checks(sandbox))


@pytest.mark.parametrize("check", expert_checks())
async def test_it_is_an_expert(check: Callable[[Callable[[], Expert]], Awaitable[None]]) -> None:
    await check(lambda: expert_of(ScriptedBackend("hello to you"), computers=(Arithmetic(),)))


# Computing.


async def test_it_computes_without_any_model() -> None:
    expert = expert_of(computers=(Arithmetic(),))
    answer = await expert.process(SUM)
    assert answer.text.endswith("Answer: 391")
    assert (answer.expert, answer.confidence) == ("MathExpert", COMPUTED_CONFIDENCE)
    assert (answer.model, answer.usage) == ("computed/arithmetic", Usage())
    assert answer.verdict is not None
    assert (answer.verdict.outcome, answer.verdict.check) == ("passed", "arithmetic")
    assert answer.verdict.evidence.startswith("computed exactly")
    with pytest.raises(ExpertNotReady):
        await expert.process(RIDDLE)


async def test_it_computes_even_where_it_has_models() -> None:
    backend = ScriptedBackend("392, I think")
    chunks = await pieces(expert_of(backend, computers=(Arithmetic(),)), SUM)
    assert [chunk.text[-3:] for chunk in chunks] == ["391"]
    assert backend.prompts == []


async def test_it_is_nearly_certain_of_what_it_computes_and_of_nothing_else() -> None:
    expert = expert_of(computers=(Arithmetic(),))
    assert await expert.can_handle(SUM) == SURE
    assert await expert.can_handle(RIDDLE) < 0.5
    assert [expert.computes(query) for query in (SUM, RIDDLE)] == [True, False]
    assert await expert.compute(RIDDLE) is None


async def test_the_first_computer_who_reads_a_question_computes_it() -> None:
    own = Reading(Computed("1", "Answer: 1", "by heart"))
    expert = expert_of(computers=(Arithmetic(), own))
    assert (await expert.process(SUM)).model == "computed/arithmetic"
    assert (await expert.process(Query.of("some sum"))).model == "computed/reading"


@pytest.mark.parametrize("outcome", [None, RuntimeError("no"), ZeroDivisionError()])
async def test_a_model_answers_what_turns_out_not_to_be_computable(
    outcome: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    expert = expert_of(ScriptedBackend("42 then"), computers=(Reading(outcome),))
    answer = await expert.process(Query.of("what is the sum?"))
    assert (answer.text, answer.model) == ("42 then", "lab/0")
    assert expert.success_rate == 1.0
    assert ("could not compute" in caplog.text) == (outcome is not None)


async def test_a_voice_neither_computes_nor_mends() -> None:
    one, other = Reciting("it is wrong", "better"), ScriptedBackend("fine", model="b")
    doubt = Doubting()
    expert = expert_of(one, other, computers=(Reading(Computed("1", "1", "")),), verifier=doubt)
    query = Query.of("the sum?", task=Task("number", "math"))
    voice, second = expert.voices()
    assert not voice.computes(query)
    assert not voice.mends
    assert expert.mends
    answer = await spoken(voice.stream(query), voice)
    assert (answer.text, len(one.prompts)) == ("it is wrong", 1)
    assert answer.verdict is not None
    assert answer.verdict.outcome == "failed"
    assert (await second.process(query)).text == "fine"
    assert (await expert.process(query)).model == "computed/reading"


# Checking and mending.


async def test_code_that_fails_is_mended_once_with_what_was_found(sandbox: Sandbox) -> None:
    backend = Reciting(WRONG, RIGHT)
    expert = expert_of(backend, verifier=await proved(sandbox))
    chunks = await pieces(expert, CODE)
    assert "".join(chunk.text for chunk in chunks) == RIGHT  # the first attempt was held back
    answer = chunks[-1].answer
    assert answer is not None
    assert answer.verdict is not None
    assert answer.verdict.outcome == "passed"
    assert answer.usage == Usage(2, len(WRONG.split(" ")) + len(RIGHT.split(" ")))
    again = backend.prompts[1].messages
    assert [message.role for message in again[-3:]] == ["user", "assistant", "user"]
    assert again[-2] == Message("assistant", WRONG)
    assert "-1" in again[-1].text  # what add(1, 2) came to


async def test_it_mends_no_more_than_once_and_keeps_the_first(sandbox: Sandbox) -> None:
    worse = WRONG.replace("a - b", "a * b")
    backend = Reciting(WRONG, worse, RIGHT)
    answer = await expert_of(backend, verifier=await proved(sandbox)).process(CODE)
    assert answer.text == WRONG
    assert len(backend.prompts) == 2
    assert answer.verdict is not None
    assert answer.verdict.outcome == "failed"
    assert answer.usage.prompt_tokens == 2  # the second one was paid for all the same


async def test_where_mending_fails_the_first_answer_is_kept() -> None:
    backend = Reciting("it is wrong", BackendUnavailable("gone"))
    expert = expert_of(backend, verifier=Doubting())
    answer = await expert.process(Query.of("?", task=Task("number")))
    assert answer.text == "it is wrong"
    assert (expert.total_queries, expert.success_rate, expert.current_load) == (1, 1.0, 0)


async def test_when_time_is_up_while_it_mends_the_first_answer_is_given_and_its_cost_told() -> None:
    class Dawdling(Reciting):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
            await asyncio.sleep(60 if self.prompts else 0)
            async with aclosing(super().stream(prompt)) as chunks:
                async for chunk in chunks:
                    yield chunk

    expert = expert_of(Dawdling("it is wrong", "42"), verifier=Doubting())
    query = Query.of("?", task=Task("number"))
    panel = Panel(query, [(expert, 1.0)], deadline_s=0.2, verifier=Doubting())
    response = await ResponseAggregator().settle(panel)
    assert response.text == "it is wrong"
    assert response.receipt is not None
    assert (response.receipt.quality, response.receipt.usage) == ("marked", Usage(1, 3))
    assert expert.current_load == 0


async def test_it_does_not_mend_where_the_budget_has_no_room_for_it() -> None:
    backend = Reciting("it is wrong", "42")
    instance = Instance(backend, "scripted", "lab/0", 4, price=Price(1.0, 1.0))
    expert = VerifyingExpert("MathExpert", Vocabulary({}), Pool([instance]))
    expert.verifier = Doubting()
    query = Query.of("?", task=Task("number"), budget_usd=1e-9)
    assert (await expert.process(query)).text == "it is wrong"
    assert len(backend.prompts) == 1


async def test_a_right_answer_is_checked_once_and_given() -> None:
    backend, doubt = Reciting("42"), Doubting()
    answer = await expert_of(backend, verifier=doubt).process(Query.of("?", task=Task("number")))
    assert answer.verdict == Verdict("passed", "it is wrong", "doubt")
    assert (doubt.seen, len(backend.prompts)) == (["42"], 1)


@pytest.mark.parametrize("query", [RIDDLE, Query.of("Why?")])
async def test_free_text_streams_untouched(query: Query) -> None:
    doubt = Doubting()
    expert = expert_of(ScriptedBackend("a wrong but pretty text"), verifier=doubt)
    chunks = await pieces(expert, query)
    assert [chunk.text for chunk in chunks if chunk.text] == [
        "a", " wrong", " but", " pretty", " text",
    ]  # fmt: skip
    assert doubt.seen == []


async def test_without_a_verifier_everything_streams() -> None:
    expert = expert_of(ScriptedBackend("it is wrong"))
    assert not expert.mends
    assert len(await pieces(expert, Query.of("?", task=Task("number")))) > 2


async def test_where_nothing_isolates_code_is_not_run_and_not_judged() -> None:
    sandbox = Sandbox(means=())
    assert not (await sandbox.isolation()).proved
    backend = Reciting(WRONG, RIGHT)
    answer = await expert_of(backend, verifier=Verifier(standard_checks(sandbox))).process(CODE)
    assert (answer.text, len(backend.prompts)) == (WRONG, 1)
    assert answer.verdict is not None
    assert answer.verdict.outcome == "unknown"
    assert "it was not run" in answer.verdict.evidence


# On the way through the college.


@pytest.mark.parametrize("top_k", [None, 1, 3])
async def test_whoever_computes_is_chosen_alone_whatever_the_gate_believes(
    top_k: int | None,
) -> None:
    rivals = [ScriptedExpert(name, confidence=1.0) for name in ("A", "B")]
    expert = expert_of(computers=(Arithmetic(),))
    expert.no_pool = "there is no model"
    router = MoERouter([*rivals, expert])
    decision = await router.decide(SUM, top_k)
    assert [one.expert for one in decision.chosen] == ["MathExpert"]
    assert decision.reasons[0] == "math computes the answer exactly, without a model"
    assert (decision.confidence, decision.low_confidence) == (COMPUTED_CONFIDENCE, False)
    assert {one.note for one in decision.passed_over} == {"not considered"}
    other = await router.decide(RIDDLE, top_k)
    assert other.chosen[0].expert in {"A", "B"}


def college(folder: Path, *, said: str = "It is 17.", **moe: Any) -> Collegium:
    """A college whose MathExpert and CodingExpert say the same of everything asked here."""
    queries = (SUM, RIDDLE, CODE)
    rows = ({"model": "m", "prompt": query.text, "text": said} for query in queries)
    (folder / "said.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    names = ("MathExpert", "CodingExpert", "AdvisorExpert")
    compute = moe.pop("compute", True)
    document = {
        "moe": {
            "router": {"type": "heuristic"},
            "experts": [{"name": name, "models": ["lab/m"], "compute": compute} for name in names],
            **moe,
        },
        "backends": {"lab": {"kind": "recorded", "path": str(folder / "said.jsonl")}},
    }
    return Collegium.of(configuration.read(json.dumps(document), source="a test"))


@pytest.mark.parametrize("strategy", ["weighted", "voting", "cascade", "auto"])
async def test_what_is_computed_says_so_on_the_receipt_and_costs_nothing(
    strategy: str, tmp_path: Path
) -> None:
    async with college(tmp_path) as team:
        response = await team.ask(SUM, strategy=strategy, top_k=3)
    receipt = response.receipt
    assert receipt is not None
    assert response.text.endswith("Answer: 391")
    assert (response.expert, response.model) == ("MathExpert", "computed/arithmetic")
    assert (receipt.strategy, receipt.usage, receipt.quality) == ("computed", Usage(), "accepted")
    assert [call.model for call in receipt.calls] == ["computed/arithmetic"]
    assert (response.confidence, receipt.confidence) == (COMPUTED_CONFIDENCE, COMPUTED_CONFIDENCE)
    assert [one.verdict.check for one in receipt.verdicts] == ["arithmetic"]


async def test_it_is_computed_though_the_model_is_not_there(tmp_path: Path) -> None:
    team = college(tmp_path, experts=[{"name": "MathExpert", "models": ["lab/missing"]}])
    async with team:
        assert (await team.ask(SUM)).text.endswith("Answer: 391")


async def test_compute_false_leaves_it_to_the_model(tmp_path: Path) -> None:
    async with college(tmp_path, compute=False) as team:
        response = await team.ask(SUM)
    assert (response.text, response.model) == ("It is 17.", "lab/m")
    assert not any(expert.computes(SUM) for expert in team.router.roster)


async def test_verification_false_leaves_answers_unchecked(tmp_path: Path) -> None:
    async with college(tmp_path, said=WRONG, verification={"enabled": False}) as team:
        response = await team.ask(CODE, experts=["coding"])
        computed = await team.ask(SUM)
    assert response.text == WRONG
    assert response.receipt is not None
    assert response.receipt.verdicts == ()
    experts = [one for one in team.router.roster if isinstance(one, VerifyingExpert)]
    assert len(experts) == 2
    assert not any(one.mends for one in experts)
    assert computed.model == "computed/arithmetic"  # computing is not checking


async def test_with_verification_an_answer_that_does_not_compile_is_marked(tmp_path: Path) -> None:
    said = "```python\ndef add(a, b:\n```"
    async with college(tmp_path, said=said) as team:
        response = await team.ask(CODE, experts=["coding"])
    assert response.receipt is not None
    assert [one.verdict.outcome for one in response.receipt.verdicts] == ["failed"]
    assert response.receipt.quality == "marked"
