"""Answers given in a file, replayed: for evaluation and for tests."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from collegium.backends.base import Generation, Prompt, joined
from collegium.errors import BackendRefused, ConfigError
from collegium.types import Chunk, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recording:
    """One answer of one model to one prompt."""

    text: str
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Paid:
    """A recorded answer that was called for, and what it cost when it was given."""

    model: str
    prompt: str
    cost_usd: float


class RecordedBackend:
    """Answers what is recorded, by model and by the text of the last user message.

    `answers` is a JSON Lines file of `{"model", "prompt", "text"}`, with `prompt_tokens`,
    `completion_tokens` and `cost_usd` where they are known; or the same as a mapping of
    (model, prompt) to text or to a `Recording`.

    The only way to an answer is to call for it, and every call is in `ledger` from its first piece
    on: whoever judges a mixture by recordings knows that it has seen nothing that it has not paid
    for. How good an answer is is not recorded here.
    """

    def __init__(
        self,
        answers: Path | Mapping[tuple[str, str], str | Recording],
        *,
        name: str = "recorded",
        pace_s: float = 0.0,
        whole: bool = False,
    ) -> None:
        self.name = name
        self._whole = whole
        self._pace_s = pace_s
        self._ledger: list[Paid] = []
        self._answers = (
            {
                key: one if isinstance(one, Recording) else Recording(one)
                for key, one in answers.items()
            }
            if isinstance(answers, Mapping)
            else read(answers)
        )

    @property
    def ledger(self) -> tuple[Paid, ...]:
        """What was called for, in order."""
        return tuple(self._ledger)

    async def generate(self, prompt: Prompt) -> Generation:
        """The recorded answer."""
        return await joined(self.stream(prompt), model=prompt.model)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The recorded answer, a word at a time, unless it is to be said as a `whole`.

        Raises:
            BackendRefused: nothing is recorded for that model and that prompt.
        """
        asked = next((one.text for one in reversed(prompt.messages) if one.role == "user"), "")
        recording = self._answers.get((prompt.model, asked))
        if recording is None:
            raise BackendRefused(
                f"backend {self.name!r} has no answer of {prompt.model!r} to {asked[:60]!r}",
                status=404,
            )
        self._ledger.append(Paid(prompt.model, asked, recording.usage.cost_usd))
        text = recording.text
        words = [text] if self._whole else re.findall(r"\s*\S+|\s+$", text)
        for place, word in enumerate(words):
            if self._pace_s:
                await asyncio.sleep(self._pace_s)
            yield Chunk(word, model=prompt.model if place == 0 else None)
        yield Chunk(usage=recording.usage, finish="stop")

    async def models(self) -> tuple[str, ...]:
        """The models that have answers."""
        return tuple(sorted({model for model, _ in self._answers}))

    async def healthy(self) -> bool:
        """Always."""
        return True

    async def aclose(self) -> None:
        """There is nothing to end."""


def read(path: Path) -> dict[tuple[str, str], Recording]:
    """The recordings of a file.

    Raises:
        ConfigError: it cannot be read, or lines of it are wrong; all of those are named.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the recorded answers {str(path)!r}: {error}") from error
    recordings: dict[tuple[str, str], Recording] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            key, recording = _recording(json.loads(line))
        except (ValueError, TypeError) as error:
            problems.append(f"line {number}: {error}")
        else:
            recordings[key] = recording
    if problems:
        raise ConfigError(f"{path} has lines that are no recorded answers:", tuple(problems))
    return recordings


def _recording(value: Any) -> tuple[tuple[str, str], Recording]:
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    row = cast("dict[str, Any]", value)
    for field in ("model", "prompt", "text"):
        if not isinstance(row.get(field), str):
            raise TypeError(f"{field!r} is {row.get(field)!r}, not a string")
    usage = Usage(
        int(row.get("prompt_tokens", 0)),
        int(row.get("completion_tokens", 0)),
        float(row.get("cost_usd", 0.0)),
    )
    return (row["model"], row["prompt"]), Recording(row["text"], usage)
