"""Backends that have to be started: processes on this machine, or wherever somebody else has them.

Scaling knows no more of an instance than this, so that replicas on a cluster (Ray, for one) are
another implementation of it and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from collegium.backends.lazy import Lazy

if TYPE_CHECKING:
    from collegium.backends.instance import Instance


@runtime_checkable
class Startable(Protocol):
    """A backend that runs from its start to its end; the first request starts it, too."""

    @property
    def state(self) -> Literal["asleep", "starting", "running"]:
        """'asleep' before it was started, and once it has ended or was ended."""
        ...

    async def start(self) -> object:
        """Return when it answers; whoever cancels that leaves nothing running.

        Raises:
            BackendUnavailable: it does not come to that.
            NoRoom: there is no memory for it.
        """
        ...

    async def restart(self) -> object:
        """End what runs, and return when another answers; who has got nothing yet waits for it.

        Raises:
            BackendUnavailable: it does not come to that.
        """
        ...

    async def aclose(self) -> None:
        """End it; the next request starts it again."""
        ...


def startable_of(instance: Instance) -> Startable | None:
    """The backend of an instance, where it is one that has to be started."""
    backend = instance.backend
    if isinstance(backend, Lazy):
        if not backend.startable:  # nothing is made only to be looked at
            return None
        backend = backend.backend
    return backend if isinstance(backend, Startable) else None


def is_starting(instance: Instance) -> bool:
    """Whether an instance is being started, so that what is asked of it waits for that."""
    startable = startable_of(instance)
    return startable is not None and startable.state == "starting"
