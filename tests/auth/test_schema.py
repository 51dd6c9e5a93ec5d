"""Random requests by the service's own OpenAPI document: no error of the server, no answer that is not documented."""

from __future__ import annotations

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from joserfc.jwk import ECKey
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.auth import tokens
from services.auth.access.permissions import ADMIN
from tests.auth.app import App

pytestmark = pytest.mark.integration
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROUTES = [
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/v1/auth/sign-in/{provider}"),
    ("GET", "/v1/auth/callback/{provider}"),
    ("POST", "/v1/auth/callback/{provider}"),
    ("POST", "/v1/auth/token"),
    ("POST", "/v1/auth/log-out"),
    ("GET", "/v1/auth/devices"),
    ("GET", "/v1/auth/export"),
    ("DELETE", "/v1/auth/devices/{device}"),
    ("POST", "/v1/auth/log-out-everywhere"),
    ("GET", "/v1/auth/admin/roles"),
    ("PUT", "/v1/auth/admin/roles/{role}"),
    ("DELETE", "/v1/auth/admin/roles/{role}"),
    ("GET", "/v1/auth/admin/subjects/{subject}/roles"),
    ("PUT", "/v1/auth/admin/subjects/{subject}/roles/{role}"),
    ("DELETE", "/v1/auth/admin/subjects/{subject}/roles/{role}"),
    ("GET", "/v1/auth/admin/audit"),
    ("GET", "/v1/auth/admin/audit/verification"),
    ("GET", "/v1/openapi.json"),
]


@pytest.fixture(scope="module")
def document(app: App) -> Any:
    return schemathesis.openapi.from_url(str(app.http.base_url.join("/openapi.json")))


def test_the_table_of_routes_is_complete(document: Any) -> None:
    paths = document.raw_schema["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(ROUTES)


@pytest.mark.parametrize("role", [ADMIN, ""])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_documented(document: Any, signing_key: ECKey, method: str, path: str, role: str) -> None:
    token = tokens.issue("schema", [role] if role else [], signing_key, time.time())
    statuses: set[int] = set()

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
    @given(document[path][method].as_strategy())
    def requests(case: Any) -> None:
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, checks=CHECKS, allow_redirects=False
        )
        statuses.add(answer.status_code)

    requests()
    assert statuses
