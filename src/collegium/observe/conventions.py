"""What is said of calls and decisions, by the conventions for generative AI (gen_ai.*)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from collegium.errors import CollegiumError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.types import Answer, Decision, Query

NAME_CHARS = 200


def labels_of(model: str) -> dict[str, str]:
    """What is said of every call: the operation, the provider and the model.

    Here models are called BACKEND/MODEL; who computes, or has no backend, is the house itself.
    """
    provider, slash, name = short(model).partition("/")
    told = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "collegium"}
    if slash:
        told["gen_ai.provider.name"] = provider
    if model:
        told["gen_ai.request.model"] = told["gen_ai.response.model"] = name or provider
    return told


def name_of(told: Mapping[str, str]) -> str:
    """A call's name: the operation and the model."""
    return f"chat {told.get('gen_ai.request.model', '')}".rstrip()


def spent_by(answer: Answer) -> dict[str, Any]:
    """What is said of an answer beside its model."""
    return {
        "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": answer.usage.completion_tokens,
        "gen_ai.response.finish_reasons": (short(answer.finish),),
        "collegium.expert": answer.expert,
        "collegium.cost_usd": answer.usage.cost_usd,
        "collegium.confidence": answer.confidence,
    }


def attributes_of(decision: Decision) -> dict[str, Any]:
    """What is said of a decision."""
    told: dict[str, Any] = {
        "collegium.decision.id": decision.query_id,
        "collegium.experts": tuple(one.expert for one in decision.chosen),
        "collegium.scores": tuple(one.score for one in decision.chosen),
        "collegium.confidence": decision.confidence,
        "collegium.low_confidence": decision.low_confidence,
    }
    if decision.task is not None:
        told["collegium.task.kind"] = decision.task.kind
    return told


def messages_of(query: Query) -> str:
    """The conversation, as the conventions write one down."""
    return _written([(message.role, message.text, None) for message in query.messages])


def said_by(answer: Answer) -> str:
    """The answer, as the conventions write one down."""
    return _written([("assistant", answer.text, answer.finish)])


def _written(turns: Sequence[tuple[str, str, str | None]]) -> str:
    written = [
        {"role": role, "parts": [{"type": "text", "content": text}]}
        | ({"finish_reason": finish} if finish else {})
        for role, text, finish in turns
    ]
    return json.dumps(written)


def short(text: str) -> str:
    """A text from outside, as it may be sent: one that is no Unicode would spoil a whole batch."""
    return text[:NAME_CHARS].encode("utf-8", "replace").decode()


def kind_of(error: BaseException) -> str:
    """The kind of an error: our own code, or else its class."""
    return error.code if isinstance(error, CollegiumError) else type(error).__name__
