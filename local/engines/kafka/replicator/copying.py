"""Records on their way: read at the source, written to the same partition of the target in the same order."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.cimpl import KafkaError

from contracts.broker_watch import BrokerWatch
from local.engines.kafka.replicator.measures import Measure, Measures
from local.engines.kafka.replicator.memory import Partition, forget, save
from local.engines.kafka.replicator.places import Places, origin
from local.engines.kafka.replicator.plan import HEADER, Plan

_BATCH, _WAIT = 1000, 0.1
_NEW_SECONDS = 20.0
_AWAKE = {"topic.metadata.refresh.interval.ms": 2000}
"""A broker that has just started may say that it knows no topic: it is asked again soon, not in five minutes."""
_LARGEST = 1_000_000_000
"""Bytes of a record, the most that a client can be told: the topic decides, and one record must not stop the others."""
_UNKNOWN = (KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)


class Copying:
    """`places` are changed as records arrive at the target."""

    def __init__(self, plan: Plan, places: dict[Partition, Places]) -> None:
        self.plan, self.places = plan, places
        self.measures = Measures()
        self.first = True
        reading = {"group.id": plan.positions_topic, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        self._watches = BrokerWatch(), BrokerWatch()
        source, target = (watch.settings for watch in self._watches)
        self._consumer = Consumer({**plan.source, **reading, **_AWAKE, **source, "fetch.wait.max.ms": 50})
        self._producer = Producer(
            {
                **plan.target,
                **_AWAKE,
                **target,
                "enable.idempotence": True,
                "compression.type": plan.compression,
                "linger.ms": 5,
                "message.timeout.ms": 0,
                "message.max.bytes": _LARGEST,
            }
        )
        self._assigned: set[Partition] = set()
        self._unsaved: set[Partition] = set()
        self._read: dict[Partition, int] = {}
        """Offset of the last record that was read."""
        self._travelling: Counter[Partition] = Counter()
        """Records that were read and have not arrived."""
        self._failed: KafkaError | None = None

    def assign(self, partitions: dict[str, int], made: set[str]) -> None:
        """Copies these topics, those in `made` from the beginning: the target had none of them."""
        for partition in [known for known in self.places if known[0] in made]:
            del self.places[partition]
            forget(self._producer, self.plan, partition)
        wanted = {(topic, number) for topic, count in partitions.items() for number in range(count)}
        again = {partition for partition in wanted if partition[0] in made}
        if gone := self._assigned - (wanted - again):
            self._consumer.incremental_unassign([TopicPartition(*partition) for partition in gone])
            self._assigned -= gone
        if new := wanted - self._assigned:
            self._consumer.incremental_assign([TopicPartition(*one, self._start(one)) for one in new])
            self._assigned |= new
        self.first = False

    def step(self) -> None:
        """Copies what there is, and waits a moment for more. Raises KafkaException when it cannot go on."""
        for message in self._consumer.consume(_BATCH, _WAIT):
            error = message.error()
            if error is None:
                self._copy(message)
            elif error.fatal():
                raise KafkaException(error)
            elif error.code() in _UNKNOWN and message.topic() is not None:
                self._release((str(message.topic()), int(message.partition() or 0)))
        self._serve(0)

    def _serve(self, seconds: float) -> None:
        """Delivery reports, for at most so long. Raises KafkaException when it cannot go on."""
        self._producer.poll(seconds)
        if self._failed is not None:
            raise KafkaException(self._failed)
        for side, watch in zip(("source", "target"), self._watches, strict=True):
            if watch.lost:
                raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN, f"the {side}'s client knows no broker"))

    def save(self) -> None:
        """What has arrived since the last time."""
        unsaved, self._unsaved = self._unsaved, set()
        for partition in unsaved & self.places.keys():
            save(self._producer, self.plan, partition, self.places[partition])
        self._producer.poll(0)

    def measure(self) -> dict[str, Measure]:
        lags: dict[str, int] = {}
        for topic, number in self._assigned:
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), cached=True)
            places = self.places.get((topic, number))
            lags[topic] = lags.get(topic, 0) + (max(0, end - places.position) if places and end > 0 else 0)
        return self.measures.take(lags, time.monotonic())

    def close(self) -> None:
        """What was read arrives, and is remembered."""
        self._producer.flush(10)
        self.save()
        self._producer.flush(5)
        self._consumer.close()

    def _release(self, partition: Partition) -> None:
        """It is assigned again, where it was, once the source knows it."""
        if partition in self._assigned:
            self._consumer.incremental_unassign([TopicPartition(*partition)])
            self._assigned.discard(partition)

    def _start(self, partition: Partition) -> int:
        known = self.places.get(partition)
        if known is not None and known.position:
            return known.position
        return OFFSET_END if self.plan.latest and self.first else OFFSET_BEGINNING

    def _settle(self, partition: Partition) -> None:
        """Where nothing travels, all that was read is at the target or is not to be copied."""
        if not self._travelling[partition]:
            self.places.setdefault(partition, Places()).passed(self._read[partition])
        self._unsaved.add(partition)

    def _copy(self, message: Message) -> None:
        topic, number, offset = str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
        headers = list(message.headers() or ())
        self._read[topic, number] = offset
        if self.plan.identical and any(name == HEADER for name, _ in headers):
            self._settle((topic, number))
            return
        self._travelling[topic, number] += 1
        stamp = message.timestamp()[1]
        value, key = message.value(), message.key()
        size = len(value or b"") + len(key or b"")

        def arrived(error: KafkaError | None, written: Any) -> None:
            if error is not None:
                self._failed = error
                return
            self._travelling[topic, number] -= 1
            self.places.setdefault((topic, number), Places()).copied(offset, written.offset())
            self._settle((topic, number))
            self.measures.arrived(topic, max(0.0, time.time() * 1000 - stamp), size)

        record: dict[str, Any] = {
            **{"key": key, "value": value, "partition": number, "timestamp": stamp, "on_delivery": arrived},
            "headers": [*headers, (HEADER, origin(self.plan.alias, topic, number, offset))],
        }
        self._send(self.plan.renamed(topic), record)

    def _send(self, topic: str, record: dict[str, Any]) -> None:
        """Waits while the queue is full, and until the client knows of a partition that is new."""
        deadline = time.monotonic() + _NEW_SECONDS
        while True:
            try:
                self._producer.produce(topic, **record)
                return
            except BufferError:
                self._serve(0.1)
            except KafkaException as error:
                if error.args[0].code() != KafkaError._UNKNOWN_PARTITION or time.monotonic() > deadline:
                    raise
                self._producer.list_topics(topic, timeout=_NEW_SECONDS)
                self._producer.poll(0.1)
