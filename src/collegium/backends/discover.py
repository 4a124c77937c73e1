"""Which model servers run on this machine, and which of their models fits an expert."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium import plugins
from collegium.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PORTS: Mapping[str, int] = MappingProxyType(
    {"ollama": 11434, "vllm": 8000, "llamacpp": 8080, "lmstudio": 1234}
)
LISTING_TIMEOUT_S = 2.0

_NOT_FOR_CHAT = re.compile(r"embed|rerank|bge-|minilm|whisper|tts|clip|moderation", re.IGNORECASE)
_CODE = re.compile(r"code|coder|starcoder|devstral", re.IGNORECASE)
_MATH = re.compile(r"math|numina", re.IGNORECASE)
_REASONING = re.compile(r"qwq|(^|[-_/:])r1|reason|think|(^|[-_/])o[134]($|[-_])", re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*b(?![a-z])", re.IGNORECASE)

# For each expert, the kinds of model to look for first, in order.
_HINTS: Mapping[str, tuple[re.Pattern[str], ...]] = MappingProxyType(
    {
        "coding": (_CODE,),
        "data": (_CODE,),
        "knowledge": (_CODE,),
        "math": (_MATH, _REASONING),
        "reasoning": (_REASONING,),
        "planning": (_REASONING,),
    }
)


@dataclass(frozen=True, slots=True)
class Server:
    """A model server that was found, and the models it says it has."""

    name: str
    url: str
    models: tuple[str, ...]


async def discover(
    ports: Mapping[str, int] = DEFAULT_PORTS, *, host: str = "127.0.0.1", timeout_s: float = 0.3
) -> tuple[Server, ...]:
    """The OpenAI-compatible servers on the usual ports, all looked at together.

    A port that is closed, or speaks something else, is no server. Nothing is imported for HTTP
    unless some port is open.
    """
    opened = await asyncio.gather(*(_open(host, port, timeout_s) for port in ports.values()))
    there = [name for name, is_open in zip(ports, opened, strict=True) if is_open]
    found = await asyncio.gather(*(_ask(name, f"http://{host}:{ports[name]}/v1") for name in there))
    return tuple(server for server in found if server is not None)


def chat_models(models: Sequence[str]) -> tuple[str, ...]:
    """Those that converse; models for embedding, ranking and speech do not."""
    return tuple(model for model in models if not _NOT_FOR_CHAT.search(model))


def prefer(key: str, models: Sequence[str]) -> str:
    """The model whose name fits an expert best: of the right kind first, then the largest.

    Raises:
        ValueError: there is none to choose from.
    """
    if not models:
        raise ValueError("no models to choose from")
    for hint in _HINTS.get(key, ()):
        fitting = [model for model in models if hint.search(model)]
        if fitting:
            return max(fitting, key=_rank)
    general = [model for model in models if not (_CODE.search(model) or _MATH.search(model))]
    return max(general or models, key=_rank)


def _rank(model: str) -> tuple[float, str]:
    size = _SIZE.search(model)
    return (float(size[1]) if size else 0.0, model)


async def _open(host: str, port: int, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _ask(name: str, url: str) -> Server | None:
    backend = plugins.load("backends", "http")(url, name=name)
    try:
        async with asyncio.timeout(LISTING_TIMEOUT_S):
            return Server(name, url, await backend.models())
    except (BackendError, TimeoutError):
        return None
    finally:
        await backend.aclose()
