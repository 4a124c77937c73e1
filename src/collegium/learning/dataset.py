"""Labelled queries: read, checked, freed of near-duplicates, and split by whole sources."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.errors import DataError
from collegium.jsonvalues import is_array, is_object
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_PERMISSIVE = re.compile(
    r"^(?:MIT|Apache-2\.0|BSD|CC0|CC-BY-(?:SA-)?\d|project-owned|authored)", re.IGNORECASE
)
_RESTRICTED = re.compile(r"\bNC\b|non-?commercial|none stated|see repo", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_SHINGLE = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A query and the experts that may answer it, the best one first."""

    text: str
    labels: tuple[str, ...]
    source: str = ""
    lang: str = ""
    license: str = ""
    id: str = ""
    split: str = ""

    @property
    def dev(self) -> bool:
        """Whether it is kept for judging."""
        return self.split == "dev"

    @property
    def permissive(self) -> bool:
        """Whether weights trained on it may be given away."""
        return bool(_PERMISSIVE.match(self.license)) and not _RESTRICTED.search(self.license)


def read_examples(path: Path) -> list[Example]:
    """The examples of a JSON-lines file: `{"text", "labels"}` a line, or `{"text", "label"}`.

    Labels become experts' keys, so that 'CodingExpert' and 'coding' are one.

    Raises:
        DataError: the file cannot be read, or lines of it are no examples; names up to five.
    """
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}") from error
    examples: list[Example] = []
    mistakes: list[str] = []
    # A text may hold U+2028, at which splitlines() would cut it.
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                examples.append(_example(json.loads(line)))
            except json.JSONDecodeError as error:
                mistakes.append(f"line {number} is not JSON: {error.msg}")
            except (ValueError, TypeError, RecursionError) as error:
                mistakes.append(f"line {number}: {error}")
    if mistakes:
        more = f"; and {len(mistakes) - 5} more" if len(mistakes) > 5 else ""
        raise DataError(f"{path}: {'; '.join(mistakes[:5])}{more}")
    if not examples:
        raise DataError(f"{path} holds no examples; a line is {{'text': ..., 'labels': [...]}}")
    return examples


def _example(row: Any) -> Example:
    if not is_object(row):
        raise ValueError(f"{type(row).__name__} is not an object with 'text' and 'labels'")
    text, told = row.get("text"), row.get("labels", row.get("label"))
    labels: Any = [told] if isinstance(told, str) else told
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"'text' is {text!r}; it must be a query's words")
    if not (is_array(labels) and labels and all(isinstance(one, str) and one for one in labels)):
        raise ValueError(f"'labels' is {labels!r}; it must be a list of experts, the best first")
    rest = {key: str(row.get(key) or "") for key in ("source", "lang", "license", "id", "split")}
    keys = {str(one): key_of(one) for one in labels}
    if not all(keys.values()):
        raise ValueError(f"'labels' is {labels!r}; an expert's name has letters")
    return Example(text, tuple(dict.fromkeys(keys.values())), **rest)


def labels_of(examples: Iterable[Example]) -> tuple[str, ...]:
    """Every expert named, the commonest as a best one first."""
    counts = Counter(example.labels[0] for example in examples)
    others = Counter(label for example in examples for label in example.labels)
    return tuple(sorted(others, key=lambda label: (-counts[label], label)))


def check_labels(examples: Sequence[Example], known: Iterable[str]) -> None:
    """Refuse labels that are no known expert's.

    Raises:
        DataError: names the unknown ones, and the known.
    """
    allowed = set(known)
    unknown = Counter(
        label for example in examples for label in example.labels if label not in allowed
    )
    if unknown:
        told = ", ".join(f"{label!r} ({count} times)" for label, count in unknown.most_common(5))
        raise DataError(f"no expert is called {told}; known: {', '.join(sorted(allowed))}")


def fingerprint(examples: Iterable[Example]) -> str:
    """A SHA-256 over the texts and labels, whatever their order."""
    lines = sorted(f"{','.join(one.labels)}\t{one.text}" for one in examples)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def without_near_duplicates(
    examples: Sequence[Example], *, similarity: float = 0.8
) -> tuple[list[Example], int]:
    """The examples without those whose words are nearly an earlier one's, and how many went.

    Two texts are near-duplicates when the Jaccard similarity of their sets of three neighbouring
    words is `similarity` or more; a text of fewer words is compared whole.
    """
    kept: list[Example] = []
    holders: dict[str, list[int]] = {}
    shingles: list[frozenset[str]] = []
    for example in examples:
        own = _shingles(example.text)
        shared = Counter(number for shingle in own for number in holders.get(shingle, ()))
        if any(
            count / (len(own) + len(shingles[number]) - count) >= similarity
            for number, count in shared.items()
        ):
            continue
        for shingle in own:
            holders.setdefault(shingle, []).append(len(kept))
        shingles.append(own)
        kept.append(example)
    return kept, len(examples) - len(kept)


def _shingles(text: str) -> frozenset[str]:
    words = _WORD.findall(text.lower()) or [text.strip()]
    if len(words) <= _SHINGLE:
        return frozenset((" ".join(words),))
    return frozenset(
        " ".join(words[place : place + _SHINGLE]) for place in range(len(words) - _SHINGLE + 1)
    )
