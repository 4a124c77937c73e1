"""What is wrong with what was asked, or with who asks."""

from __future__ import annotations

from collegium.errors.root import CollegiumError, ComeAgain


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


class UnknownExperiment(NotFound):
    """No experiment has that name."""

    code = "unknown_experiment"


class UnknownQuery(NotFound):
    """Nothing is known of a query with that id, or no longer."""

    code = "unknown_query"


class UnknownPath(NotFound):
    """The server has nothing at that path."""

    code = "unknown_path"


class MethodNotAllowed(NotFound):
    """There is something at that path, and it takes other methods."""

    status, code = 405, "method_not_allowed"
