"""What a key may ask of the college, and what leaving early costs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from collegium.errors import ModelNotAllowed
from collegium.experts.roster import Roster
from collegium.gateway.decisions import Account
from collegium.gateway.endpoints.chat import used
from collegium.gateway.exchange import Exchange
from collegium.gateway.naming import way_of
from collegium.gateway.requests import Overrides
from collegium.gateway.security.keys import Key
from collegium.testing import ScriptedExpert
from collegium.types import Usage

ROSTER = Roster([ScriptedExpert("CodingExpert"), ScriptedExpert("WritingExpert")])


def key_for(*models: str) -> Key:
    return Key(
        id="key_1",
        name="one",
        prefix="cg-",
        hash="0" * 64,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        models=models,
    )


@pytest.mark.parametrize(
    ("model", "models", "overrides"),
    [
        ("collegium/coding", ["collegium/coding"], {"experts": ["writing"]}),
        ("collegium/coding", ["collegium/*"], {"experts": ["writing"]}),
        ("collegium/cheap", ["collegium/cheap"], {"objective": "quality"}),
        ("collegium/fast", ["collegium/fast"], {"strategy": "cascade"}),
        ("collegium/cheap", ["collegium/cheap"], {"top_k": 5}),
        ("collegium/cheap", ["collegium/cheap"], {"experts": ["writing"]}),
    ],
)
def test_a_key_for_some_models_gets_no_others_by_an_override(
    model: str, models: list[str], overrides: dict[str, Any]
) -> None:
    way = way_of(model, ROSTER)
    assert way is not None
    with pytest.raises(ModelNotAllowed):
        way.overridden(Overrides(**overrides), key_for(*models), ROSTER)


@pytest.mark.parametrize(
    ("model", "models", "overrides"),
    [
        ("auto", [], {"experts": ["writing"], "objective": "quality"}),
        ("auto", ["auto"], {"experts": ["writing"], "top_k": 2, "strategy": "voting"}),
        ("collegium/coding", ["collegium/coding"], {"experts": ["coding"], "explain": True}),
        ("collegium/cheap", ["collegium/*"], {"experts": ["writing"]}),
    ],
)
def test_what_a_key_is_for_it_may_ask_as_it_likes(
    model: str, models: list[str], overrides: dict[str, Any]
) -> None:
    way = way_of(model, ROSTER)
    assert way is not None
    asked = way.overridden(Overrides(**overrides), key_for(*models), ROSTER)
    assert asked.experts == tuple(overrides["experts"])


def exchange(*, gone: bool, begun: bool) -> Exchange:
    async def nothing(*_: Any) -> Any:
        return None

    scope = {"method": "POST", "path": "/", "headers": []}
    made = Exchange(scope, nothing, nothing, started=0.0)
    made.gone, made.status = gone, 200 if begun else 0
    return made


@pytest.mark.parametrize(
    ("told_usd", "spent_usd", "expected_usd", "paid_usd"),
    [(0.001, 0.0, 0.02, 0.02), (0.5, 0.0, 0.02, 0.5), (0.001, 0.3, 0.02, 0.3)],
)
def test_whoever_leaves_early_pays_for_what_came_and_no_less_than_was_expected(
    told_usd: float, spent_usd: float, expected_usd: float, paid_usd: float
) -> None:
    account = Account("a", "key_1", 0.0, "auto", usage=Usage(10, 10, told_usd))
    account.spent = Usage(10, 10, spent_usd)
    paid = used(exchange(gone=True, begun=True), account, expected_usd, failed=False)
    assert paid is not None
    assert paid.cost_usd == paid_usd


def test_whoever_stays_pays_what_it_was() -> None:
    account = Account("a", "key_1", 0.0, "auto", usage=Usage(10, 10, 0.001))
    paid = used(exchange(gone=False, begun=True), account, 0.02, failed=False)
    assert paid == Usage(10, 10, 0.001)


def test_what_failed_before_it_began_costs_what_was_spent_on_it() -> None:
    account = Account("a", "key_1", 0.0, "auto")
    assert used(exchange(gone=False, begun=False), account, 0.02, failed=True) == Usage()
