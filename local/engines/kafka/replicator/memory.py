"""What a replicator knows of each partition, in a compacted topic of the target: it goes on from there."""

from __future__ import annotations

import json
import time
from collections.abc import Container, Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import KafkaError, NewTopic

from local.engines.kafka.replicator.places import Places, offset_of
from local.engines.kafka.replicator.plan import HEADER, Plan

SECONDS = 20.0
Partition = tuple[str, int]
"""Topic at the source, and number."""


def restored(plan: Plan) -> dict[Partition, Places]:
    """How far each partition is copied, what was copied after the last save included. Raises KafkaException."""
    _ensure(plan)
    known: dict[Partition, Places] = {}
    with _reader(plan) as reader:
        for message in _from(reader, TopicPartition(plan.positions_topic, 0, OFFSET_BEGINNING)):
            topic, partition = json.loads(message.key() or b"[]")
            known[topic, partition] = Places.load(message.value() or b"")
        for (topic, partition), places in (known := known | _never_saved(reader, plan, known)).items():
            for message in _from(reader, TopicPartition(plan.renamed(topic), partition, places.end)):
                headers: dict[str, Any] = dict(message.headers() or ())
                source, target = offset_of(headers.get(HEADER), plan.alias, topic, partition), message.offset()
                if source is not None and source >= places.position and target is not None:
                    places.copied(source, target)
    return {partition: places for partition, places in known.items() if places.runs or places.position}


def _never_saved(reader: Consumer, plan: Plan, known: Container[Partition]) -> dict[Partition, Places]:
    """Partitions of the target of which nothing was saved: whoever was killed before may have copied some records."""
    return {
        (topic, number): Places()
        for name, found in reader.list_topics(timeout=SECONDS).topics.items()
        if (topic := plan.original(name)) is not None
        for number in found.partitions
        if (topic, number) not in known
    }


def save(producer: Producer, plan: Plan, partition: Partition, places: Places) -> None:
    producer.produce(plan.positions_topic, key=json.dumps(partition).encode(), value=places.dump(), partition=0)


def forget(producer: Producer, plan: Plan, partition: Partition) -> None:
    save(producer, plan, partition, Places())


def _ensure(plan: Plan) -> None:
    topic = NewTopic(plan.positions_topic, 1, -1, config={"cleanup.policy": "compact"})
    admin = AdminClient(plan.target)
    for made in admin.create_topics([topic], request_timeout=SECONDS).values():
        try:
            made.result(SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _reader(plan: Plan) -> Consumer:
    settings = {"group.id": plan.positions_topic, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    return Consumer({**plan.target, **settings})


def _from(reader: Consumer, place: TopicPartition) -> Iterator[Message]:
    """The records from a place on that there are now; none of a topic that is gone."""
    try:
        _, end = reader.get_watermark_offsets(TopicPartition(place.topic, place.partition), timeout=SECONDS)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART):
            return
        raise
    if 0 <= place.offset >= end or end == 0:
        return
    reader.assign([place])
    deadline = time.monotonic() + SECONDS
    while reader.position([place])[0].offset < end:
        message = reader.poll(0.2)
        if message is None:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{place.topic} was not read to its end"))
            continue
        if message.error() is not None:
            raise KafkaException(message.error())
        deadline = time.monotonic() + SECONDS
        yield message
