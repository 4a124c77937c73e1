"""Events as records: what is kept of each, and who is given it.

`data` by kind:

    decision    chosen, shares, scores, confidence, low_confidence, overhead_ms, task, propensity,
                session, lineup, shadow; vector (base64 of float16, little-endian) where there is
                one; text where texts are kept
    answer      ok, abandoned, error, latency_ms, prompt_tokens, completion_tokens, cost_usd,
                confidence, finish, verdict; text where texts are kept
    outcome     ok, error, strategy, confidence, agreement, quality, latency_ms, cost_usd, answers,
                decided, verdict
    verdict     outcome
    rating      rating, weight, rater
    roster      what ('joined' or 'left'), why
    resize      before, after; or what ('quarantined'), instance, why
    experiment  experiment, what, verdict
    drift       what, detail
    config      generation, changed
    request     whatever the gateway puts

Nothing of what was asked or answered is kept unless that is wanted, and of a session only a hash.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import struct
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from collegium.events import (
    Answered,
    Completed,
    Concluded,
    Drifted,
    Event,
    Failed,
    Joined,
    Left,
    Quarantined,
    Rated,
    Reconfigured,
    Resized,
    Routed,
    Unanswered,
    Verified,
)
from collegium.storage.records import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.storage.records import Taker
    from collegium.storage.store import Store
    from collegium.types import Candidate, Decision, Response

logger = logging.getLogger(__name__)

# Ids of queries that only shadow runs have end so: nobody saw their answers.
SHADOW = "~shadow"
# So many shares and scores of a decision are kept.
BEST = 5


class Recorder:
    """Turns events into records, and hands each to the store and then to every taker, in order.

    A taker that raises is logged, and the others get the record all the same. `vectors` and `texts`
    say whether embeddings of queries, and texts of queries and answers, are kept.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        takers: Sequence[Taker] = (),
        clock: Callable[[], float] = time.time,
        vectors: bool = True,
        texts: bool = False,
    ) -> None:
        self._store, self._takers, self._clock = store, tuple(takers), clock
        self._vectors, self._texts = vectors, texts
        self._told: dict[type, Callable[[Any], Record]] = {
            Routed: self._decision,
            Answered: self._answer,
            Failed: self._failure,
            Completed: self._outcome,
            Unanswered: self._no_outcome,
            Verified: self._verdict,
            Rated: self._rating,
            Joined: self._joined,
            Left: self._left,
            Resized: self._resize,
            Quarantined: self._quarantine,
            Drifted: self._drift,
            Concluded: self._experiment,
            Reconfigured: self._config,
        }

    def __call__(self, event: Event) -> None:
        """Record an event, as a listener of the bus."""
        self.put(self._told[type(event)](event))

    def add(self, taker: Taker) -> None:
        """Hand every record from now on to one more taker."""
        self._takers = (*self._takers, taker)

    def put(self, record: Record) -> None:
        """Hand on a record that comes from elsewhere."""
        if self._store is not None:
            self._store.append(record)
        for take in self._takers:
            try:
                take(record)
            except Exception:  # other people's code; serving must go on
                logger.exception("a record of kind %r was not taken", record.kind)

    def _decision(self, event: Routed) -> Record:
        query, decision = event.query, event.decision
        task = decision.task or query.task
        data = {
            "chosen": [one.expert for one in decision.chosen],
            **_standings(decision),
            "confidence": decision.confidence,
            "low_confidence": decision.low_confidence,
            "overhead_ms": decision.overhead_ms,
            "task": task
            and {
                "form": task.form,
                "kind": task.kind,
                "difficulty": task.difficulty,
                "language": task.language,
            },
            "propensity": decision.propensity,
            "session": hidden(query.session),
            "lineup": decision.lineup,
            "shadow": query.id.endswith(SHADOW),
        }
        if self._vectors and decision.vector is not None:
            data["vector"] = packed(decision.vector)
        if self._texts:
            data["text"] = query.text
        first = decision.chosen[0].expert if decision.chosen else ""
        return self._record("decision", query.id, first, variant=decision.variant, data=data)

    def _answer(self, event: Answered) -> Record:
        answer = event.answer
        data = {
            "ok": True,
            "abandoned": False,
            "error": "",
            "latency_ms": answer.latency_ms,
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "cost_usd": answer.usage.cost_usd,
            "confidence": answer.confidence,
            "finish": answer.finish,
            "verdict": answer.verdict.outcome if answer.verdict else "",
        }
        if self._texts:
            data["text"] = answer.text
        return self._record("answer", event.query.id, answer.expert, answer.model, data=data)

    def _failure(self, event: Failed) -> Record:
        data = {
            "ok": False,
            "abandoned": event.abandoned,
            "error": _code(event.error),
            "latency_ms": event.latency_ms,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "cost_usd": 0.0,
            "confidence": 0.0,
            "finish": "",
            "verdict": "",
        }
        return self._record("answer", event.query.id, event.expert, data=data)

    def _outcome(self, event: Completed) -> Record:
        response, receipt = event.response, event.response.receipt
        decision = receipt.decision if receipt else None
        abstained = response.finish == "abstained"
        sure = receipt.confidence if receipt else None
        data = {
            "ok": not abstained,
            "error": "abstained" if abstained else "",
            "strategy": receipt.strategy if receipt else "",
            "confidence": response.confidence if sure is None else sure,
            "agreement": receipt.agreement if receipt else 1.0,
            "quality": receipt.quality if receipt else "",
            "latency_ms": receipt.latency_ms if receipt else 0.0,
            "cost_usd": receipt.usage.cost_usd if receipt else 0.0,
            "answers": len(response.answers),
            "decided": decision.confidence if decision else None,
            "verdict": _verdict_of(response),
        }
        variant = decision.variant if decision else ""
        return self._record(
            "outcome",
            event.query.id,
            response.expert,
            response.model,
            variant=variant,
            data=data,
        )

    def _no_outcome(self, event: Unanswered) -> Record:
        data = {
            "ok": False,
            "error": _code(event.error),
            "strategy": "",
            "confidence": 0.0,
            "agreement": 0.0,
            "quality": "",
            "latency_ms": event.latency_ms,
            "cost_usd": 0.0,
            "answers": 0,
            "decided": None,
            "verdict": "",
        }
        return self._record("outcome", event.query.id, data=data)

    def _verdict(self, event: Verified) -> Record:
        data = {"outcome": event.outcome}
        return self._record("verdict", event.query_id, event.expert, event.model, data=data)

    def _rating(self, event: Rated) -> Record:
        data = {"rating": event.rating, "weight": event.weight, "rater": event.rater}
        return self._record("rating", event.query_id, event.expert or "", data=data)

    def _joined(self, event: Joined) -> Record:
        return self._record(
            "roster", expert=event.expert, data={"what": "joined", "why": event.why}
        )

    def _left(self, event: Left) -> Record:
        return self._record("roster", expert=event.expert, data={"what": "left", "why": event.why})

    def _resize(self, event: Resized) -> Record:
        data = {"before": event.before, "after": event.after}
        return self._record("resize", expert=event.expert, data=data)

    def _quarantine(self, event: Quarantined) -> Record:
        data = {"what": "quarantined", "instance": event.instance, "why": event.why}
        return self._record("resize", data=data)

    def _drift(self, event: Drifted) -> Record:
        data = {"what": event.what, "detail": event.detail}
        return self._record("drift", expert=event.expert, data=data)

    def _experiment(self, event: Concluded) -> Record:
        data = {"experiment": event.experiment, "what": event.what, "verdict": event.verdict}
        return self._record("experiment", data=data)

    def _config(self, event: Reconfigured) -> Record:
        data = {"generation": event.generation, "changed": list(event.changed)}
        return self._record("config", data=data)

    def _record(
        self,
        kind: Kind,
        query: str = "",
        expert: str = "",
        model: str = "",
        *,
        variant: str = "",
        data: dict[str, Any] | None = None,
    ) -> Record:
        return Record(kind, self._clock(), query, expert, model, variant, data or {})


def hidden(session: str | None) -> str:
    """What is kept of a session: 16 hexadecimal digits that say nothing of it; '' without one."""
    if not session:
        return ""
    return hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:16]


def packed(vector: Sequence[float]) -> str:
    """A vector as base64 of its numbers in half precision, little-endian."""
    halves = getattr(vector, "astype", None)
    plain = struct.pack(f"<{len(vector)}e", *vector) if halves is None else halves("<f2").tobytes()
    return base64.b64encode(plain).decode()


def _standings(decision: Decision) -> dict[str, Any]:
    """The largest shares of the gate and the best scores."""
    ranking = decision.ranking
    by_share = _best(ranking, "gate")
    by_score = _best(ranking, "score")
    return {
        "shares": {one.key: one.gate for one in by_share},
        "scores": [[one.expert, one.score] for one in by_score],
    }


def _best(candidates: Sequence[Candidate], by: str) -> Sequence[Candidate]:
    return sorted(candidates, key=attrgetter(by), reverse=True)[:BEST]


def _verdict_of(response: Response) -> str:
    """What checking the answer that won found; empty where it was not checked."""
    for answer in response.answers:
        if (answer.expert, answer.model) == (response.expert, response.model) and answer.verdict:
            return answer.verdict.outcome
    for checked in response.receipt.verdicts if response.receipt else ():
        if (checked.expert, checked.model) == (response.expert, response.model):
            return checked.verdict.outcome
    return ""


def _code(error: BaseException) -> str:
    """The stable code of an error of ours; of any other its name."""
    return str(getattr(error, "code", None) or type(error).__name__)
