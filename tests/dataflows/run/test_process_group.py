"""Several workers on one state: changing their number and killing them neither loses nor duplicates anything."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS, Harness
from tests.dataflows.test_flow import assert_holds, metrics, population, status
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
_PORT = 18200
_names = iter(f"workers{i}" for i in range(1000))


@pytest.fixture
def harness(kafka: Kafka, postgres: Database, scratch: ScratchEnvironment, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    harness = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    harness.host = scratch.addresses[4]
    yield harness
    harness.close()


def start(harness: Harness, workers: int) -> None:
    harness.start(WORKERS=str(workers), PORT=str(_PORT))
    until(f"{workers} workers ready; log:\n{harness.log.read_text()}", lambda: status(harness, "/readyz") == 200, 60)


@contextmanager
def load(harness: Harness, sent: list[StoredFrame], seconds: float) -> Iterator[threading.Thread]:
    """Send frames evenly over `seconds` during the block, and the rest at its end."""
    size = max(1, int(len(sent) * 0.1 / seconds))
    hurry = threading.Event()

    def send() -> None:
        for at in range(0, len(sent), size):
            harness.send(sent[at : at + size])
            hurry.wait(0.1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield thread
    finally:
        hurry.set()
        thread.join()


def more_rows(harness: Harness) -> None:
    """Wait until the running dataflow has stored something."""
    before = len(harness.rows())
    until("more rows", lambda: len(harness.rows()) > before, 30)


def test_changing_the_number_of_workers_under_load_neither_loses_nor_duplicates_anything(harness: Harness) -> None:
    sent = population(40)
    with load(harness, sent, 60) as sending:
        for workers in (1, 3, 2):
            start(harness, workers)
            more_rows(harness)
            assert sending.is_alive(), "everything was sent before the last change"
            if workers != 2:
                assert harness.stop(signal.SIGTERM) == 0
    assert_holds(harness, sent)
    assert set(harness.receiver.requests.values()) == {1}


@pytest.mark.parametrize("supervisor", [False, True], ids=["one of three", "supervisor"])
def test_a_killed_process_stops_the_others_and_the_next_start_resumes(harness: Harness, supervisor: bool) -> None:
    sent = population(40)
    with load(harness, sent, 60) as sending:
        for victim in range(3):
            start(harness, 3)
            more_rows(harness)
            assert harness.process is not None
            parent = psutil.Process(harness.process.pid)
            workers = sorted(parent.children(), key=lambda worker: worker.pid)
            assert len(workers) == 3
            (parent if supervisor else workers[victim]).kill()
            assert harness.process.wait(20) == (-signal.SIGKILL if supervisor else 1)
            until("the other workers ended", lambda them=workers: not any(map(psutil.Process.is_running, them)), 10)
        assert sending.is_alive(), "everything was sent before the last kill"
        start(harness, 2)
    assert_holds(harness, sent)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_unwritten_results_move_with_their_partition(harness: Harness, how: signal.Signals) -> None:
    sent = population(12)
    half = len(sent) // 2
    start(harness, 3)
    with psycopg.connect(harness.database) as connection:
        connection.execute("lock table hrv_1m, stress_events")
        harness.send(sent[:half])
        until("the first half read", lambda: total(harness, "biosync_frames_total") == half, 30)
        harness.send(sent[half:])
        until("the second half read", lambda: total(harness, "biosync_frames_total") == len(sent), 30)
        snapshots = total(harness, "biosync_snapshot_seconds_count")
        harness.send(sent)  # duplicates give no results, but only partitions with input are snapshot
        until(
            "a snapshot of each", lambda: total(harness, "biosync_snapshot_seconds_count") >= snapshots + PARTITIONS, 20
        )
        assert harness.process is not None
        workers = psutil.Process(harness.process.pid).children()
        harness.stop(how)
        until("the workers ended", lambda: not any(map(psutil.Process.is_running, workers)), 10)
        # statements in flight would be executed as soon as the lock is released
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert connection.execute("select count(*) from hrv_1m").fetchone() == (0,)
    start(harness, 2)
    assert_holds(harness, sent)


def test_the_workers_share_the_partitions_and_have_one_status(harness: Harness) -> None:
    sent = population(12)
    start(harness, PARTITIONS)
    harness.send(sent)
    assert_holds(harness, sent)
    beats = sum(len(frame.t) for frame in sent)
    until("the beats of all workers together", lambda: f"biosync_beats_total {beats}.0" in metrics(harness), 10)
    assert f"biosync_workers {PARTITIONS}.0" in metrics(harness)
    for partition in range(PARTITIONS):
        metric = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(metric, lambda metric=metric: metric in metrics(harness), 20)
    each = [own_beats(harness, worker) for worker in range(PARTITIONS)]
    assert sum(each) == beats
    assert all(each), f"a worker had nothing to do: {each}"


def test_one_worker_that_does_not_answer_fails_the_probes_of_all(harness: Harness) -> None:
    start(harness, 2)
    assert harness.process is not None
    worker = psutil.Process(harness.process.pid).children()[0]
    worker.suspend()
    try:
        until("the liveness probe fails while a worker hangs", lambda: status(harness, "/healthz") == 503, 20)
    finally:
        worker.resume()
    until("the liveness probe succeeds again", lambda: status(harness, "/healthz") == 200, 20)
    assert harness.stop(signal.SIGTERM) == 0


def total(harness: Harness, name: str) -> int:
    """A metric of all workers together."""
    found = re.search(rf"^{name} (\S+)", metrics(harness), re.MULTILINE)
    return int(float(found[1])) if found else 0


def own_beats(harness: Harness, worker: int) -> int:
    text = httpx.get(f"http://{harness.host}:{_PORT + 1 + worker}/metrics", timeout=5, trust_env=False).text
    found = re.search(r"^biosync_beats_total (\S+)", text, re.MULTILINE)
    return int(float(found[1])) if found else 0
