"""What documentation says in the trees of the given questions, so that nothing learns from it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path, PurePosixPath

from archives import ENDINGS
from pairs import normal, sentences

from collegium.knowledge.facts import MODULE
from collegium.knowledge.parse import parse


def said_there(data: Path) -> frozenset[str]:
    """All sentences of the heads of the given repositories, and of the questions."""
    found = set[str]()
    for archive in sorted((data / "src").glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            for one in tar:
                content = tar.extractfile(one)
                if content is not None and PurePosixPath(one.name).suffix in ENDINGS:
                    facts = parse(one.name, content.read())
                    for symbol in facts.symbols:
                        found.update(map(normal, sentences(symbol.doc, symbol.path)))
                        found.update(map(normal, sentences(symbol.doc, MODULE)))
                    found.update(map(normal, sentences(facts.doc, MODULE)))
    for line in (data / "queries.jsonl").read_text("utf-8").splitlines():
        found.update(map(normal, sentences(json.loads(line)["query"], MODULE)))
    return frozenset(found)
