"""Which model a name means."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from collegium.backends import directory as module
from collegium.backends.base import Prompt
from collegium.backends.directory import Directory, Surroundings
from collegium.backends.discover import Server
from collegium.backends.http import HttpBackend
from collegium.backends.llamacpp import LlamaCppBackend
from collegium.backends.startable import startable_of
from collegium.config import read
from collegium.errors import BackendUnavailable, ExpertNotReady, ModelNotCached, UnknownModel
from collegium.types import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path
    from typing import Any

    from collegium.backends.instance import Instance

    Make = Callable[..., Directory]


@pytest.fixture
def running() -> list[Server]:
    """The model servers that run on this machine, as far as the test is concerned."""
    return []


@pytest.fixture
async def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: list[Server]
) -> AsyncIterator[Make]:
    made: list[Directory] = []

    async def looked_for() -> tuple[Server, ...]:
        return tuple(running)

    monkeypatch.setattr(module, "discover", looked_for)

    def directory(text: str = "", **secrets: str) -> Directory:
        around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, secrets.get, offline=True)
        made.append(Directory(read(text), around))
        return made[-1]

    yield directory
    for one in made:
        await one.aclose()


def remote(url: str, rest: str = "") -> str:
    return f"backends:\n  lab: {{kind: http, url: '{url}', capacity: 3{rest}}}\n"


def nowhere() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


PROMPT = Prompt((Message("user", "one two"),), model="echo")


async def test_a_backend_and_a_model_name_an_instance(make: Make, upstream: str) -> None:
    instance = await make(remote(upstream)).find("lab/echo")
    assert (instance.name, instance.model, instance.capacity) == ("lab/echo", "echo", 3)
    assert (await instance.backend.generate(PROMPT)).text == "one two"


async def test_naming_a_model_needs_no_server(make: Make) -> None:
    instance = await make(remote(nowhere())).find("lab/org/model:7b")
    assert (instance.name, instance.model) == ("lab/org/model:7b", "org/model:7b")


async def test_an_alias_stands_for_its_model(make: Make, upstream: str) -> None:
    directory = make(remote(upstream) + "models: {big: lab/words-5, small: echo}\n")
    assert (await directory.find("big")).name == "lab/words-5"
    assert (await directory.find("small")).name == "lab/echo"


async def test_a_bare_name_is_looked_for_in_the_backends(make: Make, upstream: str) -> None:
    directory = make(remote(upstream))
    instance = await directory.find("tools")
    assert instance.name == "lab/tools"
    assert (await directory.find("lab/echo")).backend is instance.backend


async def test_a_bare_name_may_leave_out_the_tag(make: Make, running: list[Server]) -> None:
    models = ("llama3.2:3b", "qwen3:8b", "qwen3:latest", "phi4:14b", "phi4:mini")
    running.append(Server("ollama", nowhere(), models))
    directory = make()
    assert (await directory.find("llama3.2")).name == "ollama/llama3.2:3b"
    assert (await directory.find("qwen3")).name == "ollama/qwen3:latest"
    assert (await directory.find("ollama/anything")).name == "ollama/anything"
    with pytest.raises(UnknownModel):
        await directory.find("phi4")


async def test_a_server_found_here_answers(
    make: Make, running: list[Server], upstream: str
) -> None:
    running.append(Server("vllm", upstream, ("echo",)))
    instance = await make().find("echo")
    assert instance.name == "vllm/echo"
    assert (await instance.backend.generate(PROMPT)).text == "one two"


async def test_an_unknown_name_says_what_to_add(make: Make, upstream: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        await make(remote(upstream)).find("gpt-9")
    assert "'gpt-9'" in str(caught.value)
    assert "lab" in str(caught.value)
    assert "models: {gpt-9: BACKEND/MODEL}" in str(caught.value)


async def test_an_unknown_embedded_model_says_what_there_is(make: Make) -> None:
    with pytest.raises(
        UnknownModel, match=r"'local' has no model file called 'nope'.*smollm2-135m"
    ):
        await make().find("local/nope")


async def test_an_embedded_model_that_is_not_here_is_missing(make: Make) -> None:
    directory = make()
    instance = await directory.find("local/smollm2-135m")
    assert instance.name == "local/smollm2-135m"
    assert (await directory.find("local/smollm2-135m")) is instance
    assert not directory.store.cached("smollm2-135m")
    with pytest.raises(ModelNotCached):
        await directory.fetch()


async def test_the_fittest_model_is_of_a_configured_backend_first(
    make: Make, running: list[Server], tmp_path: Path
) -> None:
    names = ["qwen-coder-7b", "qwen-coder-1b", "llama-3b", "nomic-embed-text"]
    rows = [{"model": name, "prompt": "?", "text": "yes"} for name in names]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    running.append(Server("ollama", nowhere(), ("qwen-coder-70b",)))
    directory = make(f"backends: {{tape: {{kind: recorded, path: '{path}'}}}}\n")
    assert (await directory.best_for("coding"))[0].name == "tape/qwen-coder-7b"
    assert (await directory.best_for("writing"))[0].name == "tape/llama-3b"


async def test_the_fittest_model_is_else_of_a_server_here_else_the_embedded_one(
    make: Make, running: list[Server]
) -> None:
    assert (await make().best_for("coding"))[0].name == "local/smollm2-135m"
    running.append(Server("ollama", nowhere(), ("nomic-embed-text",)))
    assert (await make().best_for("coding"))[0].name == "local/smollm2-135m"
    running.append(Server("vllm", nowhere(), ("qwen3:8b",)))
    assert (await make().best_for("coding"))[0].name == "vllm/qwen3:8b"


async def test_a_configured_backend_that_is_silent_is_not_passed_over_in_silence(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExpertNotReady, match=r"none of the configured backends \(lab\)"):
        await make(remote(nowhere())).best_for("coding")
    assert "backend 'lab' does not say what models it has" in caplog.text


async def test_a_backend_that_was_down_is_asked_again_but_not_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: str
) -> None:
    class Clock:
        now = 100.0

        def __call__(self) -> float:
            return self.now

    looked: list[str] = []

    async def models(backend: HttpBackend) -> tuple[str, ...]:
        looked.append(backend.name)
        if backend.name == "late" and len(looked) < 5:
            raise BackendUnavailable("not yet")
        return (f"of-{backend.name}",)

    async def nobody() -> tuple[Server, ...]:
        return ()

    monkeypatch.setattr(HttpBackend, "models", models)
    monkeypatch.setattr(module, "discover", nobody)
    clock = Clock()
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    rows = f"early: {{kind: http, url: '{upstream}'}}, late: {{kind: http, url: '{upstream}'}}"
    directory = Directory(read(f"backends: {{{rows}}}"), around, clock=clock)
    for _ in range(3):
        assert await directory.listings() == {"early": ("of-early",), "late": ()}
    assert sorted(looked) == ["early", "late"]
    for _ in range(2):
        clock.now += 5
        assert (await directory.listings())["late"] == ()
    clock.now += 5
    assert await directory.listings() == {"early": ("of-early",), "late": ("of-late",)}
    assert (await directory.find("of-late")).name == "late/of-late"
    clock.now += 5
    await directory.listings()
    assert looked.count("early") == 1
    assert looked.count("late") == 4
    await directory.aclose()


async def test_the_key_comes_from_the_variable_that_is_named(
    make: Make, upstream: str, stats: Callable[[], dict[str, Any]]
) -> None:
    directory = make(remote(upstream, ", api_key_env: LAB_KEY"), LAB_KEY="sk-lab")
    await directory.backend("lab").generate(PROMPT)
    assert stats()["last_headers"]["authorization"] == "Bearer sk-lab"


async def test_a_backend_is_made_once_and_closed_once_used(make: Make, upstream: str) -> None:
    directory = make(remote(upstream))
    first, second = await directory.find("lab/echo"), await directory.find("lab/tools")
    assert first.backend is second.backend
    await first.backend.generate(PROMPT)
    await directory.aclose()
    await directory.aclose()


@pytest.mark.parametrize("use", ["models", "generate"])
async def test_a_backend_that_is_gone_fails_when_it_is_used(make: Make, use: str) -> None:
    backend = make(remote(nowhere())).backend("lab")
    asked: Awaitable[object] = backend.models() if use == "models" else backend.generate(PROMPT)
    with pytest.raises(BackendUnavailable, match="'lab'"):
        await asked
    assert await backend.healthy() is False


async def test_another_directory_has_what_is_configured_as_it_was(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    same, other = "lab: {kind: http, url: 'http://127.0.0.1:9/v1'}", "{kind: http, url: 'http://127"
    older = Directory(read(f"backends: {{{same}, den: {other}.0.0.1:8/v1'}}}}"), around)
    stays, goes = await older.find_all("lab/m"), await older.find_all("den/m")
    own = await older.find_all("local/smollm2-135m")
    spare = own.spare()
    assert spare is not None
    own.become([*own, spare])
    newer = Directory(
        read(f"backends: {{{same}, den: {other}.0.0.1:7/v1'}}}}\nmodels: {{m: lab/m}}"),
        around,
        inherit=older,
    )
    assert newer.listeners is older.listeners
    assert await newer.find_all("m") is stays
    assert await newer.find_all("local/smollm2-135m") is own
    assert [one.label for one in own] == ["local/smollm2-135m", "local/smollm2-135m#2"]
    changed = await newer.find_all("den/m")
    assert changed is not goes
    assert changed[0].backend is not goes[0].backend
    assert changed[0].condition is not goes[0].condition
    await older.aclose()
    await newer.aclose()


async def test_processes_of_all_directories_ask_the_same_room(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    text = "moe: {management: {scaling: {reserve_mb: 77}}}\n"
    older = Directory(read(text + "backends: {here: {kind: llamacpp}}"), around)
    assert around.room.reserve_mb == 77
    newer = Directory(read("backends: {here: {kind: llamacpp, slots: 2}}"), around, inherit=older)
    assert around.room.reserve_mb == 77  # whoever has it put in force sees to that
    assert older.premises.room is newer.premises.room is around.room
    for directory in (older, newer):
        backend = startable_of(await directory.find("here/smollm2-135m"))
        assert isinstance(backend, LlamaCppBackend)
        assert backend._room is around.room
        await directory.aclose()


@pytest.mark.parametrize(
    ("moe", "backend", "threads"),
    [
        ("", "", [12, 6, 4]),
        ("management: {auto_scale: true}, experts: [{name: E, max_instances: 3}]", "", [4, 4, 4]),
        (
            "management: {auto_scale: true}, experts: [{name: E, models: [here/a.gguf]}, "
            "{name: F, models: [up/m], max_instances: 12}]",
            "",
            [12, 6, 4],
        ),
        (
            "management: {auto_scale: true}, "
            "experts: [{name: E, models: [mine], max_instances: 2}]",
            "",
            [6, 6, 4],
        ),
        ("", ", threads: 5", [5, 5, 5]),
    ],
)
async def test_the_cores_are_divided_among_the_processes_that_there_may_be(
    tmp_path: Path, moe: str, backend: str, threads: list[int]
) -> None:
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 12, lambda _: None, offline=True)
    backends = f"here: {{kind: llamacpp{backend}}}, up: {{kind: http, url: 'http://up/v1'}}"
    text = f"backends: {{{backends}}}\nmodels: {{mine: here/a.gguf}}\nmoe: {{{moe}}}"
    directory = Directory(read(text), around)
    model = await directory.find_all("here/a.gguf")
    while len(model) < 3:
        spare = model.spare()
        assert spare is not None
        model.become([*model, spare])
    backends_of = [startable_of(one) for one in model]
    assert [one._threads for one in backends_of if isinstance(one, LlamaCppBackend)] == threads
    await directory.aclose()


async def test_closing_the_older_one_leaves_what_the_newer_one_has(
    tmp_path: Path, upstream: str
) -> None:
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    text = f"backends: {{lab: {{kind: http, url: '{upstream}'}}"
    older = Directory(read(f"{text}, den: {{kind: http, url: '{upstream}'}}}}"), around)
    newer = Directory(read(f"{text}}}"), around, inherit=older)
    kept, gone = await older.find("lab/echo"), await older.find("den/echo")
    closed: list[str] = []
    for instance in (kept, gone):
        await instance.backend.generate(PROMPT)
        _note_closing(instance, closed)
    await older.aclose(keeping=[newer])
    assert closed == ["den/echo"]
    assert (await kept.backend.generate(PROMPT)).text == "one two"
    await newer.aclose()
    assert closed == ["den/echo", "lab/echo"]


def _note_closing(instance: Instance, closed: list[str]) -> None:
    lazy = instance.backend
    close = lazy.aclose

    async def noted() -> None:
        closed.append(instance.name)
        await close()

    lazy.aclose = noted  # type: ignore[method-assign]


async def test_a_price_or_a_breaker_that_changes_makes_its_backends_anew(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    backends = ", ".join(
        f"{name}: {{kind: http, url: 'http://127.0.0.1:9/v1'}}" for name in ("lab", "den")
    )
    text = f"backends: {{{backends}}}\n"
    older = Directory(read(text), around)
    lab, den = await older.find_all("lab/m"), await older.find_all("den/m")
    dearer = Directory(read(text + "prices: {lab/m: {input: 1, output: 2}}"), around, inherit=older)
    assert (await dearer.find_all("lab/m")) is not lab
    assert (await dearer.find_all("lab/m"))[0].price is not None
    assert (await dearer.find_all("den/m")) is den
    stricter = Directory(read(text + "resilience: {breaker: {failures: 2}}"), around, inherit=older)
    assert (await stricter.find_all("den/m")) is not den


async def test_a_server_that_was_found_is_not_looked_for_again(
    make: Make, running: list[Server], tmp_path: Path
) -> None:
    running.append(Server("vllm", nowhere(), ("qwen3:8b",)))
    older = make()
    found = await older.find_all("qwen3:8b")
    running.clear()
    around = Surroundings(tmp_path, "http://127.0.0.1:9", 2, lambda _: None, offline=True)
    newer = Directory(read(""), around, inherit=older)
    assert await newer.find_all("qwen3:8b") is found
    assert newer.labels("vllm/qwen3:8b") == ("vllm/qwen3:8b",)


async def test_replicas_are_at_their_addresses_and_embedded_ones_have_numbers(make: Make) -> None:
    directory = make(
        "backends: {lab: {kind: http, url: 'http://127.0.0.1:1/v1', replicas: "
        "['http://127.0.0.1:2/v1']}}\n"
        "moe: {management: {auto_scale: true}, experts: [{name: coding, max_instances: 2}]}"
    )
    lab = await directory.find_all("lab/m")
    assert [one.address for one in lab] == ["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"]
    assert (lab.most, lab.spare()) == (2, None)
    own = await directory.find_all("local/smollm2-135m")
    assert (len(own), own.most) == (1, None)
    spare = own.spare()
    assert spare is not None
    assert (spare.address, spare.label) == ("#2", "local/smollm2-135m#2")
    assert spare.backend is not own[0].backend
    assert directory.labels("local/smollm2-135m") == ("local/smollm2-135m", "local/smollm2-135m#2")


async def test_a_backend_nobody_configured_is_unknown(make: Make) -> None:
    with pytest.raises(UnknownModel, match="no backend called 'nobody'"):
        make().backend("nobody")
