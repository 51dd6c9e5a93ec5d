"""The application common to all services."""

from __future__ import annotations

import json
import re

import pytest
import structlog
from fastapi import FastAPI, WebSocket
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from services.kit import app as kit
from services.kit import health, logs, trace

HEX = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_SECONDS", 0.05)
    made = kit.create("sample", checks={"kafka": kafka})

    @made.get("/items/{item}")
    async def items(item: str) -> dict[str, str]:
        return {"trace": trace.current()}

    @made.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(trace.current())
        await socket.close()

    return made


broken: list[Exception] = []


async def kafka() -> None:
    if broken:
        raise broken[0]


@pytest.mark.parametrize("given", ["0af7651916cd43dd8448eb211c80319c", "0AF76519-16cd-43dd-8448-eb211c80319c"])
def test_a_well_formed_trace_id_is_kept_and_returned(service: FastAPI, given: str) -> None:
    answer = TestClient(service).get("/items/1", headers={"X-Trace-Id": given})
    assert answer.json()["trace"] == answer.headers["X-Trace-Id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("given", [None, "", "0" * 32, "xyz", 'a"b', "0af7651916cd43dd8448eb211c80319c0"])
def test_a_malformed_trace_id_is_replaced(service: FastAPI, given: str | None) -> None:
    answer = TestClient(service).get("/items/1", headers={} if given is None else {"X-Trace-Id": given})
    assert HEX.fullmatch(answer.headers["X-Trace-Id"])
    assert answer.json()["trace"] == answer.headers["X-Trace-Id"] != given


def test_a_websocket_has_a_trace_id_too(service: FastAPI) -> None:
    given = "0af7651916cd43dd8448eb211c80319c"
    with TestClient(service).websocket_connect("/stream", headers={"X-Trace-Id": given}) as socket:
        assert socket.receive_text() == given
        assert socket.extra_headers is not None
        assert (b"x-trace-id", given.encode()) in socket.extra_headers


def test_readyz_names_failing_checks_and_healthz_ignores_them(service: FastAPI) -> None:
    client = TestClient(service)
    assert client.get("/readyz").status_code == 200
    broken.append(RuntimeError("no broker"))
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["failures"]) == (503, {"kafka": "RuntimeError: no broker"})
        assert client.get("/healthz").status_code == 200
    finally:
        broken.clear()


def counted(route: str, status: str) -> float:
    labels = {"route": route, "method": "GET", "status": status}
    return REGISTRY.get_sample_value("aura_http_requests_total", labels) or 0


def test_a_slash_at_the_end_is_another_path_and_no_redirect_to_http(service: FastAPI) -> None:
    client = TestClient(service, base_url="http://api.aurawellness.com:8443", follow_redirects=False)
    assert client.get("/items/7").status_code == 200
    assert client.get("/items/7/").status_code == 404


def test_metrics_count_by_route_and_not_by_path(service: FastAPI) -> None:
    client = TestClient(service)
    served, unmatched = counted("/items/{item}", "200"), counted("unmatched", "404")
    for item in range(3):
        client.get(f"/items/{item}")
    client.get("/nothing")
    assert counted("/items/{item}", "200") == served + 3
    assert counted("unmatched", "404") == unmatched + 1
    assert "/items/1" not in client.get("/metrics").text


def test_metrics_do_not_grow_by_methods_that_nobody_has(service: FastAPI) -> None:
    with TestClient(service) as client:
        for number in range(5):
            assert client.request(f"ODD{number}", "/healthz/none").status_code == 404
        counted = client.get("/metrics").text
    assert "ODD" not in counted
    assert 'aura_http_requests_total{method="other",route="unmatched",status="404"}' in counted


def test_logs_are_json_lines_with_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sample", "sample-1", "info")
    try:
        trace.set_current("0af7651916cd43dd8448eb211c80319c")
        logs.get("room").info("happened", count=3, odd={1, 2})
        logs.get("room").debug("not this")
        entry = json.loads(capsys.readouterr().out)
    finally:
        trace.set_current("")
        structlog.reset_defaults()
    expected = {"event": "happened", "count": 3, "service": "sample", "pod": "sample-1", "level": "info"}
    assert expected.items() <= entry.items()
    assert entry["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_an_unknown_log_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOG_LEVEL"):
        logs.configure("sample", level="loud")


@pytest.mark.parametrize(("path", "named"), [("/items/a%00b", "path item"), ("/items/1?q=ok&other=%00", "query other")])
def test_a_parameter_with_a_nul_is_refused_by_name(service: FastAPI, path: str, named: str) -> None:
    answer = TestClient(service).get(path)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{named}: has the character NUL")
