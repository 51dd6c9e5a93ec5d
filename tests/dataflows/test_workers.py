"""Several workers of a stream: whoever comes, goes, is killed or hangs, rows and events are the offline ones."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.platform import TABLE_EPOCHS
from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS
from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import Stream
from tests.dataflows.test_flow import assert_holds, population
from tests.dataflows.workers import Workers
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
_names = iter(f"workers{i}" for i in range(1000))
_SECONDS = 60.0


@pytest.fixture
def workers(kafka: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path) -> Iterator[Workers]:
    name = next(_names)
    stream = Stream(name, kafka, postgres.create(name), tmp_path, s3, gate)
    running = Workers(stream, tmp_path)
    yield running
    running.close()
    stream.close()


@contextmanager
def load(workers: Workers, sent: list[StoredFrame]) -> Iterator[threading.Thread]:
    """Sends frames evenly over a minute during the block, and the rest at its end."""
    size = max(1, int(len(sent) * 0.1 / _SECONDS))
    hurry = threading.Event()

    def send() -> None:
        for at in range(0, len(sent), size):
            workers.stream.send(sent[at : at + size])
            hurry.wait(0.1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield thread
    finally:
        hurry.set()
        thread.join()


def more_rows(workers: Workers) -> None:
    before = len(workers.stream.rows())
    until("more rows", lambda: len(workers.stream.rows()) > before, 30)


def test_workers_come_and_go_under_load_without_a_loss_and_each_event_is_answered_once(workers: Workers) -> None:
    sent = population(40)
    with load(workers, sent) as sending:
        first = workers.add()
        workers.shared_by(first)
        more_rows(workers)
        second, third = workers.add(), workers.add()
        workers.shared_by(first, second, third)
        more_rows(workers)
        assert first.stop(signal.SIGTERM) == 0
        workers.shared_by(second, third)
        assert sending.is_alive(), "everything was sent before the last change"
    assert_holds(workers.stream, sent)
    assert set(workers.stream.receiver.requests.values()) == {1}


def test_a_killed_worker_takes_only_its_own_partitions_time(workers: Workers) -> None:
    sent = population(40)
    with load(workers, sent) as sending:
        three = [workers.add() for _ in range(3)]
        workers.shared_by(*three)
        more_rows(workers)
        killed, *others = three
        kept = [worker.partitions() for worker in others]
        epochs = {partition: workers.stream.manifest(int(partition))["epoch"] for one in kept for partition in one}
        killed.stop(signal.SIGKILL)
        workers.shared_by(*others)
        assert all(before <= worker.partitions() for before, worker in zip(kept, others, strict=True))
        assert sending.is_alive(), "everything was sent before the partitions had moved"
    assert_holds(workers.stream, sent)
    assert epochs == {partition: workers.stream.manifest(int(partition))["epoch"] for partition in epochs}


def test_a_worker_that_hangs_loses_its_partitions_and_writes_no_state_when_it_goes_on(workers: Workers) -> None:
    sent = population(40)
    with load(workers, sent):
        hung, other = workers.add(), workers.add()
        workers.shared_by(hung, other)
        more_rows(workers)
        hung.process.send_signal(signal.SIGSTOP)
        try:
            workers.shared_by(other)
            epochs = [workers.stream.manifest(partition)["epoch"] for partition in range(PARTITIONS)]
        finally:
            hung.process.send_signal(signal.SIGCONT)
        until("it has joined again or ended", lambda: hung.process.poll() is not None or bool(hung.partitions()), 60)
        more_rows(workers)
    assert_holds(workers.stream, sent)
    for partition, epoch in enumerate(epochs):
        manifest = workers.stream.manifest(partition)
        assert manifest["epoch"] > epoch or (manifest["epoch"], manifest["pod"]) == (epoch, "worker-1")


def test_a_partition_moves_while_the_bucket_is_away_and_the_results_are_the_same(workers: Workers) -> None:
    sent = population(40)
    with load(workers, sent):
        first = workers.add()
        workers.shared_by(first)
        workers.stream.snapshotted_once()
        workers.stream.gate.closed = True
        second = workers.add()
        until("the new worker waits for S3", lambda: "state_unavailable" in workers.stream.log.read_text(), 60)
        workers.stream.gate.closed = False
        workers.shared_by(first, second)
        more_rows(workers)
    assert_holds(workers.stream, sent)


def test_more_workers_than_partitions_are_ready_and_idle(workers: Workers) -> None:
    for _ in range(PARTITIONS + 1):
        workers.add()
    until("all are ready", lambda: all(worker.ready() for worker in workers.all), 60)
    until(
        "each partition has a worker",
        lambda: sorted(len(worker.partitions()) for worker in workers.all) == [0] + [1] * PARTITIONS,
        60,
    )
    (idle,) = [worker for worker in workers.all if not worker.partitions()]
    next(worker for worker in workers.all if worker is not idle).stop(signal.SIGKILL)
    until("the idle one has its partition", lambda: bool(idle.partitions()), 60)


def test_a_worker_writes_nothing_after_a_later_epoch_and_the_next_one_begins_after_that(workers: Workers) -> None:
    """As in a region that goes on from a bucket that lacks the last epochs of the other one."""
    stream = workers.stream
    sent = population(12)
    first = workers.add()
    stream.send(sent[: len(sent) // 2])
    stream.snapshotted()
    until("rows of every partition", lambda: len(stream.query(f"select from {TABLE_EPOCHS}")) == PARTITIONS, 30)
    stream.query(f"update {TABLE_EPOCHS} set epoch = 40 returning epoch")
    stored = stream.rows()
    stream.send(sent[len(sent) // 2 :])
    assert first.process.wait(60) == 1
    assert stream.rows() == stored
    assert "has written to the database" in stream.log.read_text()
    workers.add()
    assert_holds(stream, sent)
    assert {epoch for (epoch,) in stream.query(f"select epoch from {TABLE_EPOCHS}")} == {41}
