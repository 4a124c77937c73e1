"""Which model a name means, and the backends the models live in.

A name is `backend/model`, an alias under `models:`, or a bare model name, which is looked for in
the configured backends and then in the model servers that run on this machine. Backends are made
when they are first used, and shared by everyone who names a model of theirs.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collegium import plugins
from collegium.backends.discover import Server, chat_models, discover, prefer
from collegium.backends.lazy import Lazy
from collegium.backends.models import CATALOGUE, ModelFile, ModelStore
from collegium.backends.pool import Instance
from collegium.backends.prices import Price, price_of
from collegium.config import HttpBackendConfig, LlamaCppBackendConfig, RecordedBackendConfig
from collegium.errors import BackendError, ExpertNotReady, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.backends.base import Backend
    from collegium.config import BackendConfig, Config

logger = logging.getLogger(__name__)

LOCAL = "local"
EMBEDDED_DEFAULT = "smollm2-135m"
EMBEDDED_DEFAULT_TOKENS = 256
LISTING_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the backends need of the machine and the user.

    `secret` gives the value of a named variable, or None. With `offline` no model file is fetched.
    `progress` hears of fetches: what is being done, bytes so far, bytes in all or None.
    """

    models_dir: Path
    hub_url: str
    cores: int
    secret: Callable[[str], str | None]
    offline: bool = False
    progress: Callable[[str, int, int | None], None] | None = None


class Directory:
    """Finds models by name, as instances that a pool can use."""

    def __init__(self, config: Config, surroundings: Surroundings) -> None:
        self._aliases = config.models
        self._prices = {
            config.models.get(name, name): Price(price.input, price.output)
            for name, price in config.prices.items()
        }
        self._configs: dict[str, BackendConfig] = {
            LOCAL: LlamaCppBackendConfig(kind="llamacpp", models=[EMBEDDED_DEFAULT]),
            **config.backends,
        }
        self._configured = tuple(config.backends)
        self._surroundings = surroundings
        files = dict(CATALOGUE)
        for backend in config.backends.values():
            if isinstance(backend, LlamaCppBackendConfig):
                files |= {
                    name: ModelFile(name=name, source=file.source, sha256=file.sha256)
                    for name, file in backend.files.items()
                }
        self.store = ModelStore(surroundings.models_dir, files, hub_url=surroundings.hub_url)
        self._backends: dict[str, Lazy] = {}
        self._local: dict[str, Instance] = {}
        self._servers: tuple[Server, ...] | None = None
        self._listings: dict[str, tuple[str, ...]] = {}

    async def find(self, reference: str) -> Instance:
        """The model that a name means.

        Raises:
            UnknownModel: no alias, backend or server has it; the message says what to add.
        """
        name = self._aliases.get(reference, reference)
        backend, _, model = name.partition("/")
        if model and backend in self._configs:
            return self._instance(backend, model)
        for server in await self.servers():
            if model and backend == server.name:
                return self._instance(backend, model)
        for where, has in (await self.listings()).items():
            found = _match(name, has)
            if found is not None:
                return self._instance(where, found)
        there = ", ".join(self._configs)
        raise UnknownModel(
            f"no backend has a model called {reference!r} (backends: {there}); start a server that "
            f"has it, or say where it is: `models: {{{reference}: BACKEND/MODEL}}`"
        )

    async def best_for(self, key: str) -> Instance:
        """The fittest model there is for an expert whose models the configuration leaves open.

        That is one of the configured backends, else of a server on this machine, else the embedded
        one.

        Raises:
            ExpertNotReady: backends are configured, but none of them says what models it has.
        """
        for backend, models in (await self.listings()).items():
            able = chat_models(models)
            if able:
                return self._instance(backend, prefer(key, able))
        if self._configured:
            names = ", ".join(self._configured)
            raise ExpertNotReady(f"none of the configured backends ({names}) says what it has")
        return self._instance(LOCAL, EMBEDDED_DEFAULT)

    async def servers(self) -> tuple[Server, ...]:
        """The model servers that run on this machine, looked for once."""
        if self._servers is None:
            self._servers = await discover()
        return self._servers

    async def listings(self) -> Mapping[str, tuple[str, ...]]:
        """What models each configured backend and each server found says it has, asked once."""
        if not self._listings:
            names = [*self._configured]
            lists = await asyncio.gather(*(self._listed(name) for name in names))
            found = {one.name: one.models for one in await self.servers()}
            self._listings = {**dict(zip(names, lists, strict=True)), **found}
        return self._listings

    async def fetch(self) -> None:
        """Fetch the files of the embedded models that have been named and are not here.

        Raises:
            BackendUnavailable: there are such models, and llama.cpp is not installed.
            ModelNotCached: one is missing, and nothing may be fetched.
            ModelFileError: one could not be fetched.
        """
        if self._local:
            plugins.load("backends", "llamacpp").require()
        for model in self._local:
            await self._file(model)

    async def aclose(self) -> None:
        """Close every backend that was used."""
        backends, self._backends = tuple(self._backends.values()), {}
        await asyncio.gather(*(backend.aclose() for backend in backends))

    def backend(self, name: str) -> Backend:
        """The backend of that name, shared; for an embedded one, see `find`.

        Raises:
            UnknownModel: nothing has that name.
        """
        return self._shared(name, lambda: self._make(name))

    async def _listed(self, name: str) -> tuple[str, ...]:
        config = self._configs[name]
        if isinstance(config, LlamaCppBackendConfig):
            return tuple(config.models)
        try:
            async with asyncio.timeout(LISTING_TIMEOUT_S):
                return await self.backend(name).models()
        except (BackendError, TimeoutError) as error:
            logger.warning("backend %r does not say what models it has: %s", name, error)
            return ()

    def _shared(self, name: str, make: Callable[[], Backend]) -> Backend:
        if name not in self._backends:
            self._backends[name] = Lazy(make)
        return self._backends[name]

    def _instance(self, backend: str, model: str) -> Instance:
        name, config = f"{backend}/{model}", self._configs.get(backend)
        price = price_of(name, self._prices)
        if isinstance(config, LlamaCppBackendConfig):
            if model not in self._local:
                self._check_file(backend, model)
                place = self._shared(name, lambda: self._embedded(backend, model, config))
                tokens = config.context_tokens
                self._local[model] = Instance(place, model, name, config.slots, price, tokens)
            return self._local[model]
        capacity = config.capacity if isinstance(config, HttpBackendConfig) else 8
        return Instance(self.backend(backend), model, name, capacity, price)

    def _make(self, name: str) -> Backend:
        config = self._configs.get(name)
        if isinstance(config, HttpBackendConfig):
            secret = self._surroundings.secret(config.api_key_env) if config.api_key_env else None
            made: Backend = plugins.load("backends", "http")(
                config.url,
                name=name,
                api_key=secret,
                connect_timeout_s=config.connect_timeout_s,
                idle_timeout_s=config.idle_timeout_s,
            )
            return made
        if isinstance(config, RecordedBackendConfig):
            recorded: Backend = plugins.load("backends", "recorded")(Path(config.path), name=name)
            return recorded
        for server in self._servers or ():
            if server.name == name:
                found: Backend = plugins.load("backends", "http")(server.url, name=name)
                return found
        raise UnknownModel(f"no backend called {name!r}; there are: {', '.join(self._configs)}")

    def _check_file(self, backend: str, model: str) -> None:
        if model in self.store.files or model.endswith(".gguf"):
            return
        known = ", ".join(self.store.files)
        raise UnknownModel(
            f"{backend!r} has no model file called {model!r}; give a path to a .gguf file, or one "
            f"of: {known}"
        )

    def _embedded(self, backend: str, model: str, config: LlamaCppBackendConfig) -> Backend:
        cores = self._surroundings.cores
        made: Backend = plugins.load("backends", "llamacpp")(
            lambda: self._file(model),
            name=backend,
            model=model,
            threads=config.threads or max(1, cores // max(1, len(self._local))),
            context_tokens=config.context_tokens,
            slots=config.slots,
            answer_tokens=EMBEDDED_DEFAULT_TOKENS
            if model == EMBEDDED_DEFAULT
            else config.context_tokens // 2,
        )
        return made

    async def _file(self, model: str) -> Path:
        if model not in self.store.files:
            return Path(model)
        if self._surroundings.offline or self.store.cached(model):
            return self.store.path(model)
        return await self.store.pull(model, progress=self._surroundings.progress)


def _match(name: str, models: tuple[str, ...]) -> str | None:
    """The model that has the name, or has it with a tag (`name:7b`), where only one has."""
    if name in models:
        return name
    tagged = [model for model in models if model.split(":")[0] == name]
    latest = f"{name}:latest"
    return latest if latest in tagged else tagged[0] if len(tagged) == 1 else None
