"""What the dataflow gives out and is not written yet: rows, events, and letters to Kafka."""

from __future__ import annotations

from time import monotonic

import msgspec
import structlog

from contracts.records import StressEvent
from dataflows.biosync import metrics
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.publisher import ProducerRecord

MAX_ROWS = 20_000
MAX_EVENTS = 2_000
MAX_RECORDS = 4_000
_CLOSING_SECONDS = 4.0
_log = structlog.get_logger(__name__)

RowKey = tuple[str, int]
"""User, and Unix ms of the window's end."""


class _Unwritten(msgspec.Struct, array_like=True):
    rows: list[tuple[str, Window]]
    events: list[StressEvent]
    letters: dict[str, ProducerRecord]


class ResultBuffers:
    """Boxes of what is to be written, and a partition's part of them as bytes for the recovery store."""

    def __init__(self, events_topic: str, dead_topic: str, stopping: Shutdown) -> None:
        self._events_topic = events_topic
        self._dead_topic = dead_topic
        self._closing_until: float | None = None
        self.rows: Buffer[RowKey, Window] = Buffer(MAX_ROWS, stopping)
        self.events: Buffer[str, StressEvent] = Buffer(MAX_EVENTS, stopping)
        self.records: Buffer[str, ProducerRecord] = Buffer(MAX_RECORDS, stopping)

    def write(self, partition: int, output: Output) -> None:
        """Take what some records of a partition gave; waits when too much is unwritten."""
        metrics.FRAMES.inc(output.frames)
        metrics.BEATS.inc(output.beats)
        metrics.WINDOWS.inc(len(output.rows))
        letters: dict[str, ProducerRecord] = {}
        if output.events:
            metrics.EVENTS.inc(len(output.events))
            for event in output.events:
                letters[event.event_id] = ProducerRecord(self._events_topic, event.event_id, msgspec.json.encode(event))
        for dead in (refused.truncated() for refused in output.dead_letters):
            metrics.DEAD.inc()
            _log.warning("dead_letter", partition=dead.partition, offset=dead.offset, reason=dead.reason)
            letters[dead.key] = ProducerRecord(self._dead_topic, dead.key, msgspec.msgpack.encode(dead))
        if output.events:
            self.events.put(partition, {event.event_id: event for event in output.events})
        if letters:
            self.records.put(partition, letters)
        if output.rows:
            self.rows.put(partition, {(user, window.at): window for user, window in output.rows})

    def snapshot(self, partition: int) -> bytes:
        """What is unwritten of a partition."""
        return msgspec.msgpack.encode(
            _Unwritten(
                [(user, window) for (user, _), window in self.rows.contents(partition).items()],
                list(self.events.contents(partition).values()),
                self.records.contents(partition),
            )
        )

    def restore(self, partition: int, snapshot: bytes) -> None:
        """Take what `snapshot` gave: it may or may not have been written since, and is written again."""
        left = msgspec.msgpack.decode(snapshot, type=_Unwritten)
        self.events.restore(partition, {event.event_id: event for event in left.events})
        self.records.restore(partition, left.letters)
        self.rows.restore(partition, {(user, window.at): window for user, window in left.rows})

    def close(self) -> None:
        """Wait a little, over all calls, for all to be written; what is not stands in the last snapshots."""
        self._closing_until = self._closing_until or monotonic() + _CLOSING_SECONDS
        for box in (self.events, self.records, self.rows):
            box.wait_empty(max(0.0, self._closing_until - monotonic()))
