"""What a key is: a secret shown once, and what whoever holds it may do.

A secret has 256 random bits. Nobody guesses those, however fast the hash, so a slow one (bcrypt,
Argon2) would protect nothing and cost every request its time; those are for passwords that people
choose. What is kept is an HMAC-SHA-256 of the secret under the file's own salt: the file alone lets
nobody in, and the digests of two files cannot be compared.
"""

from __future__ import annotations

import hmac
import secrets
import string
import time
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

ALPHABET = string.ascii_letters + string.digits
MARK = "cg-"
SECRET_LENGTH = 43  # of 62 letters each: 256 bits
SHOWN_LENGTH = 6  # leaves 220 bits that nobody has seen
LONGEST_WORD = 128

Count: TypeAlias = Annotated[int, Meta(ge=1, le=10**12)]
Money: TypeAlias = Annotated[float, Meta(gt=0, le=10**9)]
Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
Permission: TypeAlias = Literal["use", "admin"]
Period: TypeAlias = Literal["day", "month", "total"]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much a key may use; None is as much as it likes. `budget_usd` is for every `period`."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    max_parallel: Count | None = None
    budget_usd: Money | None = None
    period: Period = "month"

    @property
    def any(self) -> bool:
        """Whether there is a limit at all."""
        return not (
            self.requests_per_minute is None
            and self.tokens_per_minute is None
            and self.max_parallel is None
            and self.budget_usd is None
        )


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may come in, and what they may do; the secret itself is not here.

    `prefix` is the beginning of the secret, to know it by. `models` are patterns such as `auto`,
    `collegium/*` or `ollama/*`; none means every model.
    """

    id: str
    name: Word
    prefix: str
    hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    created: Moment
    expires: Moment | None = None
    revoked: Moment | None = None
    permissions: tuple[Permission, ...] = ("use",)
    models: tuple[Word, ...] = ()
    limits: Limits = Limits()

    def state(self, now: float | None = None) -> Literal["active", "expired", "revoked"]:
        """How the key stands at `now`, in seconds since 1970; by default now."""
        now = time.time() if now is None else now
        if self.revoked is not None:
            return "revoked"
        if self.expires is not None and now >= self.expires.timestamp():
            return "expired"
        return "active"


# Whoever is on this machine, where no keys are asked for.
LOCAL = Key(
    id="local",
    name="local",
    prefix="",
    hash="",
    created=datetime(1970, 1, 1, tzinfo=UTC),
    permissions=("use", "admin"),
)


def new_secret() -> str:
    """A secret that nobody has had before."""
    return MARK + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def new_id() -> str:
    """A name for a key that stays its own, whatever people call it."""
    return f"key_{secrets.token_hex(6)}"


def shown(secret: str) -> str:
    """The part of a secret that may be shown."""
    return secret[: len(MARK) + SHOWN_LENGTH]


def digest(secret: str, salt: str) -> str:
    """What is kept of a secret, in lower-case hexadecimal."""
    given = secret.encode("utf-8", "surrogatepass")
    return hmac.digest(salt.encode("ascii"), given, "sha256").hex()
