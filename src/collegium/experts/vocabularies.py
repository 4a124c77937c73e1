"""The words by which the built-in experts know their queries, out of `vocabularies.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from collegium.lexicon import Vocabulary


def vocabulary(key: str) -> Vocabulary:
    """The vocabulary of a built-in expert."""
    weights = {
        " ".join(term.split()): float(weight)
        for weight, terms in _tables()[key].items()
        for term in terms.split(";")
        if term.strip()
    }
    return Vocabulary(weights)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(
        files("collegium.experts").joinpath("vocabularies.toml").read_text("utf-8")
    )
