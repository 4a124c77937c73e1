"""Where the models of a configuration live.

What is configured as in an older configuration is not made again: the newer one has the same
backends and instances, with what is in flight there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from collegium import plugins
from collegium.backends.models import CATALOGUE, ModelFile, ModelStore
from collegium.backends.prices import Price, price_of
from collegium.backends.resilience import Listeners, Resilience
from collegium.backends.site import EMBEDDED_DEFAULT, Embedded, Site, Surroundings, Terms
from collegium.config import LlamaCppBackendConfig
from collegium.errors import UnknownModel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from collegium.backends.condition import State
    from collegium.backends.discover import Server
    from collegium.backends.room import Room
    from collegium.config import BackendConfig, Config, ExpertConfig

LOCAL = "local"


class Premises:
    """The backends of a configuration by name, and what holds for all of them.

    `sites` are those that are configured and those that were found.
    """

    def __init__(
        self, config: Config, around: Surroundings, inherit: Premises | None = None
    ) -> None:
        self._around = around
        self.resilience = Resilience.of(config.resilience)
        self.listeners: Listeners = inherit.listeners if inherit else Listeners()
        self._prices = {
            config.models.get(name, name): Price(price.input, price.output)
            for name, price in config.prices.items()
        }
        self._files = _files(config)
        self.store = ModelStore(around.models_dir, self._files, hub_url=around.hub_url)
        self._most = _most_instances(config)
        if inherit is None:  # later the one who has it put in force sees to that
            around.room.reserve_mb = config.moe.management.scaling.reserve_mb
        embedded = LlamaCppBackendConfig(kind="llamacpp", models=[EMBEDDED_DEFAULT])
        configs = {LOCAL: embedded, **config.backends}
        most = {name: _most_instances(config, name, tuple(configs)) for name in configs}
        made = {name: self._site(name, one, configs, most[name]) for name, one in configs.items()}
        older = inherit.sites if inherit else {}
        found = {name: one for name, one in older.items() if isinstance(one.config, str)}
        same = {name: older[name] for name, one in made.items() if one.like(older.get(name))}
        self.sites: dict[str, Site] = {**found, **made, **same}

    def found(self, servers: Iterable[Server]) -> None:
        """Take in model servers that nobody configured; a configured one of the name stays."""
        for server in servers:
            if server.name not in self.sites:
                self.sites[server.name] = self._site(server.name, server.url, self.sites)

    def site(self, name: str) -> Site:
        """The backend of that name.

        Raises:
            UnknownModel: nothing has that name.
        """
        if name not in self.sites:
            known = ", ".join(self.sites)
            raise UnknownModel(f"no backend called {name!r}; there are: {known}")
        return self.sites[name]

    def price(self, name: str) -> Price | None:
        """What a model written BACKEND/MODEL costs, where that is known."""
        return price_of(name, self._prices)

    def labels(self, name: str) -> tuple[str, ...]:
        """What metrics call the instances of a model written BACKEND/MODEL."""
        backend, _, model = name.partition("/")
        site = self.sites.get(backend)
        return site.labels(model, self._most) if site else (name,)

    def states(self) -> tuple[State, ...]:
        """How every instance is that somebody uses."""
        return tuple(state for site in self.sites.values() for state in site.states())

    async def fetch(self) -> None:
        """Fetch the files of the embedded models that have been named and are not here."""
        embedded = [one for one in self.sites.values() if isinstance(one, Embedded) and one.models]
        if embedded:
            plugins.load("backends", "llamacpp").require()
        for site in embedded:
            for model in site.models:
                await site.file(model)

    async def aclose(self, keeping: Iterable[Premises]) -> None:
        """Close every backend that was used, but for those that others have as well."""
        kept = {id(site) for other in keeping for site in other.sites.values()}
        ours = [site for site in self.sites.values() if id(site) not in kept]
        await asyncio.gather(*(site.aclose() for site in ours))

    @property
    def room(self) -> Room:
        """Whom processes of models ask for memory."""
        return self._around.room

    def _site(
        self, name: str, config: BackendConfig | str, backends: Mapping[str, object], most: int = 1
    ) -> Site:
        others = {one for one in backends if one != name}
        prices = {
            model: price
            for model, price in self._prices.items()
            if model.partition("/")[0] not in others
        }
        rules = self.resilience.breaker
        if isinstance(config, LlamaCppBackendConfig):
            terms = Terms(prices, rules, self._files)
            return Embedded(name, config, terms, self.listeners, self._around, most=most)
        return Site(name, config, Terms(prices, rules, {}), self.listeners, self._around)


def _most_instances(config: Config, backend: str = "", backends: Iterable[str] = ()) -> int:
    """How many instances of an embedded model, there or anywhere, may come to be by themselves."""
    if not config.moe.management.auto_scale:
        return 1
    others = {one for one in backends if one != backend}
    experts = [one for one in config.moe.experts if _may_ask_others(config, one, others)]
    return max((one.max_instances for one in experts), default=1)


def _may_ask_others(config: Config, expert: ExpertConfig, backends: Collection[str]) -> bool:
    """Whether an expert may have a model that is at none of those backends."""
    names = [config.models.get(name, name) for name in expert.models]
    return not names or any(name.partition("/")[0] not in backends for name in names)


def _files(config: Config) -> dict[str, ModelFile]:
    """The model files there are: those of the catalogue, and those that are configured."""
    files = dict(CATALOGUE)
    for backend in config.backends.values():
        if isinstance(backend, LlamaCppBackendConfig):
            files |= {
                name: ModelFile(name=name, source=file.source, sha256=file.sha256)
                for name, file in backend.files.items()
            }
    return files
