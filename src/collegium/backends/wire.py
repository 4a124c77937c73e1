"""The chat-completions format: prompts into bodies, replies into chunks, refusals into errors."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec

from collegium.backends.base import Generation, Prompt
from collegium.errors import (
    BackendBusy,
    BackendError,
    BackendGarbled,
    BackendRefused,
    BackendUnavailable,
)
from collegium.types import EMPTY, Chunk, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.types import Message

EXCERPT_CHARS = 300


def body_of(prompt: Prompt, *, stream: bool) -> dict[str, Any]:
    """The body of a request; what the caller set in `sampling` stands as it is."""
    body: dict[str, Any] = {
        "model": prompt.model,
        "messages": [_message(message) for message in prompt.messages],
        **prompt.sampling,
        "stream": stream,
    }
    if prompt.tools:
        body["tools"] = [dict(tool) for tool in prompt.tools]
    if stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body as JSON."""
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError):  # half a surrogate pair, a number beyond 64 bits
        return json.dumps(body).encode()


def model_in(data: bytes | None) -> str:
    """The model that an encoded body asks for."""
    return str(json.loads(data).get("model", "")) if data else ""


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class _Event(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None
    error: Any = None


_event = msgspec.json.Decoder(_Event)


def chunk_of(data: str, where: str) -> Chunk:
    """One event of a stream.

    Raises:
        BackendGarbled: it is not a chunk of a chat completion.
        BackendError: it is an error that the backend reports.
    """
    try:
        row = _event.decode(data)
    except (ValueError, RecursionError):
        return _lenient_chunk_of(data, where)
    if row.error:
        raise reported(row.error, where)
    choice = row.choices[0] if row.choices else _Choice()
    delta = choice.delta or _Delta()
    return Chunk(
        text=delta.content or "",
        usage=usage_of(row.usage) if row.usage else None,
        model=row.model or None,
        tool_calls=tuple(delta.tool_calls) if delta.tool_calls else (),
        finish=choice.finish_reason or None,
        extra=_extra(delta.reasoning_content, delta.reasoning, choice.logprobs),
    )


def _lenient_chunk_of(data: str, where: str) -> Chunk:
    """The same where some part has not the shape it should: what has not counts as not sent."""
    row = parsed(data, where)
    if row.get("error"):
        raise reported(row["error"], where)
    choice = _object(next(iter(_objects(row.get("choices"))), None))
    delta = _object(choice.get("delta"))
    return Chunk(
        text=_text(delta.get("content")),
        usage=usage_of(row.get("usage")),
        model=_text(row.get("model")) or None,
        tool_calls=_objects(delta.get("tool_calls")),
        finish=_text(choice.get("finish_reason")) or None,
        extra=_extra(
            _text(delta.get("reasoning_content")),
            _text(delta.get("reasoning")),
            choice.get("logprobs"),
        ),
    )


def _extra(
    reasoning_content: str | None, reasoning: str | None, logprobs: Any
) -> Mapping[str, Any]:
    if not (reasoning_content or reasoning or logprobs):
        return EMPTY
    named = {
        "reasoning_content": reasoning_content,
        "reasoning": reasoning,
        "logprobs": logprobs,
    }
    return {name: value for name, value in named.items() if value}


def no_stream(kind: str, raw: bytes, where: str) -> BackendGarbled:
    """The error that it is where a stream was asked for and something else came."""
    text = raw.decode("utf-8", errors="replace")
    return BackendGarbled(
        f"{where} sent {kind}, not a stream of events: {excerpt(text)} (does the url end with /v1?)"
    )


def generation_of(raw: str | bytes, where: str, *, model: str) -> Generation:
    """A whole reply.

    Raises:
        BackendGarbled: it is not a chat completion.
        BackendError: it is an error that the backend reports.
    """
    row = parsed(raw, where)
    if row.get("error"):
        raise reported(row["error"], where)
    choices = _objects(row.get("choices"))
    if not choices:
        raise BackendGarbled(f"{where} sent no choices: {excerpt(raw)}")
    message = _object(choices[0].get("message"))
    return Generation(
        text=_text(message.get("content")),
        model=_text(row.get("model")) or model,
        usage=usage_of(row.get("usage")) or Usage(),
        tool_calls=_objects(message.get("tool_calls")),
        finish=_text(choices[0].get("finish_reason")) or "stop",
    )


def models_of(raw: str | bytes, where: str) -> tuple[str, ...]:
    """The names in a list of models; a server that has none may list nothing.

    Raises:
        BackendGarbled: it is not a list of models.
    """
    row = parsed(raw, where)
    if not isinstance(row.get("data", ...), list | None):
        raise BackendGarbled(f"{where} sent no list of models: {excerpt(raw)}")
    return tuple(str(one["id"]) for one in _objects(row["data"]) if "id" in one)


def parsed(raw: str | bytes, where: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        BackendGarbled: it is something else.
    """
    try:
        row = _decoded(raw)
    except (ValueError, RecursionError) as error:
        raise BackendGarbled(
            f"{where} sent what is not JSON: {excerpt(raw)} (does the url end with /v1?)"
        ) from error
    if not isinstance(row, dict):
        raise BackendGarbled(f"{where} sent JSON that is not an object: {excerpt(raw)}")
    return cast("dict[str, Any]", row)


def refusal(
    status: int,
    raw: str,
    where: str,
    *,
    model: str,
    retry_after: str | None = None,
    now: datetime | None = None,
) -> BackendError:
    """The error that an HTTP status other than 200 means."""
    why = message_of(raw)
    if status == 429:
        wait = retry_after_s(retry_after, now or datetime.now(UTC))
        return BackendBusy(f"{where} asks for fewer requests: {why}", wait)
    if status in (401, 403):
        return BackendRefused(
            f"{where} does not accept our key (HTTP {status}); "
            "check the variable named by its api_key_env",
            status=502,
        )
    if status == 404:
        return BackendRefused(f"{where} does not have the model {model!r}: {why}", status=404)
    if status < 400:
        odd = f"answered HTTP {status}, which is no reply: {why}"
        redirects = f"redirects (HTTP {status}), which is not followed; give the url it points to"
        return BackendRefused(f"{where} {redirects if status >= 300 else odd}", status=502)
    if status >= 500:
        return BackendUnavailable(f"{where} failed (HTTP {status}): {why}")
    return BackendRefused(f"{where} refused the request (HTTP {status}): {why}", status=status)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None if neither."""
    if not header:
        return None
    with suppress(ValueError):
        seconds = float(header)
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def message_of(raw: str) -> str:
    """The message of an error body, or what there is of one."""
    try:
        row: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return excerpt(raw)
    error = _object(row).get("error", row)
    message = _object(error).get("message") if isinstance(error, dict) else error
    return excerpt(str(message or raw))


def excerpt(raw: str | bytes) -> str:
    """The beginning of a text, on one line."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * EXCERPT_CHARS].decode("utf-8", errors="replace")
    words = " ".join(raw[: 4 * EXCERPT_CHARS].split()) or "(nothing)"
    return words if len(words) <= EXCERPT_CHARS else words[:EXCERPT_CHARS] + "…"


def _decoded(raw: str | bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # it is stricter than servers are: NaN, half a surrogate
        return json.loads(raw)


def _message(message: Message) -> dict[str, Any]:
    content: Any = message.content
    if content is not None and not isinstance(content, str):
        content = [dict(part) for part in message.content or () if not isinstance(part, str)]
    return {"role": message.role, "content": content, **message.extra}


def usage_of(value: Any) -> Usage | None:
    """What a reply says that it consumed; None where it says nothing."""
    row = _object(value)
    if not row:
        return None
    return Usage(_count(row.get("prompt_tokens")), _count(row.get("completion_tokens")))


def reported(error: Any, where: str) -> BackendError:
    """The error that a reply of status 200 says there is."""
    status = _object(error).get("code")
    raw = json.dumps({"error": error})
    if isinstance(status, int) and 400 <= status < 600:
        return refusal(status, raw, where, model="")
    return BackendUnavailable(f"{where} reported an error: {message_of(raw)}")


# What a server sends need not have the shape it should; what has not counts as not sent.


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(value: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list):
        return ()
    rows = cast("list[object]", value)
    return tuple(_object(row) for row in rows if isinstance(row, dict))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
