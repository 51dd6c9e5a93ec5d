"""What Route 53's health checkers reach of a region."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from contracts.gateway import ACTIVE_PORT
from contracts.platform import RegionRole
from contracts.region_state import RegionReport, RegionState
from local.site import CHECKOUT
from services.region import active
from tests.fixtures.engines import ScratchEnvironment
from tests.fixtures.waiting import until


@pytest.mark.parametrize(
    ("state", "status"), [(RegionState.ACTIVE, 200), (RegionState.PASSIVE, 503), (RegionState.FENCED, 503)]
)
def test_only_a_region_that_serves_answers_200(state: RegionState, status: int) -> None:
    report = RegionReport("us-west-2", RegionRole.ACTIVE, state, "why", 1, "", 10.0)
    answer = TestClient(active.application(lambda: report)).get("/active")
    assert answer.status_code == status
    assert answer.json()["state"] == state
    assert answer.json().get("error") == (None if status == 200 else "why")
    assert answer.headers.get("Retry-After") == (None if status == 200 else "30")


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
def test_the_port_of_health_checkers_has_nothing_else_and_ends_with_the_service(
    service: tuple[str, subprocess.Popen[bytes]],
) -> None:
    host, process = service
    until("the port of health checkers", lambda: status(host, ACTIVE_PORT, "/active") == 200)
    until("the service's own port", lambda: status(host, 8080, "/readyz") == 200)
    assert {status(host, ACTIVE_PORT, path) for path in ("/v1/region", "/metrics", "/healthz", "/docs", "/")} == {404}
    assert status(host, 8080, "/v1/region") == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in (0, -signal.SIGTERM)
    assert status(host, ACTIVE_PORT, "/active") == 0
