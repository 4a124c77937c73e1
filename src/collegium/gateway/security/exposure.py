"""From where a server can be reached, and what that takes."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collegium.gateway.security.keystore import KeyStore


def local(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`. Looks no name up."""
    bare = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        address = ip_address(bare)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def require_keys(host: str, keys: KeyStore) -> None:
    """See that a server others can reach has keys.

    Raises:
        ConfigError: `host` is not this machine's own, and there are no keys.
    """
    path = str(keys.file.path)
    if not local(host) and keys.empty:
        raise ConfigError(
            f"listening on {host!r} lets others in, and there are no keys in "
            f"{path!r}; make one with `collegium keys create NAME --keys-file {path}`, or listen "
            "on 127.0.0.1"
        )


def meant_for_here(host_header: str) -> bool:
    """Whether a Host header names this machine itself.

    A web page can have a browser call 127.0.0.1 under a name of its own (DNS rebinding); where no
    key is asked for, only requests that say localhost or a loopback address may be answered.
    """
    name, colon, port = host_header.strip().rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        return local(name)
    return local(host_header)


def sent_from_here(origin_header: str) -> bool:
    """Whether an Origin header is a page's of this machine; without one it was no page.

    Any page a browser shows may send requests to 127.0.0.1, though it cannot read the replies.
    Where no key is asked for, that alone would let it spend money.
    """
    if not origin_header:
        return True
    scheme, _, host = origin_header.partition("://")
    return scheme in {"http", "https"} and meant_for_here(host)
