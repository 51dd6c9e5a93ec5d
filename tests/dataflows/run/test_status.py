"""What a dataflow answers about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from dataflows.biosync.run import status
from dataflows.biosync.run.process_group import GroupStatus, WorkerMetrics


class Told:
    """A dataflow whose metrics cannot be read at first; `wrong` is raised by its health."""

    def __init__(self) -> None:
        self.text: bytes | None = None
        self.wrong: Exception | None = None
        self.unreadable: Exception = ValueError("the file is cut off")

    def ill(self) -> str:
        if self.wrong is not None:
            raise self.wrong
        return ""

    def unready(self) -> str:
        return "the store is away"

    def metrics(self) -> bytes:
        if self.text is None:
            raise self.unreadable
        return self.text


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def url(told: Told) -> Iterator[str]:
    server = status.serve("127.0.0.1", 0, told)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(url: str) -> httpx.Response:
    return httpx.get(url, timeout=10, trust_env=False)


def test_what_cannot_be_told_is_an_error_and_no_silence(url: str, told: Told) -> None:
    failed = ask(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "ValueError: the file is cut off"})
    assert ask(f"{url}/healthz").status_code == 200
    told.text = b"biosync_beats_total 1.0\n"
    assert ask(f"{url}/metrics").content == told.text


def test_a_file_that_cannot_be_read_is_an_error_and_not_taken_for_a_caller_who_left(url: str, told: Told) -> None:
    told.unreadable = FileNotFoundError("counter_7.db")
    failed = ask(f"{url}/metrics")
    assert (failed.status_code, failed.json()) == (500, {"error": "FileNotFoundError: counter_7.db"})


def test_all_workers_together_say_what_one_of_them_does_not_know(url: str, told: Told, tmp_path: Path) -> None:
    address = urlsplit(url)
    together = GroupStatus("127.0.0.1", [address.port or 0], tmp_path)
    assert together.ill() == ""
    assert together.unready() == "worker 0: the store is away"
    told.wrong = RuntimeError("no memory")
    assert together.ill() == "worker 0: RuntimeError: no memory"


def test_why_it_is_not_ready_is_told(url: str) -> None:
    answer = ask(f"{url}/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, "the store is away")


def test_a_metrics_file_that_is_being_made_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "gauge_sum_7.db").touch()
    assert list(WorkerMetrics(tmp_path).collect()) == []
