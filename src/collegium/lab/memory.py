"""What a lab remembers from one try to the next: the same computations, and the same checks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from collegium.experts.verifying import VerifyingExpert

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed, Computer
    from collegium.system import Collegium
    from collegium.types import Query, Verdict
    from collegium.verification.checks import Verifier


@dataclass(slots=True)
class Memory:
    """What was computed, by computer and question, and what was found, by question and answer.

    Both follow from these texts alone, so that remembering them changes no outcome.
    """

    computed: dict[tuple[str, str], Computed | None] = field(default_factory=dict)
    found: dict[tuple[str, str], Verdict] = field(default_factory=dict)

    def attach(self, college: Collegium) -> None:
        """Have a college compute and check by this memory; it must be made of a configuration."""
        if college.staff is None:
            return
        workbench = college.staff.workbench
        if workbench.verifier is not None:
            checker = RememberingVerifier(workbench.verifier, self.found)
            workbench = replace(workbench, verifier=cast("Verifier", checker))
            college.staff.workbench = workbench
        for expert in college.router.roster:
            if isinstance(expert, VerifyingExpert):
                expert.verifier = workbench.verifier
                expert.computers = [
                    RememberingComputer(one, self.computed) for one in expert.computers
                ]


class RememberingComputer:
    """A computer that computes the same question once."""

    def __init__(self, computer: Computer, memory: dict[tuple[str, str], Computed | None]) -> None:
        self.name = computer.name
        self._computer, self._memory = computer, memory

    def reads(self, query: Query) -> object | None:
        """The plan of the computer, with the question."""
        plan = self._computer.reads(query)
        return None if plan is None else (query.text, plan)

    async def compute(self, plan: object) -> Computed | None:
        """What the computer computes, or has computed."""
        text, inner = cast("tuple[str, object]", plan)
        key = (self.name, text)
        if key not in self._memory:
            self._memory[key] = await self._computer.compute(inner)
        return self._memory[key]


class RememberingVerifier:
    """A verifier that checks the same answer to the same question once."""

    def __init__(self, verifier: Verifier, memory: dict[tuple[str, str], Verdict]) -> None:
        self._verifier, self._memory = verifier, memory

    async def verify(self, query: Query, text: str) -> Verdict:
        """What the verifier finds, or has found."""
        key = (query.text, text)
        if key not in self._memory:
            self._memory[key] = await self._verifier.verify(query, text)
        return self._memory[key]
