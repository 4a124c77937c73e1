"""Answers given in a file, replayed."""

from __future__ import annotations

import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium import testing
from collegium.backends.base import Prompt, joined
from collegium.backends.recorded import RecordedBackend, Recording, read
from collegium.errors import BackendRefused, ConfigError
from collegium.types import Message, Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from collegium.backends.base import Backend


def asking(text: str, model: str = "m") -> Prompt:
    return Prompt((Message("user", text),), model=model)


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "answers.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize("check", testing.backend_checks())
async def test_it_is_a_backend(check: Callable[[Callable[[], Backend]], Awaitable[None]]) -> None:
    await check(lambda: RecordedBackend({("m", "Say hello."): "Hello to you."}))


async def test_a_file_is_replayed_with_what_it_cost(tmp_path: Path) -> None:
    row = {"model": "m", "prompt": "2+2?", "text": "It is 4.\n"}
    costs = {"prompt_tokens": 3, "completion_tokens": 4, "cost_usd": 0.5}
    path = written(tmp_path, {**row, **costs}, "", {**row, "model": "n", "text": "five"})
    backend = RecordedBackend(path)
    assert await backend.models() == ("m", "n")
    generation = await backend.generate(asking("2+2?"))
    assert (generation.text, generation.model) == ("It is 4.\n", "m")
    assert generation.usage == Usage(3, 4, 0.5)
    assert (await backend.generate(asking("2+2?", "n"))).text == "five"


async def test_the_last_user_message_is_what_is_answered() -> None:
    backend = RecordedBackend({("m", "second"): "yes"})
    turns = (Message("user", "first"), Message("user", "second"), Message("assistant", "hm"))
    assert (await backend.generate(Prompt(turns, model="m"))).text == "yes"


@given(st.text())
async def test_the_words_joined_are_the_text(text: str) -> None:
    backend = RecordedBackend({("m", "?"): text})
    assert (await joined(backend.stream(asking("?")), model="")).text == text


async def test_words_come_at_the_pace_that_is_asked_for() -> None:
    backend = RecordedBackend({("m", "?"): "one two three"}, pace_s=0.02)
    start = time.monotonic()
    async with aclosing(backend.stream(asking("?"))) as chunks:
        texts = [chunk.text async for chunk in chunks]
    assert texts == ["one", " two", " three", ""]
    assert time.monotonic() - start >= 0.05


async def test_what_is_not_recorded_is_refused() -> None:
    backend = RecordedBackend({("m", "?"): "yes"}, name="tape")
    with pytest.raises(BackendRefused, match="'tape' has no answer of 'n' to") as caught:
        await backend.generate(asking("?", "n"))
    assert caught.value.status == 404


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    good = {"model": "m", "prompt": "p", "text": "t"}
    path = written(tmp_path, good, "{no", [1], {**good, "text": 5}, {**good, "prompt_tokens": "x"})
    with pytest.raises(ConfigError, match="no recorded answers") as caught:
        read(path)
    starts = [problem.partition(":")[0] for problem in caught.value.problems]
    assert starts == ["line 2", "line 3", "line 4", "line 5"]
    assert "'text' is 5, not a string" in caught.value.problems[2]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    row = {"model": "m", "prompt": "p", "text": "a\u2028b"}
    path = written(tmp_path, json.dumps(row, ensure_ascii=False))
    assert read(path) == {("m", "p"): Recording("a\u2028b")}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "answers.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"cannot read the recorded answers '.*answers\.jsonl'"):
        RecordedBackend(path)
