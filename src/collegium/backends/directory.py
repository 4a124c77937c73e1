"""Which model a name means.

A name is `backend/model`, an alias under `models:`, or a bare model name, which is looked for in
the configured backends and then in the model servers that run on this machine.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from collegium.backends.discover import Server, chat_models, discover, prefer
from collegium.backends.premises import LOCAL, Premises
from collegium.backends.prices import charged
from collegium.backends.site import EMBEDDED_DEFAULT, Embedded, Surroundings
from collegium.errors import BackendError, ExpertNotReady, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from collegium.backends.base import Backend
    from collegium.backends.condition import State
    from collegium.backends.instance import Instance
    from collegium.backends.models import ModelStore
    from collegium.backends.replicas import Replicas
    from collegium.backends.resilience import Listeners, Resilience
    from collegium.config import Config
    from collegium.types import Usage

__all__ = ["EMBEDDED_DEFAULT", "LOCAL", "Directory", "Surroundings"]

logger = logging.getLogger(__name__)

LISTING_TIMEOUT_S = 3.0
# How often a backend is asked that has not said what models it has, in seconds.
ASK_AGAIN_S = 2.0


class Directory:
    """Finds models by name, as instances that a pool can use.

    One made for a changed configuration may `inherit` from the one before: what is configured as it
    was has the same backends and instances in both, and what was found out is not asked again.
    """

    def __init__(
        self,
        config: Config,
        surroundings: Surroundings,
        *,
        inherit: Directory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._aliases = config.models
        self._configured = tuple(config.backends)
        older = inherit.premises if inherit else None
        self.premises: Premises = Premises(config, surroundings, older)
        self._servers: tuple[Server, ...] | None = None
        self._listings: dict[str, tuple[str, ...]] = {}
        self._ask_again_at, self._clock = 0.0, clock
        if inherit is not None:
            self._take_over(inherit)

    @property
    def store(self) -> ModelStore:
        """The model files of this machine."""
        return self.premises.store

    @property
    def resilience(self) -> Resilience:
        """How much is done to get an answer."""
        return self.premises.resilience

    @property
    def listeners(self) -> Listeners:
        """Who is told what pools did to get their answers."""
        return self.premises.listeners

    async def find(self, reference: str) -> Instance:
        """The model that a name means, at the first of the addresses that have it.

        Raises:
            UnknownModel: no alias, backend or server has it; the message says what to add.
        """
        return (await self.find_all(reference))[0]

    async def find_all(self, reference: str) -> Replicas:
        """The model that a name means, at all its instances as they come and go.

        Raises:
            UnknownModel: no alias, backend or server has it; the message says what to add.
        """
        name = self._aliases.get(reference, reference)
        backend, _, model = name.partition("/")
        if model and backend in self.premises.sites:
            return self._model(backend, model)
        await self.servers()
        if model and backend in self.premises.sites:
            return self._model(backend, model)
        for where, has in (await self.listings()).items():
            found = _match(name, has)
            if found is not None:
                return self._model(where, found)
        there = ", ".join(self.premises.sites)
        raise UnknownModel(
            f"no backend has a model called {reference!r} (backends: {there}); start a server that "
            f"has it, or say where it is: `models: {{{reference}: BACKEND/MODEL}}`"
        )

    async def best_for(self, key: str) -> Replicas:
        """The fittest model there is for an expert whose models the configuration leaves open.

        That is one of the configured backends, else of a server on this machine, else the embedded
        one.

        Raises:
            ExpertNotReady: backends are configured, but none of them says what models it has.
        """
        for backend, models in (await self.listings()).items():
            able = chat_models(models)
            if able:
                return self._model(backend, prefer(key, able))
        if self._configured:
            names = ", ".join(self._configured)
            raise ExpertNotReady(f"none of the configured backends ({names}) says what it has")
        return self._model(LOCAL, EMBEDDED_DEFAULT)

    async def servers(self) -> tuple[Server, ...]:
        """The model servers that run on this machine, looked for once."""
        if self._servers is None:
            self._servers = await discover()
            self.premises.found(self._servers)
        return self._servers

    async def listings(self) -> Mapping[str, tuple[str, ...]]:
        """What models each configured backend and each server found says it has.

        Those that have said it are asked once; the others again, but not every moment.
        """
        silent = [name for name in self._configured if not self._listings.get(name)]
        now = self._clock()
        if silent and now >= self._ask_again_at:
            self._ask_again_at = now + ASK_AGAIN_S
            lists = await asyncio.gather(*(self._listed(name) for name in silent))
            self._listings.update(zip(silent, lists, strict=True))
        found = {one.name: one.models for one in await self.servers()}
        configured = {name: self._listings.get(name, ()) for name in self._configured}
        return {**configured, **found}

    async def fetch(self) -> None:
        """Fetch the files of the embedded models that have been named and are not here.

        Raises:
            BackendUnavailable: there are such models, and llama.cpp is not installed.
            ModelNotCached: one is missing, and nothing may be fetched.
            ModelFileError: one could not be fetched.
        """
        await self.premises.fetch()

    async def aclose(self, *, keeping: Iterable[Directory] = ()) -> None:
        """Close every backend that was used, but for those that the ones given have as well."""
        await self.premises.aclose(one.premises for one in keeping)

    def backend(self, name: str) -> Backend:
        """The backend of that name, shared, at its first address; for an embedded one, see `find`.

        Raises:
            UnknownModel: nothing has that name.
        """
        site = self.premises.site(name)
        return site.at(site.addresses[0])

    def labels(self, name: str) -> tuple[str, ...]:
        """What metrics call the instances of a model written BACKEND/MODEL."""
        return self.premises.labels(name)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Short names, and what they stand for."""
        return self._aliases

    def charged(self, name: str, usage: Usage) -> Usage:
        """The usage with what it costs at the price of that model, where it has one."""
        return charged(usage, self.premises.price(name))

    def states(self) -> tuple[State, ...]:
        """How every instance is that somebody uses."""
        return self.premises.states()

    def _model(self, backend: str, model: str) -> Replicas:
        return self.premises.site(backend).replicas(model)

    async def _listed(self, name: str) -> tuple[str, ...]:
        site = self.premises.site(name)
        if isinstance(site, Embedded):
            return tuple(site.config.models)
        for address in site.addresses:
            try:
                async with asyncio.timeout(LISTING_TIMEOUT_S):
                    return await site.at(address).models()
            except (BackendError, TimeoutError) as error:
                # It may be asked again and again; once is enough to know.
                level = logging.DEBUG if name in self._listings else logging.WARNING
                logger.log(level, "backend %r does not say what models it has: %s", name, error)
        return ()

    def _take_over(self, older: Directory) -> None:
        """Know what the older one has found out of what is configured as it was."""
        self._servers = older._servers
        before, now = older.premises.sites, self.premises.sites
        self._listings = {
            name: models
            for name, models in older._listings.items()
            if now.get(name) is before.get(name)
        }


def _match(name: str, models: tuple[str, ...]) -> str | None:
    """The model that has the name, or has it with a tag (`name:7b`), where only one has."""
    if name in models:
        return name
    tagged = [model for model in models if model.split(":")[0] == name]
    latest = f"{name}:latest"
    return latest if latest in tagged else tagged[0] if len(tagged) == 1 else None
