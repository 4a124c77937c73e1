"""The cheap ones first: another voice is asked only while that is worth what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from collegium.aggregation.conclusion import outcome_of
from collegium.aggregation.conflict import agreement_of
from collegium.aggregation.learned import PER_CALL, CascadePolicy
from collegium.aggregation.planner import Move, Planner
from collegium.errors import CollegiumError
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from numpy.typing import NDArray

    from collegium.aggregation.latent import State
    from collegium.aggregation.panel import Panel
    from collegium.experts.base import Expert
    from collegium.types import Answer

REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a planner is made for: the models, the kind of task, their costs and their price."""

    models: tuple[str, ...]
    kind: str
    costs_usd: tuple[float, ...]
    price: float


class Cascade:
    """Asks one voice after the other, each time the one most worth asking, until none is.

    What an answer is worth is told by `policy`, fitted to recorded answers by `collegium evaluate
    replay`; without one every model is taken to be like any other, and cheap ones come first. The
    confidence of the answer is the calibrated probability that it is right.

    Args:
        policy: what was learned.
        objective: how much quality is worth, where the query does not say.
    """

    def __init__(self, policy: CascadePolicy | None = None, *, objective: str = "balanced") -> None:
        self.policy = policy or CascadePolicy.unlearned()
        self.objective = objective
        self._planners: dict[Terms, Planner] = {}
        self._moves: dict[tuple[Terms, tuple[object, ...], bytes], Move] = {}

    def knows(self, panel: Panel) -> bool:
        """Whether it was fitted for most of the panel's models."""
        known = [
            voice for voice in panel.voices if self.policy.latent.place(voice.model) is not None
        ]
        return 2 * len(known) > len(panel.voices)

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """Ask until it is worth no more, then yield the most probable answer in one piece."""
        hand = _Hand(panel, self)
        while (voice := hand.next()) is not None:
            try:
                answer = await panel.verified(await panel.ask(voice))
            except CollegiumError:  # kept among the panel's failures
                hand.drop(voice)
            else:
                hand.take(voice, answer)
        if not hand.answers:
            hand.excuse()
            raise panel.failure()
        panel.agreement = agreement_of(panel, panel.members)
        for words in filter(None, (hand.story(), hand.strangers())):
            panel.note(words)
        panel.closed = True  # whether to ask anybody else has just been decided
        yield Chunk.whole(hand.best())

    def move(self, terms: Terms, state: State, free: NDArray[np.bool_]) -> Move:
        """The planner's move, remembered: the same few states come again and again."""
        key = (terms, state.seen, free.tobytes())
        if key not in self._moves:
            if len(self._moves) >= REMEMBERED:
                self._moves.clear()
                self._planners.clear()
            planner = self._planners.get(terms)
            if planner is None:
                planner = Planner(self.policy.latent, terms.models, terms.costs_usd, terms.price)
                self._planners[terms] = planner
            self._moves[key] = planner.move(state, free)
        return self._moves[key]


class _Hand:
    """One query's way down the cascade: who can still be asked, and what has been answered."""

    def __init__(self, panel: Panel, cascade: Cascade) -> None:
        self._panel, self._cascade, self._policy = panel, cascade, cascade.policy
        self._voices = panel.voices
        self._terms = terms_of(panel, self._voices, cascade)
        objective = objective_of(panel, cascade)
        listed = self._policy.shortlisted(self._terms.models, panel.task.kind, objective)
        self._free = np.array(listed, dtype=np.bool_)
        self._left = np.ones(len(listed), dtype=np.bool_)
        self._state = self._policy.latent.start(panel.task.kind)
        self._groups: dict[str, int] = {}
        self._over = False
        self.answers: list[tuple[Answer, int]] = []  # each with its group, -1 without a conclusion

    def next(self) -> Expert | None:
        """Whom to ask, if it is worth it."""
        if self._over or self._panel.left_s <= 0:
            return None
        within = np.array([self._panel.affords(voice) for voice in self._voices], dtype=np.bool_)
        free = self._free & within
        if not self.answers and not free.any():
            free = self._left & within  # rather somebody who is not shortlisted than nobody
        move = self._cascade.move(self._terms, self._state, free)
        return None if move.ask is None else self._voices[move.ask]

    def drop(self, voice: Expert) -> None:
        """A voice has been asked, or has failed."""
        place = self._voices.index(voice)
        self._free[place] = self._left[place] = False

    def excuse(self) -> None:
        """Say of whom nothing was asked why not, where nobody has answered."""
        for voice in self._panel.unasked:
            if not self._panel.affords(voice):
                name = voice.model or voice.name
                self._panel.note(f"{name} was not asked: the budget has no room for it")

    def take(self, voice: Expert, answer: Answer) -> None:
        """A voice has answered."""
        self.drop(voice)
        conclusion = self._panel.conclusion(answer)
        group = (
            None if conclusion is None else self._groups.setdefault(conclusion, len(self._groups))
        )
        self.answers.append((answer, -1 if group is None else group))
        verdict = outcome_of(answer)
        model = self._terms.models[self._voices.index(voice)]
        self._state = self._policy.latent.after(self._state, model, group, verdict)
        said = group is None and self._panel.task.form == "text" and verdict != "failed"
        # A text that is not comparable to any other is as good as the next one.
        self._over = said or not self._policy.compares(self._panel.task.kind)

    def best(self) -> Answer:
        """The first answer that came to the most probable conclusion, with its probability.

        Where none came to any, the first that did not fail its check.
        """
        if not self._groups:
            sound = (one for one, _ in self.answers if outcome_of(one) != "failed")
            return next(sound, self.answers[0][0])
        right = self._state.right
        winner = int(right.argmax())
        answer = next(one for one, group in self.answers if group == winner)
        if self._over and len(self.answers) == 1:
            return answer
        return replace(answer, confidence=self._policy.calibrated(float(right[winner])))

    def story(self) -> str:
        """How it went, in words."""
        names = ", ".join(answer.model or answer.expert for answer, _ in self.answers)
        if not self._groups:
            return f"cascade: asked {names}"
        probability = self._policy.calibrated(float(self._state.right.max()))
        why = self._why()
        return f"cascade: asked {names}; right with probability {probability:.2f}, and {why}"

    def _why(self) -> str:
        if self._free.any():
            return "more was not worth it"
        if self._left.any():
            return "no other model is worth considering for this, by what was learned"
        return "nobody else could be asked"

    def strangers(self) -> str:
        """Which of the models nothing was learned of, in words; empty where nothing was of any."""
        latent = self._policy.latent
        unknown = [one for one in self._terms.models if latent.place(one) is None]
        if not self._policy.learned or not unknown:
            return ""
        return f"nothing was learned of {', '.join(unknown)}, which take the prior"


def objective_of(panel: Panel, cascade: Cascade) -> str:
    """What matters for a panel's task: what the query says, else the cascade, with caution."""
    objective = panel.query.objective or cascade.objective
    return cascade.policy.cautious(objective, panel.task.kind)


def terms_of(panel: Panel, voices: Sequence[Expert], cascade: Cascade) -> Terms:
    """The terms on which a panel's voices are asked: their costs, and what a dollar is worth.

    A cost that is not known is taken for the mean of those that are. Where none is, or nothing was
    fitted, every call has the same price, and a little more the more it costs.
    """
    policy, kind = cascade.policy, panel.task.kind
    objective = objective_of(panel, cascade)
    models = tuple(voice.model or voice.name for voice in voices)
    recorded = [policy.records.cost_usd(model, kind) for model in models]
    price = policy.price(objective)
    costs = [
        voice.expected_cost_usd(panel.query) if cost is None else cost
        for voice, cost in zip(voices, recorded, strict=True)
    ]
    known = [cost for cost in costs if cost is not None]
    if price is not None and known:
        mean = sum(known) / len(known)
        return Terms(models, kind, tuple(mean if one is None else one for one in costs), price)
    dearest = max(known, default=0.0)
    shares = [0.0 if not cost or not dearest else cost / dearest for cost in costs]
    per_call = PER_CALL.get(objective, PER_CALL["balanced"])
    return Terms(models, kind, tuple(0.5 + share for share in shares), per_call)
