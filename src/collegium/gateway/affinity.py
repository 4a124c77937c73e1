"""Which conversation a request goes on with, and who has it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.gateway.commons import Commons

# Where clients say which conversation it is, the first of them that they send.
SESSION_HEADERS = (
    b"x-session-id",
    b"x-conversation-id",
    b"x-thread-id",
    b"session-id",
    b"session_id",
)
LONGEST_SESSION = 256
LOOPS = 20_000


def session_of(headers: Mapping[bytes, bytes], body: Mapping[str, Any], owner: str) -> str | None:
    """The conversation's name, which no other owner's can be.

    That is what the client calls it, in a header or its body; else what it begins with: its system
    message and its first question, which is also what a model server's prompt cache goes by. None
    where there is nothing to tell it by.
    """
    for name in SESSION_HEADERS:
        if headers.get(name):
            return f"{owner}:{headers[name][:LONGEST_SESSION].decode('latin-1')}"
    metadata = body.get("metadata")
    told = (metadata.get("session_id") if is_object(metadata) else None) or body.get(
        "prompt_cache_key"
    )
    if isinstance(told, str) and told:
        return f"{owner}:{told[:LONGEST_SESSION]}"
    beginning = _beginning(body.get("messages") or ())
    if not beginning:
        return None
    digest = hashlib.blake2b(beginning.encode("utf-8", "replace"), digest_size=12)
    return f"{owner}:{digest.hexdigest()}"


def _beginning(turns: Sequence[Mapping[str, Any]]) -> str:
    first: list[str] = []
    for turn in turns:
        content = turn.get("content")
        first.append(f"{turn.get('role')}\n{content}")
        if turn.get("role") == "user":
            break
    return "\n".join(first)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who called a tool: an expert, by key, and the model it answered with."""

    expert: str
    model: str


class ToolLoops:
    """Who called which tools, so that the results go back to the one who waits for them.

    With `commons`, to whichever worker they come.
    """

    def __init__(self, commons: Commons | None = None, *, capacity: int = LOOPS) -> None:
        self._commons = commons
        self._capacity = capacity
        self._holders: OrderedDict[tuple[str, str], Holder] = OrderedDict()

    def keep(self, session: str | None, calls: Iterable[str], holder: Holder) -> None:
        """Take down who made these calls, by their ids."""
        if self._commons is not None:
            self._commons.hold(session or "", calls, holder.expert, holder.model)
            return
        for call in calls:
            self._holders[session or "", call] = holder
        while len(self._holders) > self._capacity:
            self._holders.popitem(last=False)

    def holder(self, session: str | None, body: Mapping[str, Any]) -> Holder | None:
        """Who waits for the tool results that the conversation ends with; None if nobody does."""
        for turn in reversed(body.get("messages") or ()):
            if turn.get("role") != "tool":
                return None
            found = self._of(session or "", str(turn.get("tool_call_id")))
            if found is not None:
                return found
        return None

    def _of(self, session: str, call: str) -> Holder | None:
        if self._commons is None:
            return self._holders.get((session, call))
        found = self._commons.holder(session, call)
        return None if found is None else Holder(*found)
