"""What Route 53's health checkers reach of a region, and what they and others can take of its process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from contracts.gateway import ACTIVE_PORT
from contracts.platform import RegionRole
from contracts.region_state import RegionReport, RegionState
from local.site import CHECKOUT
from services.region import active
from services.region.active import Listener
from tests.fixtures.engines import ScratchEnvironment
from tests.fixtures.waiting import until

HOST, PORT = "127.0.0.88", 18081
REQUEST = b"GET /active HTTP/1.1\r\nHost: active.us-west-2.example.org\r\n\r\n"


@asynccontextmanager
async def listening(state: RegionState = RegionState.ACTIVE) -> AsyncIterator[None]:
    report = RegionReport("us-west-2", RegionRole.ACTIVE, state, "the witness refused: arn:aws:iam::1", 1, "", 10.0)
    async with Listener(lambda: report).serving(HOST, PORT):
        yield


async def answered(sent: bytes) -> bytes:
    """All until the connection is closed."""
    reader, writer = await asyncio.open_connection(HOST, PORT)
    writer.write(sent)
    async with asyncio.timeout(30):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (RegionState.ACTIVE, b"HTTP/1.1 200 OK"),
        (RegionState.PASSIVE, b"HTTP/1.1 503 Service Unavailable"),
        (RegionState.FENCED, b"HTTP/1.1 503 Service Unavailable"),
    ],
)
async def test_only_a_region_that_serves_answers_200(state: RegionState, first: bytes) -> None:
    async with listening(state):
        answer = await answered(REQUEST)
    assert answer.startswith(first + b"\r\n")
    assert b"arn:" not in answer


@pytest.mark.parametrize(
    "line", [b"GET /active?x HTTP/1.1", b"POST /active HTTP/1.1", b"GET /v1/region HTTP/1.1", b"x"]
)
async def test_everything_else_is_not_found(line: bytes) -> None:
    async with listening():
        assert (await answered(line + b"\r\n\r\n")).startswith(b"HTTP/1.1 404 Not Found\r\n")


async def test_a_head_without_an_end_and_a_silent_connection_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "_SECONDS", 0.2)
    async with listening():
        assert await answered(b"GET /active HTTP/1.1\r\nX: " + b"x" * 1_000_000) == b""
        assert await answered(b"GET /active HTTP/1.1\r\n") == b""
        assert (await answered(REQUEST)).startswith(b"HTTP/1.1 200")


async def test_connections_beyond_the_bound_are_closed_and_the_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(active, "_CONNECTIONS", 2)
    async with listening():
        opened = [await asyncio.open_connection(HOST, PORT) for _ in range(2)]
        assert await answered(REQUEST) == b""
        for reader, writer in opened:
            writer.write(REQUEST)
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
            writer.close()
        assert (await answered(REQUEST)).startswith(b"HTTP/1.1 200")


@pytest.fixture
def service(scratch: ScratchEnvironment) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    host = scratch.addresses[-1]
    env = {**os.environ, "HOST": host, "AWS_REGION": "us-west-2", "REGION_ROLE": "active"}
    process = subprocess.Popen([sys.executable, "-m", "services.region"], env=env, cwd=CHECKOUT)
    yield host, process
    process.kill()
    process.wait()


def status(host: str, port: int, path: str) -> int:
    """0 while nobody listens."""
    try:
        return httpx.get(f"http://{host}:{port}{path}", trust_env=False, timeout=5).status_code
    except httpx.TransportError:
        return 0


@pytest.mark.integration
def test_the_port_of_health_checkers_has_nothing_else_of_the_service(
    service: tuple[str, subprocess.Popen[bytes]],
) -> None:
    host, process = service
    until("the port of health checkers", lambda: status(host, ACTIVE_PORT, "/active") == 200)
    until("the service's own port", lambda: status(host, 8080, "/readyz") == 200)
    assert {status(host, ACTIVE_PORT, path) for path in ("/v1/region", "/metrics", "/healthz", "/docs", "/")} == {404}
    assert status(host, 8080, "/v1/region") == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in (0, -signal.SIGTERM)
