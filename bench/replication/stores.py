"""What is written in the west and looked for in the east, store by store."""

from __future__ import annotations

from typing import Any, Protocol

import psycopg
import redis
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, Producer, TopicPartition

GROUP, TOPIC = "bench", "bench-raw"


class Store(Protocol):
    name: str
    looks: float
    """Seconds between two looks: the lag is measured with this error at most."""

    def write(self, number: int) -> None:
        """Returns when the west has acknowledged it."""
        ...

    def arrived(self, number: int) -> bool:
        """Whether the east has it."""
        ...


class Row:
    name, looks = "row of PostgreSQL", 0.005

    def __init__(self, west: str, east: str) -> None:
        self.west, self.east = (psycopg.connect(uri, autocommit=True) for uri in (west, east))

    def write(self, number: int) -> None:
        self.west.execute("INSERT INTO bench VALUES (%s)", [number])

    def arrived(self, number: int) -> bool:
        return self.east.execute("SELECT 1 FROM bench WHERE n = %s", [number]).fetchone() is not None


class Key:
    name, looks = "key of Redis", 0.005

    def __init__(self, west: redis.Redis, east: redis.Redis) -> None:
        self.west, self.east = west, east

    def write(self, number: int) -> None:
        self.west.set("bench", number)

    def arrived(self, number: int) -> bool:
        return self.east.get("bench") == str(number).encode()


class Message:
    name, looks = "message of Kafka", 0.0
    """It is waited for, not looked for."""

    def __init__(self, west: dict[str, Any], east: dict[str, Any]) -> None:
        self.producer = Producer({**west, "linger.ms": 0})
        self.consumer = Consumer({**east, "group.id": "reader", "auto.offset.reset": "latest", "fetch.wait.max.ms": 10})
        self.consumer.assign([TopicPartition(TOPIC, 0)])
        self._last = -1

    def write(self, number: int) -> None:
        self.producer.produce(TOPIC, str(number).encode(), partition=0)
        self.producer.flush(30)

    def arrived(self, number: int) -> bool:
        for message in self.consumer.consume(1000, 0.005):
            if message.error() is None:
                self._last = max(self._last, int(message.value() or b"-1"))
        return self._last >= number


class Offset:
    """The group has read everything; what is measured is how long the other region's group takes to know."""

    name, looks = "offset of a group", 0.1

    def __init__(self, west: dict[str, Any], east: dict[str, Any], produced: Message) -> None:
        self.west, self.east = (Consumer({**side, "group.id": GROUP}) for side in (west, east))
        self.place, self.wanted = TopicPartition(TOPIC, 0), 0
        self.produced = produced

    def write(self, number: int) -> None:
        _, end = self.west.get_watermark_offsets(self.place, timeout=30)
        self.wanted = end
        self.west.commit(offsets=[TopicPartition(TOPIC, 0, end)], asynchronous=False)

    def arrived(self, number: int) -> bool:
        (found,) = self.east.committed([self.place], timeout=30)
        _, end = self.east.get_watermark_offsets(self.place, timeout=30)
        return found.offset >= min(self.wanted, end) > 0


class Object:
    name, looks = "object of S3", 0.05

    def __init__(self, west: Any, east: Any, buckets: tuple[str, str]) -> None:
        self.west, self.east, self.buckets = west, east, buckets

    def write(self, number: int) -> None:
        self.west.put_object(Bucket=self.buckets[0], Key=f"bench/{number}", Body=b"x" * 4096)

    def arrived(self, number: int) -> bool:
        try:
            self.east.head_object(Bucket=self.buckets[1], Key=f"bench/{number}")
        except ClientError:
            return False
        return True


class Secret:
    name, looks = "value of a secret", 0.05

    def __init__(self, west: Any, east: Any, secret: str) -> None:
        self.west, self.east, self.secret = west, east, secret

    def write(self, number: int) -> None:
        self.west.put_secret_value(SecretId=self.secret, SecretString=str(number))

    def arrived(self, number: int) -> bool:
        return self.east.get_secret_value(SecretId=self.secret)["SecretString"] == str(number)
