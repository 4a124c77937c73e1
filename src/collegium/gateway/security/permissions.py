"""What a request shows, and what its key may do."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from collegium.errors import Forbidden, InvalidKey, ModelNotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.gateway.security.keys import Key, Permission

# Two names of one thing: a key for either is for both.
_SAME = {"auto": "collegium/auto", "collegium/auto": "auto"}


def presented(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The secret in a request's headers (names in lower case): a bearer token, or an x-api-key.

    Raises:
        InvalidKey: there are two that differ, or an Authorization of another kind.
    """
    found: set[bytes] = set()
    for name, value in headers:
        if name == b"authorization":
            kind, _, secret = value.strip().partition(b" ")
            if kind.lower() != b"bearer":
                raise InvalidKey("the Authorization header is not `Bearer` and an API key")
            found.add(secret.strip())
        elif name == b"x-api-key":
            found.add(value.strip())
    if len(found) > 1:
        raise InvalidKey("the request has two different API keys; send one")
    return found.pop().decode("latin-1") if found else None


def require(key: Key, permission: Permission) -> None:
    """See that the key has the permission.

    Raises:
        Forbidden: it has not.
    """
    if permission not in key.permissions:
        has = ", ".join(key.permissions) or "none"
        hint = "; `collegium keys create NAME --admin` makes one" if permission == "admin" else ""
        raise Forbidden(
            f"this takes a key with the permission {permission!r}, and this one's are: {has}{hint}"
        )


def allows(key: Key, model: str) -> bool:
    """Whether the key is for that model, by the name a request calls it."""
    if not key.models:
        return True
    names = (model, _SAME[model]) if model in _SAME else (model,)
    return any(fnmatchcase(name, pattern) for pattern in key.models for name in names)


def require_model(key: Key, model: str) -> None:
    """See that the key is for that model.

    Raises:
        ModelNotAllowed: it is not.
    """
    if not allows(key, model):
        patterns = ", ".join(key.models)
        raise ModelNotAllowed(f"the key is not for the model {model!r}; it is for: {patterns}")
