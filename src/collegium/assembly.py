"""Makes the parts of a college from its configuration."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collegium.answering import Workbench, policy_of_cascade, synthesiser_of
from collegium.backends.directory import Directory, Surroundings
from collegium.backends.pool import Instance, Pool
from collegium.config import ExpertConfig
from collegium.errors import CollegiumError
from collegium.experts.catalog import BUILT_IN, ExpertRow
from collegium.experts.model_expert import ModelExpert
from collegium.experts.records import Records
from collegium.experts.verifying import VerifyingExpert
from collegium.hiring import hired
from collegium.routing.policy import RoutingPolicy
from collegium.routing.selector import ModelSelector
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.aggregation.learned import CascadePolicy
    from collegium.backends.replicas import Replicas
    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.learning.online.selecting import LearningSelector

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Post:
    """An expert, and the models its configuration names for it.

    `entry` is what the configuration says of it, `grounds` is everything that the expert was made
    by: where they are equal, it would be made the same. One made in Python has neither.
    """

    expert: Expert
    models: tuple[str, ...]
    entry: ExpertConfig | None = None
    grounds: object = None

    @property
    def open_names(self) -> bool:
        """Whether one of the models is a bare name, which somebody must be asked about."""
        return any("/" not in model for model in self.models)


class Staff:
    """The experts of a configuration, and the pools they get when the college opens.

    With a `model` they all answer with that one. `records` are what is known of models, by which
    the pools choose. What would be made the same as those of `inherit`, an older staff, is taken
    over from it: backends with their connections, and experts. Experts who are otherwise succeed
    those of the older staff, with their load and their record, unless they are `beside` them.
    """

    posts: list[Post]

    def __init__(
        self,
        config: Config,
        surroundings: Surroundings,
        *,
        model: str | None = None,
        cascade: CascadePolicy | None = None,
        inherit: Staff | None = None,
        beside: bool = False,
    ) -> None:
        self.config, self._model, self._beside = config, model, beside
        self._cache = surroundings.cache_dir or surroundings.models_dir
        self.workbench = _workbench(config, inherit)
        self.cascade = cascade or policy_of_cascade(config)
        learned = self.cascade.records if self.cascade else Records()
        self.records = records_of(config) if config.moe.records else learned
        self.directory = _directory(config, surroundings, inherit)
        self.selector = self._selector_of(inherit)
        rows = {row.key: row for row in BUILT_IN}
        if config.moe.experts:
            entries = list(config.moe.experts)
        else:
            entries = [ExpertConfig(name=row.name) for row in BUILT_IN]
        if not config.moe.enabled:
            entries = _only_one(entries)
        former: list[Post] = inherit.posts if inherit else []
        known = {_key_of(post.entry): post for post in former if post.entry is not None}
        self.posts = [self._posted(entry, rows.get(key_of(entry.name)), known) for entry in entries]
        self.synthesiser = synthesiser_of(config)
        self._synthesis_model = config.moe.aggregation.synthesis_model or ""

    def experts(self) -> tuple[Expert, ...]:
        """Everybody, in the order of the configuration."""
        return tuple(post.expert for post in self.posts)

    def configured(self) -> tuple[Expert, ...]:
        """Those whom the configuration names, without the ones made in Python."""
        return tuple(post.expert for post in self.posts if post.entry is not None)

    def entry_of(self, expert: Expert) -> ExpertConfig | None:
        """What the configuration says of an expert; None where it says nothing."""
        return next((post.entry for post in self.posts if post.expert is expert), None)

    def _posted(
        self, entry: ExpertConfig, row: ExpertRow | None, known: Mapping[str, Post]
    ) -> Post:
        """The post that an entry describes; one that is known already if it describes that one."""
        config = self.config
        marked = any(one.fallback for one in config.moe.experts)
        grounds = (entry, config.moe.enabled, marked, self.directory, self.selector, self.workbench)
        former = known.get(_key_of(entry))
        if former is not None and former.grounds == grounds:
            return former
        post = Post(hired(entry, row, config, self._cache), tuple(entry.models))
        post.entry, post.grounds = entry, grounds
        self._equip(entry, post.expert)
        if former is not None and not self._beside:
            post.expert.succeed(former.expert)
        return post

    def _selector_of(self, inherit: Staff | None) -> ModelSelector | LearningSelector:
        """What chooses among models; the former one where it would choose by the same."""
        if inherit is not None and inherit.chooses_by == self.chooses_by:
            return inherit.selector
        return selector_of(self.config, self.records, inherit.selector if inherit else None)

    @property
    def chooses_by(self) -> object:
        """What models are chosen by; where it is equal, the same ones would be."""
        moe = self.config.moe
        return moe.objective, moe.budget_usd, self.records, moe.management.learning

    def _equip(self, entry: ExpertConfig, expert: Expert) -> None:
        """Give an expert who checks its work what it takes."""
        if isinstance(expert, VerifyingExpert):
            expert.verifier = self.workbench.verifier
            expert.computers = self.workbench.computers(expert.key) if entry.compute else ()

    def stand_in(self, expert: Expert) -> None:
        """Add an expert made in Python; one of the same key gives way to it."""
        self.posts = [post for post in self.posts if post.expert.key != expert.key]
        self.posts.append(Post(expert, ()))

    @property
    def lacking(self) -> tuple[Expert, ...]:
        """Who could not be given models, though they may be there later."""
        return tuple(
            post.expert
            for post in self.posts
            if isinstance(post.expert, ModelExpert) and post.expert.pool is None
        )

    async def fetch(self) -> None:
        """Fetch the embedded models that are missing.

        Where that fails and somebody answers without a model, the others are asked for theirs, and
        fail, one by one.

        Raises:
            CollegiumError: as `Directory.fetch`, and everybody needs a model.
        """
        try:
            await self.directory.fetch()
        except CollegiumError as error:
            if not any(post.expert.needs_no_model for post in self.posts):
                raise
            logger.info("some answer without a model: %s", error)

    async def open(self) -> None:
        """Have every expert get ready."""
        for expert in self.configured():
            await expert.open()

    async def aclose(self, keeping: Iterable[Staff] = ()) -> None:
        """Have every expert end what it began, but those who belong to other staffs as well."""
        kept = {id(expert) for staff in keeping for expert in staff.configured()}
        for expert in self.configured():
            if id(expert) not in kept:
                await expert.aclose()

    async def settle_names(self) -> None:
        """Find the models with bare names, so that whoever lacks one is known not to be ready."""
        await self._settle(post for post in self.posts if post.open_names)

    async def settle(self) -> None:
        """Give every expert that answers by models its pool, or the reason why it has none.

        Raises:
            UnknownModel: there is one model for all of them, and nothing has it.
        """
        if self._model is not None:
            everybodys = self.pool(await self.directory.find_all(self._model))
            for post in self.posts:
                if isinstance(post.expert, ModelExpert):
                    post.expert.pool = everybodys
        await self._settle(self.posts)
        if self.synthesiser is not None:
            await self._settle([Post(self.synthesiser, (self._synthesis_model,))])

    async def _settle(self, posts: Iterable[Post]) -> None:
        for post in posts:
            expert = post.expert
            if not isinstance(expert, ModelExpert) or expert.pool is not None:
                continue
            try:
                names = post.models
                found = [await self.directory.find_all(name) for name in names]
                expert.pool = self.pool(found or await self.directory.best_for(expert.key))
            except CollegiumError as error:
                expert.no_pool = str(error)

    def pool(self, instances: Sequence[Instance] | Sequence[Replicas]) -> Pool:
        """A pool of models among which the configured objective chooses."""
        return Pool(instances, selector=self.selector, resilience=self.directory.resilience)


def policy_of(config: Config) -> RoutingPolicy:
    """The routing policy of the configuration."""
    router, learning = config.moe.router, config.moe.management.learning
    return RoutingPolicy(
        top_k=router.top_k,
        min_confidence=router.min_confidence,
        risk=router.risk,
        switch_gain=router.switch_gain,
        blend=router.blend,
        busy_price=config.moe.management.balance.price,
        explore=learning.explore if learning.enabled else 0.0,
    )


def records_of(config: Config) -> Records:
    """What the configuration's file tells of models; without one, nothing.

    Raises:
        DataError: the file cannot be read, or is wrong.
    """
    path = config.moe.records
    return Records() if path is None else Records.load(Path(path).expanduser())


def selector_of(
    config: Config, records: Records, former: ModelSelector | LearningSelector | None = None
) -> ModelSelector | LearningSelector:
    """What chooses among an expert's models, by the configured objective and budget.

    Where it learns, it goes on from what the `former` one has learned.
    """
    moe = config.moe
    plain = ModelSelector(records, objective=moe.objective, budget_usd=moe.budget_usd)
    learning = moe.management.learning
    if not learning.enabled:
        return plain
    from collegium.learning.online.selecting import (  # noqa: PLC0415 -- only where it learns
        LearningSelector,
    )

    arms = former.arms if isinstance(former, LearningSelector) else None
    rng = random.Random()  # noqa: S311 -- tries models out, keeps no secret
    return LearningSelector(plain, rng, arms=arms, explore=learning.explore)


def _workbench(config: Config, inherit: Staff | None) -> Workbench:
    """What answers are computed and checked with; the former one where it would be the same."""
    if inherit is not None and inherit.config.moe.verification == config.moe.verification:
        return inherit.workbench
    return Workbench.of(config)


def _directory(config: Config, surroundings: Surroundings, inherit: Staff | None) -> Directory:
    """Where models are; the former directory itself where nothing about them has changed."""
    if inherit is None:
        return Directory(config, surroundings)
    former = inherit.config
    parts = ("backends", "models", "prices", "resilience")
    if all(getattr(former, name) == getattr(config, name) for name in parts):
        return inherit.directory
    return Directory(config, surroundings, inherit=inherit.directory)


def _key_of(entry: ExpertConfig) -> str:
    return entry.key or key_of(entry.name)


def _only_one(entries: list[ExpertConfig]) -> list[ExpertConfig]:
    """With the mixture switched off: the fallback if there is one, else the first expert."""
    named = [entry for entry in entries if entry.fallback or key_of(entry.name) == "advisor"]
    return (named or entries)[:1]
