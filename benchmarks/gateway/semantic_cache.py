"""How often the semantic cache gives an answer that was wanted, and how often one that was not.

Every pair of `paraphrases.jsonl` is two questions that want the same answer, or two that come close
and do not. The first is asked and its answer kept, then the second is asked. Beside it stands what
a threshold on the cosine alone would have done with the same vectors.

The rules were made on the part `development`. `first test` was written when they were done, and
measured; then they were mended by it. `second test` was written after that, and measured; then they
were made stricter by the one false hit that it found. `third test` was written after that, and
measured; since then they have not been changed. What each test gave when it was new stands in
`results/semantic-cache-first-runs.json`: those are the figures to go by, and not what the first two
give now. All pairs have one author, who is also that of the rules.

    python benchmarks/gateway/semantic_cache.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from saving import save

import collegium.gates
from collegium.encoders.onnx import OnnxEncoder
from collegium.gateway.caching import AnswerCache, CacheSettings
from collegium.types import Usage

PAIRS = Path(__file__).with_name("paraphrases.jsonl")
THRESHOLDS = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions, and whether they want the same answer."""

    a: str
    b: str
    same: bool
    kind: str
    field: str
    part: str


def main() -> None:
    """Measure, print a table, write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="write no result file")
    options = parser.parse_args()
    pairs = [Pair(**json.loads(line)) for line in PAIRS.read_text("utf-8").splitlines()]
    encoder = OnnxEncoder.load(builtin(), name="builtin")
    result: dict[str, Any] = {"pairs": len(pairs), "parts": {}}
    for part in sorted({pair.part for pair in pairs}):
        result["parts"][part] = judged([pair for pair in pairs if pair.part == part], encoder)
        show(part, result["parts"][part])
    result["speed"] = asyncio.run(speed(pairs, encoder))
    print(json.dumps(result["speed"], indent=2))
    if not options.dry:
        save("gateway", result, kind="semantic-cache")


def builtin() -> Path:
    """The folder of the encoder that ships."""
    return Path(next(iter(collegium.gates.__path__))) / "builtin"


def judged(pairs: Sequence[Pair], encoder: OnnxEncoder) -> dict[str, Any]:
    """What each way of telling does with the pairs."""
    cosines = alike(pairs, encoder)
    ours = asyncio.run(answered(pairs, encoder))
    words = asyncio.run(answered(pairs, None))
    ways: dict[str, Sequence[bool]] = {
        "semantic cache": ours,
        "words alone, no encoder": words,
        "same but for case and spaces": [plain(pair.a) == plain(pair.b) for pair in pairs],
    }
    for threshold in THRESHOLDS:
        ways[f"cosine >= {threshold}"] = [bool(cosine >= threshold) for cosine in cosines]
    return {
        "same": sum(pair.same for pair in pairs),
        "near_misses": sum(not pair.same for pair in pairs),
        "ways": {name: rates(pairs, hits) for name, hits in ways.items()},
        "hits_by_kind": by(pairs, ours, lambda pair: pair.kind, same=True),
        "false_hits_by_kind": by(pairs, ours, lambda pair: pair.kind, same=False),
        "hits_by_field": by(pairs, ours, lambda pair: pair.field, same=True),
        "false_hits_by_field": by(pairs, ours, lambda pair: pair.field, same=False),
        "false_hits": [
            [pair.a, pair.b] for pair, hit in zip(pairs, ours, strict=True) if hit and not pair.same
        ],
    }


def alike(pairs: Sequence[Pair], encoder: OnnxEncoder) -> list[float]:
    """The cosine of each pair."""
    sides = [encoder.encode([getattr(pair, side) for pair in pairs]) for side in "ab"]
    first, second = (side[:, : encoder.general] for side in sides)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return [float(cosine) for cosine in (first * second).sum(axis=1) / lengths]


async def answered(pairs: Sequence[Pair], encoder: OnnxEncoder | None) -> list[bool]:
    """Whether the answer to the first question of each pair is given to the second."""
    cache = AnswerCache(CacheSettings(semantic=True, entries=len(pairs)), encoder=encoder)
    given: list[bool] = []
    for number, pair in enumerate(pairs):
        owner = str(number)
        await cache.put(owner, asking(pair.a), answering(), Usage())
        given.append(await cache.get(owner, asking(pair.b)) is not None)
    return given


def asking(text: str) -> dict[str, Any]:
    """A chat request of one question."""
    return {"model": "auto", "messages": [{"role": "user", "content": text}]}


def answering() -> dict[str, Any]:
    """A finished chat completion of ordinary size."""
    message = {"role": "assistant", "content": "An answer of some length. " * 40}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def plain(text: str) -> str:
    """A text without capitals and with single spaces."""
    return " ".join(text.casefold().split())


def rates(pairs: Sequence[Pair], hits: Sequence[bool]) -> dict[str, Any]:
    """Hits among the pairs that are the same, and among those that are not."""
    told = list(zip(pairs, hits, strict=True))
    true = [hit for pair, hit in told if pair.same]
    false = [hit for pair, hit in told if not pair.same]
    return {
        "hit_rate": share(sum(true), len(true)),
        "false_hit_rate": share(sum(false), len(false)),
        "false_hits_of_all_pairs": sum(false) / len(pairs),
        "wrong_of_hits": sum(false) / max(1, sum(true) + sum(false)),
    }


def share(count: int, of: int) -> dict[str, Any]:
    """A share with the 95 % interval of Wilson."""
    z = 1.959964
    rate = count / of
    middle = (rate + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(rate * (1 - rate) / of + z * z / (4 * of * of))
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return {
        "count": count,
        "of": of,
        "rate": round(rate, 4),
        "wilson95": [round(low, 4), round(high, 4)],
    }


def by(
    pairs: Sequence[Pair], hits: Sequence[bool], group: Callable[[Pair], str], *, same: bool
) -> dict[str, str]:
    """`hits/pairs` for each group of pairs that are the same, or that are not."""
    all_of = Counter(group(pair) for pair in pairs if pair.same == same)
    hit_of = Counter(
        group(pair) for pair, hit in zip(pairs, hits, strict=True) if hit and pair.same == same
    )
    return {name: f"{hit_of[name]}/{count}" for name, count in sorted(all_of.items())}


async def speed(pairs: Sequence[Pair], encoder: OnnxEncoder) -> dict[str, Any]:
    """What a lookup takes with a thousand entries: with and without a candidate."""
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))
    cache = AnswerCache(CacheSettings(semantic=True, entries=ENTRIES), encoder=encoder)
    for text in texts[:ENTRIES]:
        await cache.put("one", asking(text), answering(), Usage())
    unknown = [asking(f"{text} Zanzibar?") for text in texts]
    known = [asking(f"Please: {text}") for text in texts[:ENTRIES]]
    return {
        "entries": cache.standing().entries,
        "miss_ms": await timed(cache, unknown),
        "hit_ms_with_encoding": await timed(cache, known),
        "hit_ms_vectors_kept": await timed(cache, known[-300:]),
    }


async def timed(cache: AnswerCache, requests: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The milliseconds of single lookups, one after another, and how many found something."""
    taken: list[float] = []
    found = 0
    began = time.process_time()
    for request in requests:
        start = time.perf_counter()
        found += await cache.get("one", request) is not None
        taken.append((time.perf_counter() - start) * 1000)
    cuts = statistics.quantiles(taken, n=100)
    return {
        "lookups": len(taken),
        "found": found,
        "cpu_mean": round((time.process_time() - began) * 1000 / len(taken), 3),
        "p50": round(cuts[49], 3),
        "p90": round(cuts[89], 3),
        "p99": round(cuts[98], 3),
    }


def show(part: str, told: dict[str, Any]) -> None:
    """The table of one part."""
    print(f"\n{part}: {told['same']} pairs that are the same, {told['near_misses']} near misses")
    for name, rate in told["ways"].items():
        hit, false = rate["hit_rate"], rate["false_hit_rate"]
        print(
            f"  {name:30} hits {hit['rate']:6.1%} {hit['wilson95']}"
            f"  false hits {false['count']:3}/{false['of']} {false['rate']:6.2%}"
            f" {false['wilson95']}"
        )
    print("  hits by kind:", told["hits_by_kind"])
    for pair in told["false_hits"]:
        print("  FALSE HIT:", " || ".join(pair))


if __name__ == "__main__":
    main()
