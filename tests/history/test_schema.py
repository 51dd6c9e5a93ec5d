"""Random requests by the service's own OpenAPI document: no error of the server, no answer that is not documented.
And who may use its route."""

from __future__ import annotations

import time
from typing import Any

import httpx
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

from services.auth.tokens import issue
from services.kit.problems import MEDIA_TYPE

pytestmark = pytest.mark.integration
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATH = "/v1/history"


@pytest.fixture(scope="module")
def document(history: httpx.Client) -> Any:
    return schemathesis.openapi.from_url(str(history.base_url.join("/openapi.json")))


def bearer(user: str, key: ECKey, roles: list[str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue(user, roles, key, time.time())}"}


def test_there_is_one_route(history: httpx.Client) -> None:
    assert list(history.get("/openapi.json").json()["paths"]) == [PATH]


@pytest.mark.parametrize("user", ["ada", "nobody"])
def test_every_answer_is_documented(document: Any, key: ECKey, user: str) -> None:
    statuses: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
    @given(document[PATH]["GET"].as_strategy())
    def requests(case: Any) -> None:
        statuses.add(case.call_and_validate(headers=bearer(user, key, []), checks=CHECKS).status_code)

    requests()
    assert statuses == {200, 422}


@pytest.mark.parametrize("roles", [[], ["admin"]], ids=["person", "administrator"])
def test_whatever_the_roles_a_person_sees_their_own(history: httpx.Client, key: ECKey, roles: list[str]) -> None:
    headers = bearer("eve", key, roles)
    assert history.get(PATH, params={"user": "ada"}, headers=headers).status_code == 422
    answer = history.get(PATH, headers=headers).json()
    assert (answer["user"], answer["windows"], answer["events"]) == ("eve", [], [])


@pytest.mark.parametrize("forged", ["", "Bearer e30.e30.e30", None], ids=["nobody", "unsigned", "changed"])
def test_without_a_valid_token_there_is_nothing(history: httpx.Client, key: ECKey, forged: str | None) -> None:
    headers = {"Authorization": forged if forged is not None else bearer("ada", key, [])["Authorization"] + "x"}
    answer = history.get(PATH, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, MEDIA_TYPE)
