"""Random requests by the service's own OpenAPI document: no error of the server, no answer that is not documented."""

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

from tests.users.conftest import Service
from tests.users.test_documents import ROUTES

pytestmark = pytest.mark.integration
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def document(service: Service) -> Any:
    return schemathesis.openapi.from_url(f"{service.address}/openapi.json")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_documented(document: Any, service: Service, method: str, path: str) -> None:
    route = f"/v1/users/me/{path}".rstrip("/").replace("research", "{purpose}")
    client = service.client(f"schema-{method}-{path}")
    headers = {"Authorization": client.headers["Authorization"]}
    statuses: set[int] = set()

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
    @given(document[route][method].as_strategy())
    def requests(case: Any) -> None:
        statuses.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    requests()
    assert statuses
