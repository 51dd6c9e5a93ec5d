"""Places in a topic that are not there any more, on a real Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from dataflows.biosync import flow
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.topic import Topic, TopicNotReady
from dataflows.biosync.source.topic_reader import BEGINNING, TopicPosition, TopicReader
from local.engines.kafka import Kafka
from tests.dataflows.harness import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
_names = iter(f"feed{i}" for i in range(1000))
RECORDS = [(offset, str(offset).encode()) for offset in range(6)]


@pytest.fixture
def admin(kafka: Kafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


@pytest.fixture
def name(kafka: Kafka, admin: AdminClient) -> str:
    """A topic of one partition that holds RECORDS."""
    made = next(_names)
    make(kafka, admin, made, RECORDS)
    return made


def make(kafka: Kafka, admin: AdminClient, name: str, records: list[Record]) -> None:
    admin.create_topics([NewTopic(name, 1)])[name].result(20)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for _, value in records:
        producer.produce(name, value, partition=0)
    assert producer.flush(20) == 0


@contextmanager
def reading(kafka: Kafka, name: str, place: TopicPosition) -> Iterator[TopicReader]:
    feed = TopicReader(Topic(kafka.bootstrap, name, 1))
    feed.open(0, place)
    try:
        yield feed
    finally:
        feed.close(0)


def taken(feed: TopicReader, last: int) -> list[Record]:
    """What the feed gives up to the offset `last`."""
    records: list[Record] = []

    def all_of_it() -> bool:
        records.extend(feed.poll(0))
        return bool(records) and records[-1][0] == last

    until(all_of_it, 30, f"offset {last}")
    return records


def test_a_place_is_gone_on_from_and_names_the_topic(kafka: Kafka, name: str) -> None:
    with reading(kafka, name, BEGINNING) as feed:
        assert taken(feed, 5) == RECORDS
        place = feed.position(0)
    assert place == (Topic(kafka.bootstrap, name, 1).id(), 6)
    with reading(kafka, name, (place[0], 4)) as feed:
        assert taken(feed, 5) == RECORDS[4:]
    with reading(kafka, name, ("", 4)) as feed:  # an offset in whatever topic is there
        assert taken(feed, 5) == RECORDS[4:]


@pytest.mark.parametrize("place", [("another", 2), ("another", 60), ("", 60)])
def test_a_place_in_another_topic_or_past_the_end_is_the_beginning(
    kafka: Kafka, name: str, place: TopicPosition
) -> None:
    with reading(kafka, name, place) as feed:
        assert taken(feed, 5) == RECORDS
        assert feed.position(0)[1] == 6


def test_a_place_whose_record_has_expired_is_the_oldest_record(kafka: Kafka, admin: AdminClient, name: str) -> None:
    for gone in admin.delete_records([TopicPartition(name, 0, 3)]).values():
        gone.result(20)
    with reading(kafka, name, (Topic(kafka.bootstrap, name, 1).id(), 1)) as feed:
        assert taken(feed, 5) == RECORDS[3:]


def remade(kafka: Kafka, admin: AdminClient, name: str, count: int) -> tuple[list[Record], list[Record]]:
    """What a feed gives that had read RECORDS when the topic was made again and filled, and what was put there."""
    new = [(offset, f"new {offset}".encode()) for offset in range(count)]
    records: list[Record] = []
    with reading(kafka, name, BEGINNING) as feed:
        taken(feed, 5)
        before = feed.position(0)[0]
        admin.delete_topics([name])[name].result(20)
        make(kafka, admin, name, new)

        def all_of_it() -> bool:
            records.extend(feed.poll(0))
            known, offset = feed.position(0)
            return known != before and offset == count

        until(all_of_it, 30, "the end of the new topic")
    return records, new


def test_a_topic_made_again_and_filled_up_to_less_is_read_once(
    kafka: Kafka, admin: AdminClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch would ask again when the test is over: what Kafka refuses makes it ask at once."""
    monkeypatch.setattr("dataflows.biosync.source.topic_watcher._SECONDS", 600)
    records, new = remade(kafka, admin, name, 3)
    assert records == new


def test_a_topic_made_again_and_filled_up_to_more_is_read_from_its_beginning(
    kafka: Kafka, admin: AdminClient, name: str
) -> None:
    records, new = remade(kafka, admin, name, 10)
    early = records[:-10]
    assert early == new[6 : 6 + len(early)], "at most what lies behind the old place comes before it is known for new"
    assert records[-10:] == new


@pytest.mark.parametrize("offset", [0, 4])
def test_an_offset_that_an_earlier_version_kept_is_gone_on_from(kafka: Kafka, name: str, offset: int) -> None:
    raw = flow.RawSource(lambda: TopicReader(Topic(kafka.bootstrap, name, 1)), 1, Shutdown())
    part = raw.build_part("records", "0000", offset)
    records: list[Record] = []

    def all_of_it() -> bool:
        for _, batch in part.next_batch():
            records.extend(batch)
        return part.snapshot()[1] == len(RECORDS)

    try:
        until(all_of_it, 30, "the end of the topic")
    finally:
        part.close()
    assert records == RECORDS[offset:]


def test_a_topic_that_is_not_there_with_all_its_partitions_is_absent(kafka: Kafka, name: str) -> None:
    with pytest.raises(TopicNotReady, match="there is no topic nothing"):
        Topic(kafka.bootstrap, "nothing", 1).id()
    with pytest.raises(TopicNotReady, match=f"{name} has 1 of 2 partitions"):
        Topic(kafka.bootstrap, name, 2).id()
