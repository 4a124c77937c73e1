"""Whether the sums that an answer states are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.types import Verdict
from collegium.verification.plain_numbers import shown
from collegium.verification.steps import steps

if TYPE_CHECKING:
    from fractions import Fraction

    from collegium.types import Query
    from collegium.verification.steps import Step

# So many mistakes are told; a number longer than so many characters is cut.
TOLD = 3
LONGEST = 40


class ArithmeticCheck:
    """Computes again, exactly, every numeric equation of the answer."""

    name = "arithmetic"

    def fits(self, query: Query, text: str) -> bool:
        """Where the answer states any equation."""
        del query
        return "=" in text or "≈" in text or "\\approx" in text

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where a sum is wrong, passed where all are right."""
        del query
        found = steps(text)
        wrong = [step for step in found if not step.right]
        if wrong:
            return Verdict("failed", "; ".join(map(_mistake, wrong[:TOLD])), self.name)
        if not found:
            return Verdict("unknown", "no sum to check", self.name)
        return Verdict("passed", f"{len(found)} of {len(found)} sums are right", self.name)


def _mistake(step: Step) -> str:
    return f"{step.expression} = {step.claimed}, but it is {_brief(step.value)}"


def _brief(value: Fraction) -> str:
    written = shown(value)
    if "/" in written and value.denominator > 1_000:
        return f"about {float(value):.6g}" if abs(value) < 10**300 else "huge"
    return written if len(written) <= LONGEST else f"a number of {len(written)} digits"
