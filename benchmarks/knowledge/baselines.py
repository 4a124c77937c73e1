"""What is known elsewhere: counting terms, BM25, an encoder, their fusion, and a graph by name."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from units import Unit, scope_of, words

from collegium.knowledge.facts import FileFacts

Scores = NDArray[np.float64]
DEPTH = 100


class Encoder(Protocol):
    """What `collegium.encoders` has."""

    general: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) vectors."""
        ...


class Searches:
    """The searches of one tree's units by text."""

    def __init__(self, units: Sequence[Unit], encoder: Encoder) -> None:
        self.units, self._encoder = units, encoder
        self._counts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, unit in enumerate(units):
            for word, count in Counter(unit.words).items():
                self._counts[word].append((place, count))
        self._lengths = np.array([len(unit.words) for unit in units], float)
        self._vectors = self._encoded([unit.head for unit in units])

    def by(self) -> dict[str, Callable[[str], Scores]]:
        """Every search under its name."""
        return {
            "term match": self.terms,
            "BM25": lambda text: self.bm25(text, 0.75),
            "BM25, b = 0.3": lambda text: self.bm25(text, 0.3),
            "encoder": self.similar,
            "RRF of BM25 and encoder": self.fused,
        }

    def terms(self, text: str) -> Scores:
        """How many different terms of the text a unit has; of equals the shorter one."""
        scores = -self._lengths / 1e9
        for word in set(words(text)):
            scores[[place for place, _ in self._counts.get(word, ())]] += 1
        return scores

    def bm25(self, text: str, b: float, k1: float = 1.2) -> Scores:
        """Robertson and Zaragoza, 'The Probabilistic Relevance Framework' (2009)."""
        scores = np.zeros(len(self.units))
        norms = k1 * (1 - b + b * self._lengths / max(1.0, self._lengths.mean()))
        for word in set(words(text)):
            found = self._counts.get(word, [])
            rarity = math.log(1 + (len(self.units) - len(found) + 0.5) / (len(found) + 0.5))
            for place, count in found:
                scores[place] += rarity * count * (k1 + 1) / (count + norms[place])
        return scores

    def similar(self, text: str) -> Scores:
        """The cosine of the vectors."""
        return np.asarray(self._vectors @ self._encoded([text])[0], float)

    def fused(self, text: str, k: int = 60) -> Scores:
        """Cormack et al., 'Reciprocal Rank Fusion' (2009)."""
        scores = np.zeros(len(self.units))
        for one in (self.bm25(text, 0.3), self.similar(text)):
            scores[np.argsort(-one, kind="stable")] += 1 / (k + 1 + np.arange(len(one)))
        return scores

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._encoder.encode(texts)[:, : self._encoder.general]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)

    def ranked(self, scores: Scores) -> list[dict[str, str]]:
        """The best units, in the form that is scored."""
        best = np.argsort(-scores, kind="stable")[:DEPTH]
        return [{"file": self.units[at].file, "symbol": self.units[at].symbol} for at in best]


class ByName:
    """A graph as most tools draw it: a call of a name goes to whatever bears the name."""

    def __init__(self, tree: Sequence[FileFacts]) -> None:
        self._tree = tree
        self._bearers: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._calls: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._called: dict[tuple[str, str], set[str]] = defaultdict(set)
        for facts in tree:
            for symbol in facts.symbols:
                if symbol.kind not in ("variable", "section"):
                    self._bearers[symbol.name].add((facts.path, symbol.path))
            for use in facts.uses:
                if use.kind == "call":
                    scope, name = (facts.path, scope_of(facts, use.scope)), _last(use.target)
                    self._calls[name].add(scope)
                    self._called[scope].add(name)

    def answer(self, question: dict[str, Any]) -> list[dict[str, str]]:
        """The set that names alone give for a question whose target is known."""
        file, symbol = question["target"]["file"], question["target"]["symbol"]
        kind, name = question["type"], _last(symbol)
        if kind == "importers":
            return [{"file": facts.path} for facts in self._tree if _takes(facts, symbol)]
        if kind == "callers":
            found = self._calls[name]
        elif kind == "callees":
            called = self._called[file, symbol]
            found = {bearer for one in called for bearer in self._bearers.get(one, ())}
        elif kind == "subclasses":
            found = {
                (facts.path, one.path)
                for facts in self._tree
                for one in facts.symbols
                if any(_last(base) == name for base in one.bases)
            }
        else:
            found = {one for one in self._bearers[name] if one[1] == symbol}
        return [{"file": place, "symbol": path} for place, path in sorted(found)]


def _takes(facts: FileFacts, symbol: str) -> bool:
    """Whether a file imports something of that name; a module's is the last part of its path."""
    name = _stem(symbol) if "/" in symbol else _last(symbol)
    return any(name in (one.name, one.alias, _stem(one.module)) for one in facts.imports)


def _stem(path: str) -> str:
    """`./helpers/bind.js` -> `bind`."""
    return path.rpartition("/")[2].partition(".")[0]


def _last(target: str) -> str:
    """The last name of an expression: `self.client.get` -> `get`."""
    return target.partition("[")[0].rpartition(".")[2]
