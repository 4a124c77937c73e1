"""A question half of which the graph knows: that half exactly, then what a model makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collegium.backends.pool import Instance, Pool
from collegium.experts.knowledge import keeper as keeping
from collegium.experts.knowledge.expert import UNBACKED, KnowledgeExpert
from collegium.experts.knowledge.halves import exact_half
from collegium.experts.knowledge.keeper import Keeper, Terms
from collegium.lexicon import Vocabulary
from collegium.testing import ScriptedBackend
from collegium.types import Query
from collegium.verification.checks import Verifier

if TYPE_CHECKING:
    from pathlib import Path

    from collegium.types import Answer

CART = '''def rounded(price: float) -> int:
    """Round a price half up, as the tax office wants it."""
    return int(price * 100 + 0.5)


def total(prices: list[float]) -> int:
    return sum(rounded(price) for price in prices)
'''
EXACT = "One place calls `rounded`"


@pytest.mark.parametrize(
    ("asked", "half"),
    [
        ("who calls cell_len and why?", "who calls cell_len?"),
        ("Where is `pay` defined, and how?", "Where is `pay` defined?"),
        ("wer ruft pay auf und warum?", "wer ruft pay auf?"),
        ("qui appelle pay, et pourquoi ?", "qui appelle pay?"),
        ("¿quién llama a pay y por qué?", "¿quién llama a pay?"),
        ("who calls pay", ""),
        ("and why?", ""),
        ("who calls pay and why does it fail?", ""),
        ("explain when and how", "explain when?"),
    ],
)
def test_the_half_that_is_asked_first_is_told_from_the_why(asked: str, half: str) -> None:
    assert exact_half(asked) == half


async def answer_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, ask: str) -> Answer:
    monkeypatch.setattr(keeping, "PATIENCE_S", 120.0)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "cart.py").write_text(CART)
    keeper = Keeper(Terms(shop, tmp_path / "cache", follow=False))
    expert = KnowledgeExpert("KnowledgeExpert", Vocabulary({}), keeper=keeper)
    expert.verifier = Verifier(())
    if says:
        backend = ScriptedBackend(says, model="reader")
        expert.pool = Pool([Instance(backend, "reader", "lab/reader", 4)])
    await expert.open()
    try:
        return await expert.process(Query.of(ask))
    finally:
        await expert.aclose()


async def test_the_exact_half_is_given_and_then_what_the_model_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "The tax office wants it so (cart.py:2)."
    answer = await answer_of(tmp_path, monkeypatch, says, "who calls rounded and why?")
    assert answer.text.startswith(EXACT)
    assert "cart.py:7" in answer.text
    assert answer.text.endswith(f"\n\n{says}")
    assert answer.model == "lab/reader"


@pytest.mark.parametrize("says", ["", "It is in payment.py:9."])
async def test_the_exact_half_stays_where_no_model_answers_or_none_that_is_backed(
    says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await answer_of(tmp_path, monkeypatch, says, "who calls rounded and why?")
    assert answer.text.startswith(EXACT)
    assert (UNBACKED in answer.text) is bool(says)
    assert "payment.py" not in answer.text
    assert "1. `" in answer.text


async def test_a_half_about_nothing_that_is_here_is_left_to_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "The tax office wants it so (cart.py:2)."
    answer = await answer_of(tmp_path, monkeypatch, says, "who calls `roundd` and why?")
    assert answer.text == says
