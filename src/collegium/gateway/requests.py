"""What a chat request may look like, checked once at the door."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from collegium.errors import InvalidRequest
from collegium.jsonvalues import is_object
from collegium.types import Message, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T", bound=Struct)

# What the backend is not sent of a body: what we read ourselves, and what we write anew.
OURS = frozenset({"messages", "model", "stream", "tools", "collegium", "deadline_s"})

Share = Annotated[float, Meta(ge=0, le=2)]
Positive = Annotated[float, Meta(gt=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]


class Overrides(Struct, forbid_unknown_fields=True, frozen=True):
    """How one request wants to be answered: the `collegium` object of its body.

    `experts` are the only ones who may be asked, `without` those who may not. `budget_usd` and
    `deadline_s` are for the whole answer. With `explain` the reply has its receipt. `cache` is
    false where neither a kept answer is wanted nor the new one kept, 'refresh' where only the new
    one is, and true where a kept one will do though the temperature is above 0.
    """

    explain: bool = False
    experts: Annotated[list[Name], Meta(max_length=64)] = []
    without: Annotated[list[Name], Meta(max_length=64)] = []
    top_k: AtLeastOne | None = None
    strategy: Name | None = None
    objective: Literal["quality", "balanced", "cheap", "fast", "parity"] | None = None
    budget_usd: Positive | None = None
    deadline_s: Positive | None = None
    cache: bool | Literal["refresh"] | None = None


class StreamOptions(Struct, frozen=True):
    """What a stream brings beside the text."""

    include_usage: bool | None = None


class Turn(Struct, frozen=True):
    """One message of a conversation; what it has beside these goes to the model as it is."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChatBody(Struct, frozen=True):
    """A chat request. Fields that are not here go to the backend as they came."""

    model: Name
    messages: Annotated[list[Turn], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    n: AtLeastOne | None = None
    temperature: Share | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: AtLeastOne | None = None
    max_completion_tokens: AtLeastOne | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0)] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    collegium: Overrides | None = None


# Brackets and commas of one body.
PARTS = 1_000_000
_DECODER = msgspec.json.Decoder()
_PLACE = re.compile(r"^(?P<words>.*?)(?: - at `(?P<place>.+)`)?$", re.DOTALL)
_CHOICES = {
    "role": ("system", "developer", "user", "assistant", "tool", "function"),
    "objective": ("quality", "balanced", "cheap", "fast", "parity"),
}
NONE_ASKED = Overrides()
# How deep the bodies of requests go that are no conversations.
DEEPEST = 16
MOST_PARAMETERS = 16
YES_OR_NO = {"true": True, "false": False}


def decoded(raw: bytes, *, depth: int) -> dict[str, Any]:
    """A body's JSON object.

    Raises:
        InvalidRequest: it is not JSON, not UTF-8, not an object, deeper than `depth` levels, or of
            more parts than anybody needs, which take far more room and time than their bytes.
    """
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets + raw.count(b",") > PARTS:
        raise InvalidRequest(f"the body has more than {PARTS:,} parts")
    try:
        body = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidRequest(f"the body's brackets go deeper than {depth} levels") from error
    if not is_object(body):
        raise InvalidRequest(f"the body is JSON, but {_named(body)}; send an object")
    if brackets > depth and _deeper(body, depth):
        raise InvalidRequest(f"the body's brackets go deeper than {depth} levels")
    return body


def _deeper(body: object, depth: int) -> bool:
    """Whether lists and objects are nested in more than `depth` levels."""
    level: list[object] = [body]
    for _ in range(depth):
        parts: list[object] = []
        for whole in level:
            parts += whole.values() if is_object(whole) else cast("list[object]", whole)
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def checked(body: Mapping[str, Any], *, messages: int, choices: int) -> ChatBody:
    """The body as what it should be.

    Raises:
        InvalidRequest: a part is missing, of the wrong type, or more than is taken.
    """
    try:
        chat = msgspec.convert(body, ChatBody)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    if len(chat.messages) > messages:
        raise InvalidRequest(
            f"messages: {len(chat.messages):,} are too many; at most {messages:,} are taken "
            "(gateway.limits.messages)",
            "messages",
        )
    if (chat.n or 1) > choices:
        raise InvalidRequest(f"n: {chat.n} is too many; at most {choices} are given", "n")
    return chat


def shaped(raw: bytes, shape: type[T]) -> T:
    """A body as what it should be; none at all is an empty object.

    Raises:
        InvalidRequest: it is not that.
    """
    try:
        return msgspec.convert(decoded(raw or b"{}", depth=DEEPEST), shape)
    except msgspec.ValidationError as error:
        raise invalid(error, shape) from error


def flag(query: bytes, name: str) -> bool:
    """Whether a query string says `name=true`; nothing else may be in it.

    Raises:
        InvalidRequest: there is something else in it, or something that is neither yes nor no.
    """
    try:
        told = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:
        raise InvalidRequest(f"the query string has more than {MOST_PARAMETERS} parts") from error
    unknown = next((one for one, _ in told if one != name), None)
    if unknown is not None:
        raise InvalidRequest(f"{unknown!r}: unknown parameter; there is: {name}", unknown)
    value = told[-1][1] if told else "false"
    if value not in YES_OR_NO:
        raise InvalidRequest(f"{name}: {value!r} is neither true nor false", name)
    return YES_OR_NO[value]


def invalid(error: msgspec.ValidationError, shape: type[Struct] = Overrides) -> InvalidRequest:
    """What a shape that does not fit means, with the name of the part."""
    found = _PLACE.match(str(error))
    words, place = (found["words"], found["place"]) if found else (str(error), None)
    param = (place or "").removeprefix("$").removeprefix(".") or None
    missing = re.search(r"missing required field `(\w+)`", words)
    if missing:
        param = f"{param}.{missing[1]}" if param else missing[1]
        words = "it is missing"
        if missing[1] == "model":
            words += "; 'auto' lets the college choose"
    unknown = re.search(r"contains unknown field `(.+)`", words)
    if unknown:
        known = ", ".join((Overrides if param else shape).__struct_fields__)
        words = f"unknown key {unknown[1]!r}; there are: {known}"
    if words.startswith("Invalid enum value"):
        words += f"; there are: {', '.join(_CHOICES.get((param or '').rpartition('.')[2], ()))}"
    words = words.replace("`", "'")
    return InvalidRequest(f"{param}: {words}" if param else words, param)


def query_of(
    body: Mapping[str, Any], chat: ChatBody, *, identity: str, session: str | None
) -> Query:
    """The query that a chat body asks."""
    asked = chat.collegium or NONE_ASKED
    return Query(
        messages=tuple(message_of(turn) for turn in body["messages"]),
        id=identity,
        session=session,
        deadline_s=asked.deadline_s,
        sampling={name: value for name, value in body.items() if name not in OURS},
        tools=tuple(chat.tools or ()),
        objective=asked.objective,
        budget_usd=asked.budget_usd,
    )


def message_of(turn: Mapping[str, Any]) -> Message:
    """A message of a body; what it has beside role and content is kept."""
    if len(turn) == 2 and "content" in turn:
        return Message(turn["role"], turn["content"])
    rest = {name: value for name, value in turn.items() if name not in ("role", "content")}
    return Message(turn["role"], turn.get("content"), rest)


def _named(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    return (
        "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "a number"
    )
