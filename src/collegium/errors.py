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
    │   ├── UnknownPath
    │   └── MethodNotAllowed
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
    ├── SandboxUnavailable           code cannot be run here without danger, so it is not
    ├── DataError                    a file of labelled queries is missing or wrong
    └── GateError                    a trained gate is missing or broken

Each carries the HTTP `status` and the stable `code` it is shown with over HTTP, and the `exit_code`
the command line ends with: 1 failed, 2 usage or config, 3 no expert or backend available.
"""

from __future__ import annotations

from typing import ClassVar


class CollegiumError(Exception):
    """Anything collegium raises on purpose."""

    status: int = 500
    code: ClassVar[str] = "internal_error"
    exit_code: ClassVar[int] = 1


class ComeAgain(Exception):
    """What errors have in common that pass; `retry_after_s` is after how many seconds, if known."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ConfigError(CollegiumError):
    """The configuration is wrong; `problems` holds one line for every mistake found."""

    code = "config_error"
    exit_code = 2

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((message, *(f"  {problem}" for problem in problems))))
        self.problems = problems


class PluginError(CollegiumError):
    """An extension is not installed, or does not load."""

    code = "plugin_error"
    exit_code = 2


class QueryError(CollegiumError):
    """The query cannot be answered as it stands."""

    status, code, exit_code = 400, "invalid_query", 2


class EmptyQuery(QueryError):
    """The query has no text."""

    code = "empty_query"


class QueryTooLarge(QueryError):
    """The query is longer than the college takes."""

    status, code = 413, "query_too_large"


class InvalidRequest(QueryError):
    """The request is not of the shape it should have; `param` is the part that is wrong."""

    code = "invalid_request"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class AccessError(CollegiumError):
    """Whoever asks may not have this."""

    status, code = 401, "access_error"


class InvalidKey(AccessError):
    """There is no key, or none that is known."""

    code = "invalid_api_key"


class ExpiredKey(AccessError):
    """The key's time is over."""

    code = "expired_api_key"


class RevokedKey(AccessError):
    """The key has been withdrawn."""

    code = "revoked_api_key"


class Forbidden(AccessError):
    """The key has not the permission that this takes."""

    status, code = 403, "forbidden"


class ModelNotAllowed(AccessError):
    """The key is not for this model."""

    status, code = 403, "model_not_allowed"


class RateLimited(ComeAgain, AccessError):
    """The key's requests or tokens are used up for now; `retry_after_s` says for how long."""

    status, code = 429, "rate_limited"


class BudgetExceeded(ComeAgain, AccessError):
    """The key's money is spent; `retry_after_s` says when there is more, where there will be."""

    status, code = 429, "insufficient_quota"


class ServiceError(CollegiumError):
    """The gateway takes no requests just now."""

    status, code = 503, "service_unavailable"


class Overloaded(ComeAgain, ServiceError):
    """As many requests are being answered as may be; `retry_after_s` is when to come again."""

    status, code = 429, "overloaded"


class Draining(ServiceError):
    """The server is being stopped, and finishes what it has begun."""

    code = "draining"


class LedgerUnavailable(ServiceError):
    """What a key has used cannot be written down, so that its limits cannot be held to."""

    code = "ledger_unavailable"


class NotFound(CollegiumError):
    """Nothing here has that name."""

    status, code, exit_code = 404, "not_found", 2


class UnknownExpert(NotFound):
    """No expert on duty has that name or key."""

    code = "unknown_expert"


class UnknownModel(NotFound):
    """No backend or model file has that name."""

    code = "model_not_found"


class UnknownStrategy(NotFound):
    """No aggregation strategy has that name."""

    status, code = 400, "unknown_strategy"


class UnknownPath(NotFound):
    """The server has nothing at that path."""

    code = "unknown_path"


class MethodNotAllowed(NotFound):
    """There is something at that path, and it takes other methods."""

    status, code = 405, "method_not_allowed"


class ExpertError(CollegiumError):
    """An expert did not answer."""

    status, code = 502, "expert_failed"


class ExpertBusy(ComeAgain, ExpertError):
    """The expert is at its maximum load, and its queue is full.

    `retry_after_s` is when there may be a place, where that can be said.
    """

    status, code = 429, "expert_busy"


class ExpertNotReady(ExpertError):
    """The expert lacks something it needs: a model, an index."""

    status, code, exit_code = 503, "expert_not_ready", 3


class NoExpertAvailable(ExpertError):
    """No expert on duty can take the query."""

    status, code, exit_code = 503, "no_expert_available", 3


class PanelFailed(ExpertError):
    """Every expert that was asked failed; the message names each failure."""

    status, code = 502, "panel_failed"


class OverBudget(ExpertError):
    """Answering would cost more than the query may."""

    status, code = 402, "over_budget"


class DeadlineExceeded(ExpertError):
    """The deadline passed before there was an answer."""

    status, code = 504, "deadline_exceeded"


class BackendError(CollegiumError):
    """A backend did not turn the messages into text."""

    status, code = 502, "backend_error"


class BackendUnavailable(BackendError):
    """Nothing answers where the backend should be."""

    status, code, exit_code = 503, "backend_unavailable", 3


class BackendTimeout(BackendError):
    """The backend took the request and then said nothing for too long."""

    status, code = 504, "backend_timeout"


class BackendBusy(ComeAgain, BackendError):
    """The backend asks for fewer requests; `retry_after_s` is how long to wait, if it says so."""

    status, code = 429, "backend_busy"


class BackendRefused(BackendError):
    """The backend answered that it will not do this request; `status` is the one it gave."""

    code = "backend_refused"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BackendGarbled(BackendError):
    """The backend's reply is not of the protocol it is supposed to speak."""

    code = "backend_garbled"


class StreamCut(BackendError):
    """The backend closed the stream before the answer was complete."""

    code = "stream_cut"


class ModelFileError(CollegiumError):
    """A model file could not be had."""

    status, code = 503, "model_file_error"


class ModelNotCached(ModelFileError):
    """The model file is not in the cache, and fetching it was not allowed."""

    code, exit_code = "model_not_cached", 3


class DownloadFailed(ModelFileError):
    """The model file could not be downloaded."""

    code = "download_failed"


class ChecksumMismatch(ModelFileError):
    """The model file is not the one that was promised."""

    code = "checksum_mismatch"


class CacheNotWritable(ModelFileError):
    """The cache directory takes no more: no permission, or no space."""

    code = "cache_not_writable"


class SandboxUnavailable(CollegiumError):
    """Isolation could not be proved, so code that is not trusted is not run."""

    status, code = 503, "sandbox_unavailable"


class DataError(CollegiumError):
    """A file of labelled queries is missing or wrong."""

    status, code, exit_code = 400, "data_error", 2


class GateError(CollegiumError):
    """A trained gate, or the encoder it needs, is missing or broken."""

    code, exit_code = "gate_error", 2
