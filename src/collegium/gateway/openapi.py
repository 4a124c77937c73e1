"""The OpenAPI 3.1 document of everything that the gateway answers."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from collegium import config as configuration
from collegium.gateway.endpoints.administering import AlarmsBody, MeaningBody, ScaleBody
from collegium.gateway.endpoints.deciding import RouteBody
from collegium.gateway.endpoints.embeddings import EmbeddingsBody
from collegium.gateway.endpoints.rating import RatingBody
from collegium.gateway.openapi_management import management_paths
from collegium.gateway.operations import (
    ABOUT,
    ALWAYS,
    HEADERS,
    REF,
    WITH_BODY,
    in_path,
    operation,
    schema_of,
)
from collegium.gateway.outlines import OUTLINES
from collegium.gateway.outlines_management import MANAGEMENT_OUTLINES
from collegium.gateway.requests import ChatBody

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
            "post": operation(
                "embeddings",
                "Turn texts into vectors",
                "Embeddings",
                body="EmbeddingsBody",
                errors=WITH_BODY,
                headers=("x-request-id", "x-collegium-model"),
            )
        },
        "/v1/models": {"get": operation("models", "The names a request may call", "Models")},
        "/v1/models/{model}": {
            "get": operation("model", "One of them", "Model", errors=(*ALWAYS, "404")),
            "parameters": [in_path("model", "A name, such as `collegium/fast`.")],
        },
        "/api/route": {
            "post": operation(
                "route",
                "Who would be asked; no model is called",
                "Decision",
                body=("RouteBody", "RouteChatBody"),
                errors=(*ALWAYS, "404", "413", "429", "503"),
            )
        },
        "/api/decisions": {"get": operation("decisions", "The key's latest requests", "Accounts")},
        "/api/decisions/{id}": {
            "get": operation(
                "decision", "What became of a request", "Account", errors=(*ALWAYS, "404")
            ),
            "parameters": [in_path("id", "The header `x-collegium-decision-id` of its reply.")],
        },
        "/api/status": {
            "get": operation("status", "How everything is (permission admin)", "Status")
        },
        **management_paths(),
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
    told = operation(
        name,
        summary,
        reply,
        body=body,
        errors=WITH_BODY,
        error=error,
        headers=("x-request-id", *ABOUT),
    )
    told["responses"]["200"]["content"]["text/event-stream"] = {"schema": schema_of("Event")}
    return told


def _metrics() -> dict[str, Any]:
    told = operation("metrics", "Metrics for Prometheus (permission admin)", "")
    kinds = ("text/plain", "application/openmetrics-text")
    told["responses"]["200"]["content"] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return told


def _open(name: str, summary: str, reply: str, *others: str) -> dict[str, Any]:
    """An operation that takes no key; with the same reply at other statuses."""
    told = operation(name, summary, reply, errors=("500",))
    told["responses"].update(dict.fromkeys(others, told["responses"]["200"]))
    return {**told, "security": []}


def _schemas() -> dict[str, Any]:
    """The schema of every body; objects that are not closed say that they take more."""
    bodies = (ChatBody, EmbeddingsBody, RouteBody, RatingBody, ScaleBody, MeaningBody, AlarmsBody)
    kinds = (*bodies, *OUTLINES, *MANAGEMENT_OUTLINES)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REF)
    for schema in schemas.values():
        schema["description"] = inspect.cleandoc(schema.get("description", ""))
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", True)
    chat = schemas["ChatBody"]
    schemas["RouteChatBody"] = {**chat, "title": "RouteChatBody", "required": ["messages"]}
    return schemas | _entries()


def _entries() -> dict[str, Any]:
    """The schemas of what the configuration has, too."""
    told = json.dumps(configuration.schema()["$defs"]).replace("#/$defs/", REF.format(name=""))
    parts: dict[str, Any] = json.loads(told)
    kinds = ("HttpBackendConfig", "LlamaCppBackendConfig", "RecordedBackendConfig")
    return {
        "ExpertEntry": parts["ExpertConfig"],
        "BackendEntry": {
            "title": "BackendEntry",
            "description": "Where models are.",
            "oneOf": [{"$ref": REF.format(name=kind)} for kind in kinds],
        },
        **{name: parts[name] for name in ("CapabilityConfig", "ModelFileConfig", *kinds)},
    }
