"""A stream that is moved between two Kafka clusters under load, by kill and gracefully: none missing, none twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.records import StoredFrame, pack, partition_of
from local.engines.kafka import Kafka
from local.engines.kafka.replicator import Replicator
from local.engines.kafka.replicator.plan import Plan
from tests.dataflows.harness import PARTITIONS, dead_topic
from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import Stream
from tests.dataflows.test_flow import assert_holds, population, status
from tests.fixtures.engines import START_SECONDS, Database, ScratchEnvironment
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.pair, pytest.mark.timeout(500)]
NAME = "moved"


class Load(threading.Thread):
    """Sends frames one by one, each in a record of its time, to whichever cluster is the one."""

    def __init__(self, frames: list[StoredFrame], topic: str, bootstrap: str) -> None:
        super().__init__(daemon=True)
        self.frames, self.topic, self.sent = frames, topic, 0
        self._flows, self._producer = threading.Event(), Producer({"bootstrap.servers": bootstrap})
        self._between = threading.Lock()
        self.flow()
        self.start()

    def run(self) -> None:
        for frame in self.frames:
            self._flows.wait()
            with self._between:
                where = partition_of(frame.user, PARTITIONS)
                self._producer.produce(self.topic, pack([frame]), partition=where, timestamp=frame.received)
                assert self._producer.flush(20) == 0
                self.sent += 1

    def flow(self) -> None:
        self._flows.set()

    def hold(self) -> None:
        """As wearables do that have lost their connection."""
        self._flows.clear()
        with self._between:
            return

    def move(self, bootstrap: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap})
        self.flow()


@pytest.fixture
def east(scratch: ScratchEnvironment) -> Iterator[Kafka]:
    cluster = Kafka(scratch.folder / "moved-kafka", scratch.addresses[7])
    cluster.ensure(START_SECONDS)
    yield cluster
    cluster.delete()


@pytest.fixture
def stream(
    kafka: Kafka, east: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path, scratch: ScratchEnvironment
) -> Iterator[Stream]:
    """In the west, with a replicator of its raw topic each way."""
    stream = Stream(NAME, kafka, postgres.create(NAME), tmp_path, s3, gate)
    elsewhere = AdminClient({"bootstrap.servers": east.bootstrap})
    made = elsewhere.create_topics([dead_topic(stream.dead), NewTopic(stream.events_topic, 1)])
    for future in made.values():
        future.result(20)
    sides = {"west": {"bootstrap.servers": kafka.bootstrap}, "east": {"bootstrap.servers": east.bootstrap}}
    replicators = [
        Replicator(scratch.folder / f"moved-to-{to}", Plan(f"moved-to-{to}", sides[of], sides[to], of, (stream.raw,)))
        for of, to in (("west", "east"), ("east", "west"))
    ]
    for replicator in replicators:
        replicator.ensure()
    until("the raw topic in the east", lambda: stream.raw in elsewhere.list_topics(timeout=20).topics, 60)
    yield stream
    stream.close()
    for replicator in replicators:
        replicator.delete()


def ends(bootstrap: str, topic: str) -> list[int]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "ends"})
    with consumer:
        return [consumer.get_watermark_offsets(TopicPartition(topic, number), 20)[1] for number in range(PARTITIONS)]


def move(stream: Stream, load: Load, to: str, how: signal.Signals) -> int:
    """Ends the dataflow, moves the people once everything is copied, and lets it go on where they are, without its
    volume. Returns how many frames had been sent by then."""
    reached, begun = stream.frames(), time.monotonic()
    code = stream.stop(how)
    assert code == (-9 if how is signal.SIGKILL else 0)
    load.hold()
    until("every record copied", lambda: ends(to, stream.raw) == ends(stream.bootstrap, stream.raw), 60)
    stream.wipe()
    stream.bootstrap = to
    sent = load.sent
    stream.start()
    load.move(to)
    assert stream.origins() == ["snapshot"] * PARTITIONS
    until("the dataflow ready", lambda: status(stream, "/readyz") == 200, 60)
    gap, age = time.monotonic() - begun, max(one["age_seconds"] for one in stream.restored())
    print(f"{how.name}: state {age} s old, nothing computed for {gap:.1f} s; {reached:g} of {sent} frames were read")
    return sent


def read_again(stream: Stream, load: Load, moved: int) -> float:
    """How many frames of before the move were read after it too."""
    load.hold()
    until("every frame read", lambda: stream.frames() >= load.sent - moved, 60)
    return stream.frames() - (load.sent - moved)


def test_the_same_rows_and_events_none_twice_with_the_baselines_kept(stream: Stream, kafka: Kafka, east: Kafka) -> None:
    frames = population(6, minutes=30)
    stream.start()
    load = Load(frames, stream.raw, kafka.bootstrap)
    until("a third of the load", lambda: load.sent > len(frames) // 3, 120)
    stream.snapshotted_once()
    moved = move(stream, load, east.bootstrap, signal.SIGKILL)
    until("two thirds of the load", lambda: load.sent > 2 * len(frames) // 3, 120)
    print(f"SIGKILL: {read_again(stream, load, moved):g} frames read again")
    load.flow()
    stream.snapshotted_once()
    moved = move(stream, load, kafka.bootstrap, signal.SIGTERM)
    load.join(120)
    assert load.sent == len(frames)
    assert_holds(stream, frames)
    print(f"SIGTERM: {read_again(stream, load, moved):g} frames read again")
    # on the way back a partition of which nothing was read in the east has its place in the west still
    assert PARTITIONS < len(stream.events_of_log("sought_by_time")) <= 2 * PARTITIONS
    assert set(stream.receiver.requests.values()) == {1}
