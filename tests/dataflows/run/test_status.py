"""The health and metrics endpoints of a dataflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from dataflows.biosync.run import status
from dataflows.biosync.run.process_group import GroupStatus, WorkerMetrics


class FakeStatus:
    """A status whose metrics fail at first; `liveness_exception` is raised by the liveness probe."""

    def __init__(self) -> None:
        self.text: bytes | None = None
        self.liveness_exception: Exception | None = None
        self.metrics_exception: Exception = ValueError("the file is cut off")
        self.stalled_sink = ""

    def liveness_error(self) -> str:
        if self.liveness_exception is not None:
            raise self.liveness_exception
        return ""

    def readiness_error(self) -> str:
        return "the store is unavailable"

    def stalled(self) -> str:
        return self.stalled_sink

    def metrics(self) -> bytes:
        if self.text is None:
            raise self.metrics_exception
        return self.text


@pytest.fixture
def fake() -> FakeStatus:
    return FakeStatus()


@pytest.fixture
def url(fake: FakeStatus) -> Iterator[str]:
    server = status.serve("127.0.0.1", 0, fake)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=10, trust_env=False)


def test_metrics_that_fail_are_an_error_response(url: str, fake: FakeStatus) -> None:
    failed = get(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "ValueError: the file is cut off"})
    assert get(f"{url}/healthz").status_code == 200
    fake.text = b"biosync_beats_total 1.0\n"
    assert get(f"{url}/metrics").content == fake.text


def test_an_os_error_of_the_metrics_is_not_mistaken_for_a_closed_connection(url: str, fake: FakeStatus) -> None:
    fake.metrics_exception = FileNotFoundError("counter_7.db")
    failed = get(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "FileNotFoundError: counter_7.db"})


def test_the_group_reports_the_error_of_a_worker(url: str, fake: FakeStatus, tmp_path: Path) -> None:
    address = urlsplit(url)
    group = GroupStatus("127.0.0.1", [address.port or 0], tmp_path)
    assert group.liveness_error() == ""
    assert group.readiness_error() == "worker 0: the store is unavailable"
    fake.liveness_exception = RuntimeError("no memory")
    assert group.liveness_error() == "worker 0: RuntimeError: no memory"


def test_the_readiness_probe_returns_the_error(url: str) -> None:
    response = get(f"{url}/readyz")
    assert (response.status_code, response.json()["why"]) == (503, "the store is unavailable")


def test_a_sink_that_stalls_is_told_from_other_reasons(url: str, fake: FakeStatus, tmp_path: Path) -> None:
    group = GroupStatus("127.0.0.1", [urlsplit(url).port or 0], tmp_path)
    assert group.stalled() == ""
    fake.stalled_sink = "store: nothing was written for 60 s: disk full"
    assert get(f"{url}/readyz").json() == {"status": "stalled", "why": fake.stalled_sink}
    assert group.stalled() == group.readiness_error() == f"worker 0: {fake.stalled_sink}"


def test_a_metrics_file_that_is_being_created_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "gauge_sum_7.db").touch()
    assert list(WorkerMetrics(tmp_path).collect()) == []
