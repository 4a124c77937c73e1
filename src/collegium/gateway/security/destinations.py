"""To which servers the keys of our own environment may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from collegium.errors import InvalidRequest
from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping


def keeps_secrets(entry: Mapping[str, Any], backends: Mapping[str, Mapping[str, Any]]) -> None:
    """See that a backend sends no key of the server's where the configuration does not send it.

    Whoever may add backends could else read every variable of the server's, by having it sent to
    an address of their own.

    Raises:
        InvalidRequest: it would.
    """
    variable = entry.get("api_key_env")
    if variable is None:
        return
    known = {
        origin
        for one in backends.values()
        if one.get("api_key_env") == variable
        for origin in origins(one)
    }
    strange = next((one for one in origins(entry) if one not in known), None)
    if strange is not None:
        raise InvalidRequest(
            f"api_key_env: the configuration does not send {variable} to {strange}; a key goes to "
            "a new address by the server's own file alone",
            "api_key_env",
        )


def changes_keep_secrets(changes: object, backends: Mapping[str, Mapping[str, Any]]) -> None:
    """The same of changes of the configuration, which are a JSON merge patch.

    Raises:
        InvalidRequest: by them a key would be sent elsewhere.
    """
    patches = changes.get("backends") if is_object(changes) else None
    for name, patch in patches.items() if is_object(patches) else ():
        if is_object(patch):
            keeps_secrets({**backends.get(name, {}), **patch}, backends)


def origins(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The servers that a backend's entry names: scheme, host and port of each."""
    replicas = entry.get("replicas")
    addresses: list[object] = [entry.get("url"), *(replicas if is_array(replicas) else ())]
    return tuple(_origin(one) for one in addresses if isinstance(one, str))


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError as error:
        raise InvalidRequest(f"url: {address!r} is not an address: {error}", "url") from error
