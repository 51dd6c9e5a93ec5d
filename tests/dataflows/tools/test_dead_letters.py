"""Replaying dead letters on a real Kafka: each exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import KafkaException, Producer

from contracts.connections import kafka_client
from contracts.records import DeadLetter, Erasure, StoredFrame, pack, partition_of
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.dead_letters import DeadLetterTopic
from local.engines.kafka import Kafka
from services.kit import rejected
from tests.dataflows.beats import START, frames, series
from tests.dataflows.harness import PARTITIONS, Harness
from tests.dataflows.test_flow import RULES, assert_holds, metrics, population
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
_names = iter(f"replay{i}" for i in range(1000))
GOOD = pack(frames("ada", series(1, 2)))
PARTITION = partition_of("ada", PARTITIONS)


@pytest.fixture
def harness(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    harness = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield harness
    harness.close()


def letters(harness: Harness) -> DeadLetterTopic:
    return DeadLetterTopic(kafka_client(harness.bootstrap), harness.dead, harness.raw, Rules())


def write(harness: Harness, *dead: DeadLetter) -> None:
    for letter in dead:
        harness.producer.produce(harness.dead, msgspec.msgpack.encode(letter), letter.key)
    assert harness.producer.flush(20) == 0


def letter(harness: Harness, value: bytes, offset: int = 7, partition: int = PARTITION) -> DeadLetter:
    return DeadLetter(harness.raw, partition, offset, "could not be decoded", value)


def test_entries_have_record_offset_users_and_time(harness: Harness) -> None:
    write(harness, letter(harness, GOOD), letter(harness, b"\xc1", 8))
    harness.producer.produce(harness.dead, b"no dead letter")
    harness.producer.flush(20)
    first, second = letters(harness).entries()
    assert (first.letter, first.offset, first.users, first.replayed) == (letter(harness, GOOD), 0, ["ada"], False)
    assert (second.letter.offset, second.users) == (8, [])
    assert 0 <= second.at - first.at < 60_000


def test_a_record_of_a_service_is_listed_by_its_reader_and_never_replayed(kafka: Kafka, harness: Harness) -> None:
    value = b'{"user": "ada", "kind": "check-in"}'
    groups = [DeadLetter("user-events", 1, 7, "no event", value, "record", f"{harness.raw}-{n}") for n in range(2)]

    async def keep() -> None:
        for one in (*groups, *groups):
            await rejected.keep({"bootstrap_servers": kafka.bootstrap}, one)

    asyncio.run(keep())
    topic = letters(harness).of_services()
    kept = [entry for entry in topic.entries() if entry.letter.group.startswith(harness.raw)]
    assert [(entry.letter, entry.users) for entry in kept] == [(one, ["ada"]) for one in groups]
    assert topic.rejection(groups[0], PARTITIONS).startswith("it is not replayed")


def test_nothing_is_replayed_while_the_raw_topic_does_not_exist(harness: Harness) -> None:
    write(harness, letter(harness, GOOD))
    harness.delete_raw()
    replayed, rejected = letters(harness).replay()
    assert not replayed
    assert [reason for _, reason in rejected] == [f"topic {harness.raw} does not exist"]
    harness.create_raw()
    replayed, rejected = letters(harness).replay()
    assert (len(replayed), rejected) == (1, [])


def test_what_can_be_processed_is_replayed_and_the_rest_is_rejected_with_reasons(harness: Harness) -> None:
    crooked = pack([StoredFrame("ada", "watch", 1, START, "", [START], [])])
    elsewhere = (PARTITION + 1) % PARTITIONS
    write(
        harness,
        letter(harness, b"\xc1", 5),
        letter(harness, GOOD, 7),
        letter(harness, crooked, 8),
        letter(harness, GOOD, 9, elsewhere),
        msgspec.structs.replace(letter(harness, GOOD), topic="another"),
    )
    replayed, rejected = letters(harness).replay()
    assert [entry.letter.offset for entry in replayed] == [7]
    assert harness.messages(harness.raw, PARTITION) == [GOOD]
    reasons = {(entry.letter.topic, entry.letter.offset): reason for entry, reason in rejected}
    assert reasons.keys() == {("another", 7), (harness.raw, 5), (harness.raw, 8), (harness.raw, 9)}
    assert "frames" in reasons[harness.raw, 5]
    assert "interval" in reasons[harness.raw, 8]
    assert f"partition {PARTITION}" in reasons[harness.raw, 9]
    assert "topic another" in reasons["another", 7]


def test_a_dead_letter_is_replayed_once_however_often_it_was_written_and_replayed(harness: Harness) -> None:
    write(harness, letter(harness, GOOD), letter(harness, GOOD))
    assert len(letters(harness).replay()[0]) == 1
    write(harness, letter(harness, GOOD))  # as a dataflow that lost its state does
    assert letters(harness).replay() == ([], [])
    assert [entry.replayed for entry in letters(harness).entries()] == [True]
    assert harness.messages(harness.raw, PARTITION) == [GOOD]


def test_records_are_replayed_in_their_original_order(harness: Harness) -> None:
    values = [pack([frame]) for frame in frames("ada", series(1, 5))]
    dead = [letter(harness, value, offset) for offset, value in enumerate(values)]
    write(harness, *dead[::-1])
    letters(harness).replay()
    assert harness.messages(harness.raw, PARTITION) == values


def test_of_two_concurrent_replays_the_earlier_fails_and_nothing_is_replayed_twice(harness: Harness) -> None:
    write(harness, letter(harness, GOOD))
    earlier = Producer({"bootstrap.servers": harness.bootstrap, "transactional.id": f"{harness.dead}-replay"})
    earlier.init_transactions(20)
    earlier.begin_transaction()
    earlier.produce(harness.raw, GOOD, partition=PARTITION)
    earlier.produce(harness.dead, None, letter(harness, GOOD).key)
    assert earlier.flush(20) == 0
    assert len(letters(harness).replay()[0]) == 1
    with pytest.raises(KafkaException):
        earlier.commit_transaction(20)
    assert harness.messages(harness.raw, PARTITION) == [GOOD]


def test_a_running_dataflow_processes_replayed_records(harness: Harness) -> None:
    """All records of one user are dead letters; replayed they give the same rows, and one event."""
    sent = population(4)
    ada = [frame for frame in sent if frame.user == "user-1"]
    harness.start()
    harness.send([frame for frame in sent if frame.user != "user-1"])
    partition = partition_of("user-1", PARTITIONS)
    write(harness, *(letter(harness, pack([frame]), i, partition) for i, frame in enumerate(ada)))
    replayed, rejected = DeadLetterTopic(kafka_client(harness.bootstrap), harness.dead, harness.raw, RULES).replay()
    assert (len(replayed), rejected) == (len(ada), [])
    assert_holds(harness, sent)
    assert set(harness.receiver.requests.values()) == {1}
    for partition_ in range(PARTITIONS):
        metric = f'biosync_consumer_lag_records{{partition="{partition_}"}} 0.0'
        until(metric, lambda metric=metric: metric in metrics(harness), 20)


def test_an_erasure_that_an_older_dataflow_did_not_know_is_listed_and_replayed(harness: Harness) -> None:
    write(harness, letter(harness, pack(Erasure("ada", START))))
    topic = letters(harness)
    assert [entry.users for entry in topic.entries()] == [["ada"]]
    replayed, rejected = topic.replay()
    assert (len(replayed), rejected) == (1, [])
