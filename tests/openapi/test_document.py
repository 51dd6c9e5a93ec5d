"""The document of this checkout: current, valid, and about what its routes publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.auth.rest.openapi import DOCUMENT
from services.openapi import __main__ as writing
from services.openapi.answers import resolved_answer
from services.openapi.operations import Operation, operations
from services.openapi.publishing import Declared

STREAMED = "ingest"
"""A WebSocket: the text of its tag describes it."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(DOCUMENT.read_text())


@pytest.fixture(scope="module")
def found(document: dict[str, Any]) -> list[Operation]:
    return list(operations(document))


def routes() -> list[Declared]:
    return writing.declared(writing.CHECKOUT / "manifests" / "base")


def test_the_document_is_current() -> None:
    made = writing.text(writing.document())
    assert made == DOCUMENT.read_text(), f"the services or their routes changed: run `{writing.COMMAND}`"


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("declared", routes(), ids=lambda one: f"{one.service}-{one.route.host}{one.route.path}")
def test_every_route_is_described(declared: Declared, document: dict[str, Any], found: list[Operation]) -> None:
    if declared.service == STREAMED:
        (tag,) = (tag for tag in document["tags"] if tag["name"] == STREAMED)
        assert f"wss://{declared.route.host}{declared.route.path}" in tag["description"]
    else:
        assert any(one.service == declared.service and one.path.startswith(declared.route.path) for one in found)


def test_what_no_route_publishes_is_left_out(document: dict[str, Any]) -> None:
    inside = ("/healthz", "/readyz", "/metrics", "/v1/region", "/v1/stress-events")
    assert [path for path in document["paths"] if path.startswith(inside)] == []


@pytest.mark.parametrize(
    ("id", "token"),
    [
        ("get_history", True),
        ("get_users_me_launch", True),
        ("get_auth_devices", True),
        ("get_auth_admin_roles", True),
        ("post_auth_log_out_everywhere", True),
        ("post_auth_token", False),
        ("post_payments_webhooks_stripe", False),
        ("get_well_known_jwks_json", False),
        ("get_openapi_json", False),
        ("get_active", False),
    ],
)
def test_who_needs_a_token(found: list[Operation], id: str, token: bool) -> None:
    (operation,) = (one for one in found if one.id == id)
    assert operation.token is token
    assert ("401" in operation.content["responses"]) is token


def test_operation_ids_are_unique_and_each_operation_is_described(found: list[Operation]) -> None:
    assert len({one.id for one in found}) == len(found) > 50
    assert [one.id for one in found if not one.content.get("description")] == []


def test_an_error_is_a_problem_document_or_the_gateways(document: dict[str, Any]) -> None:
    """And not FastAPI's own form of a 422, which no service answers; the token endpoint has that of OAuth."""
    assert "HTTPValidationError" not in document["components"]["schemas"]
    by_form = {name for id, _, name in _errors(document) if id != "post_auth_token"}
    assert by_form <= {"Problem", "GatewayRefusal", "NotServing", "Refusal"}
    assert {id for id, _, name in _errors(document) if name == "Refusal"} == {"post_auth_token", "post_auth_log_out"}


def _errors(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Operation, status, and the name of each schema of its answers that are errors."""
    for one in operations(document):
        for status, answer in one.content["responses"].items():
            if status >= "400":
                for content in resolved_answer(answer, document)["content"].values():
                    for schema in content["schema"].get("anyOf", [content["schema"]]):
                        yield one.id, status, schema["$ref"].rpartition("/")[2]
