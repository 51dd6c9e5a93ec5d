"""Bodies that are too long or too slow, on a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import Request

from services.kit import app as kit
from services.kit import bodies
from services.kit.problems import MEDIA_TYPE
from services.kit.settings import ServiceSettings
from tests.history.harness import ServerThread


@pytest.fixture
def address() -> Iterator[str]:
    made, handled = kit.create("sample"), list[bytes]()

    @made.post("/lengths")
    async def lengths(request: Request) -> int:
        handled.append(await request.body())
        return len(await request.body())

    @made.get("/count")
    async def count() -> int:
        return len(handled)

    @made.get("/nothing")
    async def nothing() -> str:
        return "nothing"

    with ServerThread(made, ServiceSettings(port=0)) as served:
        yield served


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 413)])
def test_a_body_is_read_up_to_the_limit(address: str, chunked: bool, more: int, status: int) -> None:
    body = b"x" * (bodies.MOST_BYTES + more)
    parts = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    answer = httpx.post(f"{address}/lengths", content=parts if chunked else body, trust_env=False)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == len(body)
    else:
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert "1,048,576 bytes" in answer.json()["detail"]


def test_a_body_that_does_not_arrive_in_time_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_SECONDS", 0.2)
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host and port
    with socket.create_connection((host, port), 20) as client:
        client.sendall(b"POST /lengths HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"nothing was done, send it again" in answer


def test_a_request_without_a_body_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_SECONDS", 0.0)
    assert httpx.get(f"{address}/nothing", trust_env=False).json() == "nothing"


def test_a_body_that_ends_early_is_not_handled(address: str) -> None:
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host and port
    for length in (10, 4):
        with socket.create_connection((host, port), 20) as client:
            client.sendall(f"POST /lengths HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\npart".encode())
            client.shutdown(socket.SHUT_WR)
            while client.recv(65_536):
                pass
    assert httpx.get(f"{address}/count", trust_env=False).json() == 1
