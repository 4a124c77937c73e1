"""Checks of an answer, and the verifier that runs those that fit."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from collegium.types import Verdict
from collegium.verification.arithmetic_check import ArithmeticCheck
from collegium.verification.citation_check import CitationCheck
from collegium.verification.equation_check import EquationCheck
from collegium.verification.json_check import JsonCheck
from collegium.verification.python_check import PythonCheck
from collegium.verification.sql_check import SqlCheck
from collegium.verification.units_check import UnitsCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.types import Query
    from collegium.verification.sandbox import Sandbox

logger = logging.getLogger(__name__)

# Of longer answers only so much, from the end, is checked.
LONGEST = 100_000


class Check(Protocol):
    """One way of finding out whether an answer is right."""

    name: str

    def fits(self, query: Query, text: str) -> bool:
        """Whether there is something to check here. Cheap, and without side effects."""
        ...

    async def check(self, query: Query, text: str) -> Verdict:
        """What checking found. Raises nothing, whatever the text is."""
        ...


class Verifier:
    """Runs the checks that fit an answer, all at once, and joins what they found."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = tuple(checks)

    async def verify(self, query: Query, text: str) -> Verdict:
        """The joint verdict: failed where any check failed, else passed where any passed.

        A check that raises is logged, and has found out nothing.
        """
        text = text[-LONGEST:]
        verdicts = await asyncio.gather(*(_checked(check, query, text) for check in self._checks))
        return joined([verdict for verdict in verdicts if verdict is not None])


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict of several: the worst that is known, with the evidence for it first."""
    for outcome in ("failed", "passed"):
        decisive = [verdict for verdict in verdicts if verdict.outcome == outcome]
        if decisive:
            return _one(outcome, decisive)
    return _one("unknown", verdicts)


def standard_checks(sandbox: Sandbox | None) -> tuple[Check, ...]:
    """Every check there is; code is only compiled where there is no sandbox to run it in."""
    return (
        PythonCheck(sandbox),
        SqlCheck(),
        ArithmeticCheck(),
        UnitsCheck(),
        EquationCheck(),
        JsonCheck(),
        CitationCheck(),
    )


async def _checked(check: Check, query: Query, text: str) -> Verdict | None:
    try:
        return await check.check(query, text) if check.fits(query, text) else None
    except Exception:
        logger.exception("the check %r failed on an answer of %d characters", check.name, len(text))
        return Verdict("unknown", "the check itself failed", check.name)


def _one(outcome: str, verdicts: Sequence[Verdict]) -> Verdict:
    evidence = "; ".join(verdict.evidence for verdict in verdicts if verdict.evidence)
    return Verdict(outcome, evidence, ", ".join(verdict.check for verdict in verdicts))
