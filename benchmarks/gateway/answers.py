"""Prompts that carry a number, and the one answer that each has."""

from __future__ import annotations

import hashlib
import random
import re

from prompts import AIMS, CASES, THINGS

_NUMBER = re.compile(r"\[(\d+)\]")
_PACE = re.compile(r"\{([a-z]+-[\d.-]+)\}")
# Of writing and advice, so that no expert can compute the answer: models are what is tested.
KINDS = (
    "Write a short story about {thing} that ends with {case}",
    "Write a poem in praise of {thing}, and let {case} be its turning point",
    "Draft a letter to the editor about {thing} that argues for {aim}",
    "Describe {thing} in the manner of an old travel book, and mention {case}",
)


def prompt_of(number: int, pace: str = "") -> str:
    """The prompt of that number: no other is like it. A pace is asked of the model in its words."""
    rng = random.Random(number)
    thing, aim, case = (rng.choice(words) for words in (THINGS, AIMS, CASES))
    asked = KINDS[number % len(KINDS)].format(thing=thing, aim=aim, case=case)
    return f"{asked} [{number}]{f' {{{pace}}}' if pace else ''}"


def number_of(prompt: str) -> int:
    """The number that a prompt carries; -1 where it has none."""
    found = _NUMBER.findall(prompt)
    return int(found[-1]) if found else -1


def pace_in(prompt: str) -> str:
    """The pace that a prompt asks for, such as `late-5000`; none: an empty text."""
    found = _PACE.findall(prompt)
    return str(found[-1]) if found else ""


def pieces_of(prompt: str, count: int = 20) -> list[str]:
    """The answer to a prompt, in pieces: it begins with the number and ends with a full stop."""
    words = [hashlib.sha256(f"{place} {prompt}".encode()).hexdigest()[:6] for place in range(count)]
    words[0] = f"[{number_of(prompt)}]"
    words[-1] += "."
    return [words[0], *(f" {word}" for word in words[1:])]
