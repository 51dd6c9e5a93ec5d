"""What a dataflow answers about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dataflows.biosync import status
from dataflows.biosync.cluster import Counts


class Told:
    """A dataflow whose metrics cannot be read at first."""

    def __init__(self) -> None:
        self.text: bytes | None = None

    def ill(self) -> str:
        return ""

    def unready(self) -> str:
        return "the store is away"

    def metrics(self) -> bytes:
        if self.text is None:
            raise ValueError("the file is cut off")
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


def test_why_it_is_not_ready_is_told(url: str) -> None:
    answer = ask(f"{url}/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, "the store is away")


def test_a_metrics_file_that_is_being_made_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "gauge_sum_7.db").touch()
    assert list(Counts(tmp_path).collect()) == []
