"""Code questions with known answers, put to `collegium search --batch` and to what else is known.

    python benchmarks/knowledge/run.py --data DIR [--only REPO] [--json] [--save] [--answers FILE]

Every repository is one folder that goes through its trees in the order of their dates, as a
developer's does, so that the index is an updated one and never a clean one but for the first tree.
Scored by the `eval_retrieval.py` of the data; intervals are 95 %, by the bootstrap over questions.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from aims import AIMS
from asking import Asker
from baselines import ByName, Searches
from material import Question, Repository, repositories
from scoring import Scored, Scorer, percentiles
from touching import judged
from units import facts_of, units_of

from collegium.encoders.base import Cached
from collegium.routing import shelf

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

OURS = "collegium"
Answers = dict[str, list[Any]]  # by who gave them


def asked(repository: Repository, asker: Asker, folder: Path) -> Iterator[tuple[str, Answers]]:
    """The answers about each of its trees, ours and the baselines'."""
    encoder = Cached(shelf.encoder("builtin"), capacity=100_000)
    tree, trees = repository.unpacked(folder), repository.trees()
    for number, name in enumerate(trees, 1):
        tree.check_out(name)
        questions = repository.asked_of(name)
        ours, took_s = asker.answers(folder, questions)
        yield name, {OURS: ours, **baselines(folder, questions, encoder)}
        told = f"{repository.name}: tree {number} of {len(trees)}, {len(questions)} questions"
        print(f"{told}, answered in {took_s:.1f} s", file=sys.stderr)


def baselines(folder: Path, questions: list[Question], encoder: Cached) -> Answers:
    """What the baselines say to the questions about a tree."""
    facts = facts_of(folder)
    given: Answers = defaultdict(list)
    graph, texts = ByName(facts), [one for one in questions if one["level"] != "set"]
    for one in questions:
        if one["level"] == "set":
            given["by name"].append({"qid": one["qid"], "answer": graph.answer(one)})
    if texts:
        searches = Searches(units_of(folder, facts), encoder)
        for name, search in searches.by().items():
            for one in texts:
                started = time.perf_counter()
                ranked = searches.ranked(search(one["query"]))
                took_ms = (time.perf_counter() - started) * 1000
                given[name].append({"qid": one["qid"], "ranked": ranked, "latency_ms": took_ms})
    return dict(given)


def figures(scored: dict[str, Scored]) -> dict[str, dict[str, Any]]:
    """Every figure of the table, by who answered."""
    return {
        aim.title: {
            who: mean
            for who, rows in scored.items()
            if (mean := rows.of(aim.wanted).mean(aim.measure)) is not None
        }
        for aim in AIMS
    }


def latencies(questions: list[Question], answers: list[Any]) -> dict[str, Any]:
    """Milliseconds of questions to the graph, and of all others with their embedding."""
    graph = {one["qid"] for one in questions if one["level"] == "set"}
    took: dict[str, list[float]] = defaultdict(list)
    for one in answers:
        took["graph" if one["qid"] in graph else "search"].append(one["latency_ms"])
    return {kind: percentiles(values) for kind, values in sorted(took.items())}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Ask everything, and score it."""
    answers: Answers = defaultdict(list)
    edges = Counter[str]()
    chosen = [one for one in repositories(options.data) if options.only in {"", one.name}]
    with tempfile.TemporaryDirectory(prefix="knowledge-") as place:
        asker = Asker(Path(place) / "cache")
        asker.cache.mkdir()
        for repository in chosen:
            for _, given in asked(repository, asker, Path(place) / repository.name):
                for who, lines in given.items():
                    answers[who].extend(lines)
            # The last tree is the head, which all questions to the graph are about.
            edges.update(judged(Path(place) / repository.name, asker.cache, repository.questions))
    if options.answers:
        options.answers.write_text("".join(json.dumps(one) + "\n" for one in answers[OURS]))
    questions = [one for repository in chosen for one in repository.questions]
    told = result(questions, answers, Scorer(options.data))
    return {**told, "edges_at_targets": dict(edges)}


def result(questions: list[Question], answers: Answers, scorer: Scorer) -> dict[str, Any]:
    """Every figure, for all repositories and for each."""
    scored = {who: known(scorer.scored(questions, given), given) for who, given in answers.items()}
    names = sorted({one["repo"] for one in questions})
    return {
        "questions": len(questions),
        "trees": len({(one["repo"], one["tree"]) for one in questions}),
        "figures": figures(scored),
        "latency_ms": latencies(questions, answers[OURS]),
        "repositories": {
            name: figures({OURS: scored[OURS].of(partial(is_of, name))}) for name in names
        },
    }


def is_of(name: str, question: Question) -> bool:
    """Whether a question is about that repository."""
    return bool(question["repo"] == name)


def known(scored: Scored, given: list[Any]) -> Scored:
    """Only the questions that somebody answers at all: a baseline is for some of them."""
    answered = {one["qid"] for one in given}
    return scored.of(lambda one: one["qid"] in answered)


def show(told: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'':38} {'ours':>22} {'must':>6} {'aim':>6}   the same script's baselines")
    for aim in AIMS:
        by = dict(told["figures"][aim.title])
        if OURS not in by:
            continue
        own = by.pop(OURS)
        span = f"{own['mean']:.3f} [{own['low']:.2f}, {own['high']:.2f}]"
        wanted = [f"{one:6.2f}" if one is not None else "     -" for one in (aim.must, aim.aim)]
        others = ", ".join(f"{who} {one['mean']:.2f}" for who, one in by.items())
        print(f"{aim.title:38} {span:>22} {' '.join(wanted)}   {others}")
    print(f"milliseconds a question: {told['latency_ms']}")
    print(f"edges at the targets of the questions: {told['edges_at_targets']}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/knowledge"))
    parser.add_argument("--only", default="", help="one repository instead of all")
    parser.add_argument("--answers", type=Path, help="write our answers, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/<commit>.json")
    options = parser.parse_args()
    started = time.perf_counter()
    told = measured(options)
    told["took_s"] = round(time.perf_counter() - started)
    if options.save:
        save("knowledge", told)
    if options.json:
        print(json.dumps(told))
    else:
        show(told)


if __name__ == "__main__":
    main()
