"""What goes wrong while answering, and what the management will not do."""

from __future__ import annotations

from collegium.errors.root import CollegiumError, ComeAgain


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


class Refusal(CollegiumError):
    """What was asked of the management is not done, and nothing was changed."""

    status = 409
    code = "refused"


class Conflict(Refusal):
    """It is so already, or something else was changed meanwhile."""

    code = "conflict"


class LastExpert(Refusal):
    """Nobody would be left to do that expert's work."""

    code = "last_expert"


class RatingRefused(Refusal):
    """The rating is not counted: it comes too late, or again."""

    code = "rating_refused"


class NoRoom(Refusal):
    """There is no memory, or no address, for one more instance."""

    code = "no_room"
