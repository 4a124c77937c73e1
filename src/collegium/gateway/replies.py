"""What the gateway has to say to a chat request, whole or as events, wherever it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.gateway.decisions import Account


class Reply(Protocol):
    """A reply whose first piece is there, so that what comes now is not an error from the start.

    Its account has the expert and the model from the beginning, and all the rest at its end.
    """

    account: Account

    async def whole(self) -> bytes:
        """The completion, as JSON.

        Raises:
            CollegiumError: it broke off.
        """
        ...

    def events(self) -> AsyncGenerator[bytes]:
        """The completion's events, each piece of them whole ones; [DONE] is not among them.

        Raises:
            CollegiumError: it broke off; what has been given is not the whole of it.
        """
        ...
