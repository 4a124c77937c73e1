"""Which instance is asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.backends.standing import Incumbents, Standing
from collegium.backends.startable import is_starting

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from collegium.backends.base import Prompt
    from collegium.backends.instance import Instance
    from collegium.backends.standing import Selector


class Choice:
    """Puts instances in the order in which they are to be asked.

    Models are in the order of the selector; without one the least utilised comes first. Of the
    replicas of a model it is the one that had the session's last prompt, if it has room, else the
    less utilised of two taken at random; one that is being started comes last. One whose breaker is
    open comes into it only where all are.
    """

    def __init__(self, selector: Selector | None, rng: random.Random) -> None:
        self._selector, self._rng = selector, rng
        self._models, self._places = Incumbents(), Incumbents()

    def order(
        self, left: Sequence[Instance], prompt: Prompt, *, pinned: bool = False
    ) -> Sequence[Instance]:
        """Those worth asking, the best first."""
        if len(left) == 1:
            return left
        able = [one for one in left if one.condition.breaker.admits] or left
        models: dict[str, list[Instance]] = {}
        for one in able:
            models.setdefault(one.name, []).append(one)
        groups = {name: self._spread(group, prompt) for name, group in models.items()}
        chosen = [
            one for name in self._names(groups, prompt, pinned=pinned) for one in groups[name]
        ]
        return chosen or able

    def _names(
        self, groups: Mapping[str, list[Instance]], prompt: Prompt, *, pinned: bool
    ) -> list[str]:
        """The models worth asking, the best first."""
        if len(groups) == 1:
            return list(groups)
        if self._selector is None or pinned:
            return sorted(groups, key=lambda name: (groups[name][0].load, self._rng.random()))
        standings = [standing_of(group[0], prompt) for group in groups.values()]
        named = self._selector(prompt, standings, self._models.get(prompt.session))
        return [name for name in named if name in groups]

    def keep(self, instance: Instance, prompt: Prompt, *, pinned: bool) -> None:
        """Take down where the session's prompt goes now."""
        if prompt.session:
            self._places.keep(f"{prompt.session}\0{instance.name}", instance.address)
            if not pinned:
                self._models.keep(prompt.session, instance.name)

    def _spread(self, replicas: list[Instance], prompt: Prompt) -> list[Instance]:
        if len(replicas) == 1:
            return replicas
        name = replicas[0].name
        last = prompt.session and self._places.get(f"{prompt.session}\0{name}")
        up = [one for one in replicas if not is_starting(one)] or replicas
        at_last = [one for one in up if last and one.address == last and one.load < 1]
        two = self._rng.sample(up, min(2, len(up)))
        first = at_last or [min(two, key=lambda one: one.load)]
        others = [one for one in replicas if one is not first[0]]
        return first + sorted(others, key=lambda one: (one not in up, one.load))


def standing_of(instance: Instance, prompt: Prompt) -> Standing:
    """An instance as it is when one is chosen for that prompt."""
    recent = instance.condition.recent
    return Standing(
        name=instance.name,
        load=instance.load,
        latency_ms=recent.latency_ms,
        cost_usd=recent.cost_usd(prompt, instance.price),
        context_tokens=instance.context_tokens,
    )
