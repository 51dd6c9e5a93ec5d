"""Reading from valid and invalid positions of a topic, on a real Kafka."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
import structlog
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.connections import kafka_client
from dataflows.biosync.place import BEGINNING, MARGIN_MS, Place
from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.topic import Topic, TopicNotReady
from dataflows.biosync.source.topic_reader import TopicReader
from local.engines.kafka import Kafka
from tests.dataflows.beats import AT
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
_names = iter(f"reader{i}" for i in range(1000))
RECORDS = [(offset, AT + offset, str(offset).encode()) for offset in range(6)]


@pytest.fixture
def admin(kafka: Kafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


@pytest.fixture
def name(kafka: Kafka, admin: AdminClient) -> str:
    """A topic of one partition with RECORDS."""
    name = next(_names)
    create(kafka, admin, name, RECORDS)
    return name


def create(kafka: Kafka, admin: AdminClient, name: str, records: list[Record]) -> None:
    kept = {"retention.ms": "-1"}  # the records are older than a broker keeps them otherwise
    admin.create_topics([NewTopic(name, 1, config=kept)])[name].result(20)
    produce(kafka, name, records)


def produce(kafka: Kafka, name: str, records: list[Record]) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for _, at, value in records:
        producer.produce(name, value, partition=0, timestamp=at)
    assert producer.flush(20) == 0


@contextmanager
def reading(kafka: Kafka, name: str, position: Place) -> Iterator[TopicReader]:
    reader = TopicReader(Topic(kafka_client(kafka.bootstrap), name, 1))
    reader.open(0, position)
    try:
        yield reader
    finally:
        reader.close(0)
        reader.stop()


def polled(reader: TopicReader, last: int) -> list[Record]:
    """The records up to the offset `last`."""
    records: list[Record] = []

    def complete() -> bool:
        records.extend(reader.poll(0))
        return bool(records) and records[-1][0] == last

    until(f"offset {last}", complete, 30)
    return records


def test_reading_resumes_from_a_position_which_contains_the_topic_id(kafka: Kafka, name: str) -> None:
    with reading(kafka, name, BEGINNING) as reader:
        assert polled(reader, 5) == RECORDS
        position = reader.position(0)
    assert position == Place(Topic(kafka_client(kafka.bootstrap), name, 1).id(), 6, AT + 5)
    with reading(kafka, name, Place(position.topic, 4, 0)) as reader:
        assert polled(reader, 5) == RECORDS[4:]
    with reading(kafka, name, Place("", 4, 0)) as reader:  # an offset in whatever topic exists
        assert polled(reader, 5) == RECORDS[4:]


@pytest.mark.parametrize("position", [Place("another", 2, 0), Place("another", 60, 0), Place("", 60, 0)])
def test_a_position_without_a_time_in_another_topic_or_past_the_end_means_the_beginning(
    kafka: Kafka, name: str, position: Place
) -> None:
    with reading(kafka, name, position) as reader:
        assert polled(reader, 5) == RECORDS
        assert reader.position(0)[1] == 6


def test_a_position_whose_record_has_expired_means_the_oldest_record(
    kafka: Kafka, admin: AdminClient, name: str
) -> None:
    for future in admin.delete_records([TopicPartition(name, 0, 3)]).values():
        future.result(20)
    with reading(kafka, name, Place(Topic(kafka_client(kafka.bootstrap), name, 1).id(), 1, AT)) as reader:
        assert polled(reader, 5) == RECORDS[3:]


def recreated(kafka: Kafka, admin: AdminClient, name: str, count: int) -> tuple[list[Record], list[Record]]:
    """The records of a reader that had read RECORDS when the topic was created again, and those of the new topic."""
    new = [(offset, AT + offset, f"new {offset}".encode()) for offset in range(count)]
    records: list[Record] = []
    with reading(kafka, name, BEGINNING) as reader:
        polled(reader, 5)
        before = reader.position(0)[0]
        admin.delete_topics([name])[name].result(20)
        create(kafka, admin, name, new)

        def complete() -> bool:
            records.extend(reader.poll(0))
            place = reader.position(0)
            return place.topic != before and place.offset == count

        until("the end of the new topic", complete, 30)
    return records, new


def test_a_recreated_topic_with_fewer_records_is_read_once(
    kafka: Kafka, admin: AdminClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next regular poll would be after the test: the rejected position triggers one at once."""
    monkeypatch.setattr("dataflows.biosync.source.topic_watcher._POLL_SECONDS", 600)
    records, new = recreated(kafka, admin, name, 3)
    assert records == new


def test_a_recreated_topic_with_more_records_is_read_from_its_beginning(
    kafka: Kafka, admin: AdminClient, name: str
) -> None:
    records, new = recreated(kafka, admin, name, 10)
    early = records[:-10]
    assert early == new[6 : 6 + len(early)], (
        "at most the records behind the old offset come before the replacement is noticed"
    )
    assert records[-10:] == new


@pytest.mark.parametrize(("minutes", "first"), [(20, 2), (23, 3), (-90, 0), (90, 4)])
def test_in_another_topic_reading_resumes_by_time_five_minutes_early(
    kafka: Kafka, admin: AdminClient, minutes: int, first: int
) -> None:
    """Of records ten minutes apart; the last one is written after the place was sought."""
    name = next(_names)
    records = [(offset, AT + 600_000 * offset, str(offset).encode()) for offset in range(5)]
    create(kafka, admin, name, records[:4])
    found: list[Record] = []

    def sought() -> bool:
        found.extend(reader.poll(0))
        return reader.position(0).topic != "another"

    with reading(kafka, name, Place("another", 60, AT + 60_000 * minutes + MARGIN_MS)) as reader:
        until("the place", sought, 30)
        produce(kafka, name, records[4:])
        assert [*found, *polled(reader, 4)] == records[first:]
        assert reader.position(0).at == records[4][1]


def test_a_topic_without_all_its_partitions_is_not_ready(kafka: Kafka, name: str) -> None:
    with pytest.raises(TopicNotReady, match="topic nothing does not exist"):
        Topic(kafka_client(kafka.bootstrap), "nothing", 1).id()
    with pytest.raises(TopicNotReady, match=f"{name} has 1 of 2 partitions"):
        Topic(kafka_client(kafka.bootstrap), name, 2).id()


def test_a_consumer_that_gets_nothing_although_there_is_something_is_replaced(
    kafka: Kafka, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paused partition is as one that librdkafka has lost: nothing comes, and no error."""
    monkeypatch.setattr("dataflows.biosync.source.stall.STALL_SECONDS", 3)
    with reading(kafka, name, BEGINNING) as reader:
        assert polled(reader, 5) == RECORDS
        assert reader._consumer is not None
        reader._consumer._consumer.pause([TopicPartition(name, 0)])
        produce(kafka, name, RECORDS)
        with structlog.testing.capture_logs() as logs:
            assert [offset for offset, _, _ in polled(reader, 11)] == list(range(6, 12))
    assert [(one["event"], one["offsets"]) for one in logs] == [("consumer_stalled", {0: 6})]


def test_records_of_an_open_transaction_are_not_behind(
    kafka: Kafka, admin: AdminClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataflows.biosync.source.stall.STALL_SECONDS", 1)
    topic = Topic(kafka_client(kafka.bootstrap), name, 1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": name})
    producer.init_transactions(60)
    with reading(kafka, name, BEGINNING) as reader, structlog.testing.capture_logs() as logs:
        assert polled(reader, 5) == RECORDS
        producer.begin_transaction()
        producer.produce(name, b"6", partition=0)
        assert producer.flush(20) == 0
        deadline = monotonic() + 3
        until("three seconds of polls", lambda: reader.poll(0) or monotonic() > deadline)
        assert topic.ends([0]) == {0: 6}
        producer.commit_transaction(60)
        until("the transaction's end, behind the record", lambda: topic.ends([0]) == {0: 8})
        assert [value for _, _, value in polled(reader, 6)] == [b"6"]
        deadline = monotonic() + 3
        until("three seconds of polls", lambda: reader.poll(0) or monotonic() > deadline)
        assert reader._lag.ends == {0: 8}
    assert logs == []


def test_partitions_without_an_answer_have_no_end(kafka: Kafka, name: str) -> None:
    topic = Topic(kafka_client(kafka.bootstrap), name, 1)
    assert topic.ends([]) == {}
    assert topic.ends([0, 7]) == {0: 6}


def test_an_outage_leaves_no_request_without_an_end() -> None:
    """Each thread asks on its own; what one of them replaces, the other may be waiting for."""
    topic, answers = Topic(kafka_client("127.0.0.1:1"), "raw", 1), list[str]()

    def ask(question: Callable[[], object]) -> None:
        for _ in range(2):
            with pytest.raises(KafkaException):
                question()
            answers.append(threading.current_thread().name)

    threads = [
        threading.Thread(target=ask, args=(topic.id,), name="id"),
        threading.Thread(target=ask, args=(lambda: topic.ends([0]),), name="ends"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert sorted(answers) == ["ends", "ends", "id", "id"]
