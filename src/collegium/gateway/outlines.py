"""The shapes of what goes in and out, where only the OpenAPI document needs them.

Replies of models are told as far as the gateway knows them: a model's server may say more.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from collegium.gateway.outlines_management import ExpertStatus, Text
from collegium.gateway.requests import AtLeastOne, Name, Overrides


class ResponsesBody(Struct):
    """A request for a response. Nothing is stored, so each brings its whole conversation."""

    model: Name
    input: Text | Annotated[list[dict[str, Any]], Meta(min_length=1)]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: AtLeastOne | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    collegium: Overrides | None = None


class MessagesTurn(Struct):
    """One message of a conversation; its content is a text, or blocks."""

    role: Literal["user", "assistant", "system"]
    content: str | list[dict[str, Any]]


class MessagesBody(Struct):
    """A request for a message."""

    model: Name
    max_tokens: AtLeastOne
    messages: Annotated[list[MessagesTurn], Meta(min_length=1)]
    system: str | list[dict[str, Any]] | None = None
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    thinking: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    collegium: Overrides | None = None


class Fault(Struct):
    """What went wrong; `code` is stable, `param` the part of the body that is meant."""

    message: Text
    type: Text
    param: str | None
    code: str | None


class Error(Struct):
    """An error as OpenAI has it."""

    error: Fault


class MessagesFault(Struct):
    """What went wrong, in Anthropic's kinds."""

    type: Text
    message: Text


class MessagesError(Struct):
    """An error as Anthropic has it."""

    type: Literal["error"]
    error: MessagesFault


class Tokens(Struct):
    """What was consumed, and what it cost where that is known."""

    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int | None = None
    cost_usd: float | None = None


class Candidate(Struct):
    """One expert who was considered."""

    expert: str
    score: float
    gate: float
    assessment: float
    load: float
    note: str


class Decision(Struct):
    """Who answers, and why."""

    id: str
    expert: str
    confidence: Annotated[float, Meta(ge=0, le=1)]
    low_confidence: bool
    chosen: list[str]
    experts: list[Candidate]
    reasons: list[str]
    overhead_ms: Annotated[float, Meta(ge=0)]
    propensity: Annotated[float, Meta(ge=0, le=1)]
    variant: str | None


class Account(Struct):
    """One request: who answered, why they did, and what it took; nothing of what was said."""

    id: str
    created: int
    asked: str
    expert: str | None
    model: str | None
    strategy: str | None
    status: int | None
    error: str | None
    finish: str | None
    cached: str | None
    overhead_ms: float
    latency_ms: float
    time_to_first_token_ms: float | None
    usage: Tokens | None
    notes: list[str]
    decision: Decision | None
    receipt: dict[str, Any] | None


class Accounts(Struct):
    """The key's latest requests, newest first."""

    object: Literal["list"]
    data: list[Account]


class Choice(Struct):
    """One of the answers."""

    index: int
    message: dict[str, Any]
    finish_reason: str | None = None


class Completion(Struct):
    """A chat completion; `model` is the one that answered, as BACKEND/MODEL."""

    model: str
    choices: list[Choice]
    id: str | None = None
    object: str | None = None
    created: int | None = None
    usage: Tokens | None = None
    collegium: Account | None = None


class Event(Struct):
    """One event of a stream: `data` is JSON, but for the `[DONE]` that ends a completion."""

    data: str
    event: str | None = None


class Response(Struct):
    """A response; `model` is the one that answered, as BACKEND/MODEL."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed", "incomplete"]
    model: str
    output: list[dict[str, Any]]
    usage: dict[str, Any] | None
    collegium: Account | None = None


class Message(Struct):
    """A message; `model` is the one that answered, as BACKEND/MODEL."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[dict[str, Any]]
    stop_reason: str | None
    stop_sequence: str | None
    usage: dict[str, Any]
    collegium: Account | None = None


class Embedding(Struct):
    """A vector, as numbers or as base64 of 32-bit ones."""

    index: int
    embedding: list[float] | str


class Embeddings(Struct):
    """The vectors, in the order of the texts."""

    data: list[Embedding]
    model: str | None = None
    usage: dict[str, Any] | None = None


class Model(Struct):
    """A name that requests may call as their `model`."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    description: str | None = None


class Models(Struct):
    """The names that the key may call."""

    object: Literal["list"]
    data: list[Model]


class Live(Struct):
    """The server answers."""

    status: Literal["live"]


class Readiness(Struct):
    """Whether a question would be answered now; `reason` says why not."""

    status: Literal["ready", "not ready"]
    reason: str


class InstanceStatus(Struct):
    """How one instance of a model is."""

    name: str
    address: str
    in_flight: int
    capacity: int
    waiting: int
    breaker: str


class CacheStatus(Struct):
    """How many answers are kept, of how many keys."""

    owners: int
    entries: int


class Status(Struct):
    """How everything is."""

    ready: bool
    reason: str
    requests_in_flight: int
    experts: list[ExpertStatus]
    instances: list[InstanceStatus] = field(default_factory=list)
    cache: CacheStatus | None = None
    generation: int | None = None
    fleet: list[dict[str, Any]] = field(default_factory=list)
    experiments: list[dict[str, Any]] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)
    learning: dict[str, Any] | None = None
    storage: dict[str, Any] | None = None


OUTLINES = (
    ResponsesBody,
    MessagesBody,
    Error,
    MessagesError,
    Decision,
    Account,
    Accounts,
    Completion,
    Event,
    Response,
    Message,
    Embeddings,
    Model,
    Models,
    Live,
    Readiness,
    Status,
)
