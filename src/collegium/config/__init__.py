"""The YAML file, checked once; and the environment, read here and nowhere else.

`find` says which file counts; `load` and `read` check all of it and tell every mistake in one go.
The `Config` that comes out is frozen, complete with its defaults, and needs no further checking.
"""

from collegium.config.environment import cache_dir, config_dir, hub_url, secret, state_dir
from collegium.config.managing import (
    BalanceConfig,
    DriftConfig,
    LearningConfig,
    ManagementConfig,
    RankingConfig,
    ScalingConfig,
    StorageConfig,
)
from collegium.config.patching import in_place_of, merged, patched
from collegium.config.reading import find, load, read, read_data, schema, to_yaml
from collegium.config.sections import (
    AggregationConfig,
    BackendConfig,
    BreakerConfig,
    CapabilityConfig,
    Config,
    ExpertConfig,
    HttpBackendConfig,
    KnowledgeConfig,
    LlamaCppBackendConfig,
    ModelFileConfig,
    MoeConfig,
    PriceConfig,
    RecordedBackendConfig,
    ResilienceConfig,
    RouterConfig,
    VerificationConfig,
)

__all__ = [
    "AggregationConfig",
    "BackendConfig",
    "BalanceConfig",
    "BreakerConfig",
    "CapabilityConfig",
    "Config",
    "DriftConfig",
    "ExpertConfig",
    "HttpBackendConfig",
    "KnowledgeConfig",
    "LearningConfig",
    "LlamaCppBackendConfig",
    "ManagementConfig",
    "ModelFileConfig",
    "MoeConfig",
    "PriceConfig",
    "RankingConfig",
    "RecordedBackendConfig",
    "ResilienceConfig",
    "RouterConfig",
    "ScalingConfig",
    "StorageConfig",
    "VerificationConfig",
    "cache_dir",
    "config_dir",
    "find",
    "hub_url",
    "in_place_of",
    "load",
    "merged",
    "patched",
    "read",
    "read_data",
    "schema",
    "secret",
    "state_dir",
    "to_yaml",
]
