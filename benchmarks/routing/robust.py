"""Whether the same expert is picked when a query is put a little differently.

    python benchmarks/routing/robust.py --data FILE.jsonl [--save] [--json]

Each query is routed as it is, and with neighbouring keys struck, letters lost, all lower and all
upper case, politeness around it, and spaces strewn in. What is counted is how often the first
expert stays. The phrases and the kind of typing mistake are other ones than training uses.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collegium.cli.progress import counting
from collegium.config import Config
from collegium.learning.dataset import read_examples
from collegium.learning.measures import interval, share
from collegium.system import Collegium
from collegium.types import Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: (row[max(0, place - 1)] + row[min(len(row) - 1, place + 1)]).replace(letter, "")
    for row in _ROWS
    for place, letter in enumerate(row)
}
_BEFORE = ("Dear assistant, ", "Sorry to bother you, but ", "If you don't mind: ", "Excuse me, ")
_AFTER = (
    " I would be grateful.",
    " Much appreciated!",
    " Thank you in advance for your time.",
    " :)",
)


def mistyped(text: str, rng: random.Random) -> str:
    """One neighbouring key for every 40 letters, at least one."""
    letters = list(text)
    places = [i for i, one in enumerate(letters) if one.lower() in _NEIGHBOURS]
    for place in rng.sample(places, min(len(places), max(1, len(places) // 40))):
        letters[place] = rng.choice(_NEIGHBOURS[letters[place].lower()])
    return "".join(letters)


def lossy(text: str, rng: random.Random) -> str:
    """One letter lost for every 40, at least one."""
    places = [i for i, one in enumerate(text) if one.isalpha()]
    lost = set(rng.sample(places, min(len(places), max(1, len(places) // 40))))
    return "".join(one for place, one in enumerate(text) if place not in lost)


CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "typing": mistyped,
    "lost letters": lossy,
    "lower case": lambda text, _: text.lower(),
    "upper case": lambda text, _: text.upper(),
    "politeness": lambda text, rng: rng.choice(_BEFORE) + text + rng.choice(_AFTER),
    "white space": lambda text, rng: "\n " + text.replace(" ", " " * rng.randint(2, 3)) + " \n",
}


async def measure(path: Path, limit: int) -> dict[str, Any]:
    """The share of queries whose first expert stays, for every change."""
    examples = read_examples(path)
    chosen = random.Random(1).sample(examples, min(limit, len(examples)))
    team = Collegium.of(Config())
    rng = random.Random(2)

    async def pick(text: str) -> str:
        return (await team.decide(Query.of(text), assume_ready=True)).chosen[0].key

    same: dict[str, list[bool]] = {name: [] for name in CHANGES}
    with counting("routing", len(chosen)) as advance:
        for one in chosen:
            before = await pick(one.text)
            for name, change in CHANGES.items():
                same[name].append(await pick(change(one.text, rng)) == before)
            advance(1)
    await team.aclose()
    together = [flag for flags in same.values() for flag in flags]
    low, high = interval(together)
    return {
        "data": path.name,
        "n": len(chosen),
        "same_pick": round(share(together), 4),
        "same_pick_95": [round(low, 4), round(high, 4)],
        "target": 0.98,
        "by_change": {name: round(share(flags), 4) for name, flags in same.items()},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="routing_dev.jsonl")
    parser.add_argument("--limit", type=int, default=600, help="how many queries, at random")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/robust-<commit>.json")
    options = parser.parse_args()
    result = asyncio.run(measure(options.data, options.limit))
    if options.save:
        save("routing", result, kind="robust")
    if options.json:
        print(json.dumps(result))
        return
    print(f"same pick: {result['same_pick']:.3f} {result['same_pick_95']} (target 0.98)")
    for name, value in result["by_change"].items():
        print(f"  {name:14} {value:.3f}")


if __name__ == "__main__":
    main()
