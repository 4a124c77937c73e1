"""What no single key can know: names that must be somewhere else, or must not be there twice.

These checks read the plain values, so that they find their mistakes beside those of the schema,
in the same run; what is of the wrong type they leave to the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from collegium import plugins
from collegium.config.document import Problem, YamlPath
from collegium.config.wording import near
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.config.document import Document

LOCAL = "local"
DISCOVERED = ("ollama", "vllm", "llamacpp", "lmstudio")

FEWEST_EXAMPLES = 3


def cross_checks(document: Document) -> Iterator[Problem]:
    """Every mistake that is one only beside something else."""
    data = document.data
    backends, aliases = _group(data, "backends"), _group(data, "models")
    yield from _backend_names(backends)
    yield from _circles(aliases)
    yield from _references(data, backends, aliases)
    yield from _installed(data)
    yield from _experts(document)


def _group(data: Any, *path: str) -> dict[str, Any]:
    """The mapping at a path; an empty one where there is none."""
    for step in path:
        data = _group(data).get(step)
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _items(data: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", data) if isinstance(data, list) else ()


def _entries(data: Any) -> list[tuple[int, dict[str, Any]]]:
    """The experts that look like experts, with their places in the list."""
    experts = _items(_group(data, "moe").get("experts"))
    return [(place, entry) for place, entry in enumerate(experts) if isinstance(entry, dict)]


def _backend_names(backends: dict[str, Any]) -> Iterator[Problem]:
    for name in backends:
        if "/" in name:
            yield Problem(
                ("backends", name),
                "a backend's name has no '/', since models are written BACKEND/MODEL",
            )


def _circles(aliases: dict[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in aliases:
        way: dict[str, None] = {}
        step: Any = name
        while isinstance(step, str) and step in aliases and step not in way and step not in seen:
            way[step] = None
            step = aliases[step]
        seen.update(way)
        if isinstance(step, str) and step in way:
            steps = list(way)
            shown = " -> ".join([*steps[steps.index(step) :], step])
            yield Problem(("models", step), f"{shown} goes in a circle; one must be BACKEND/MODEL")


def _references(data: Any, backends: dict[str, Any], aliases: dict[str, Any]) -> Iterator[Problem]:
    known = dict.fromkeys((*backends, LOCAL, *DISCOVERED))
    for path, reference in _models_named(data, aliases):
        backend, slash, model = reference.partition("/")
        if not slash or reference in aliases:
            continue
        if not backend or not model:
            yield Problem(path, f"{reference!r} is not a model; write BACKEND/MODEL or a bare name")
        elif backend not in known:
            yield Problem(
                path,
                f"{reference!r} names the backend {backend!r}, which is not there"
                f"{near(backend, known)}",
            )


def _models_named(data: Any, aliases: dict[str, Any]) -> Iterator[tuple[YamlPath, str]]:
    synthesis = _group(data, "moe", "aggregation").get("synthesis_model")
    named: list[tuple[YamlPath, Any]] = [(("moe", "aggregation", "synthesis_model"), synthesis)]
    for place, entry in _entries(data):
        named += [
            (("moe", "experts", place, "models", number), model)
            for number, model in enumerate(_items(entry.get("models")))
        ]
    named += [(("models", name), target) for name, target in aliases.items()]
    named += [(("prices", name), name) for name in _group(data, "prices")]
    for path, reference in named:
        if isinstance(reference, str):
            yield path, reference


def _installed(data: Any) -> Iterator[Problem]:
    gate = _group(data, "moe", "router").get("type")
    # Looking up what is installed costs time; what collegium brings need not be looked up.
    if isinstance(gate, str) and gate not in ("heuristic", "neural"):
        yield from _plugin(("moe", "router", "type"), "gates", gate)
    if gate == "heuristic" and _group(data, "moe", "router").get("risk") is not None:
        yield Problem(
            ("moe", "router", "risk"), "the heuristic gate makes no sets; use `type: neural`"
        )
    if gate == "heuristic" and _group(data, "moe", "router").get("taught") is not None:
        yield Problem(
            ("moe", "router", "taught"), "the heuristic gate is not taught; use `type: neural`"
        )
    strategy = _group(data, "moe", "aggregation").get("strategy")
    if isinstance(strategy, str) and strategy != "weighted":
        yield from _plugin(("moe", "aggregation", "strategy"), "strategies", strategy)
    for place, entry in _entries(data):
        examples = entry.get("examples")
        where: YamlPath = ("moe", "experts", place, "examples")
        if examples and gate == "heuristic":
            words = "the heuristic gate does not learn by examples; use `type: neural`"
            yield Problem(where, f"{words}, or give the expert a `vocabulary`")
        elif isinstance(examples, list) and 0 < len(_items(examples)) < FEWEST_EXAMPLES:
            count = len(_items(examples))
            yield Problem(where, f"{count} are too few to know an expert by; give 5 to 20")
        if examples and "use" in entry and "key" not in entry:
            yield Problem(where, "an installed expert needs a `key` here, to be known by examples")
        if entry.get("use") is not None and entry.get("knowledge") is not None:
            yield Problem(
                ("moe", "experts", place, "knowledge"),
                "an installed expert is not given a codebase here; leave out `use` or `knowledge`",
            )
        if isinstance(entry.get("use"), str):
            yield from _plugin(("moe", "experts", place, "use"), "experts", entry["use"])


def _plugin(path: YamlPath, group: str, name: str) -> Iterator[Problem]:
    there = plugins.names(group)
    if name not in there:
        what = {"gates": "gate", "strategies": "strategy", "experts": "expert"}[group]
        yield Problem(
            path,
            f"no {what} called {name!r} is installed{near(name, there, label='installed')}",
        )


def _experts(document: Document) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    fallback: int | None = None
    for place, entry in _entries(document.data):
        path: YamlPath = ("moe", "experts", place)
        name, own_key = entry.get("name"), entry.get("key")
        if isinstance(name, str) and name.strip():
            key = own_key if isinstance(own_key, str) else key_of(name)
            if not _sound(key) and own_key is None:
                yield Problem(
                    (*path, "name"),
                    f"{name!r} gives no key of a-z, 0-9 and '_'; say one, such as `key: my_expert`",
                )
            # An expert is called by its key and by its name, and neither may mean two.
            for called in {key, key_of(name)}:
                first = seen.setdefault(called, place)
                if first != place:
                    line = document.line(("moe", "experts", first))
                    yield Problem(
                        (*path, "name"),
                        f"{name!r} is the same expert as number {first + 1}, on line {line}; give "
                        "one of them another name, or a key of its own",
                    )
                    break
        if entry.get("fallback") is True:
            if fallback is not None:
                line = document.line(("moe", "experts", fallback))
                yield Problem(
                    (*path, "fallback"),
                    f"there is a fallback already, expert number {fallback + 1} on line {line}; "
                    "only one may be",
                )
            else:
                fallback = place


def _sound(key: str) -> bool:
    return key.isascii() and key[:1].isalpha() and key.replace("_", "a").isalnum()
