"""What can be configured of the gateway."""

from typing import Annotated, Literal

from pydantic import Field

from collegium.config.section import Section
from collegium.config.values import AtLeastOne, NotNegative, Positive, Text


class LimitsConfig(Section):
    """How much the gateway takes."""

    body_mb: Positive = Field(default=20.0, description="Megabytes of a request's body.")
    messages: AtLeastOne = Field(default=2048, description="Messages of a conversation.")
    depth: AtLeastOne = Field(default=64, description="Levels of brackets in a body.")
    choices: AtLeastOne = Field(default=16, description="Answers to one request (`n`).")
    concurrent: AtLeastOne = Field(
        default=1000, description="Requests being answered at once, in each worker."
    )
    slow_reader_s: Positive = Field(
        default=60.0, description="Seconds for which a client may read nothing of its stream."
    )


class CacheConfig(Section):
    """Which answers are given again."""

    exact: bool = Field(
        default=False, description="Whether the same request gets the same answer again."
    )
    semantic: bool = Field(
        default=False, description="Whether a question that means the same does, too."
    )
    ttl_s: Positive = Field(default=3600.0, description="Seconds for which an answer is kept.")
    entries: AtLeastOne = Field(default=1000, description="Answers kept, for each key.")


class LogsConfig(Section):
    """What is written down of requests, on stderr."""

    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="JSON lines, or text; auto: text on a terminal."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="From which level on."
    )
    prompts: bool = Field(default=False, description="Whether prompts are written, too.")


class GatewayConfig(Section):
    """The HTTP door: `collegium serve`."""

    host: Text = Field(default="127.0.0.1", description="The address it listens at.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8100, description="The port; 0: any that is free."
    )
    workers: AtLeastOne = Field(default=1, description="Processes that serve.")
    require_key: bool | None = Field(
        default=None,
        description="Whether requests need a key; none: as soon as there is one, and always at an "
        "address that others can reach.",
    )
    keys_file: Text | None = Field(
        default=None, description="Where keys are kept, as hashes; none: in the user's own folder."
    )
    cors_origins: list[Text] = Field(
        default_factory=list[str], description="Web pages that may call it from a browser."
    )
    drain_s: NotNegative = Field(
        default=30.0, description="Seconds for finishing what has begun when it is stopped."
    )
    decisions: AtLeastOne = Field(
        default=2_000, description="Decisions that can be looked up, with their receipts."
    )
    express: bool = Field(
        default=True,
        description="Whether the answer of one expert with nothing to check goes through as it "
        "comes, byte by byte.",
    )
    embeddings: Text = Field(
        default="builtin",
        description="What makes embeddings where a request does not say: builtin or BACKEND/MODEL.",
    )
    otlp_endpoint: Text | None = Field(
        default=None, description="Where OpenTelemetry traces and metrics are sent (extra `otel`)."
    )
    limits: LimitsConfig = Field(
        default_factory=LimitsConfig, description="How much the gateway takes."
    )
    cache: CacheConfig = Field(
        default_factory=CacheConfig, description="Which answers are given again."
    )
    logs: LogsConfig = Field(
        default_factory=LogsConfig, description="What is written down of requests."
    )
