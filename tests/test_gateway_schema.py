"""The OpenAPI document, and a real server held to it by requests that nobody would think of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from gateway_server import EXPERTS, Server, config_of, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from collegium.gateway.openapi import document
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = document("test")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
FOUND: list[Any] = [one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok)]
OPERATIONS: dict[str, Any] = {one.label: one for one in FOUND}
WITH_BODY = [label for label in OPERATIONS if label.startswith(("POST", "PUT"))]
MODELS = ("auto", "collegium/panel", "collegium/coding", "up/words-3", "quick")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = config_of(upstream, experts=dict.fromkeys(EXPERTS, "up/words-3"))
    with serving(tmp_path_factory.mktemp("schema"), config) as running:
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.key("admin", "--admin")


@pytest.fixture(autouse=True)
def tidied(server: Server, key: str) -> Iterator[None]:
    """Whatever was added in a test is gone after it: nobody answers for what fuzzing makes up."""
    yield
    for path, name, kept in (
        ("models", "name", {"quick"}),
        ("experts", "expert", {key_of(one) for one in EXPERTS}),
        ("backends", "name", {"up", "narrow"}),
    ):
        for row in server.get(f"/api/{path}", key=key).json["data"]:
            if row[name] not in kept:
                server.send("DELETE", f"/api/{path}/{quote(row[name], safe='')}", key=key)


def test_the_document_is_openapi_and_its_references_lead_somewhere(server: Server) -> None:
    SCHEMA.validate()
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema["description"], name
    assert server.get("/openapi.json").json["paths"].keys() == DOCUMENT["paths"].keys()


def test_the_document_has_every_path_that_is_answered(server: Server, key: str) -> None:
    for path in DOCUMENT["paths"]:
        filled = path.replace("{model}", "auto").replace("{id}", "none")
        reply = server.get(filled, key=key)
        assert reply.status != 404 or "{" in path
        methods = {method for method in DOCUMENT["paths"][path] if method != "parameters"}
        if reply.status == 405:
            assert {one.lower() for one in reply.headers["allow"].split(", ")} == methods


def test_whatever_takes_a_key_says_so(server: Server, key: str) -> None:
    del key  # there is one, and so one is needed
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            reply = server.send(method.upper(), path, {} if method == "post" else None)
            assert (reply.status == 401) == ("security" not in operation), path


def fuzz(server: Server, key: str, label: str, *, broken: bool, examples: int) -> None:
    """Send what the document says may be sent, or just not; what comes back is as it says."""
    mode = GenerationMode.NEGATIVE if broken else GenerationMode.POSITIVE
    checks = [*CHECKS, negative_data_rejection] if broken else CHECKS
    headers = {"authorization": f"Bearer {key}"}

    with requests.Session() as session:

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=examples < 100,
            suppress_health_check=QUIET,
        )
        @given(
            case=OPERATIONS[label].as_strategy(generation_mode=mode), model=st.sampled_from(MODELS)
        )
        def run(case: Any, model: str) -> None:
            if not broken and isinstance(case.body, dict):
                answerable(case.body, model)
            case.call_and_validate(
                base_url=server.url, session=session, headers=headers, checks=checks, timeout=10
            )

        run()


def answerable(body: dict[str, Any], model: str) -> None:
    """See that there is such a model, and time for it to answer: else an error is the answer."""
    if "model" in body:
        body["model"] = model
    if isinstance(body.get("collegium"), dict):
        body["collegium"].pop("deadline_s", None)


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_may_be_sent_is_answered_as_the_document_says(
    server: Server, key: str, label: str
) -> None:
    fuzz(server, key, label, broken=False, examples=10)


@pytest.mark.parametrize("label", WITH_BODY)
def test_what_may_not_be_sent_is_refused_as_the_document_says(
    server: Server, key: str, label: str
) -> None:
    fuzz(server, key, label, broken=True, examples=10)


@pytest.mark.long
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("label", WITH_BODY)
def test_much_more_of_the_same_is_answered_as_well(
    server: Server, key: str, label: str, *, broken: bool
) -> None:
    fuzz(server, key, label, broken=broken, examples=300)
