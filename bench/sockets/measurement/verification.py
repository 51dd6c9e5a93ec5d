"""What topic and store hold after a run, compared with what the same beats give without Kafka (dataflows.biosync)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.sockets.load.population import Crowd, name
from contracts.records import StoredFrame, StressEvent, unpack
from dataflows.biosync import stored
from dataflows.biosync.hrv import Window
from dataflows.biosync.offline import of_frames
from dataflows.biosync.person import event_id
from dataflows.biosync.rules import Rules


@dataclass
class Verdict:
    """`differences` names the first that were found; with none, topic and store hold what they must."""

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

    def differs(self, what: str) -> None:
        if len(self.differences) < 20:
            self.differences.append(what)


def compare(
    crowd: Crowd, start: int, rules: Rules, bootstrap: str, topic: str, database: str, tell: Callable[[str], None]
) -> Verdict:
    """`start`: Unix ms of the run's start."""
    verdict = Verdict()
    tell("reading the topic back")
    _topic(verdict, bootstrap, topic)
    tell("comparing the store with an offline computation")
    rows: dict[str, list[stored.Row]] = {}
    events: dict[str, str] = {}
    for numbers, windows, raised in _expected(crowd, start, rules):
        own = [stored.row(window) for window in windows]
        rows |= {name(number): own for number in numbers}
        events |= {event_id(name(number), event.raised): name(number) for number in numbers for event in raised}
    with psycopg.connect(database) as connection:
        _events(verdict, connection, events)
        _rows(verdict, connection, rows)
    return verdict


def _topic(verdict: Verdict, bootstrap: str, topic: str) -> None:
    seen: dict[str, int] = {}
    for frame in _frames(bootstrap, topic):
        known, bit = seen.get(frame.user, 0), 1 << frame.seq
        if known & bit:
            verdict.repeats += 1
        else:
            seen[frame.user] = known | bit
    verdict.frames = sum(known.bit_count() for known in seen.values())


def _frames(bootstrap: str, topic: str) -> Iterator[StoredFrame]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False})
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


def _expected(crowd: Crowd, start: int, rules: Rules) -> Iterator[tuple[list[int], list[Window], list[StressEvent]]]:
    """People who share a heart, and the rows and events of each."""
    for group in range(crowd.groups):
        for numbers, heart in crowd.hearts(group):
            frames: list[StoredFrame] = []
            for timed in heart.frames(start):
                frame, came = timed.frame, start + round(timed.due * 1000)
                t, rr = [sample.t for sample in frame.samples], [sample.rr for sample in frame.samples]
                frames.append(StoredFrame("", frame.device, frame.seq, came, "", t, rr))
            yield numbers, *of_frames(frames, rules)[""]


def _events(verdict: Verdict, connection: psycopg.Connection, wanted: dict[str, str]) -> None:
    """`wanted`: user by event id."""
    verdict.events_expected = len(wanted)
    for event, user, received, answered in stored.events(connection):
        verdict.events += 1
        verdict.received[event] = received
        if wanted.get(event) != user:
            verdict.differs(f"event {event} of {user} is not expected")
        elif not answered:
            verdict.differs(f"event {event} of {user} was not answered")
    for event in wanted.keys() - verdict.received.keys():
        verdict.differs(f"event {event} of {wanted[event]} is missing")


def _rows(verdict: Verdict, connection: psycopg.Connection, wanted: dict[str, list[stored.Row]]) -> None:
    """`wanted`: rows in order of time, by user."""
    verdict.rows_expected = sum(map(len, wanted.values()))
    left = set(wanted)
    for user, found in stored.rows(connection):
        verdict.rows += len(found)
        left.discard(user)
        if found != wanted.get(user):
            verdict.differs(f"{user} has {len(found)} rows, expected {len(wanted.get(user, []))}; or other values")
    for user in left:
        if wanted[user]:
            verdict.differs(f"{user} has no rows")
