"""Every error of a service is a problem document (RFC 9457) that carries the request's trace id."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient

from services.kit import app as kit
from services.kit.problems import MEDIA_TYPE, Problem
from services.kit.text import Line

TRACE = "0af7651916cd43dd8448eb211c80319c"


class StoreAway(Exception): ...


class Pet(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Line


@pytest.fixture(scope="module")
def client() -> TestClient:
    service = kit.create("sample", away=(StoreAway,))
    add_routes(service)
    return TestClient(service, raise_server_exceptions=True, headers={"X-Trace-Id": TRACE})


def add_routes(service: FastAPI) -> None:
    @service.get("/items/{item}")
    async def item(item: int) -> int:
        return item

    @service.post("/pets")
    async def pets(pet: Pet) -> Pet:
        return pet

    @service.get("/away")
    async def away() -> None:
        raise StoreAway("connection refused by 10.0.0.7")

    @service.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("secret")

    @service.get("/refused")
    async def refused() -> None:
        raise Problem(409, "it is taken", headers={"X-More": "1"}, taken="ada")

    @service.get("/fastapi")
    async def fastapi() -> None:
        raise HTTPException(418, "a pot", headers={"X-More": "1"})


@pytest.mark.parametrize(
    ("method", "path", "status", "header"),
    [
        ("GET", "/nothing", 404, ""),
        ("DELETE", "/items/1", 405, "Allow"),
        ("GET", "/items/one", 422, ""),
        ("GET", "/away", 503, "Retry-After"),
        ("GET", "/broken", 500, ""),
        ("GET", "/refused", 409, "X-More"),
        ("GET", "/fastapi", 418, "X-More"),
    ],
)
def test_every_error_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, header: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE)
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["trace_id"] == answer.headers["X-Trace-Id"] == TRACE
    assert not header or header in answer.headers
    assert not any(inner in answer.text for inner in ("secret", "10.0.0.7"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"name": "x", "admin": true}', "admin"),
        (b"{}", "name"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b'{"name": "\\ud800"}', "name"),
        (b"[" * 100_000, "body"),
    ],
)
def test_an_invalid_body_is_refused_and_the_field_named(client: TestClient, body: bytes, named: str) -> None:
    answer = client.post("/pets", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert named in answer.json()["detail"]


def test_extensions_stand_beside_the_members_of_the_rfc(client: TestClient) -> None:
    assert client.get("/refused").json()["taken"] == "ada"
