"""Random requests by the service's own OpenAPI document: no error of the server, no answer that is not documented.
And who may use which route, as a table that is complete."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.kit.problems import MEDIA_TYPE
from tests.payments.conftest import Service

pytestmark = pytest.mark.integration
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PERSON, PROVIDER = "person", "provider"
ROUTES = [
    ("GET", "/plans", PERSON),
    ("GET", "/subscription", PERSON),
    ("GET", "/entitlements", PERSON),
    ("GET", "/invoices", PERSON),
    ("GET", "/export", PERSON),
    ("POST", "/checkout", PERSON),
    ("POST", "/subscription/cancellation", PERSON),
    ("POST", "/webhooks/stripe", PROVIDER),
    ("POST", "/webhooks/apple", PROVIDER),
]
"""Method, path, and who is let in: a person by their token, a provider by its signature."""


@pytest.fixture(scope="module")
def document(service: Service) -> Any:
    return schemathesis.openapi.from_url(f"{service.address}/openapi.json")


def test_the_table_of_routes_is_complete(service: Service) -> None:
    paths = service.app.openapi()["paths"]
    found = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert found == {(method, f"/v1/payments{path}") for method, path, _ in ROUTES}


@pytest.mark.parametrize(("method", "path", "_"), ROUTES)
def test_every_answer_is_documented(document: Any, service: Service, method: str, path: str, _: str) -> None:
    headers = {"Authorization": service.client(f"schema-{method}-{path}").headers["Authorization"]}
    statuses: set[int] = set()

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
    @given(document[f"/v1/payments{path}"][method].as_strategy())
    def requests(case: Any) -> None:
        statuses.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    requests()
    assert statuses


@pytest.mark.parametrize("role", ["nobody", "person", "admin", "forged"])
@pytest.mark.parametrize(("method", "path", "who"), ROUTES)
def test_who_may_use_a_route(service: Service, role: str, method: str, path: str, who: str) -> None:
    """A route of people takes every valid token, and shows its bearer's own things whatever roles they have; one of
    providers takes none."""
    clients = {
        "nobody": service.anonymous(),
        "person": service.client("secure"),
        "admin": service.client("secure-admin", roles=["admin", "premium"]),
        "forged": service.client("secure"),
    }
    client = clients[role]
    if role == "forged":
        client.headers["Authorization"] += "x"
    answer = client.request(method, path)
    if who == PROVIDER:
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, MEDIA_TYPE), "no signature"
    elif role in ("nobody", "forged"):
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, MEDIA_TYPE)
    else:
        assert answer.status_code in (200, 404, 422)
