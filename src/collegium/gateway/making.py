"""Makes the gateway out of a configuration: every part, and the paths at which it answers."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

from collegium.backends.directory import EMBEDDED_DEFAULT, LOCAL
from collegium.config import LlamaCppBackendConfig
from collegium.events import Concluded, Reconfigured
from collegium.gateway.affinity import ToolLoops
from collegium.gateway.afterwards import Afterwards
from collegium.gateway.app import Endpoint, Gateway
from collegium.gateway.caching import AnswerCache, CacheSettings
from collegium.gateway.commons import Commons
from collegium.gateway.cors import Cors
from collegium.gateway.decisions import Accounts
from collegium.gateway.dialects import MessagesDialect, ResponsesDialect
from collegium.gateway.door import Door
from collegium.gateway.endpoints.administering import Administering
from collegium.gateway.endpoints.catalogue import Catalogue
from collegium.gateway.endpoints.chat import Chat
from collegium.gateway.endpoints.deciding import Deciding
from collegium.gateway.endpoints.document import Document
from collegium.gateway.endpoints.embeddings import Embeddings
from collegium.gateway.endpoints.experimenting import Experimenting
from collegium.gateway.endpoints.health import Health
from collegium.gateway.endpoints.rating import Rating
from collegium.gateway.faults import message_of
from collegium.gateway.gauges import Gauges
from collegium.gateway.opening import Opening
from collegium.gateway.security import KeyStore, Limiter, local, require_keys, sent_from_here
from collegium.gateway.service import Service
from collegium.gateway.settings import Settings
from collegium.gateway.witness import Witness
from collegium.observe.families import Names
from collegium.observe.logs import Logs
from collegium.observe.metrics import Metrics
from collegium.observe.tracing import tracer_of
from collegium.storage.opening import open_store, store_of
from collegium.system import Collegium, this_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config import Config
    from collegium.encoders.base import Encoder
    from collegium.errors import CollegiumError
    from collegium.events import Event
    from collegium.gateway.dialects import Dialect
    from collegium.gateway.server import Plan
    from collegium.observe.tracing import Tracer
    from collegium.storage.store import Store
    from collegium.verification.checks import Verifier


def gateway_of(plan: Plan) -> Gateway:
    """The gateway that a plan describes.

    Raises:
        ConfigError: others can reach it, and there is no key; or the configuration is wrong.
    """
    config = plan.config
    door_settings = config.gateway
    surroundings = replace(this_machine(), offline=plan.offline)
    college = Collegium.of(config, model=plan.model, surroundings=surroundings)
    keys = KeyStore(plan.keys_path, open_door=opens(config))
    require_keys(door_settings.host, keys)
    settings = Settings.of(config)
    eyes = Eyes.of(plan, college)
    oversight = college.watch(
        source=plan.source,
        store=record_of(plan),
        folder=plan.state / "taught",
    )
    witness = Witness(eyes.metrics, eyes.tracer, logs=eyes.logs, put=oversight.recorder.put)
    gauges = Gauges(college, oversight, eyes.metrics)
    vectors = cache(lambda: encoder_of(college))
    answers = cache_of(config, vectors)
    if answers is not None:
        college.events.subscribe(partial(forget_answers, answers))
    commons = None
    if plan.shared is not None:
        commons = Commons(plan.shared / "commons.sqlite3", door_settings.decisions)
    accounts = Accounts(door_settings.decisions, commons)
    college.events.subscribe(accounts)
    limiter = Limiter(plan.state / "ledger.sqlite3")
    afterwards = Afterwards(partial(verifier_of, college), accounts.close, college.events)
    service = Service(
        college,
        afterwards,
        eyes.tracer,
        embedded=lambda: embedded_of(college.lineups.config),
        express=door_settings.express,
    )
    cors = Cors(door_settings.cors_origins)
    door = Door(
        keys,
        most=door_settings.limits.concurrent,
        allows=lambda origin: sent_from_here(origin) or cors.allows(origin),
    )
    opening = Opening(college)
    chat = Chat(service, accounts, limiter, answers, witness, settings, ToolLoops(commons))
    health = Health(college, door, opening, eyes.metrics, answers, oversight)
    deciding = Deciding(college, accounts, limiter, settings)
    catalogue = Catalogue(college, lambda: embedded_of(college.lineups.config), int(time.time()))
    document = Document(version("collegium"))
    embeddings = Embeddings(service, vectors, limiter, settings)

    async def starting() -> None:
        eyes.logs.start()
        await oversight.start()
        opening.begin()
        gauges.begin()

    async def stopping() -> None:
        await opening.aclose()
        await gauges.aclose()
        await oversight.aclose()
        await afterwards.aclose()
        await college.aclose()
        await limiter.aclose()
        if commons is not None:
            await commons.aclose()
        await eyes.aclose()

    return Gateway(
        (
            Endpoint("/v1/chat/completions", {"POST": chat.complete}, counted=True),
            translated("/v1/responses", chat, ResponsesDialect()),
            translated("/v1/messages", chat, MessagesDialect()),
            Endpoint("/v1/embeddings", {"POST": embeddings.embed}, counted=True),
            Endpoint("/v1/models", {"GET": catalogue.all}),
            Endpoint("/v1/models/", {"GET": catalogue.named}),
            Endpoint("/api/route", {"POST": deciding.route}, counted=True),
            Endpoint("/api/decisions", {"GET": deciding.latest}),
            Endpoint("/api/decisions/", {"GET": deciding.decision}),
            *Rating(oversight, accounts).endpoints(),
            *Administering(college, oversight).endpoints(),
            *Experimenting(oversight).endpoints(),
            Endpoint("/api/status", {"GET": health.status}, permission="admin"),
            Endpoint("/metrics", {"GET": health.exposition}, permission="admin"),
            Endpoint("/openapi.json", {"GET": document.shown}, permission=None),
            Endpoint("/health/live", {"GET": health.live}, permission=None),
            Endpoint("/health/ready", {"GET": health.ready}, permission=None),
        ),
        door,
        witness,
        cors=cors if door_settings.cors_origins else None,
        slow_reader_s=door_settings.limits.slow_reader_s,
        starting=starting,
        stopping=stopping,
    )


@dataclass(frozen=True, slots=True)
class Eyes:
    """What sees everything and changes nothing."""

    logs: Logs
    metrics: Metrics
    tracer: Tracer

    @classmethod
    def of(cls, plan: Plan, college: Collegium) -> Self:
        """Those of a plan, who hear of all that happens in the college from now on."""
        config, settings = plan.config, plan.config.gateway
        logs = Logs(
            sys.stderr,
            form=settings.logs.format,
            level=settings.logs.level,
            prompts=settings.logs.prompts,
            secrets=secrets_of(config),
        )
        metrics = Metrics(names_of(college, config), shared=plan.shared)
        tracer = tracer_of(
            settings.otlp_endpoint, version=version("collegium"), prompts=settings.logs.prompts
        )
        college.events.subscribe(metrics)
        college.events.subscribe(tracer)
        college.directory.listeners.add(metrics)

        def learn_secrets(event: Event) -> None:
            if isinstance(event, Reconfigured):
                logs.redactor.learn(secrets_of(college.lineups.config))

        college.events.subscribe(learn_secrets)
        return cls(logs, metrics, tracer)

    async def aclose(self) -> None:
        """Let go of files and connections."""
        await asyncio.to_thread(self.tracer.close)
        self.metrics.close()
        self.logs.close()


def record_of(plan: Plan) -> Store | None:
    """The record; several workers have one in any case, if only for as long as they run.

    Raises:
        StorageError: it can never be used.
    """
    store = store_of(plan.config.storage, plan.state / "record.sqlite3")
    if store is None and plan.shared is not None:
        return open_store(str(plan.shared / "record.sqlite3"))
    return store


def translated(path: str, chat: Chat, dialect: Dialect) -> Endpoint:
    """The endpoint of another dialect."""

    def error(error: CollegiumError) -> dict[str, object]:
        param = getattr(error, "param", None)
        return dialect.error(error.status, error.code, message_of(error), param)

    return Endpoint(
        path, {"POST": partial(chat.translate, dialect=dialect)}, error=error, counted=True
    )


def opens(config: Config) -> bool:
    """Whether requests without a key are taken, as long as there are no keys.

    Never where others can come in, should even all keys be taken away.
    """
    return local(config.gateway.host) and config.gateway.require_key is not True


def embedded_of(config: Config) -> dict[str, tuple[str, ...]]:
    """The models that clients may name of each backend of model files: those configured."""
    named = {
        name: (*backend.models, *backend.files)
        for name, backend in config.backends.items()
        if isinstance(backend, LlamaCppBackendConfig)
    }
    return {LOCAL: (EMBEDDED_DEFAULT,), **named} if LOCAL not in config.backends else named


def secrets_of(config: Config) -> tuple[str, ...]:
    """The keys of all backends, which no log may ever have."""
    surroundings = this_machine()
    names = [getattr(one, "api_key_env", None) for one in config.backends.values()]
    values = [surroundings.secret(name) for name in names if name]
    return tuple(value for value in values if value)


def names_of(college: Collegium, config: Config) -> Names:
    """The names that metrics may have as labels."""
    experts = college.router.roster.snapshot()
    models = dict.fromkeys(
        config.models.get(model, model) for entry in config.moe.experts for model in entry.models
    )
    strategies = ("named", "express", "computed", *college.aggregator.names)
    return Names(
        experts=tuple(one.name for one in experts),
        models=tuple(models),
        instances=tuple(label for model in models for label in college.directory.labels(model)),
        strategies=strategies,
    )


def encoder_of(college: Collegium) -> Encoder:
    """The encoder that there is in any case: the gate's where it has one, else the built-in one."""
    own: Encoder | None = getattr(college.router.gate, "encoder", None)
    if own is not None:
        return own
    from collegium.routing.shelf import BUILTIN_ENCODER, encoder  # noqa: PLC0415 -- numpy

    return encoder(BUILTIN_ENCODER)


def verifier_of(college: Collegium) -> Verifier | None:
    """Who checks answers now, if anybody does."""
    return college.staff.workbench.verifier if college.staff else None


def forget_answers(answers: AnswerCache, event: Event) -> None:
    """Give no answer again that was given by what is not in force any more."""
    if isinstance(event, Reconfigured | Concluded):
        answers.clear()


def cache_of(config: Config, vectors: Callable[[], Encoder]) -> AnswerCache | None:
    """The cache of answers; None where none is wanted."""
    wanted = config.gateway.cache
    if not wanted.exact and not wanted.semantic:
        return None
    settings = CacheSettings(
        exact=wanted.exact, semantic=wanted.semantic, ttl_s=wanted.ttl_s, entries=wanted.entries
    )
    return AnswerCache(settings, encoder=vectors() if wanted.semantic else None)
