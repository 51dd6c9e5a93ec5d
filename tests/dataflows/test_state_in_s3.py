"""The state of a dataflow in S3: whatever is lost and whoever is killed, rows and events are the offline ones."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from contracts.records import Erasure, StoredFrame, pack, partition_of
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS
from tests.dataflows.s3_gate import Gate, Request
from tests.dataflows.stream import BUCKET, Stream
from tests.dataflows.test_flow import assert_holds, expected, population, status
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
_names = iter(f"state{i}" for i in range(1000))


@pytest.fixture
def stream(kafka: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path) -> Iterator[Stream]:
    name = next(_names)
    stream = Stream(name, kafka, postgres.create(name), tmp_path, s3, gate)
    yield stream
    stream.close()


def settled(stream: Stream, sent: int) -> None:
    until("the dataflow ready", lambda: status(stream, "/readyz") == 200, 60)
    until(f"{sent} rows", lambda: len(stream.rows()) >= sent, 60)


def test_a_lost_volume_costs_nothing_after_a_graceful_stop_and_a_damaged_log_heals(stream: Stream) -> None:
    sent = population(6)
    third = len(sent) // 3
    stream.start()
    stream.send(sent[:third])
    settled(stream, len(expected(sent[:third])[0]))
    assert stream.origins() == ["topic"] * PARTITIONS
    assert stream.stop(signal.SIGTERM) == 0
    stream.wipe()
    stream.start()
    assert stream.origins() == ["snapshot"] * PARTITIONS
    stream.send(sent[third : 2 * third])
    settled(stream, len(expected(sent[: 2 * third])[0]))
    assert stream.frames() == third, "the last snapshot of a graceful stop has everything: nothing is read again"
    assert stream.stop(signal.SIGKILL) == -9
    stream.start()
    assert stream.origins() == ["local"] * PARTITIONS
    stream.stop(signal.SIGKILL)
    log = max((stream.state / "people" / "0001").glob("*.log"))
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    stream.start()
    assert sorted(stream.origins()) == ["local", "local", "snapshot"]
    (healed,) = [one for one in stream.restored() if one["origin"] == "snapshot"]
    assert "damaged" in healed["why"] and healed["persons"]
    stream.send(sent[2 * third :])
    assert_holds(stream, sent)
    assert set(stream.receiver.requests.values()) == {1}
    # without the bucket the topic still has everything
    stream.stop(signal.SIGKILL)
    stream.wipe()
    for key in [*stream.keys("manifests"), *stream.keys("segments")]:
        stream.s3.delete_object(Bucket=BUCKET, Key=key)
    stream.query("update hrv_1m set hr = 0 returning 1")
    stream.start()
    assert stream.origins() == ["topic"] * PARTITIONS
    until("every frame read again", lambda: stream.frames() == len(sent), 60)
    assert stream.stop(signal.SIGTERM) == 0
    assert_holds(stream, sent)
    assert set(stream.receiver.requests.values()) == {1}


def test_an_erased_state_comes_back_from_no_disk_and_no_snapshot(stream: Stream) -> None:
    sent = population(3)
    user = sent[0].user
    stream.start()
    stream.send(sent)
    settled(stream, len(expected(sent)[0]))
    stream.snapshotted()
    users = {frame.user for frame in sent}
    assert persons(stream) == len(users)
    for partition in range(PARTITIONS):
        stream.send_raw(partition, pack(Erasure(user, max(frame.received for frame in sent) + 1)))
    assert stream.producer.flush(20) == 0
    stream.snapshotted()
    assert persons(stream) == len(users) - 1
    assert not stream.messages(stream.dead)
    for lose in (lambda: None, stream.wipe):
        stream.stop(signal.SIGKILL)
        lose()
        stream.start()
        assert sum(one["persons"] for one in stream.restored()) == len(users) - 1


def persons(stream: Stream) -> int:
    """Whose states the newest snapshots have."""
    return sum(stream.manifest(partition)["snapshots"][0]["persons"] for partition in range(PARTITIONS))


def test_killed_before_and_after_each_write_with_and_without_its_volume(stream: Stream) -> None:
    sent = population(8)
    whens, claim, snapshot = ("before", "after"), 1, PARTITIONS + 1
    rounds = [(when, "manifests", nth) for nth in (claim, snapshot) for when in whens]
    rounds += [(when, "segments", 2) for when in whens]
    killed: list[Request] = []
    counting = threading.Lock()
    for i, (when, what, nth) in enumerate(rounds):
        seen: list[Request] = []

        def kill(request: Request, what: str = what, nth: int = nth, seen: list[Request] = seen) -> None:
            # a request of the process that was killed last may still be on its way
            running = stream.process is not None and stream.process.poll() is None
            if not running or request[0] != "PUT" or f"/{what}/" not in request[1]:
                return
            with counting:
                seen.append(request)
                if len(seen) == nth and stream.process:
                    stream.process.kill()
                    stream.process.wait()
                    killed.append(request)

        stream.gate.before = kill if when == "before" else lambda request: None
        stream.gate.after = kill if when == "after" else lambda request: None
        stream.start()
        stream.send(sent[len(sent) * i // len(rounds) : len(sent) * (i + 1) // len(rounds)])
        until(f"killed {when} {what} {nth}", lambda: stream.process and stream.process.poll() is not None, 60)
        if i % 2:
            stream.wipe()
    stream.gate.before = stream.gate.after = lambda request: None
    assert len(killed) == len(rounds)
    stream.start()
    assert_holds(stream, sent)
    assert stream.manifest(0)["epoch"] > len(rounds) // 2


def test_of_two_writers_the_older_loses_and_stops(stream: Stream) -> None:
    """The other one is of another group, as in the other region."""
    sent = population(4)
    half = len(sent) // 2
    stream.start()
    stream.send(sent[:half])
    settled(stream, len(expected(sent[:half])[0]))
    stream.snapshotted()
    newest = {**stream.manifest(0), "epoch": 2, "writer": "another", "pod": "another"}
    key = [key for key in stream.keys("manifests") if "/0000/" in key][-1]
    stream.s3.put_object(Bucket=BUCKET, Key=f"{key[:-1]}2", Body=json.dumps(newest).encode())
    older = stream.process
    assert older is not None
    stream.send(sent[half:])
    assert older.wait(30) == 1
    (lost,) = stream.events_of_log("failed")
    assert "epoch 2 has begun, and this one is 1" in json.dumps(lost)
    stream.start()
    assert_holds(stream, sent)
    assert "snapshot" in stream.origins()
    assert stream.manifest(0)["epoch"] == 3
    assert set(stream.receiver.requests.values()) == {1}


def test_s3_that_is_away_stops_nothing_but_a_start_waits_for_it(stream: Stream) -> None:
    sent = population(6)
    third = len(sent) // 3
    stream.start()
    stream.send(sent[:third])
    settled(stream, len(expected(sent[:third])[0]))
    stream.gate.closed = True
    before = len(stream.gate.requests)
    stream.send(sent[third : 2 * third])
    settled(stream, len(expected(sent[: 2 * third])[0]))
    until("several attempts at a closed gate", lambda: len(stream.gate.requests) > before + 5, 30)
    assert status(stream, "/readyz") == 200
    stream.gate.closed = False
    stream.snapshotted()
    assert stream.stop(signal.SIGKILL) == -9
    stream.wipe()
    stream.gate.closed = True
    stream.start()
    until("the log of S3 that is away", lambda: stream.events_of_log("state_unavailable"), 30)
    until("not ready", lambda: status(stream, "/readyz") == 503, 30)
    stream.gate.closed = False
    assert stream.origins() == ["snapshot"] * PARTITIONS
    stream.send(sent[2 * third :])
    assert_holds(stream, sent)
    assert stream.frames() == len(sent) - 2 * third, "what was snapshotted after the outage is not read again"
    assert set(stream.receiver.requests.values()) == {1}


def copied(stream: Stream, first: int) -> list[list[tuple[int, bytes]]]:
    """Times and values of the records of the raw topic, of each partition from the offset `first` on."""
    consumer = Consumer({"bootstrap.servers": stream.bootstrap, "group.id": "copy", "enable.partition.eof": True})
    found: list[list[tuple[int, bytes]]] = []
    for partition in range(PARTITIONS):
        consumer.assign([TopicPartition(stream.raw, partition, first or OFFSET_BEGINNING)])
        records: list[tuple[int, bytes]] = []
        while True:
            message = consumer.poll(20)
            assert message is not None
            if error := message.error():
                assert error.code() == KafkaError._PARTITION_EOF
                break
            records.append((message.timestamp()[1], message.value() or b""))
        found.append(records)
    consumer.close()
    return found


def test_moved_to_a_topic_with_other_offsets_it_goes_on_by_time_with_its_baselines(stream: Stream) -> None:
    """As in the other region: no volume, a replica of the bucket, and a replicated topic whose offsets differ."""
    sent = population(6, minutes=30)
    half = len(sent) // 2
    stream.start()
    _send_at_their_times(stream, sent[:half])
    settled(stream, len(expected(sent[:half])[0]))
    stream.snapshotted()
    _send_at_their_times(stream, sent[half : half + 30])
    until("some more frames", lambda: stream.frames() == half + 30, 30)
    assert stream.stop(signal.SIGKILL) == -9
    stream.wipe()
    records = copied(stream, first=3)
    stream.delete_raw()
    stream.create_raw()
    for partition, of_partition in enumerate(records):
        for at, value in of_partition:
            stream.producer.produce(stream.raw, value, partition=partition, timestamp=at)
    assert stream.producer.flush(20) == 0
    stream.start()
    assert stream.origins() == ["snapshot"] * PARTITIONS
    _send_at_their_times(stream, sent[half + 30 :])
    assert_holds(stream, sent)
    sought = stream.events_of_log("sought_by_time")
    assert len(sought) == PARTITIONS and all(one["offset"] > 0 for one in sought)
    read, least = stream.frames(), len(sent) - half
    age = max(one["age_seconds"] for one in stream.restored())
    print(f"state {age} s old; {read - least:g} of {half + 30} frames read again, {least} new")
    assert least <= read < len(sent)
    assert set(stream.receiver.requests.values()) == {1}


def _send_at_their_times(stream: Stream, sent: list[StoredFrame]) -> None:
    """Each frame in a record of the time at which it was received, as ingest writes it."""
    for frame in sent:
        partition = partition_of(frame.user, PARTITIONS)
        stream.producer.produce(stream.raw, pack([frame]), partition=partition, timestamp=frame.received)
    assert stream.producer.flush(20) == 0


def test_a_state_of_other_software_is_refused_before_anything_is_written(stream: Stream) -> None:
    sent = population(2)
    stream.start()
    stream.send(sent)
    settled(stream, len(expected(sent)[0]))
    assert stream.stop(signal.SIGTERM) == 0
    key = [key for key in stream.keys("manifests") if "/0000/" in key][-1]
    manifest = stream.manifest(0)
    newer = {**manifest, "state_version": 2, "software": "aura/biosync:2.0.0", "epoch": 9}
    stream.s3.put_object(Bucket=BUCKET, Key=f"{key[:-1]}9", Body=json.dumps(newer).encode())
    local = {path.name: path.read_bytes() for path in (stream.state / "people" / "0000").iterdir()}
    keys = [key for key in stream.keys("manifests") if "/0000/" in key]
    stream.start()
    assert stream.process is not None and stream.process.wait(30) == 1
    (refused,) = stream.events_of_log("state_refused")
    assert "aura/biosync:2.0.0" in refused["error"] and "run that software again" in refused["error"]
    assert [key for key in stream.keys("manifests") if "/0000/" in key] == keys
    assert {path.name: path.read_bytes() for path in (stream.state / "people" / "0000").iterdir()} == local
