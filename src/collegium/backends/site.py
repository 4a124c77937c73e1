"""One backend of a configuration, with all that is there: addresses, models, instances."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from collegium import plugins
from collegium.backends.condition import Condition
from collegium.backends.instance import Instance
from collegium.backends.lazy import Lazy
from collegium.backends.models import ModelStore
from collegium.backends.prices import Price, price_of
from collegium.backends.replicas import Replicas
from collegium.backends.room import Room
from collegium.config import HttpBackendConfig, LlamaCppBackendConfig, RecordedBackendConfig
from collegium.errors import UnknownModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.backends.base import Backend
    from collegium.backends.condition import State
    from collegium.backends.models import ModelFile
    from collegium.backends.resilience import BreakerRules, Listeners

EMBEDDED_DEFAULT = "smollm2-135m"
EMBEDDED_DEFAULT_TOKENS = 256
DEFAULT_CAPACITY = 8


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the backends need of the machine and the user.

    `secret` gives the value of a named variable, or None. With `offline` no model file is fetched.
    `progress` hears of fetches: what is being done, bytes so far, bytes in all or None. `room` is
    asked before a process of a model is started. `cache_dir` is the user's cache, where the
    indexes of codebases are; None: the folder of the models.
    """

    models_dir: Path
    hub_url: str
    cores: int
    secret: Callable[[str], str | None]
    offline: bool = False
    progress: Callable[[str, int, int | None], None] | None = None
    room: Room = field(default_factory=Room)
    cache_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds at a site beside what is configured of it alone.

    `files` are the model files that an embedded model may be of; a site of others has none.
    """

    prices: Mapping[str, Price]
    rules: BreakerRules
    files: Mapping[str, ModelFile]


class Site:
    """A backend, made when it is first used, and its models, made when they are first named.

    This one has its models at servers, at one or several `addresses`, or in a file of recorded
    answers.
    """

    def __init__(
        self, name: str, config: Any, terms: Terms, listeners: Listeners, around: Surroundings
    ) -> None:
        self.name, self.config, self.terms = name, config, terms
        self._around = around
        self._listeners = listeners
        self._backends: dict[tuple[str, str], Lazy] = {}
        self._conditions: WeakValueDictionary[tuple[str, str], Condition] = WeakValueDictionary()
        self._replicas: WeakValueDictionary[str, Replicas] = WeakValueDictionary()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it is; an address is empty where there is nothing to say."""
        if isinstance(self.config, HttpBackendConfig):
            return tuple(dict.fromkeys((self.config.url, *self.config.replicas)))
        return (self.config if isinstance(self.config, str) else "",)

    def like(self, other: Site | None) -> bool:
        """Whether the other one was made of the same."""
        return other is not None and (self.config, self.terms) == (other.config, other.terms)

    def replicas(self, model: str) -> Replicas:
        """A model at all the addresses.

        Raises:
            UnknownModel: it is known that it is not there.
        """
        known = self._replicas.get(model)
        if known is None:
            known = self._replicas[model] = self._named(model)
        return known

    def labels(self, model: str, most: int) -> tuple[str, ...]:
        """What metrics call the instances of a model; of embedded ones there are `most`."""
        del most
        return tuple(self._label(model, address) for address in self.addresses)

    def at(self, address: str) -> Backend:
        """The backend at that address, shared by its models."""
        return self._shared("", address, partial(self._make, address))

    def states(self) -> tuple[State, ...]:
        """How every instance is that somebody uses."""
        return tuple(one.state() for one in tuple(self._conditions.values()))

    async def aclose(self) -> None:
        """Close what was used."""
        for condition in tuple(self._conditions.values()):
            condition.aside()
        backends, self._backends = tuple(self._backends.values()), {}
        await asyncio.gather(*(backend.aclose() for backend in backends))

    def _named(self, model: str) -> Replicas:
        at, most = partial(self._instance, model), len(self.addresses)
        return Replicas([at(number) for number in range(1, most + 1)], at=at, most=most)

    def _instance(self, model: str, number: int) -> Instance:
        address, name = self.addresses[number - 1], f"{self.name}/{model}"
        http = isinstance(self.config, HttpBackendConfig)
        return Instance(
            self.at(address),
            model,
            name,
            self.config.capacity if http else DEFAULT_CAPACITY,
            price_of(name, self.terms.prices),
            address=address,
            label=self._label(model, address),
            condition=self._condition(model, address),
        )

    def _label(self, model: str, address: str) -> str:
        where = f"@{urlsplit(address).netloc}" if len(self.addresses) > 1 else ""
        return f"{self.name}/{model}{where}"

    def _shared(
        self, model: str, address: str, make: Callable[[], Backend], *, startable: bool = False
    ) -> Lazy:
        if (model, address) not in self._backends:
            self._backends[model, address] = Lazy(make, startable=startable)
        return self._backends[model, address]

    def _condition(self, model: str, address: str) -> Condition:
        known = self._conditions.get((model, address))
        if known is None:
            known = Condition(rules=self.terms.rules, events=self._listeners)
            self._conditions[model, address] = known
        return known

    def _make(self, address: str) -> Backend:
        config = self.config
        if isinstance(config, RecordedBackendConfig):
            recorded: Backend = plugins.load("backends", "recorded")(
                Path(config.path), name=self.name
            )
            return recorded
        options: dict[str, Any] = {}
        if isinstance(config, HttpBackendConfig):
            options = {
                "api_key": self._around.secret(config.api_key_env) if config.api_key_env else None,
                "connect_timeout_s": config.connect_timeout_s,
                "idle_timeout_s": config.idle_timeout_s,
            }
        made: Backend = plugins.load("backends", "http")(address, name=self.name, **options)
        return made


class Embedded(Site):
    """The embedded llama.cpp: each instance of each model in a process of its own.

    A model begins with one, which is at no address; the next ones are at '#2', '#3' and so on. The
    cores are divided among as many of each as there may come to be, `most`.
    """

    config: LlamaCppBackendConfig

    def __init__(
        self,
        name: str,
        config: LlamaCppBackendConfig,
        terms: Terms,
        listeners: Listeners,
        around: Surroundings,
        *,
        most: int = 1,
    ) -> None:
        super().__init__(name, config, terms, listeners, around)
        self._most = most
        self._store = ModelStore(around.models_dir, terms.files, hub_url=around.hub_url)
        self._kept: dict[str, Replicas] = {}

    @property
    def models(self) -> tuple[str, ...]:
        """The models that have been named."""
        return tuple(self._kept)

    def at(self, address: str) -> Backend:
        """Nothing: each model is a backend of its own.

        Raises:
            UnknownModel: always.
        """
        raise UnknownModel(f"{self.name!r} is embedded; one of its models is {self.name}/MODEL")

    def labels(self, model: str, most: int) -> tuple[str, ...]:
        """What metrics call the instances of a model; there may be `most`."""
        name = f"{self.name}/{model}"
        return tuple(name + _numbered(number) for number in range(1, most + 1))

    async def file(self, model: str) -> Path:
        """The file of a model, fetched if it is not here and may be.

        Raises:
            ModelNotCached: it is missing, and nothing may be fetched.
            ModelFileError: it could not be fetched.
        """
        if model not in self._store.files:
            return Path(model)
        if self._around.offline or self._store.cached(model):
            return self._store.path(model)
        return await self._store.pull(model, progress=self._around.progress)

    def _named(self, model: str) -> Replicas:
        if model not in self._store.files and not model.endswith(".gguf"):
            known = ", ".join(self._store.files)
            raise UnknownModel(
                f"{self.name!r} has no model file called {model!r}; give a path to a .gguf file, "
                f"or one of: {known}"
            )
        process = partial(self._process, model)
        # They are few, and which they are says how many threads each has.
        self._kept[model] = replicas = Replicas((process(1),), at=process)
        return replicas

    def _process(self, model: str, number: int) -> Instance:
        """The model in its process of that number, which is not started here."""
        name, address = f"{self.name}/{model}", _numbered(number)
        return Instance(
            self._shared(model, address, partial(self._llamacpp, model, number), startable=True),
            model,
            name,
            self.config.slots,
            price_of(name, self.terms.prices),
            self.config.context_tokens,
            address=address,
            label=name + address,
            condition=self._condition(model, address),
        )

    def _llamacpp(self, model: str, number: int) -> Backend:
        config, around = self.config, self._around
        processes = max(1, len(self._kept)) * max(self._most, number)
        made: Backend = plugins.load("backends", "llamacpp")(
            partial(self.file, model),
            name=self.name,
            model=model,
            threads=config.threads or max(1, around.cores // processes),
            context_tokens=config.context_tokens,
            slots=config.slots,
            answer_tokens=EMBEDDED_DEFAULT_TOKENS
            if model == EMBEDDED_DEFAULT
            else config.context_tokens // 2,
            room=around.room,
            number=number,
        )
        return made


def _numbered(number: int) -> str:
    """The address of an embedded model's process; the first is the model's own."""
    return f"#{number}" if number > 1 else ""
