"""Several workers on one state: changing their number and killing them neither loses nor doubles anything."""

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
from tests.dataflows.harness import PARTITIONS, Harness, until
from tests.dataflows.test_flow import assert_holds, metrics, population, status
from tests.fixtures.engines import Database, Ground

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
_PORT = 18200
_names = iter(f"workers{i}" for i in range(1000))


@pytest.fixture
def stage(kafka: Kafka, postgres: Database, ground: Ground, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    made = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    made.host = ground.addresses[4]
    yield made
    made.close()


def start(stage: Harness, workers: int) -> None:
    stage.start(WORKERS=str(workers), PORT=str(_PORT))
    until(lambda: status(stage, "/readyz") == 200, 60, f"{workers} workers ready; they said:\n{stage.log.read_text()}")


@contextmanager
def load(stage: Harness, sent: list[StoredFrame], seconds: float) -> Iterator[threading.Thread]:
    """Sends frames evenly over `seconds` meanwhile, and the rest of them at the end."""
    size = max(1, int(len(sent) * 0.1 / seconds))
    hurry = threading.Event()

    def send() -> None:
        for at in range(0, len(sent), size):
            stage.send(sent[at : at + size])
            hurry.wait(0.1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield thread
    finally:
        hurry.set()
        thread.join()


def more_rows(stage: Harness) -> None:
    """Waits until what runs now has stored something."""
    before = len(stage.rows())
    until(lambda: len(stage.rows()) > before, 30, "more rows")


def test_changing_the_number_of_workers_under_load_neither_loses_nor_doubles_anything(stage: Harness) -> None:
    sent = population(40)
    with load(stage, sent, 60) as sending:
        for workers in (1, 3, 2):
            start(stage, workers)
            more_rows(stage)
            assert sending.is_alive(), "everything was sent before the last change"
            if workers != 2:
                assert stage.end(signal.SIGTERM) == 0
    assert_holds(stage, sent)
    assert set(stage.receiver.requests.values()) == {1}


@pytest.mark.parametrize("whole", [False, True], ids=["one of three", "the one that watches"])
def test_a_killed_process_takes_the_others_along_and_the_next_start_goes_on(stage: Harness, whole: bool) -> None:
    sent = population(40)
    with load(stage, sent, 60) as sending:
        for victim in range(3):
            start(stage, 3)
            more_rows(stage)
            assert stage.process is not None
            watcher = psutil.Process(stage.process.pid)
            workers = sorted(watcher.children(), key=lambda worker: worker.pid)
            assert len(workers) == 3
            (watcher if whole else workers[victim]).kill()
            assert stage.process.wait(20) == (-signal.SIGKILL if whole else 1)
            until(lambda them=workers: not any(map(psutil.Process.is_running, them)), 10, "the other workers ended")
        assert sending.is_alive(), "everything was sent before the last kill"
        start(stage, 2)
    assert_holds(stage, sent)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_not_written_goes_along_to_whoever_gets_the_partition(stage: Harness, how: signal.Signals) -> None:
    sent = population(12)
    half = len(sent) // 2
    start(stage, 3)
    with psycopg.connect(stage.database) as connection:
        connection.execute("lock table hrv_1m, stress_events")
        stage.send(sent[:half])
        until(lambda: total(stage, "biosync_frames_total") == half, 30, "the first half read")
        stage.send(sent[half:])
        until(lambda: total(stage, "biosync_frames_total") == len(sent), 30, "the second half read")
        taken = total(stage, "biosync_snapshot_seconds_count")
        stage.send(sent)  # all of it repeated gives nothing, but only partitions with something to do are snapshot
        until(lambda: total(stage, "biosync_snapshot_seconds_count") >= taken + PARTITIONS, 20, "a snapshot of each")
        assert stage.process is not None
        workers = psutil.Process(stage.process.pid).children()
        stage.end(how)
        until(lambda: not any(map(psutil.Process.is_running, workers)), 10, "the workers ended")
        # what was on its way to the table would be written as soon as the lock is gone
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert connection.execute("select count(*) from hrv_1m").fetchone() == (0,)
    start(stage, 2)
    assert_holds(stage, sent)


def test_the_partitions_are_shared_and_the_workers_are_seen_as_one(stage: Harness) -> None:
    sent = population(12)
    start(stage, PARTITIONS)
    stage.send(sent)
    assert_holds(stage, sent)
    beats = sum(len(frame.t) for frame in sent)
    until(lambda: f"biosync_beats_total {beats}.0" in metrics(stage), 10, "the beats of all workers together")
    assert f"biosync_workers {PARTITIONS}.0" in metrics(stage)
    for partition in range(PARTITIONS):
        wanted = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(lambda wanted=wanted: wanted in metrics(stage), 20, wanted)
    each = [own_beats(stage, worker) for worker in range(PARTITIONS)]
    assert sum(each) == beats
    assert all(each), f"a worker had nothing to do: {each}"


def test_one_worker_that_does_not_answer_makes_all_unready(stage: Harness) -> None:
    start(stage, 2)
    assert stage.process is not None
    worker = psutil.Process(stage.process.pid).children()[0]
    worker.suspend()
    try:
        until(lambda: status(stage, "/healthz") == 503, 20, "ill while a worker hangs")
    finally:
        worker.resume()
    until(lambda: status(stage, "/healthz") == 200, 20, "well again")
    assert stage.end(signal.SIGTERM) == 0


def total(stage: Harness, name: str) -> int:
    """A metric of all workers together."""
    found = re.search(rf"^{name} (\S+)", metrics(stage), re.MULTILINE)
    return int(float(found[1])) if found else 0


def own_beats(stage: Harness, worker: int) -> int:
    text = httpx.get(f"http://{stage.host}:{_PORT + 1 + worker}/metrics", timeout=5, trust_env=False).text
    found = re.search(r"^biosync_beats_total (\S+)", text, re.MULTILINE)
    return int(float(found[1])) if found else 0
