"""The words by which the built-in experts know their queries, one file for each.

A line is a weight and the terms that have it, separated by semicolons and spelled as
`collegium.lexicon` says; what is indented belongs to the line before; `#` begins a comment. As in
the other terms of a vocabulary, 0.5 is a hint, 2 a usual word, and 4 one that is hardly used
otherwise.
"""

from __future__ import annotations

from importlib.resources import files

from collegium.lexicon import Vocabulary


def vocabulary(key: str) -> Vocabulary:
    """The vocabulary of a built-in expert."""
    text = files(__name__).joinpath(f"{key}.txt").read_text("utf-8")
    return Vocabulary.of_compiled(terms(text))


def terms(text: str) -> dict[str, float]:
    """The terms of a file with their weights.

    Raises:
        ValueError: a line begins with neither a weight, blanks nor a comment.
    """
    blocks: list[tuple[float, list[str]]] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if weight := line[:6].strip():
            blocks.append((float(weight), []))
        blocks[-1][1].append(line[6:])
    return {term.strip(): weight for weight, lines in blocks for term in " ".join(lines).split(";")}
