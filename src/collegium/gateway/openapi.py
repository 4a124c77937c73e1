"""The OpenAPI 3.1 document of everything that the gateway answers."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from collegium.gateway.endpoints.deciding import RouteBody
from collegium.gateway.endpoints.embeddings import EmbeddingsBody
from collegium.gateway.outlines import OUTLINES
from collegium.gateway.requests import ChatBody

JSON = "application/json"
REF = "#/components/schemas/{name}"
DESCRIPTION = """\
One OpenAI-compatible endpoint in front of a college of experts.

The `model` of a request is `auto` or `collegium/auto` (the college chooses who answers), \
`collegium/EXPERT`, `collegium/panel`, `collegium/fast`, `collegium/cheap`, `collegium/best`, \
`collegium/verified`, or `BACKEND/MODEL`, which no expert has a hand in. Fields that are not \
described here go to the model's server as they came. A stream that is complete ends with \
`data: [DONE]` (or what its API has for that), any other with an error event.

A server that only this machine reaches, and that has no keys, asks for none."""

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key: `cg-...`"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}

# The statuses of errors, and what they mean. A refusal of a model's server keeps its own, `4XX`.
ERRORS = {
    "400": "Something of the request is not as it should be; `param` says what.",
    "401": "There is no key, or it is unknown, expired or revoked.",
    "403": "The key is not for this, or the request was meant for another machine.",
    "404": "There is no such model, expert or thing.",
    "413": "The body or the conversation is too long.",
    "429": "Too much at once: of the key, of the server, of an expert or of a model's server.",
    "4XX": "The model's server refused it.",
    "500": "The gateway failed in a way it should not.",
    "502": "A model's server answered with something that is no answer.",
    "503": "Nobody can answer now, or the server is being stopped.",
    "504": "The deadline has passed.",
}
ALWAYS = ("400", "401", "403", "500")
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


def document(version: str) -> dict[str, Any]:
    """The document, for that version of the gateway."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "collegium",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": SECURITY,
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "headers": {
                name: {"description": told, "schema": {"type": "string"}}
                for name, told in HEADERS.items()
            },
            "securitySchemes": SCHEMES,
        },
    }


def _paths() -> dict[str, Any]:
    """Every path with its methods."""
    return {
        "/v1/chat/completions": {
            "post": _answering("chat", "Answer a conversation", "ChatBody", "Completion")
        },
        "/v1/responses": {
            "post": _answering("responses", "The same as a response", "ResponsesBody", "Response")
        },
        "/v1/messages": {
            "post": _answering(
                "messages",
                "The same as a message",
                "MessagesBody",
                "Message",
                error="MessagesError",
            )
        },
        "/v1/embeddings": {
            "post": _operation(
                "embeddings",
                "Turn texts into vectors",
                "Embeddings",
                body="EmbeddingsBody",
                errors=WITH_BODY,
                headers=("x-request-id", "x-collegium-model"),
            )
        },
        "/v1/models": {"get": _operation("models", "The names a request may call", "Models")},
        "/v1/models/{model}": {
            "get": _operation("model", "One of them", "Model", errors=(*ALWAYS, "404")),
            "parameters": [_in_path("model", "A name, such as `collegium/fast`.")],
        },
        "/api/route": {
            "post": _operation(
                "route",
                "Who would be asked; no model is called",
                "Decision",
                body=("RouteBody", "RouteChatBody"),
                errors=(*ALWAYS, "404", "413", "429", "503"),
            )
        },
        "/api/decisions": {"get": _operation("decisions", "The key's latest requests", "Accounts")},
        "/api/decisions/{id}": {
            "get": _operation(
                "decision", "What became of a request", "Account", errors=(*ALWAYS, "404")
            ),
            "parameters": [_in_path("id", "The header `x-collegium-decision-id` of its reply.")],
        },
        "/api/status": {
            "get": _operation("status", "How everything is (permission admin)", "Status")
        },
        "/metrics": {"get": _metrics()},
        "/health/live": {"get": _open("live", "Whether the server answers", "Live")},
        "/health/ready": {
            "get": _open("ready", "Whether a question would be answered", "Readiness", "503")
        },
        "/openapi.json": {"get": _open("document", "This document", "")},
    }


def _answering(
    name: str, summary: str, body: str, reply: str, *, error: str = "Error"
) -> dict[str, Any]:
    """An operation that answers a conversation, whole or as a stream."""
    told = _operation(
        name,
        summary,
        reply,
        body=body,
        errors=WITH_BODY,
        error=error,
        headers=("x-request-id", *ABOUT),
    )
    told["responses"]["200"]["content"]["text/event-stream"] = {"schema": _schema("Event")}
    return told


def _metrics() -> dict[str, Any]:
    told = _operation("metrics", "Metrics for Prometheus (permission admin)", "")
    kinds = ("text/plain", "application/openmetrics-text")
    told["responses"]["200"]["content"] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return told


def _open(name: str, summary: str, reply: str, *others: str) -> dict[str, Any]:
    """An operation that takes no key; with the same reply at other statuses."""
    told = _operation(name, summary, reply, errors=("500",))
    told["responses"].update(dict.fromkeys(others, told["responses"]["200"]))
    return {**told, "security": []}


def _operation(
    name: str,
    summary: str,
    reply: str,
    *,
    body: str | tuple[str, ...] = (),
    errors: tuple[str, ...] = ALWAYS,
    error: str = "Error",
    headers: tuple[str, ...] = ("x-request-id",),
) -> dict[str, Any]:
    """An operation: what it takes, and everything that may come of it."""
    told: dict[str, Any] = {"operationId": name, "summary": summary}
    if body:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": _schema(body)}}}
    good = {"description": "As asked.", "headers": _headers(headers), "content": _content(reply)}
    told["responses"] = {"200": good}
    for status in sorted(errors):
        names = ("x-request-id", *RETRY) if status in ("429", "503") else ("x-request-id",)
        told["responses"][status] = {
            "description": ERRORS[status],
            "headers": _headers(names),
            "content": _content(error),
        }
    return told


def _content(name: str) -> dict[str, Any]:
    return {JSON: {"schema": _schema(name)}}


def _schema(names: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(names, tuple):
        return {"anyOf": [_schema(one) for one in names]}
    return {"$ref": REF.format(name=names)} if names else {"type": "object"}


def _headers(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _in_path(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1}
    told = {"name": name, "in": "path", "required": True}
    return {**told, "description": description, "schema": schema}


def _schemas() -> dict[str, Any]:
    """The schema of every body; objects that are not closed say that they take more."""
    kinds = (ChatBody, EmbeddingsBody, RouteBody, *OUTLINES)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REF)
    for schema in schemas.values():
        schema["description"] = inspect.cleandoc(schema.get("description", ""))
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", True)
    chat = schemas["ChatBody"]
    schemas["RouteChatBody"] = {**chat, "title": "RouteChatBody", "required": ["messages"]}
    return schemas
