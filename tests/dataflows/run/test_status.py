"""The health and metrics endpoints of a dataflow."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from dataflows.biosync.run import status


class Reported:
    """What a worker says of itself; its metrics fail at first."""

    def __init__(self) -> None:
        self.text: bytes | None = None
        self.metrics_exception: Exception = ValueError("the file is cut off")
        self.stalled_sink = ""

    def metrics(self) -> bytes:
        if self.text is None:
            raise self.metrics_exception
        return self.text


@pytest.fixture
def reported() -> Reported:
    return Reported()


@pytest.fixture
def url(reported: Reported) -> Iterator[str]:
    of_worker = status.Status(lambda: "the store is unavailable", lambda: reported.stalled_sink, reported.metrics)
    server = status.serve("127.0.0.1", 0, of_worker)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=10, trust_env=False)


def test_metrics_that_fail_are_an_error_response(url: str, reported: Reported) -> None:
    failed = get(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "ValueError: the file is cut off"})
    assert get(f"{url}/healthz").status_code == 200
    reported.text = b"biosync_beats_total 1.0\n"
    assert get(f"{url}/metrics").content == reported.text


def test_an_os_error_of_the_metrics_is_an_error_response_too(url: str, reported: Reported) -> None:
    reported.metrics_exception = FileNotFoundError("counter_7.db")
    failed = get(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "FileNotFoundError: counter_7.db"})


def test_the_readiness_probe_returns_the_error(url: str) -> None:
    response = get(f"{url}/readyz")
    assert (response.status_code, response.json()["why"]) == (503, "the store is unavailable")


def test_a_sink_that_stalls_is_told_from_other_reasons(url: str, reported: Reported) -> None:
    reported.stalled_sink = "store: nothing was written for 60 s: disk full"
    assert get(f"{url}/readyz").json() == {"status": "stalled", "why": reported.stalled_sink}
