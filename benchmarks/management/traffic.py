"""Queries as the real gate ranks them, dealt out to any number of experts.

Labelled queries go through the product's own router once. Each domain of the simulation is one of
the ten fields: its queries are that field's, its own expert has that field's place in each ranking,
and each other field's place belongs to one expert of that field, always the same for a domain. So
scores, their distances, and which of the experts are acceptable stay together as they are in fact.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trades import DATA

from collegium.config import Config
from collegium.system import Collegium
from collegium.types import Candidate, Query

FIELDS = "coding math reasoning planning data knowledge research writing language advisor".split()
PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "routing" / "routing_dev.jsonl"
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Ranked:
    """One real query: how each field stood, and which are acceptable."""

    candidates: tuple[Candidate, ...]
    acceptable: frozenset[str]


def ranked_queries(count: int, seed: int, data: Path | None) -> dict[str, list[Ranked]]:
    """By their best field, labelled queries as the built-in gate ranks them on an idle system.

    Args:
        count: how many queries; as many of each field as there are.
        seed: which.
        data: a file of labelled queries; None takes the public ones that lie beside the repository,
            or where they do not, the project's own, from which the gate has learned more.
    """
    if data is None:
        data = PUBLIC if PUBLIC.is_file() else DATA / "authored_further.jsonl"
    lines = data.read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if len(row["text"]) <= LONGEST]
    random.Random(seed).shuffle(rows)
    of_field = {field: [row for row in rows if row["labels"][0] == field] for field in FIELDS}
    share = count // len(FIELDS)
    chosen = {field: rows[:share] for field, rows in of_field.items()}
    return asyncio.run(_ranked(chosen))


async def _ranked(chosen: dict[str, list[dict[str, object]]]) -> dict[str, list[Ranked]]:
    router = Collegium.of(Config()).router
    made: dict[str, list[Ranked]] = {}
    for field, rows in chosen.items():
        made[field] = []
        for row in rows:
            decision = await router.decide(Query.of(str(row["text"])), assume_ready=True)
            if len(decision.ranking) == len(FIELDS) and decision.ranking[0].note == "":
                labels = frozenset(map(str, row["labels"]))  # type: ignore[call-overload]
                made[field].append(Ranked(decision.ranking, labels))
    return made


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of the simulation: who may be asked with what score, and who is acceptable."""

    candidates: tuple[Candidate, ...]
    acceptable: frozenset[str]


def dealt(ranked: dict[str, list[Ranked]], experts: int, rng: random.Random) -> list[list[Asked]]:
    """For each of the domains, as many as there are experts, its queries."""
    places: dict[str, list[int]] = {field: [] for field in FIELDS}
    for number in range(experts):
        places[FIELDS[number % len(FIELDS)]].append(number)
    domains: list[list[Asked]] = []
    for number in range(experts):
        own = FIELDS[number % len(FIELDS)]
        seat = {field: str(rng.choice(at)) for field, at in places.items() if at}
        seat[own] = str(number)
        domains.append([_asked(one, seat) for one in ranked[own]])
    return domains


def _asked(one: Ranked, seat: dict[str, str]) -> Asked:
    return Asked(
        tuple(
            Candidate(seat[it.key], seat[it.key], it.gate, it.assessment, 0.0, it.score)
            for it in one.candidates
            if it.key in seat
        ),
        frozenset(seat[field] for field in one.acceptable if field in seat),
    )


def zipf(count: int, exponent: float, rng: random.Random) -> Sequence[float]:
    """Shares of domains that fall off as a power of their rank, which is dealt out at random."""
    weights = [1 / rank**exponent for rank in range(1, count + 1)]
    rng.shuffle(weights)
    total = sum(weights)
    return [weight / total for weight in weights]
