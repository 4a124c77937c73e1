"""What a file is for: code that does the work, or code that tries it out or shows it."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

# By the habits of every language: folders, and names of files.
_TRIAL: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|testdata|specs?|fixtures|e2e|mocks|__mocks__)/"
    r"|(?:^|/)(?:test_[^/]*|conftest)\.py$"
    r"|_(?:test|spec)\.[a-z]+$|\.(?:test|spec)s?\.[cm]?[jt]sx?$|(?:^|/)[^/]*Tests?\.java$",
)
_SHOWN: Final = re.compile(r"(?:^|/)(?:examples?|samples?|demos?|benchmarks?|benches|docs?)/")
_ABOUT_TRIALS: Final = re.compile(
    r"\b(?:unit|integration)?tests?\b|\btest_|\btesting\b|\btested\b|\bspecs?\b|\bfixtures?\b"
    r"|\bmock(?:s|ed)?\b|\bcoverage\b",
    re.IGNORECASE,
)
_ABOUT_SHOWN: Final = re.compile(
    r"\bexamples?\b|\bsamples?\b|\bdemos?\b|\bbenchmarks?\b|\bdoc(?:s|umented|umentation)?\b",
    re.IGNORECASE,
)


@cache
def is_trial(path: str) -> bool:
    """Whether a file holds tests, or what they need."""
    return _TRIAL.search(path) is not None


@cache
def is_shown(path: str) -> bool:
    """Whether a file shows or measures what others do: examples, documents, benchmarks."""
    return _SHOWN.search(path) is not None


def speaks_of_trials(text: str) -> bool:
    """Whether a text is about tests."""
    return _ABOUT_TRIALS.search(text) is not None


def speaks_of_shown(text: str) -> bool:
    """Whether a text is about examples, documents or benchmarks."""
    return _ABOUT_SHOWN.search(text) is not None
