"""Everything that can go wrong, in one tree.

    CollegiumError
    ├── ConfigError                  the YAML file, an argument or an option is not right
    ├── PluginError                  an extension is missing or does not load
    ├── QueryError                   the query itself cannot be answered as it stands
    │   ├── EmptyQuery
    │   ├── QueryTooLarge
    │   └── InvalidRequest
    ├── AccessError                  whoever asks may not
    │   ├── InvalidKey
    │   ├── ExpiredKey
    │   ├── RevokedKey
    │   ├── Forbidden
    │   ├── ModelNotAllowed
    │   ├── RateLimited
    │   └── BudgetExceeded
    ├── ServiceError                 the gateway takes no requests just now
    │   ├── Overloaded
    │   ├── Draining
    │   └── LedgerUnavailable
    ├── NotFound                     a name that nothing here has
    │   ├── UnknownExpert
    │   ├── UnknownModel
    │   ├── UnknownStrategy
    │   ├── UnknownExperiment
    │   ├── UnknownQuery
    │   ├── UnknownPath
    │   ├── UnknownSymbol
    │   └── MethodNotAllowed
    ├── Refusal                      what was asked of the management is not done
    │   ├── Conflict
    │   ├── LastExpert
    │   ├── RatingRefused
    │   └── NoRoom
    ├── StorageError                 the record cannot be opened, read or written
    ├── ExpertError                  an expert did not answer
    │   ├── ExpertBusy
    │   ├── ExpertNotReady
    │   ├── NoExpertAvailable
    │   ├── PanelFailed
    │   ├── OverBudget
    │   └── DeadlineExceeded
    ├── BackendError                 a place that turns messages into text did not
    │   ├── BackendUnavailable
    │   ├── BackendTimeout
    │   ├── BackendBusy
    │   ├── BackendRefused
    │   ├── BackendGarbled
    │   └── StreamCut
    ├── ModelFileError               a model file could not be had
    │   ├── ModelNotCached
    │   ├── DownloadFailed
    │   ├── ChecksumMismatch
    │   └── CacheNotWritable
    ├── KnowledgeError               what is asked about a codebase cannot be told
    │   ├── NotIndexed
    │   ├── TreeRefused
    │   ├── IndexUnusable
    │   └── MissingGrammar
    ├── SandboxUnavailable           code cannot be run here without danger, so it is not
    ├── DataError                    a file of labelled queries is missing or wrong
    └── GateError                    a trained gate is missing or broken

Each carries the HTTP `status` and the stable `code` it is shown with over HTTP, and the `exit_code`
the command line ends with: 1 failed, 2 usage or config, 3 no expert or backend available.
"""

from collegium.errors.answering import (
    BackendBusy,
    BackendError,
    BackendGarbled,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    Conflict,
    DeadlineExceeded,
    Draining,
    ExpertBusy,
    ExpertError,
    ExpertNotReady,
    LastExpert,
    LedgerUnavailable,
    NoExpertAvailable,
    NoRoom,
    OverBudget,
    Overloaded,
    PanelFailed,
    RatingRefused,
    Refusal,
    ServiceError,
    StreamCut,
)
from collegium.errors.asking import (
    AccessError,
    BudgetExceeded,
    EmptyQuery,
    ExpiredKey,
    Forbidden,
    InvalidKey,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotAllowed,
    NotFound,
    QueryError,
    QueryTooLarge,
    RateLimited,
    RevokedKey,
    UnknownExperiment,
    UnknownExpert,
    UnknownModel,
    UnknownPath,
    UnknownQuery,
    UnknownStrategy,
)
from collegium.errors.knowing import (
    IndexUnusable,
    KnowledgeError,
    MissingGrammar,
    NotIndexed,
    TreeRefused,
    UnknownSymbol,
)
from collegium.errors.root import (
    CollegiumError,
    ComeAgain,
)
from collegium.errors.setting_up import (
    CacheNotWritable,
    ChecksumMismatch,
    ConfigError,
    DataError,
    DownloadFailed,
    GateError,
    ModelFileError,
    ModelNotCached,
    PluginError,
    SandboxUnavailable,
    StorageError,
)

__all__ = [
    "AccessError",
    "BackendBusy",
    "BackendError",
    "BackendGarbled",
    "BackendRefused",
    "BackendTimeout",
    "BackendUnavailable",
    "BudgetExceeded",
    "CacheNotWritable",
    "ChecksumMismatch",
    "CollegiumError",
    "ComeAgain",
    "ConfigError",
    "Conflict",
    "DataError",
    "DeadlineExceeded",
    "DownloadFailed",
    "Draining",
    "EmptyQuery",
    "ExpertBusy",
    "ExpertError",
    "ExpertNotReady",
    "ExpiredKey",
    "Forbidden",
    "GateError",
    "IndexUnusable",
    "InvalidKey",
    "InvalidRequest",
    "KnowledgeError",
    "LastExpert",
    "LedgerUnavailable",
    "MethodNotAllowed",
    "MissingGrammar",
    "ModelFileError",
    "ModelNotAllowed",
    "ModelNotCached",
    "NoExpertAvailable",
    "NoRoom",
    "NotFound",
    "NotIndexed",
    "OverBudget",
    "Overloaded",
    "PanelFailed",
    "PluginError",
    "QueryError",
    "QueryTooLarge",
    "RateLimited",
    "RatingRefused",
    "Refusal",
    "RevokedKey",
    "SandboxUnavailable",
    "ServiceError",
    "StorageError",
    "StreamCut",
    "TreeRefused",
    "UnknownExperiment",
    "UnknownExpert",
    "UnknownModel",
    "UnknownPath",
    "UnknownQuery",
    "UnknownStrategy",
    "UnknownSymbol",
]
