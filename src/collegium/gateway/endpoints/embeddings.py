"""Embeddings: by the built-in encoder, or by a backend that has a model for them."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from collegium.backends.base import Prompt
from collegium.backends.prices import TOKEN_CHARS
from collegium.errors import InvalidRequest
from collegium.gateway.exchange import headers_of
from collegium.gateway.passed import Renaming
from collegium.gateway.requests import decoded, invalid
from collegium.gateway.security import require_model
from collegium.types import Message, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from collegium.encoders.base import Encoder
    from collegium.gateway.app import Call
    from collegium.gateway.security import Limiter
    from collegium.gateway.service import Service
    from collegium.gateway.settings import Settings

BUILTIN = ("builtin", "collegium/embeddings")
MOST_TEXTS = 2048
TOGETHER = 32

Text = Annotated[str, Meta(max_length=1_000_000)]


class EmbeddingsBody(Struct, frozen=True):
    """What is to be embedded. Fields that are not here go to the backend as they came."""

    input: str | list[Any]
    model: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    user: str | None = None


@dataclass(slots=True)
class Embeddings:
    """Turns texts into vectors."""

    service: Service
    encoder: Callable[[], Encoder]
    limiter: Limiter
    settings: Settings

    async def embed(self, call: Call) -> None:
        """POST /v1/embeddings."""
        limits = self.settings.limits
        raw = await call.exchange.body(most_bytes=limits.body_bytes)
        body = decoded(raw, depth=limits.depth)
        try:
            asked = msgspec.convert(body, EmbeddingsBody)
        except msgspec.ValidationError as error:
            raise invalid(error) from error
        model = asked.model or self.settings.embeddings
        require_model(call.key, model)
        tokens = len(raw) // TOKEN_CHARS
        cost_usd = await self._cost_usd(model, raw) if call.key.limits.any else 0.0
        async with self.limiter.admitted(call.key, tokens, cost_usd) as grant:
            if model in BUILTIN:
                await self._own(call, asked)
                grant.settle(Usage(prompt_tokens=tokens))
            else:
                grant.settle(await self._passed_on(call, {**body, "model": model}, model))

    async def _cost_usd(self, model: str, raw: bytes) -> float:
        """What it will cost, as far as there is a price."""
        if model in BUILTIN:
            return 0.0
        prompt = Prompt((Message("user", raw.decode("utf-8", "replace")),))
        return (await self.service.pool(model)).expected_cost_usd(prompt) or 0.0

    async def _own(self, call: Call, asked: EmbeddingsBody) -> None:
        """By the built-in encoder, in a thread, so that nobody else waits."""
        texts = texts_of(asked.input)
        encoder = await asyncio.to_thread(self.encoder)
        width = asked.dimensions or encoder.width
        if width > encoder.width:
            raise InvalidRequest(
                f"dimensions: {width} are too many; the encoder gives {encoder.width}",
                "dimensions",
            )
        vectors: list[NDArray[Any]] = []
        for place in range(0, len(texts), TOGETHER):
            batch = texts[place : place + TOGETHER]
            vectors += list(await asyncio.to_thread(encoder.encode, batch))
        rows = [
            {"object": "embedding", "index": index, "embedding": _written(vector[:width], asked)}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(len(text) for text in texts) // TOKEN_CHARS
        await call.exchange.reply_json(
            {
                "object": "list",
                "data": rows,
                "model": BUILTIN[1],
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            }
        )

    async def _passed_on(self, call: Call, body: dict[str, Any], model: str) -> Usage | None:
        """By a backend; what it consumed comes back."""
        pool = await self.service.pool(model)
        letter = {name: value for name, value in body.items() if not name.startswith("stream")}
        async with pool.relay(
            Prompt(()),
            letter,
            path="/embeddings",
            deadline_s=self.service.college.deadline_s,
            headers=self.service.tracer.outgoing_headers(model),
        ) as relayed:
            raw = await relayed.whole()
            head = headers_of({"x-collegium-model": relayed.name})
            await call.exchange.reply(200, Renaming(relayed.name)(raw), head=head)
            return relayed.usage


def texts_of(given: str | Sequence[Any]) -> list[str]:
    """The texts of an `input`.

    Raises:
        InvalidRequest: it has none, too many, or something that is no text.
    """
    texts: list[Any] = [given] if isinstance(given, str) else list(given)
    if not texts:
        raise InvalidRequest("input: it is empty; send a text, or a list of them", "input")
    if len(texts) > MOST_TEXTS:
        raise InvalidRequest(f"input: {len(texts)} texts; at most {MOST_TEXTS}", "input")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidRequest(
                f"input[{place}]: it is {type(text).__name__}; the built-in encoder takes texts, "
                "not tokens",
                f"input[{place}]",
            )
    return texts


def _written(vector: NDArray[Any], asked: EmbeddingsBody) -> Any:
    """A vector of length 1, as numbers or as base64 of little-endian 32-bit ones."""
    length = float((vector * vector).sum()) ** 0.5
    unit = (vector / length if length else vector).astype("<f4")
    if asked.encoding_format == "base64":
        return base64.b64encode(unit.tobytes()).decode()
    return unit.tolist()
