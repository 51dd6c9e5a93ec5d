"""Compares topic and store after a run with an offline computation of the same beats (dataflows.biosync)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.sockets.load.population import Population, user_id
from contracts.connections import KafkaClient
from contracts.records import StoredFrame, StressEvent, unpack
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.person import event_id
from dataflows.biosync.signal.row import Row, row
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools import stored
from dataflows.biosync.tools.offline import compute_frames


@dataclass
class Verification:
    """`differences` are the first ones found; without any, topic and store are as expected."""

    frames: int = 0
    """Distinct frames in the topic."""
    repeats: int = 0
    rows: int = 0
    rows_expected: int = 0
    events: int = 0
    events_expected: int = 0
    received: dict[str, int] = field(default_factory=dict)
    """Unix ms at which ingest read the frame that completed an event's evidence, by event."""
    differences: list[str] = field(default_factory=list)

    def add_difference(self, what: str) -> None:
        if len(self.differences) < 20:
            self.differences.append(what)


def verify(
    population: Population,
    start: int,
    rules: Rules,
    kafka: KafkaClient,
    topic: str,
    database: str,
    progress: Callable[[str], None],
) -> Verification:
    """`start`: Unix ms of the run's start."""
    result = Verification()
    progress("reading the topic back")
    _read_topic(result, kafka, topic)
    progress("comparing the store with an offline computation")
    rows: dict[str, list[Row]] = {}
    events: dict[str, str] = {}
    for numbers, windows, raised in _expected(population, start, rules):
        own = [row(window) for window in windows]
        rows |= {user_id(number): own for number in numbers}
        events |= {event_id(user_id(number), event.raised): user_id(number) for number in numbers for event in raised}
    with psycopg.connect(database) as connection:
        _events(result, connection, events)
        _rows(result, connection, rows)
    return result


def _read_topic(result: Verification, kafka: KafkaClient, topic: str) -> None:
    seen: dict[str, int] = {}
    for frame in _frames(kafka, topic):
        known, bit = seen.get(frame.user, 0), 1 << frame.seq
        if known & bit:
            result.repeats += 1
        else:
            seen[frame.user] = known | bit
    result.frames = sum(known.bit_count() for known in seen.values())


def _frames(kafka: KafkaClient, topic: str) -> Iterator[StoredFrame]:
    consumer = Consumer({**kafka, "group.id": "bench", "enable.auto.commit": False})
    try:
        partitions = list(consumer.list_topics(topic, 20).topics[topic].partitions)
        left = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), 20)[1] for p in partitions}
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
        left = {p: end for p, end in left.items() if end}
        while left:
            for message in consumer.consume(500, 5.0):
                if message.error() is not None:
                    raise RuntimeError(f"the topic cannot be read back: {message.error()}")
                partition, offset = message.partition() or 0, message.offset() or 0
                yield from unpack(message.value() or b"")
                if offset + 1 >= left.get(partition, 0):
                    left.pop(partition, None)
    finally:
        consumer.close()


def _expected(
    population: Population, start: int, rules: Rules
) -> Iterator[tuple[list[int], list[Window], list[StressEvent]]]:
    """Users who share a series of beats, and the rows and events of each."""
    for group in range(population.groups):
        for numbers, series in population.series(group):
            frames: list[StoredFrame] = []
            for timed in series.frames(start):
                frame, came = timed.frame, start + round(timed.due * 1000)
                t, rr = [sample.t for sample in frame.samples], [sample.rr for sample in frame.samples]
                frames.append(StoredFrame("", frame.device, frame.seq, came, "", t, rr))
            yield numbers, *compute_frames(frames, rules)[""]


def _events(result: Verification, connection: psycopg.Connection, expected: dict[str, str]) -> None:
    """`expected`: user by event id."""
    result.events_expected = len(expected)
    for event, user, received, answered in stored.events(connection):
        result.events += 1
        result.received[event] = received
        if expected.get(event) != user:
            result.add_difference(f"event {event} of {user} is not expected")
        elif not answered:
            result.add_difference(f"event {event} of {user} was not answered")
    for event in expected.keys() - result.received.keys():
        result.add_difference(f"event {event} of {expected[event]} is missing")


def _rows(result: Verification, connection: psycopg.Connection, expected: dict[str, list[Row]]) -> None:
    """`expected`: rows in order of time, by user."""
    result.rows_expected = sum(map(len, expected.values()))
    left = set(expected)
    for user, found in stored.rows(connection):
        result.rows += len(found)
        left.discard(user)
        if found != expected.get(user):
            result.add_difference(
                f"{user} has {len(found)} rows, expected {len(expected.get(user, []))}; or other values"
            )
    for user in left:
        if expected[user]:
            result.add_difference(f"{user} has no rows")
