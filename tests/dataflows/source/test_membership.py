"""Members of a group of workers, on a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from dataflows.biosync.source.membership import Membership, RebalanceFailed
from local.engines.kafka import Kafka
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
PARTITIONS = 4


@contextmanager
def member(kafka: Kafka, topic: str, kind: type[Membership] = Membership) -> Iterator[Membership]:
    joined = kind({"bootstrap.servers": kafka.bootstrap}, topic, f"{topic}-workers")
    joined.start()
    try:
        yield joined
    finally:
        joined.close(20)


def create(kafka: Kafka, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS)])[topic].result(20)


def theirs(joined: Membership) -> set[int]:
    return {partition for partition in range(PARTITIONS) if joined.term(partition) is not None}


def test_a_partition_is_given_to_another_once_it_was_let_go(kafka: Kafka) -> None:
    create(kafka, "given")
    with member(kafka, "given") as first:
        until("all partitions for the only member", lambda: len(theirs(first)) == PARTITIONS, 30)
        terms = {partition: first.hold(partition) for partition in range(PARTITIONS)}
        with member(kafka, "given") as second:
            until("some are to be given up", lambda: any(map(first.leaving, range(PARTITIONS))), 30)
            leaving = {partition for partition in range(PARTITIONS) if first.leaving(partition)}
            assert len(leaving) == PARTITIONS / 2
            assert theirs(first) == set(range(PARTITIONS)) - leaving
            assert not theirs(second)
            assert {first.hold(partition) for partition in leaving} == {None}
            for partition in leaving:
                first.let_go(partition, -1)  # of another term
            assert not theirs(second)
            for partition in leaving:
                first.let_go(partition, terms[partition] or 0)
            until("they are the other one's", lambda: theirs(second) == leaving, 30)
            assert {partition: first.term(partition) for partition in theirs(first)} == {
                partition: term for partition, term in terms.items() if partition not in leaving
            }
        until("they come back when it leaves", lambda: len(theirs(first)) == PARTITIONS, 30)
        assert all(first.term(partition) not in terms.values() for partition in leaving)


def test_a_topic_that_comes_later_is_assigned(kafka: Kafka) -> None:
    with member(kafka, "later") as joined:
        until("the reason of the wait", lambda: joined.waiting is not None and "not available" in joined.waiting[1], 30)
        create(kafka, "later")
        until("its partitions", lambda: len(theirs(joined)) == PARTITIONS, 30)
        assert joined.waiting is None


class Failing(Membership):
    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        super()._on_assign(consumer, assigned)
        raise KafkaException(KafkaError(KafkaError._STATE, "no such state"))


def test_an_assignment_that_fails_is_a_failure_for_the_worker_and_leaves_nothing(kafka: Kafka) -> None:
    create(kafka, "failing")
    with member(kafka, "failing", Failing) as joined:
        until("the failure", lambda: isinstance(joined.failure, RebalanceFailed), 30)
        assert "no such state" in str(joined.failure)
        assert not theirs(joined)


def test_a_client_without_brokers_is_replaced_once_its_partitions_are_lost(kafka: Kafka) -> None:
    create(kafka, "lost")
    with member(kafka, "lost") as joined:
        until("its partitions", lambda: len(theirs(joined)) == PARTITIONS, 30)
        before, terms = joined._watch, [joined.term(partition) for partition in range(PARTITIONS)]
        kafka.stop()
        joined._watch.on_statistics('{"brokers": {}}')
        until("another client", lambda: joined._watch is not before, 30)
        assert joined.waiting is not None
        kafka.ensure()
        until("its partitions again", lambda: len(theirs(joined)) == PARTITIONS, 60)
        assert not {joined.term(partition) for partition in range(PARTITIONS)} & set(terms)
