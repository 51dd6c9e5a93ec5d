"""A candidate beside the running image, each a process as in a Pod of its own, over live beats."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from contracts.comparison import COMPARISON_PATH, Comparison
from local.engines.kafka import Kafka
from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import Stream
from tests.dataflows.test_flow import assert_holds, population
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
_names = iter(f"candidate{i}" for i in range(1000))
IMAGE = ("-m", "dataflows.biosync", "compare")
OFF_BY_ONE_PER_CENT = (
    "-c",
    """
import runpy
import msgspec
from dataflows.biosync.signal import hrv
measure = hrv.measure

def off(*given):
    window = measure(*given)
    return window if window.rmssd is None else msgspec.structs.replace(window, rmssd=window.rmssd * 1.01)

hrv.measure = off
runpy.run_module("dataflows.biosync", run_name="__main__")
""",
    "compare",
)
ANOTHER_STATE_VERSION = (
    "-c",
    """
import runpy
from dataflows.biosync.state import manifest
manifest.STATE_VERSION = 2
runpy.run_module("dataflows.biosync", run_name="__main__")
""",
    "compare",
)


class Candidates:
    """Of a stream; each has no more variables than its Pod."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._running: list[subprocess.Popen[bytes]] = []

    def add(self, program: tuple[str, ...], **environment: str) -> Callable[[], Comparison]:
        """Starts one; returns what tells its comparison."""
        port = self.stream.free_port()
        known = self.stream.settings()
        for variable in ("STATE_DIR", "RESPONSE_URL", "WEBHOOK_SECRET"):
            del known[variable]
        process = self.stream.run(program, {**known, "PORT": str(port), **environment})
        self._running.append(process)

        def comparison() -> Comparison:
            assert process.poll() is None, "the candidate has ended"
            try:
                url = f"http://{self.stream.host}:{port}{COMPARISON_PATH}"
                answer = httpx.get(url, timeout=5, trust_env=False)
            except httpx.TransportError:
                return Comparison()
            return msgspec.json.decode(answer.content, type=Comparison)

        return comparison

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def candidates(kafka: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path) -> Iterator[Candidates]:
    name = next(_names)
    stream = Stream(name, kafka, postgres.create(name), tmp_path, s3, gate)
    candidates = Candidates(stream)
    yield candidates
    candidates.close()
    stream.close()


def test_only_an_image_that_computes_the_same_rows_and_events_is_equal(candidates: Candidates) -> None:
    stream = candidates.stream
    sent = population(12)
    before = [frame for frame in sent if frame.received < sent[0].received + 7 * 60_000]
    stream.start()
    stream.send(before)
    stream.snapshotted()
    known = len(stream.rows())
    same, off = candidates.add(IMAGE), candidates.add(OFF_BY_ONE_PER_CENT)
    within = candidates.add(OFF_BY_ONE_PER_CENT, COMPARE_TOLERANCE="0.02")
    begun = "compared_from"
    until("all candidates begun", lambda: len(stream.events_of_log(begun)) == 3 * len(stream.places()), 60)
    stream.send(sent[len(before) :])
    assert_holds(stream, sent)
    rows, events = len(stream.rows()) - known, len(stream.events())
    until("everything judged equal", lambda: (same().rows, same().events) == (rows, events), 60)
    until("a difference", lambda: off().different == rows + events, 60)
    until("what differs by less is within the tolerance", lambda: within().rows + within().different == rows, 60)
    assert (same().different, same().difference, same().waiting) == (0, "", "")
    assert same().until > same().since > 0
    assert "rmssd is" in off().difference
    assert within().different == 0
    assert_holds(stream, sent)  # nothing was written by any of them
    assert stream.stop(signal.SIGTERM) == 0


def test_an_image_that_does_not_read_the_running_ones_state_is_refused(candidates: Candidates) -> None:
    stream = candidates.stream
    stream.start()
    stream.send(population(3, 1))
    stream.snapshotted()
    comparison = candidates.add(ANOTHER_STATE_VERSION)
    until("it is refused", lambda: comparison().difference, 60)
    assert "state version 1, and this software reads 2" in comparison().difference


def test_it_waits_for_a_snapshot_of_the_running_image_and_for_its_bucket(candidates: Candidates) -> None:
    stream = candidates.stream
    stream.start()
    stream.send(population(3, 1))
    stream.snapshotted()
    assert stream.stop(signal.SIGTERM) == 0
    comparison = candidates.add(IMAGE)
    until("it waits", lambda: "has taken no snapshot of partition" in comparison().waiting, 60)
    stream.gate.closed = True
    until("it says so", lambda: "cannot be begun" in comparison().waiting, 60)
    stream.gate.closed = False
    stream.start()
    until("it has begun", lambda: not comparison().waiting, 60)
