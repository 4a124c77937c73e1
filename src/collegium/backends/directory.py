"""Which model a name means, and the backends the models live in.

A name is `backend/model`, an alias under `models:`, or a bare model name, which is looked for in
the configured backends and then in the model servers that run on this machine. Backends are made
when they are first used, and shared by everyone who names a model of theirs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from collegium import plugins
from collegium.backends.condition import Condition
from collegium.backends.discover import Server, chat_models, discover, prefer
from collegium.backends.instance import Instance
from collegium.backends.lazy import Lazy
from collegium.backends.models import CATALOGUE, ModelFile, ModelStore
from collegium.backends.prices import Price, charged, price_of
from collegium.backends.resilience import Listeners, Resilience
from collegium.config import HttpBackendConfig, LlamaCppBackendConfig, RecordedBackendConfig
from collegium.errors import BackendError, ExpertNotReady, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.backends.base import Backend
    from collegium.backends.condition import State
    from collegium.config import BackendConfig, Config
    from collegium.types import Usage

logger = logging.getLogger(__name__)

LOCAL = "local"
EMBEDDED_DEFAULT = "smollm2-135m"
EMBEDDED_DEFAULT_TOKENS = 256
LISTING_TIMEOUT_S = 3.0
# How often a backend is asked that has not said what models it has, in seconds.
ASK_AGAIN_S = 2.0
DEFAULT_CAPACITY = 8


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

    def __init__(
        self,
        config: Config,
        surroundings: Surroundings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
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
        self.resilience = Resilience.of(config.resilience)
        self.listeners = Listeners()
        self._backends: dict[tuple[str, str], Lazy] = {}
        self._conditions: WeakValueDictionary[tuple[str, str], Condition] = WeakValueDictionary()
        self._local: dict[str, Instance] = {}
        self._servers: tuple[Server, ...] | None = None
        self._listings: dict[str, tuple[str, ...]] = {}
        self._ask_again_at, self._clock = 0.0, clock

    async def find(self, reference: str) -> Instance:
        """The model that a name means, at the first of the addresses that have it.

        Raises:
            UnknownModel: no alias, backend or server has it; the message says what to add.
        """
        first, *_ = await self.find_all(reference)
        return first

    async def find_all(self, reference: str) -> tuple[Instance, ...]:
        """The model that a name means, once for each address where its backend is.

        Raises:
            UnknownModel: no alias, backend or server has it; the message says what to add.
        """
        name = self._aliases.get(reference, reference)
        backend, _, model = name.partition("/")
        if model and backend in self._configs:
            return self._instances(backend, model)
        for server in await self.servers():
            if model and backend == server.name:
                return self._instances(backend, model)
        for where, has in (await self.listings()).items():
            found = _match(name, has)
            if found is not None:
                return self._instances(where, found)
        there = ", ".join(self._configs)
        raise UnknownModel(
            f"no backend has a model called {reference!r} (backends: {there}); start a server that "
            f"has it, or say where it is: `models: {{{reference}: BACKEND/MODEL}}`"
        )

    async def best_for(self, key: str) -> tuple[Instance, ...]:
        """The fittest model there is for an expert whose models the configuration leaves open.

        That is one of the configured backends, else of a server on this machine, else the embedded
        one.

        Raises:
            ExpertNotReady: backends are configured, but none of them says what models it has.
        """
        for backend, models in (await self.listings()).items():
            able = chat_models(models)
            if able:
                return self._instances(backend, prefer(key, able))
        if self._configured:
            names = ", ".join(self._configured)
            raise ExpertNotReady(f"none of the configured backends ({names}) says what it has")
        return self._instances(LOCAL, EMBEDDED_DEFAULT)

    async def servers(self) -> tuple[Server, ...]:
        """The model servers that run on this machine, looked for once."""
        if self._servers is None:
            self._servers = await discover()
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
        if self._local:
            plugins.load("backends", "llamacpp").require()
        for model in self._local:
            await self._file(model)

    async def aclose(self) -> None:
        """Close every backend that was used."""
        for condition in tuple(self._conditions.values()):
            condition.aside()
        backends, self._backends = tuple(self._backends.values()), {}
        await asyncio.gather(*(backend.aclose() for backend in backends))

    def backend(self, name: str) -> Backend:
        """The backend of that name, shared, at its first address; for an embedded one, see `find`.

        Raises:
            UnknownModel: nothing has that name.
        """
        return self._at(name, self._addresses(name)[0])

    def labels(self, name: str) -> tuple[str, ...]:
        """What metrics call the instances of a model written BACKEND/MODEL."""
        return tuple(self._labels(name.partition("/")[0], name).values())

    @property
    def aliases(self) -> Mapping[str, str]:
        """Short names, and what they stand for."""
        return self._aliases

    def charged(self, name: str, usage: Usage) -> Usage:
        """The usage with what it costs at the price of that model, where it has one."""
        return charged(usage, price_of(name, self._prices))

    def states(self) -> tuple[State, ...]:
        """How every instance is that somebody uses."""
        return tuple(one.state() for one in tuple(self._conditions.values()))

    async def _listed(self, name: str) -> tuple[str, ...]:
        config = self._configs[name]
        if isinstance(config, LlamaCppBackendConfig):
            return tuple(config.models)
        for address in self._addresses(name):
            try:
                async with asyncio.timeout(LISTING_TIMEOUT_S):
                    return await self._at(name, address).models()
            except (BackendError, TimeoutError) as error:
                # It may be asked again and again; once is enough to know.
                level = logging.DEBUG if name in self._listings else logging.WARNING
                logger.log(level, "backend %r does not say what models it has: %s", name, error)
        return ()

    def _addresses(self, name: str) -> tuple[str, ...]:
        config = self._configs.get(name)
        if isinstance(config, HttpBackendConfig):
            return tuple(dict.fromkeys((config.url, *config.replicas)))
        return tuple(one.url for one in self._servers or () if one.name == name) or ("",)

    def _labels(self, backend: str, name: str) -> dict[str, str]:
        """The labels of a model's instances, by their addresses."""
        addresses = self._addresses(backend)
        if len(addresses) == 1:
            return {addresses[0]: name}
        return {one: f"{name}@{urlsplit(one).netloc}" for one in addresses}

    def _at(self, name: str, address: str) -> Backend:
        return self._shared(name, address, lambda: self._make(name, address))

    def _shared(self, name: str, address: str, make: Callable[[], Backend]) -> Backend:
        if (name, address) not in self._backends:
            self._backends[name, address] = Lazy(make)
        return self._backends[name, address]

    def _condition(self, name: str, address: str) -> Condition:
        known = self._conditions.get((name, address))
        if known is None:
            rules = self.resilience.breaker
            known = Condition(rules=rules, events=self.listeners)
            self._conditions[name, address] = known
        return known

    def _instances(self, backend: str, model: str) -> tuple[Instance, ...]:
        config = self._configs.get(backend)
        if isinstance(config, LlamaCppBackendConfig):
            return (self._embedded_instance(backend, model, config),)
        name, capacity = f"{backend}/{model}", DEFAULT_CAPACITY
        if isinstance(config, HttpBackendConfig):
            capacity = config.capacity
        return tuple(
            Instance(
                self._at(backend, address),
                model,
                name,
                capacity,
                price_of(name, self._prices),
                address=address,
                label=label,
                condition=self._condition(name, address),
            )
            for address, label in self._labels(backend, name).items()
        )

    def _embedded_instance(
        self, backend: str, model: str, config: LlamaCppBackendConfig
    ) -> Instance:
        if model not in self._local:
            self._check_file(backend, model)
            name = f"{backend}/{model}"
            self._local[model] = Instance(
                self._shared(name, "", lambda: self._embedded(backend, model, config)),
                model,
                name,
                config.slots,
                price_of(name, self._prices),
                config.context_tokens,
                condition=self._condition(name, ""),
            )
        return self._local[model]

    def _make(self, name: str, address: str) -> Backend:
        config = self._configs.get(name)
        if isinstance(config, HttpBackendConfig):
            secret = self._surroundings.secret(config.api_key_env) if config.api_key_env else None
            made: Backend = plugins.load("backends", "http")(
                address,
                name=name,
                api_key=secret,
                connect_timeout_s=config.connect_timeout_s,
                idle_timeout_s=config.idle_timeout_s,
            )
            return made
        if isinstance(config, RecordedBackendConfig):
            recorded: Backend = plugins.load("backends", "recorded")(Path(config.path), name=name)
            return recorded
        if address:
            found: Backend = plugins.load("backends", "http")(address, name=name)
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
