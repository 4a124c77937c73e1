"""How often the experts that compute are right, and whether they leave alone what they should.

    python benchmarks/mixture/computing.py [--data FILE] [--save] [--json]

Every prompt of a held-out set goes the way a user's does, through a college without any model: the
router reads it, and where the first it chooses computes, that one computes. Reported for each
family and each phrasing: coverage, the share of computable prompts that got an exact answer; how
many of these answers are right; wrong exact answers, an answer to a near miss among them; and the
near misses that were bid on at all. Intervals are Wilson's, at 95 %.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from collegium.cli.progress import counting
from collegium.config import Config
from collegium.experts.base import Expert
from collegium.system import Collegium
from collegium.types import Query
from collegium.verification.equivalence import key
from collegium.verification.literals import NOT_A_LITERAL, literal
from collegium.verification.plain_numbers import number

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

HELD_OUT = Path(__file__).parent / "data" / "computable.jsonl"
TARGETS = {"wrong_of_answers": 0.005, "false_bids": 0}
Z = 1.96


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a prompt: whether somebody bid, what was answered, and the time it took."""

    row: dict[str, Any]
    bid: bool
    given: str | None
    right: bool
    deciding_ms: float
    reading_ms: float
    computing_ms: float | None

    @property
    def wrong(self) -> bool:
        """Whether an exact answer was given that is not one."""
        return self.given is not None and not self.right


# --- comparing ---------------------------------------------------------------------------------


def is_right(given: str, row: dict[str, Any]) -> bool:
    """Whether an answer is the gold one or another written form of it."""
    if not row["bid"]:
        return False
    forms = [row["gold"], *row["accept"]]
    match row["family"]:
        case "python":
            return any(_as_python(given) == _as_python(form) for form in forms)
        case "sql":
            ordered = "order by" in " ".join(row["text"].lower().split())
            return any(_rows(given, ordered) == _rows(form, ordered) for form in forms)
        case "text":
            return any(_same_number(given, one) or _words(given) == _words(one) for one in forms)
        case _:
            return any(_same_number(given, one) or key(given) == key(one) for one in forms)


def _same_number(given: str, form: str) -> bool:
    """Whether a form is a bare number, and what is given is that number, maybe with its unit."""
    return number(form) is not None and key(given, "number") == key(form, "number")


def _as_python(text: str) -> str:
    """A literal as Python writes it, and anything else line by line."""
    value = literal(text.strip())
    if value is not NOT_A_LITERAL:
        return repr(value)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _words(text: str) -> list[str]:
    """The words of a text in their order and case, whatever separates or quotes them."""
    return [word for word in re.split(r"[\s,;|\[\]\"'\u201c\u201d]+", text) if word]


def _rows(text: str, ordered: bool) -> list[list[str]]:
    """The rows of a result, their cells by value; sorted where their order says nothing."""
    rows = [
        [_cell(cell) for cell in re.split(r"[|,]", line.strip("| "))]
        for line in re.split(r"[\n;]", text.strip())
    ]
    return rows if ordered else sorted(rows)


def _cell(text: str) -> str:
    cell = text.strip().strip("'\"`")
    return "NULL" if cell in {"", "None", "NULL"} else key(cell) or cell


# --- asking ------------------------------------------------------------------------------------


async def ask(college: Collegium, row: dict[str, Any]) -> Outcome:
    """Ask one prompt, as a conversation of one message."""
    query = Query.of(row["text"])
    decision = await college.router.decide(query, assume_ready=True)
    expert = college.router.roster[decision.chosen[0].key]
    started = time.perf_counter()
    bid = expert.computes(query)
    reading_ms = (time.perf_counter() - started) * 1000
    if not bid:
        return Outcome(row, False, None, False, decision.overhead_ms, reading_ms, None)
    given, computing_ms = await _computed(expert, query)
    right = given is not None and is_right(given, row)
    return Outcome(row, True, given, right, decision.overhead_ms, reading_ms, computing_ms)


async def _computed(expert: Expert, query: Query) -> tuple[str | None, float]:
    """The answer alone, without the sentence that says it, and the milliseconds it took."""
    started = time.perf_counter()
    answer = await expert.compute(query)
    took_ms = (time.perf_counter() - started) * 1000
    return (answer.text.rpartition("\nAnswer: ")[2] if answer else None), took_ms


async def outcomes_of(rows: list[dict[str, Any]]) -> list[Outcome]:
    """What becomes of every prompt, in a college of the default configuration without models."""
    college = Collegium.of(Config())
    await college.router.decide(Query.of("warm up"), assume_ready=True)
    outcomes = list[Outcome]()
    with counting("computing", len(rows)) as advance:
        for row in rows:
            outcomes.append(await ask(college, row))
            advance(1)
    await college.aclose()
    return outcomes


# --- reporting ---------------------------------------------------------------------------------


def share(part: int, whole: int) -> dict[str, Any]:
    """A share, and between which it lies by Wilson's interval at 95 %; None of nothing."""
    if whole == 0:
        return {"n": 0, "of": 0, "share": None, "from": None, "to": None}
    observed, spread = part / whole, Z * Z / whole
    middle = (observed + spread / 2) / (1 + spread)
    half = math.sqrt(observed * (1 - observed) * spread + spread * spread / 4) / (1 + spread)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    shares = {"share": observed, "from": low, "to": high}
    return {"n": part, "of": whole} | {name: round(one, 5) for name, one in shares.items()}


def figures(outcomes: list[Outcome]) -> dict[str, Any]:
    """The shares of some prompts."""
    computable = [one for one in outcomes if one.row["bid"]]
    near_misses = [one for one in outcomes if not one.row["bid"]]
    answered = [one for one in computable if one.given is not None]
    given = sum(one.given is not None for one in outcomes)
    wrong = sum(one.wrong for one in outcomes)
    return {
        "prompts": len(outcomes),
        "coverage": share(len(answered), len(computable)),
        "right_of_answered": share(sum(one.right for one in answered), len(answered)),
        "wrong_of_answers": share(wrong, given),
        "wrong_of_prompts": share(wrong, len(outcomes)),
        "false_bids": share(sum(one.bid for one in near_misses), len(near_misses)),
        "false_answers": share(sum(one.given is not None for one in near_misses), len(near_misses)),
    }


def quantiles(times_ms: Iterable[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    took = list(times_ms)
    return {f"p{q}": round(float(np.percentile(took, q)), 3) for q in (50, 99)} if took else {}


def latencies(outcomes: list[Outcome]) -> dict[str, Any]:
    """What it takes to decide, to read by the one chosen, and to read and compute."""
    return {
        "deciding": quantiles(one.deciding_ms for one in outcomes),
        "reading": quantiles(one.reading_ms for one in outcomes),
        "computing": quantiles(
            one.computing_ms for one in outcomes if one.computing_ms is not None
        ),
    }


def listed(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Prompts by name, with what was expected and what was given."""
    return [
        {"id": one.row["id"], "text": one.row["text"], "gold": one.row["gold"], "given": one.given}
        for one in outcomes
    ]


def grouped(outcomes: list[Outcome], name: str) -> dict[str, list[Outcome]]:
    """The outcomes by one field of their prompts."""
    values = Counter(one.row[name] for one in outcomes)
    return {str(each): [one for one in outcomes if one.row[name] == each] for each in values}


def measure(path: Path) -> dict[str, Any]:
    """Everything that is reported."""
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    outcomes = asyncio.run(outcomes_of(rows))
    families, phrasings = grouped(outcomes, "family"), grouped(outcomes, "phrasing")
    return {
        "data": path.name,
        "targets": TARGETS,
        "all": figures(outcomes),
        "by_family": {name: figures(some) for name, some in families.items()},
        "by_phrasing": {name: figures(some) for name, some in phrasings.items()},
        "latency_ms": latencies(outcomes),
        "latency_ms_by_family": {name: latencies(some) for name, some in families.items()},
        "wrong": listed(one for one in outcomes if one.wrong),
        "false_bids": listed(one for one in outcomes if one.bid and not one.row["bid"]),
        "bid_and_not_computed": [
            one.row["id"] for one in outcomes if one.row["bid"] and one.bid and one.given is None
        ],
    }


def line(name: str, row: dict[str, Any]) -> str:
    """A group's figures in a line."""
    cells = [
        f"{row[what]['n']:>5}/{row[what]['of']:<5}"
        for what in ("coverage", "right_of_answered", "wrong_of_answers", "false_bids")
    ]
    return f"{name:12}{''.join(cells)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HELD_OUT, help="the held-out prompts")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/computing-<commit>.json")
    options = parser.parse_args()
    result = measure(options.data)
    if options.save:
        save("mixture", result, kind="computing")
    if options.json:
        print(json.dumps(result))
        return
    print("             coverage   right      wrong      false bids")
    for name, row in {"all": result["all"], **result["by_family"]}.items():
        print(line(name, row))
    for name, row in result["by_phrasing"].items():
        print(line(f"phrasing {name}", row))
    print(f"latency_ms: {result['latency_ms']}")
    for one in (*result["wrong"], *result["false_bids"]):
        print(f"{one['id']:18} gold {one['gold']!r}, given {one['given']!r}")


if __name__ == "__main__":
    main()
