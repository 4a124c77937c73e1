"""What an operation looks like in the OpenAPI document."""

from __future__ import annotations

from typing import Any

JSON = "application/json"
REF = "#/components/schemas/{name}"

# The statuses of errors, and what they mean. A refusal of a model's server keeps its own, `4XX`.
ERRORS = {
    "400": "Something of the request is not as it should be; `param` says what.",
    "401": "There is no key, or it is unknown, expired or revoked.",
    "403": "The key is not for this, or the request was meant for another machine.",
    "404": "There is no such model, expert or thing.",
    "409": "It is not done, and nothing was changed; the message says why.",
    "413": "The body or the conversation is too long.",
    "429": "Too much at once: of the key, of the server, of an expert or of a model's server.",
    "4XX": "The model's server refused it.",
    "500": "The gateway failed in a way it should not.",
    "502": "A model's server answered with something that is no answer.",
    "503": "Nobody can answer now, or the server is being stopped.",
    "504": "The deadline has passed.",
}
ALWAYS = ("400", "401", "403", "500")
CHANGING = (*ALWAYS, "404", "409", "413", "503")
WITH_BODY = (*ALWAYS, "404", "413", "429", "4XX", "502", "503", "504")
RETRY = ("retry-after", "retry-after-ms")

HEADERS = {
    "x-request-id": "The request's id: the client's own, or a new one.",
    "x-collegium-decision-id": "What `GET /api/decisions/{id}` tells of.",
    "x-collegium-expert": "Who answered; of a stream, who was to.",
    "x-collegium-model": "The model that answered, as BACKEND/MODEL.",
    "x-collegium-confidence": "How sure it was that this expert is right, from 0 to 1.",
    "x-collegium-strategy": "How the answer was made.",
    "x-collegium-overhead-ms": "Milliseconds until somebody was asked.",
    "x-collegium-cache": "How a kept answer was found: exact or semantic.",
    "retry-after": "Seconds after which it is worth another try.",
    "retry-after-ms": "The same in milliseconds.",
}
ABOUT = tuple(name for name in HEADERS if name.startswith("x-collegium-"))


def operation(
    name: str,
    summary: str,
    reply: str,
    *,
    body: str | tuple[str, ...] = (),
    errors: tuple[str, ...] = ALWAYS,
    error: str = "Error",
    headers: tuple[str, ...] = ("x-request-id",),
    good: str = "200",
) -> dict[str, Any]:
    """An operation: what it takes, and everything that may come of it."""
    told: dict[str, Any] = {"operationId": name, "summary": summary}
    if body:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": schema_of(body)}}}
    as_asked = {"description": "As asked.", "headers": headers_of(headers)}
    told["responses"] = {good: {**as_asked, "content": content_of(reply)}}
    for status in sorted(errors):
        names = ("x-request-id", *RETRY) if status in ("429", "503") else ("x-request-id",)
        told["responses"][status] = {
            "description": ERRORS[status],
            "headers": headers_of(names),
            "content": content_of(error),
        }
    return told


def content_of(name: str) -> dict[str, Any]:
    """A body of that schema."""
    return {JSON: {"schema": schema_of(name)}}


def schema_of(names: str | tuple[str, ...]) -> dict[str, Any]:
    """A schema by its name, or any of several."""
    if isinstance(names, tuple):
        return {"anyOf": [schema_of(one) for one in names]}
    return {"$ref": REF.format(name=names)} if names else {"type": "object"}


def headers_of(names: tuple[str, ...]) -> dict[str, Any]:
    """The headers of those names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def in_path(name: str, description: str) -> dict[str, Any]:
    """A parameter in the path."""
    schema = {"type": "string", "minLength": 1}
    told = {"name": name, "in": "path", "required": True}
    return {**told, "description": description, "schema": schema}


def flag(name: str, description: str) -> dict[str, Any]:
    """A parameter after the `?` that is true or false."""
    schema = {"type": "boolean", "default": False}
    return {"name": name, "in": "query", "description": description, "schema": schema}
