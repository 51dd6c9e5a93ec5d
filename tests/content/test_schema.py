"""Random requests by the service's own OpenAPI document: no error of the server, no answer that is not documented.
And who may use which route, as a table that is complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from joserfc.jwk import ECKey
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.engines.opensearch import OpenSearch
from services.content.app import create
from services.content.settings import ContentSettings
from services.kit.problems import MEDIA_TYPE
from tests.content.conftest import EDITOR, Service, client_of
from tests.fixtures.waiting import until
from tests.history.harness import ServerThread

pytestmark = pytest.mark.integration
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EVERYONE = [
    ("GET", "/items"),
    ("GET", "/items/{item}"),
    ("GET", "/items/{item}/playback"),
    ("GET", "/search"),
    ("GET", "/suggestions"),
]
EDITORS = [
    ("GET", "/admin/items"),
    ("POST", "/admin/items"),
    ("GET", "/admin/items/{item}"),
    ("PUT", "/admin/items/{item}"),
    ("PUT", "/admin/items/{item}/state"),
    ("POST", "/admin/items/{item}/uploads"),
    ("POST", "/admin/uploads/{upload}/completion"),
]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


S3_IS_AWAY = ("POST", "/admin/items/{item}/uploads")
"""What these tests have no S3 for: it answers 503."""


@pytest.fixture(scope="module")
def service(settings: ContentSettings, opensearch: OpenSearch, key: ECKey) -> Iterator[Service]:
    here = settings.model_copy(update=client_of(opensearch))
    application = create(here)
    with ServerThread(application, here) as address:
        made = Service(here, application, address, key)
        until("search to answer", lambda: made.client().get("/search", params={"q": "x"}).status_code == 200, 60)
        yield made
        for client in made.clients:
            client.close()


@pytest.fixture(scope="module")
def document(service: Service) -> Any:
    return schemathesis.openapi.from_url(f"{service.address}/openapi.json")


def test_the_table_of_routes_is_complete(service: Service) -> None:
    paths = service.app.openapi()["paths"]
    found = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert found == {(method, f"/v1/content{path}") for method, path in EVERYONE + EDITORS}


@pytest.mark.parametrize(("method", "path"), EVERYONE + EDITORS)
def test_every_answer_is_documented(document: Any, service: Service, method: str, path: str) -> None:
    headers = {"Authorization": service.client("schema", [EDITOR]).headers["Authorization"]}
    statuses: set[int] = set()
    checks = CHECKS[1:] if (method, path) == S3_IS_AWAY else CHECKS

    @hypothesis_settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate]
    )
    @given(document[f"/v1/content{path}"][method].as_strategy())
    def requests(case: Any) -> None:
        statuses.add(case.call_and_validate(headers=headers, checks=checks).status_code)

    requests()
    assert statuses
    assert 500 not in statuses


@pytest.mark.parametrize(("method", "path"), EVERYONE + EDITORS)
def test_who_may_use_a_route(service: Service, method: str, path: str) -> None:
    url = path.replace("{item}", "1").replace("{upload}", UNKNOWN)
    anybody, token = service.client("anybody"), service.client("anybody").headers["Authorization"]
    for authorization in ("", "Bearer e30.e30.e30", f"{token}x"):
        answer = anybody.request(method, url, headers={"Authorization": authorization})
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, MEDIA_TYPE)
    assert (anybody.request(method, url).status_code == 403) == ((method, path) in EDITORS)
    for roles in ([], ["content"], ["Admin"], ["content-editor-x"]):
        answer = service.client("eve", roles).request(method, url)
        assert (answer.status_code == 403) == ((method, path) in EDITORS)
