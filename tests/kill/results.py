"""The results of a round in the topics and the store, and the expected ones: those of an uninterrupted run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from contracts.records import StoredFrame, StressEvent, unpack
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.offline import compute_beats
from local.wearables.beats import Beat

POLL_TIMEOUT_SECONDS = 30.0

Row = tuple[float | int | None, ...]
Rows = dict[tuple[str, int], Row]
Events = dict[str, tuple[str, int, Any]]
"""User, Unix ms of raising and evidence, by event id."""

_ROWS = f"""
    select user_id, (extract(epoch from at) * 1000)::bigint, hr, rmssd, sdnn, pnn50, beats, quality
    from {TABLE_HRV} where user_id = any(%s)"""
_EVENTS = f"""
    select event_id, user_id, (extract(epoch from raised_at) * 1000)::bigint, evidence, responded_at is not null
    from {TABLE_EVENTS} where user_id = any(%s)"""


def expected(sent: dict[str, list[Beat]], rules: Rules) -> tuple[Rows, Events]:
    """Rows and events of these beats in an uninterrupted run."""
    rows: Rows = {}
    events: Events = {}
    for user, beats in sent.items():
        windows, raised = compute_beats(user, beats, rules)
        rows |= {(user, window.at): _row(window) for window in windows}
        events |= {e.event_id: (user, e.raised, msgspec.to_builtins(e.evidence)) for e in raised}
    return rows, events


def stored(database: str, users: list[str]) -> tuple[Rows, Events, set[str]]:
    """Rows and events of these users in the store, and the ids of the answered events."""
    with psycopg.connect(database, connect_timeout=5) as connection:
        rows: list[Any] = connection.execute(_ROWS, [users]).fetchall()
        events: list[Any] = connection.execute(_EVENTS, [users]).fetchall()
    return (
        {(user, at): tuple(map(_single, measures)) for user, at, *measures in rows},
        {event: (user, raised, evidence) for event, user, raised, evidence, _ in events},
        {event for event, *_, answered in events if answered},
    )


def difference(what: str, reference: dict[Any, Any], found: dict[Any, Any]) -> str:
    """The difference between two mappings in a sentence; empty when they are equal."""
    missing, extra = reference.keys() - found.keys(), found.keys() - reference.keys()
    changed = [key for key in reference.keys() & found.keys() if reference[key] != found[key]]
    if not (missing or extra or changed):
        return ""
    example = min(changed or missing or extra)
    return (
        f"{len(missing)} {what} missing, {len(extra)} unexpected, {len(changed)} different of {len(reference)};"
        f" for example {example}: expected {reference.get(example)}, found {found.get(example)}"
    )


class Topics:
    """Records of topics that are written after the creation of this object."""

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "ledger", "enable.auto.commit": False})
        found = {name: self._consumer.list_topics(name, 10).topics[name].partitions for name in topics}
        partitions = {name: [TopicPartition(name, number) for number in numbers] for name, numbers in found.items()}
        self._since = {
            name: [TopicPartition(name, each.partition, self._end(each)) for each in parts]
            for name, parts in partitions.items()
        }

    def frames(self, topic: str) -> Iterator[StoredFrame]:
        for value in self._values(topic):
            yield from unpack(value)

    def events(self, topic: str) -> Iterator[StressEvent]:
        for value in self._values(topic):
            yield msgspec.json.decode(value, type=StressEvent)

    def close(self) -> None:
        self._consumer.close()

    def _values(self, topic: str) -> Iterator[bytes]:
        since = self._since[topic]
        left = {each.partition: end for each in since if (end := self._end(each)) > each.offset}
        self._consumer.assign([each for each in since if each.partition in left])
        while left:
            message = self._consumer.poll(POLL_TIMEOUT_SECONDS)
            assert message is not None and message.error() is None, f"{topic} has no record up to {left}: {message}"
            yield message.value() or b""
            partition, offset = message.partition(), message.offset()
            assert partition is not None and offset is not None
            if offset + 1 >= left[partition]:
                del left[partition]

    def _end(self, partition: TopicPartition) -> int:
        """The high watermark; a restarted broker knows its partitions only after some time."""
        deadline = time.monotonic() + POLL_TIMEOUT_SECONDS
        while True:
            try:
                return self._consumer.get_watermark_offsets(partition, timeout=10)[1]
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


def _row(window: Window) -> Row:
    measures = (window.hr, window.rmssd, window.sdnn, window.pnn50, window.beats, window.quality)
    return tuple(map(_single, measures))


def _single(number: float | int | None) -> float | int | None:
    """The value as PostgreSQL's `real` stores it."""
    return float(np.float32(number)) if isinstance(number, float) else number
