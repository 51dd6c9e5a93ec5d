"""The document of the API, as the auth service serves it: to everybody, once a release."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from services.auth import endpoints
from services.auth.rest.openapi import DOCUMENT, PATH


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(endpoints.create([ECKey.generate_key("P-256")]))


def test_everybody_gets_the_document_of_the_release(client: TestClient) -> None:
    answer = client.get(PATH)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == json.loads(DOCUMENT.read_text())
    assert PATH in answer.json()["paths"]


def test_who_has_the_document_is_told_that_it_is_unchanged(client: TestClient) -> None:
    tag = client.get(PATH).headers["ETag"]
    unchanged = client.get(PATH, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", tag)
    assert client.get(PATH, headers={"If-None-Match": '"1"'}).status_code == 200
