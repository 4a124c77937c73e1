"""Makes questions of trees: descriptions from docstrings, and topics from documents.

    python benchmarks/knowledge/fitting/questions.py --trees DIR --into DIR

Writes `questions.jsonl`, an object a line (`tree`, `text`, `manner`, `how`, `gold`), and `trees/`,
what they are asked of. A tree is in one of three states, so that "what has no docstring is meant"
is true in none: `bare`, where nothing is documented and first sentences of what was are asked;
`some`, where a random half of what was documented still is, and both halves are asked for; `kept`,
where all is, and a random half of the words is asked. Documents are never there.
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
from sentences import first_sentence, halved, is_asked
from stripping import still_documented, stripped
from topics import topics

from collegium.knowledge.facts import MODULE

Question = dict[str, Any]
STATES = ("bare",) * 9 + ("some",) * 7 + ("kept",) * 4
MOST_QUESTIONS, MOST_BEARERS = 40, 3


def described(
    files: list[File], tree: str, chance: random.Random
) -> tuple[list[Question], dict[str, str]]:
    """Questions that describe, and the sources that they are asked of."""
    state = STATES[crc32(tree.encode()) % len(STATES)]
    share = {"bare": 1.0, "some": 0.5, "kept": 0.0}[state]
    sources: dict[str, str] = {}
    sentences: dict[tuple[str, bool], list[dict[str, str]]] = defaultdict(list)
    for file in files:
        paths = [MODULE, *(one.path for one in file.facts.symbols)]
        bare = {path for path in paths if chance.random() < share}
        sources[file.path] = source = stripped(file.facts, file.source, bare)
        left = still_documented(file.path, source)
        if not file.is_code:
            continue
        for symbol in file.facts.symbols:
            is_bare = symbol.path in bare
            if symbol.kind not in MEANT or not symbol.doc or (symbol.path in left) == is_bare:
                continue
            text = first_sentence(symbol)
            if is_asked(text):
                place = {"file": file.path, "symbol": symbol.path}
                if place not in sentences[text, is_bare]:
                    sentences[text, is_bare].append(place)
    made = []
    for (text, is_bare), gold in sentences.items():
        if len(gold) <= MOST_BEARERS:
            asked = text if is_bare else halved(text, chance)
            made.append(
                {
                    "tree": tree,
                    "text": asked,
                    "manner": "description",
                    "how": f"{state} {'bare' if is_bare else 'kept'}",
                    "gold": gold,
                }
            )
    chance.shuffle(made)
    return made[:MOST_QUESTIONS], sources


def made_of(root: Path, into: Path) -> list[Question]:
    """The questions about a tree; what they are asked of is written."""
    chance = random.Random(crc32(root.name.encode()))
    files = files_of(root)
    about = topics(files, root.name, chance)
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
            made = made_of(root, options.into / "trees")
            told = Counter(one["how"] for one in made)
            print(f"{root.name}: {dict(told)}", file=sys.stderr)
            out.writelines(json.dumps(one) + "\n" for one in made)


if __name__ == "__main__":
    main()
