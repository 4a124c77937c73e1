"""The expert of a codebase: exact without a model, cited with one, ready when there is an index."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from collegium import config as configuration
from collegium.backends.pool import Instance, Pool
from collegium.backends.site import Surroundings
from collegium.errors import BackendUnavailable
from collegium.experts.knowledge import keeper as keeping
from collegium.experts.knowledge.briefing import LONGEST_CHARS, briefed
from collegium.experts.knowledge.citing import Place
from collegium.experts.knowledge.expert import UNBACKED, KnowledgeExpert
from collegium.experts.knowledge.keeper import Keeper, Terms
from collegium.experts.verifying import SURE
from collegium.knowledge.codebase import Finding, KnowledgeGraph
from collegium.lexicon import Vocabulary
from collegium.system import Collegium
from collegium.testing import ScriptedBackend
from collegium.types import Query
from collegium.verification.checks import Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from collegium.backends.base import Prompt
    from collegium.types import Chunk

CART = '''"""The basket of a customer."""


class Cart:
    """What a customer is going to buy."""

    def total(self) -> int:
        """The price of everything in the basket, in cents."""
        return sum(self.prices)

    def empty(self) -> None:
        """Throw everything out of the basket."""
        self.prices = []
'''
CHECKOUT = '''from cart import Cart


def pay(cart: Cart) -> int:
    """Take the money from the customer's card."""
    due = cart.total()
    cart.empty()
    return due
'''


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the first index as long as a machine that is busy with other things may take."""
    monkeypatch.setattr(keeping, "PATIENCE_S", 120.0)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cart.py").write_text(CART)
    (root / "checkout.py").write_text(CHECKOUT)
    (root / "README.md").write_text("# Shop\n\nOrders are kept for a year, then forgotten.\n")
    return root


def expert_of(shop: Path, *, follow: bool = False) -> KnowledgeExpert:
    keeper = Keeper(Terms(shop, shop.parent / "cache", follow))
    expert = KnowledgeExpert("KnowledgeExpert", Vocabulary({}), keeper=keeper)
    expert.verifier = Verifier(())
    return expert


@asynccontextmanager
async def opened(expert: KnowledgeExpert) -> AsyncGenerator[KnowledgeExpert]:
    await expert.open()
    try:
        yield expert
    finally:
        await expert.aclose()


class Saying(ScriptedBackend):
    """A model that says the next of its texts each time, and keeps what it was asked."""

    def __init__(self, *texts: str) -> None:
        super().__init__(model="reader")
        self.texts = texts

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        self.text = self.texts[min(len(self.prompts), len(self.texts) - 1)]
        async for chunk in super().stream(prompt):
            yield chunk


def pool_of(backend: ScriptedBackend) -> Pool:
    return Pool([Instance(backend, "reader", "lab/reader", 4)])


async def test_who_calls_is_answered_exactly_and_without_a_model(shop: Path) -> None:
    async with opened(expert_of(shop)) as expert:
        query = Query.of("Who calls `Cart.total`?")
        assert expert.computes(query)
        assert await expert.can_handle(query) == SURE
        answer = await expert.process(query)
    assert answer.model == "computed/graph"
    assert "`pay`" in answer.text
    assert "checkout.py:6" in answer.text
    assert answer.verdict is not None
    assert answer.verdict.outcome == "passed"


async def test_a_name_that_is_not_there_is_not_guessed(shop: Path) -> None:
    async with opened(expert_of(shop)) as expert:
        answer = await expert.process(Query.of("Who calls `Cart.totl`?"))
    assert "checkout.py" not in answer.text
    assert "`Cart.total`" in answer.text  # the nearest
    assert answer.verdict is None
    assert answer.confidence < 0.5


async def test_without_a_model_the_passages_themselves_are_the_answer(shop: Path) -> None:
    async with opened(expert_of(shop)) as expert:
        assert expert.not_ready == ""
        answer = await expert.process(Query.of("Explain how a customer's card is charged"))
    assert answer.model == "computed/search"
    assert "checkout.py" in answer.text


async def test_a_model_is_given_numbered_passages_and_its_citation_is_checked(shop: Path) -> None:
    model = Saying("The card is charged in checkout.py:6.")
    expert = expert_of(shop)
    expert.pool = pool_of(model)
    async with opened(expert):
        answer = await expert.process(Query.of("Explain how a customer's card is charged"))
    told = model.prompts[0].messages[-1].text
    assert "checkout.py:4-8" in told
    assert "    6      due = cart.total()" in told
    assert "Question: Explain how a customer's card is charged" in told
    assert answer.verdict is not None
    assert answer.verdict.outcome == "passed"
    assert answer.verdict.evidence.startswith("the cited place exists")


async def test_a_model_is_given_so_much_of_a_long_function_that_it_can_tell(shop: Path) -> None:
    steps = "".join(f"    step({number})\n" for number in range(30))
    (shop / "refund.py").write_text(f"def refund(card):\n{steps}    give_back(card)\n")
    model = Saying("It is in refund.py:32.")
    expert = expert_of(shop)
    expert.pool = pool_of(model)
    async with opened(expert):
        answer = await expert.process(Query.of("Explain how a refund is given back to the card"))
    assert "   32      give_back(card)" in model.prompts[0].messages[-1].text
    assert answer.verdict is not None
    assert answer.verdict.outcome == "passed"


def test_every_passage_has_its_share_of_what_a_model_is_given() -> None:
    long = [
        Finding(f"f{at}.py", f"f{at}", "function", 1, 1, 90, snippet="\n".join(["x" * 70] * 90))
        for at in range(6)
    ]
    asked, places = briefed(
        Query.of("why?"), [*long, Finding("g.py", snippet="y" * 99_999)], "shop"
    )
    assert [place.file for place in places] == [*(f"f{at}.py" for at in range(6)), "g.py"]
    assert all(5 < place.end <= 60 for place in places[:-1])
    assert places[0].end > places[-2].end
    assert len(asked.messages[-1].text) < LONGEST_CHARS + 1000


def test_lines_are_numbered_as_the_file_has_them() -> None:
    torn = Finding("f.py", "f", "function", 7, 7, 8, snippet="a\x0cb\nc")  # no line ends at a \x0c
    asked, places = briefed(Query.of("why?"), [torn], "shop")
    assert "    8  c" in asked.messages[-1].text
    assert places == (Place("f.py", 7, 8),)


async def test_a_citation_that_does_not_exist_is_asked_for_once_more(shop: Path) -> None:
    model = Saying("It is in payment.py:6.", "It is in checkout.py:6.")
    expert = expert_of(shop)
    expert.pool = pool_of(model)
    async with opened(expert):
        answer = await expert.process(Query.of("Explain how a customer's card is charged"))
    assert answer.text == "It is in checkout.py:6."
    assert "there is no file payment.py" in model.prompts[1].messages[-1].text
    assert answer.verdict is not None
    assert "its first answer failed and was mended" in answer.verdict.evidence


async def test_a_model_that_cites_nothing_real_twice_has_the_passages_given_in_its_place(
    shop: Path,
) -> None:
    expert = expert_of(shop)
    expert.pool = pool_of(Saying("It is in payment.py:6.", "Or else in wallet.py:7."))
    query = Query.of("Explain how a customer's card is charged")
    async with opened(expert):
        answer = await expert.process(query)
        async with aclosing(expert.stream(query)) as chunks:
            streamed = "".join([chunk.text async for chunk in chunks])
    assert answer.text.startswith(UNBACKED)
    assert "checkout.py:4" in answer.text
    assert "payment.py" not in answer.text
    assert "wallet.py" not in answer.text
    assert streamed == answer.text
    assert answer.model == "lab/reader"
    assert answer.verdict is not None
    assert answer.verdict.outcome == "failed"
    assert "asked once more, it failed again" in answer.verdict.evidence
    assert "It is in payment.py:6." in answer.verdict.evidence


async def test_a_failed_answer_is_not_given_either_where_time_is_up_before_another(
    shop: Path,
) -> None:
    expert = expert_of(shop)
    expert.pool = pool_of(Saying("It is in payment.py:6."))
    async with opened(expert):
        query = Query.of("Explain how a customer's card is charged")
        async with aclosing(expert.stream(query)) as chunks:
            counted = [chunk.answer async for chunk in chunks if chunk.answer is not None]
    assert len(counted) > 2
    assert all("payment.py" not in answer.text for answer in counted)


async def test_where_no_model_answers_or_not_in_time_the_passages_are_the_answer(
    shop: Path,
) -> None:
    expert = expert_of(shop)
    model = ScriptedBackend(error=BackendUnavailable("it is away"), model="reader")
    expert.pool = pool_of(model)
    query = Query.of("Explain how a customer's card is charged")
    async with opened(expert):
        answer = await expert.process(query)
        assert answer.model == "computed/search"
        assert "checkout.py:4" in answer.text
        assert answer.verdict is not None
        assert "it is away" in answer.verdict.evidence
        model.error, model.pause_s = None, 3600
        async with aclosing(expert.stream(query)) as chunks:
            first = await anext(chunks)
    assert first.text == ""
    assert first.answer is not None
    assert "checkout.py:4" in first.answer.text


async def test_it_is_not_ready_until_there_is_an_index(shop: Path) -> None:
    expert = expert_of(shop)
    assert f"no codebase has been indexed at {shop}" in expert.not_ready
    async with opened(expert):
        assert expert.not_ready == ""
    assert expert.not_ready == ""  # the index stays


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    expert = expert_of(tmp_path / "nowhere")
    async with opened(expert):
        assert "nowhere" in expert.not_ready


async def test_a_folder_that_comes_later_is_taken_up_then(shop: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    async with opened(expert_of(late)) as expert:
        assert "does not exist" in expert.not_ready
        shop.rename(late)
        async with asyncio.timeout(60):
            while expert.not_ready:
                assert "does not exist" not in expert.not_ready
                await asyncio.sleep(0.02)
        answer = await expert.process(Query.of("Who calls `Cart.total`?"))
    assert "checkout.py:6" in answer.text


async def test_a_folder_that_comes_but_is_not_wanted_is_not_said_to_be_missing(
    shop: Path, tmp_path: Path
) -> None:
    expert = expert_of(tmp_path / "late")
    assert "does not exist" in expert.not_ready
    shop.rename(tmp_path / "late")
    assert "no codebase has been indexed" in expert.not_ready


async def test_it_goes_with_the_files_while_it_is_open(shop: Path) -> None:
    query = Query.of("Who calls `Cart.total`?")
    async with opened(expert_of(shop, follow=True)) as expert:
        before = expert.grounds
        (shop / "report.py").write_text(
            "from cart import Cart\n\n\ndef month(cart: Cart) -> int:\n    return cart.total()\n"
        )
        async with asyncio.timeout(60):
            while expert.grounds == before:  # noqa: ASYNC110 -- it happens in a thread
                await asyncio.sleep(0.02)
        answer = await expert.process(query)
    assert "report.py:5" in answer.text


async def test_it_bids_for_what_names_its_code_and_not_for_what_does_not(shop: Path) -> None:
    async with opened(expert_of(shop)) as expert:
        named = await expert.can_handle(Query.of("Why does `Cart.empty` throw prices away?"))
        other = await expert.can_handle(Query.of("Write a poem about the sea in winter"))
    assert named > 0.3
    assert other < 0.02


async def test_a_configured_expert_joins_the_college_with_its_codebase(
    shop: Path, tmp_path: Path
) -> None:
    config = configuration.read(knowing(shop))
    surroundings = Surroundings(
        tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True, cache_dir=tmp_path / "i"
    )
    college = Collegium.of(config, surroundings=surroundings)
    decision = await college.decide("Where is `pay` defined?", assume_ready=True)
    assert decision.chosen[0].key == "knowledge"
    try:
        response = await college.ask("Where is `pay` defined?")
    finally:
        await college.aclose()
    assert "checkout.py:4" in response.text
    graph = KnowledgeGraph.open(shop, cache=tmp_path / "i")
    assert graph.generation
    graph.close()


@pytest.mark.parametrize("installed", [True, False])
async def test_it_answers_though_its_embedded_model_cannot_be_had(
    installed: bool, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setattr("collegium.backends.llamacpp.find_spec", lambda name: None)
    surroundings = Surroundings(
        tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True, cache_dir=tmp_path / "i"
    )
    config = configuration.read(knowing(shop, model="local/smollm2-135m"))
    college = Collegium.of(config, surroundings=surroundings)
    try:
        exact = await college.ask("Where is `pay` defined?")
        found = await college.ask("explain how long orders are kept until forgotten")
    finally:
        await college.aclose()
    assert "checkout.py:4" in exact.text
    assert "README.md:1" in found.text
    assert found.receipt is not None
    (checked,) = found.receipt.verdicts
    assert checked.verdict.outcome == "unknown"
    assert checked.verdict.evidence.startswith("no model answered: ")


async def test_who_needs_a_model_is_told_why_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collegium.backends.llamacpp.find_spec", lambda name: None)
    surroundings = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    config = "moe: {experts: [{name: AdvisorExpert, models: [local/smollm2-135m]}]}"
    college = Collegium.of(configuration.read(config), surroundings=surroundings)
    with pytest.raises(BackendUnavailable, match="pip install"):
        await college.ask("Why is the sky blue?")
    await college.aclose()


async def test_another_codebase_is_taken_up_while_the_college_answers(
    shop: Path, tmp_path: Path
) -> None:
    other = tmp_path / "bank"
    other.mkdir()
    (other / "loan.py").write_text("def lend() -> int:\n    return 1\n")
    surroundings = Surroundings(
        tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True, cache_dir=tmp_path / "i"
    )
    college = Collegium.of(configuration.read(knowing(shop)), surroundings=surroundings)
    try:
        await college.open()
        assert "checkout.py:4" in (await college.ask("Where is `pay` defined?")).text
        await college.lineups.renew(configuration.read(knowing(other)))
        assert "loan.py:1" in (await college.ask("Where is `lend` defined?")).text
    finally:
        await college.aclose()
    assert [one.name for one in threading.enumerate() if one.name.startswith("collegium-")] == []


def knowing(folder: Path, model: str = "lab/reader") -> str:
    return (
        "backends: {lab: {kind: http, url: 'http://127.0.0.1:9/v1'}}\n"
        "moe:\n  experts:\n    - name: KnowledgeExpert\n"
        f"      models: [{model}]\n"
        f"      knowledge: {{path: {folder}, semantic: false}}\n"
    )
