"""Who may come in, what they may do, and how much of it.

keys       what a key is; keyfile its file, keystore the file as the server asks it
permissions  what a request shows and its key may do; exposure from where a server is reached
destinations  to which servers our own keys may be sent
limits     Limiter: leave for one request; tally the arithmetic, periods days and months
ledger     what keys have used, in a file that all workers share
"""

from collegium.gateway.security.exposure import local, meant_for_here, require_keys, sent_from_here
from collegium.gateway.security.keyfile import KeyFile, keys_path
from collegium.gateway.security.keys import LOCAL, Key, Limits
from collegium.gateway.security.keystore import KeyStore
from collegium.gateway.security.limits import Grant, Limiter
from collegium.gateway.security.permissions import allows, presented, require, require_model
from collegium.gateway.security.tally import Standing

__all__ = [
    "LOCAL",
    "Grant",
    "Key",
    "KeyFile",
    "KeyStore",
    "Limiter",
    "Limits",
    "Standing",
    "allows",
    "keys_path",
    "local",
    "meant_for_here",
    "presented",
    "require",
    "require_keys",
    "require_model",
    "sent_from_here",
]
