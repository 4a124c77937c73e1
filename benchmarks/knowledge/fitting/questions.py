"""Makes questions of trees: descriptions from docstrings, and topics from documents.

    python benchmarks/knowledge/fitting/questions.py --trees DIR --into DIR

Writes `questions.jsonl`, an object a line (`tree`, `text`, `manner`, `how`, `gold`), and `asked/`,
what they are asked of. A tree is in one of three states, so that "what has no docstring is meant"
is true in none: `bare`, where nothing is documented; `some`, where a random half of what was
documented still is, by half of its words, and both halves are asked for; `rest`, where all
documentation lacks its first sentence. Asked are first sentences of what was documented. What is
documented in words that are not wholly those of the question is what somebody meets who knows
neither. Documents are never there.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from zlib import crc32

from files import MEANT, PROSE, File, files_of
from sentences import as_written, first_sentence, is_asked
from stripping import beheaded, documented, stripped, thinned
from topics import topics

from collegium.knowledge.facts import MODULE

Question = dict[str, Any]
STATES = ("bare",) * 7 + ("some",) * 8 + ("rest",) * 5
MOST_QUESTIONS, MOST_BEARERS = 40, 3


def described(
    files: list[File], tree: str, chance: random.Random
) -> tuple[list[Question], dict[str, str]]:
    """Questions that describe, and the sources that they are asked of."""
    state = STATES[crc32(tree.encode()) % len(STATES)]
    share = {"bare": 1.0, "some": 0.5, "rest": 0.0}[state]
    sources: dict[str, str] = {}
    sentences: dict[tuple[str, bool], list[dict[str, str]]] = defaultdict(list)
    for file in files:
        paths = [MODULE, *(one.path for one in file.facts.symbols)]
        bare = {path for path in paths if chance.random() < share}
        source = stripped(file.facts, file.source, bare)
        if state == "some":
            source = thinned(file.facts, source, chance)
        elif state == "rest":
            source = beheaded(file.facts, source, as_written)
        sources[file.path] = source
        left = documented(file.path, source)
        for symbol in file.symbols() if file.is_code else ():
            if symbol.kind not in MEANT or not symbol.doc:
                continue
            now, is_bare = left.get(symbol.path, ""), symbol.path in bare
            if now == symbol.doc or (is_bare and now):
                continue  # what was to go is still there
            text = first_sentence(symbol)
            place = {"file": file.path, "symbol": symbol.path}
            if is_asked(text) and place not in sentences[text, is_bare]:
                sentences[text, is_bare].append(place)
    made = []
    for (text, is_bare), gold in sentences.items():
        if len(gold) <= MOST_BEARERS:
            made.append(
                {
                    "tree": tree,
                    "text": text,
                    "manner": "description",
                    "how": f"some {'bare' if is_bare else 'half'}" if state == "some" else state,
                    "gold": gold,
                }
            )
    chance.shuffle(made)
    return made[:MOST_QUESTIONS], sources


def made_of(root: Path, into: Path) -> list[Question]:
    """The questions about a tree; what they are asked of is written."""
    chance = random.Random(crc32(root.name.encode()))
    files = files_of(root)
    about = topics(files, root.name, random.Random(1))
    code = [file for file in files if file.facts.language not in PROSE]
    questions, sources = described(code, root.name, chance)
    for path, source in sources.items():
        place = into / root.name / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(source, "utf-8", errors="replace")
    return [*questions, *about]


def main() -> None:
    """Make them of every tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", type=Path, required=True, help="the folder that fetch.py filled")
    parser.add_argument("--into", type=Path, required=True, help="a folder for what is made")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with (options.into / "questions.jsonl").open("w", encoding="utf-8") as out:
        for root in sorted(one for one in options.trees.iterdir() if one.is_dir()):
            made = made_of(root, options.into / "asked")
            told = Counter(one["how"] for one in made)
            print(f"{root.name}: {dict(told)}", file=sys.stderr)
            out.writelines(json.dumps(one) + "\n" for one in made)
            out.flush()


if __name__ == "__main__":
    main()
