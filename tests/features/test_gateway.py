"""The public listener: authentication, rate limits and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from services.kit.serve import MAX_MESSAGE_BYTES
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

HISTORY = "/v1/history"


@pytest.fixture
def address(platform: Platform) -> tuple[str, int]:
    gateway = platform.get("gateway", "-n", "aura", "aura")
    return gateway["status"]["addresses"][0]["value"], gateway["spec"]["listeners"][0]["port"]


@pytest.fixture
def api(platform: Platform, address: tuple[str, int]) -> Iterator[httpx.Client]:
    """Requests to api.aurawellness.com, sent to the local gateway and verified by the local CA."""
    trust = ssl.create_default_context(cafile=str(platform.home / "ca.pem"))
    with httpx.Client(base_url="https://{}:{}".format(*address), verify=trust, timeout=10) as client:
        client.headers["Host"] = "api.aurawellness.com"
        yield client


def get(api: httpx.Client, path: str, token: str | None = None, **headers: str) -> httpx.Response:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return api.get(path, headers=headers, extensions={"sni_hostname": "api.aurawellness.com"})


def token(platform: Platform, user: str, *options: str) -> str:
    return platform.aura("token", "--user", user, *options).strip()


def test_no_token_is_401(api: httpx.Client) -> None:
    assert get(api, HISTORY).status_code == 401


def test_an_expired_token_is_401(api: httpx.Client, platform: Platform) -> None:
    assert get(api, HISTORY, token(platform, "ada", "--ttl", "-60")).status_code == 401


def test_a_tampered_token_is_401(api: httpx.Client, platform: Platform) -> None:
    head, body, signature = token(platform, "ada").split(".")
    assert get(api, HISTORY, f"{head}.{body}.{signature[:-6]}AAAAAA").status_code == 401


def test_an_unknown_path_is_404(api: httpx.Client, platform: Platform) -> None:
    assert get(api, "/v1/nothing-here", token(platform, "ada")).status_code == 404


def test_the_1001st_request_of_a_user_in_a_minute_is_429_and_others_are_served(
    api: httpx.Client, platform: Platform
) -> None:
    busy, calm = token(platform, "busy"), token(platform, "calm")
    codes = [get(api, HISTORY, busy).status_code for _ in range(1000)]
    refused = get(api, HISTORY, busy)

    assert set(codes) == {200}
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert get(api, HISTORY, calm).status_code == 200


def test_the_document_of_the_api_is_there_for_everybody(api: httpx.Client) -> None:
    assert "/v1/history" in get(api, "/v1/openapi.json").json()["paths"]


def test_a_trace_id_is_created_or_passed_on(api: httpx.Client, platform: Platform) -> None:
    mine = "0af7651916cd43dd8448eb211c80319c"
    access = token(platform, "ada")
    assert len(get(api, HISTORY, access).headers["X-Trace-Id"]) == 32
    assert get(api, HISTORY, access, **{"X-Trace-Id": mine}).headers["X-Trace-Id"] == mine


async def test_a_wearable_learns_that_its_message_is_too_long(platform: Platform, address: tuple[str, int]) -> None:
    trust = ssl.create_default_context(cafile=str(platform.home / "ca.pem"))
    host, port = address
    bearer = {"Authorization": f"Bearer {token(platform, 'wordy')}"}
    for _ in range(5):
        url = f"wss://stream.aurawellness.com:{port}/v1/stream"
        sock = socket.create_connection((host, port), 10)
        async with connect(url, sock=sock, ssl=trust, additional_headers=bearer, proxy=None, open_timeout=60) as stream:
            with contextlib.suppress(ConnectionClosed):
                for size in (MAX_MESSAGE_BYTES + 1, 2, 100_000):
                    await stream.send("x" * size)
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(stream.recv(), 30)
        assert closed.value.rcvd == Close(1009, f"message longer than {MAX_MESSAGE_BYTES} bytes")


def test_tls_1_2_is_refused_and_1_3_spoken(platform: Platform, address: tuple[str, int]) -> None:
    trust = ssl.create_default_context(cafile=str(platform.home / "ca.pem"))
    with (
        socket.create_connection(address, 5) as raw,
        trust.wrap_socket(raw, server_hostname="api.aurawellness.com") as s,
    ):
        assert s.version() == "TLSv1.3"

    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(address, 5) as raw, pytest.raises(ssl.SSLError):
        trust.wrap_socket(raw, server_hostname="api.aurawellness.com")
