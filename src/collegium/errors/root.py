"""What all errors have in common."""

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
