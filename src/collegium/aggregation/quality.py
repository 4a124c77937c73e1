"""Whether an answer is good enough to be given, and what to do about one that is not."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from collegium.aggregation.conclusion import outcome_of
from collegium.aggregation.conflict import agreement_of, probability
from collegium.aggregation.merit import merit
from collegium.aggregation.quoting import asked_with, quoted, short
from collegium.errors import CollegiumError
from collegium.types import Verdict

if TYPE_CHECKING:
    import random

    from collegium.aggregation.panel import Panel
    from collegium.experts.base import Expert
    from collegium.types import Answer, Query

logger = logging.getLogger(__name__)

Step = Literal["accept", "mend", "escalate", "abstain"]

# How a response finishes that gives no answer.
ABSTAINED = "abstained"

MEND = (
    "You have answered the question above before, and checking your answer found a mistake; both "
    "are quoted below. Answer the question again, whole and right, without mentioning this."
)


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """The thresholds; as they stand, everything that has not failed a check is accepted.

    Args:
        accept: the confidence, 0 to 1, from which an answer that has not failed is accepted.
        agreement: the agreement, 0 to 1, from which it is.
        mend: whether who failed a check is asked once more, with what was found.
        escalations: how many further voices may be asked after that.
        abstain: the confidence below which no answer is given in the end; 0 means always give one.
    """

    accept: float = 0.0
    agreement: float = 0.0
    mend: bool = True
    escalations: int = 2
    abstain: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How an answer stands, and what has been tried: `left` says whether there is whom to ask."""

    verdict: Verdict | None
    agreement: float
    confidence: float
    mended: bool = False
    escalated: int = 0
    left: bool = True

    @property
    def failed(self) -> bool:
        """Whether its check failed."""
        return self.verdict is not None and self.verdict.outcome == "failed"


class QualityGate:
    """Decides by a policy; asks nobody."""

    def __init__(self, policy: QualityPolicy | None = None) -> None:
        self.policy = policy or QualityPolicy()

    def step(self, standing: Standing) -> Step:
        """What to do next; after 'accept' and 'abstain' there is nothing more to do."""
        policy = self.policy
        sure = standing.confidence >= max(policy.accept, policy.abstain)
        if sure and standing.agreement >= policy.agreement and not standing.failed:
            return "accept"
        if standing.failed and policy.mend and not standing.mended:
            return "mend"
        if standing.left and standing.escalated < policy.escalations:
            return "escalate"
        if standing.confidence < policy.abstain:
            return "abstain"
        return "accept"


class Assurance:
    """Does what the gate decides, to an answer that nobody has been shown yet.

    Args:
        gate: decides.
        rng: draws the marks between which an answer is quoted.
    """

    def __init__(self, gate: QualityGate, rng: random.Random) -> None:
        self._gate, self._rng = gate, rng

    async def of(self, panel: Panel, answer: Answer) -> tuple[Answer, str]:
        """The answer to give and how it came to be that, as `Receipt.quality` has it.

        That is the answer itself, a better one, or one that says that no answer is given.
        """
        answer = await panel.verified(answer)
        giver = panel.voice_of(answer)
        outcome, mended, escalated = "accepted", giver is not None and giver.mends, 0
        while True:
            standing = self._standing(panel, answer, mended=mended, escalated=escalated)
            match self._gate.step(standing):
                case "accept":
                    return answer, "marked" if standing.failed else outcome
                case "abstain":
                    return abstention(panel, answer, standing.confidence), "abstained"
                case "mend":
                    mended = True
                    better = await self._mended(panel, answer)
                    name = "mended"
                case "escalate":
                    escalated += 1
                    better = await self._ask(panel, next(iter(askable(panel)), None), None)
                    panel.agreement = agreement_of(panel, panel.members)
                    name = "escalated"
            if better is not None and _rank(panel, better) > _rank(panel, answer):
                answer, outcome = better, name

    def _standing(self, panel: Panel, answer: Answer, *, mended: bool, escalated: int) -> Standing:
        agreement = panel.agreement or agreement_of(panel, panel.members)
        return Standing(
            answer.verdict,
            agreement.share,
            probability(panel, answer, agreement),
            mended,
            escalated,
            left=bool(askable(panel)),
        )

    async def _mended(self, panel: Panel, answer: Answer) -> Answer | None:
        """What the voice that gave an answer says when it is shown what checking it found."""
        evidence = answer.verdict.evidence if answer.verdict else ""
        said = [("your answer", answer.text), ("what checking it found", evidence)]
        question = asked_with(panel.query, f"{MEND}\n\n{quoted(said, self._rng)}")
        return await self._ask(panel, speaker(panel, answer), question)

    async def _ask(self, panel: Panel, voice: Expert | None, query: Query | None) -> Answer | None:
        """A voice's checked answer; None where it may not be asked, or fails."""
        if voice is None or panel.closed or panel.left_s <= 0 or not panel.affords(voice):
            return None
        try:
            return await panel.verified(await panel.ask(voice, query))
        except CollegiumError:  # kept among the panel's failures
            return None


class Checker(Protocol):
    """Whoever checks answers."""

    async def verify(self, query: Query, text: str, /) -> Verdict:
        """What checking a text as an answer to a query finds."""
        ...


async def checked(checker: Checker, query: Query, text: str, limit_s: float) -> Verdict:
    """What checking a text finds in `limit_s` seconds; 'unknown' where it takes longer or fails."""
    try:
        async with asyncio.timeout(None if math.isinf(limit_s) else limit_s):
            return await checker.verify(query, text)
    except TimeoutError:
        return Verdict("unknown", "the deadline passed while it was being checked")
    except Exception as error:  # a check may be other people's code
        logger.exception("checking an answer failed")
        return Verdict("unknown", f"checking it failed: {error!r}")


def askable(panel: Panel) -> tuple[Expert, ...]:
    """The voices that may still be asked for the first time, the most reliable first."""
    if panel.closed or panel.left_s <= 0:
        return ()
    return tuple(voice for voice in panel.unasked if panel.affords(voice))


def speaker(panel: Panel, answer: Answer) -> Expert | None:
    """The voice that gave an answer, with the model it gave it with; None for a foreign answer."""
    giver = panel.voice_of(answer)
    same = (
        voice
        for voice in panel.voices
        if giver is not None and (voice.name, voice.model) == (giver.name, answer.model)
    )
    return next(same, giver)


def abstention(panel: Panel, answer: Answer, confidence: float) -> Answer:
    """An answer that says that none is given, what was found, and why that is not enough."""
    lines = [
        f"No answer is given: the best that was found is right with a probability of about "
        f"{confidence:.0%}, which is too little.",
        *(f"- {found(one)}" for one in panel.answers),
    ]
    text = "\n".join(lines)
    return replace(answer, text=text, confidence=confidence, tool_calls=(), finish=ABSTAINED)


def found(answer: Answer) -> str:
    """An answer and what checking it found, in a line."""
    said = f"{answer.expert} said: {short(answer.text, 160)}"
    if answer.verdict is None:
        return said
    evidence = short(answer.verdict.evidence, 160)
    return f"{said} (checked: {answer.verdict.outcome}{evidence and f', {evidence}'})"


def _rank(panel: Panel, answer: Answer) -> tuple[bool, float, float]:
    agreement = panel.agreement or agreement_of(panel, panel.members)
    return (
        outcome_of(answer) != "failed",
        probability(panel, answer, agreement),
        merit(panel, answer),
    )
