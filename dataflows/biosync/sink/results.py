"""The unwritten results of the dataflow: rows, events, and records to publish to Kafka."""

from __future__ import annotations

from time import monotonic

import msgspec
import structlog

from contracts.records import StressEvent
from dataflows.biosync import metrics
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output
from dataflows.biosync.signal.row import RowKey
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.rejections import ProducerRecord, Rejections

MAX_ROWS = 20_000
MAX_EVENTS = 2_000
MAX_RECORDS = 4_000
_CLOSING_SECONDS = 4.0
_log = structlog.get_logger(__name__)


class _Unwritten(msgspec.Struct, array_like=True):
    rows: list[tuple[str, Window]]
    events: list[StressEvent]
    records: dict[str, ProducerRecord]


def unwritten_keys(snapshot: bytes) -> tuple[frozenset[RowKey], frozenset[str]]:
    """Keys of the rows and ids of the events in what ResultBuffers.snapshot gave; raises msgspec.MsgspecError."""
    unwritten = msgspec.msgpack.decode(snapshot, type=_Unwritten)
    rows = frozenset((user, window.at) for user, window in unwritten.rows)
    return rows, frozenset(event.event_id for event in unwritten.events)


class ResultBuffers:
    """Buffers of the unwritten results of `raw`, and a partition's part of them as bytes for its snapshots."""

    def __init__(self, raw: str, events_topic: str, dead_topic: str, shutdown: Shutdown) -> None:
        self._events_topic = events_topic
        self._dead_topic = dead_topic
        self.rows: Buffer[RowKey, Window] = Buffer(MAX_ROWS, shutdown)
        self.events: Buffer[str, StressEvent] = Buffer(MAX_EVENTS, shutdown)
        self.records: Buffer[str, ProducerRecord] = Buffer(MAX_RECORDS, shutdown)
        self.rejections = Rejections(raw, dead_topic, self.records)

    def write(self, partition: int, output: Output) -> None:
        """Add the results of some records of a partition; blocks when a buffer is full."""
        metrics.FRAMES.inc(output.frames)
        metrics.BEATS.inc(output.beats)
        metrics.WINDOWS.inc(len(output.rows))
        for reason, beats in output.dropped.items():
            metrics.DROPPED.labels(reason).inc(beats)
        records: dict[str, ProducerRecord] = {}
        events: dict[str, StressEvent] = {}
        if output.events:
            metrics.EVENTS.inc(len(output.events))
            for event in output.events:
                try:
                    value = msgspec.json.encode(event)
                except ValueError as error:
                    self.rejections.event("dataflow", partition, event, error)
                    continue
                events[event.event_id] = event
                records[event.event_id] = ProducerRecord(self._events_topic, event.event_id, value)
        for letter in output.dead_letters:
            dead = letter.truncated()
            metrics.DEAD.inc()
            metrics.REJECTED.labels("dataflow", "frames").inc()
            _log.warning("dead_letter", partition=dead.partition, offset=dead.offset, reason=dead.reason)
            records[dead.key] = ProducerRecord(self._dead_topic, dead.key, msgspec.msgpack.encode(dead))
        if events:
            self.events.put(partition, events)
        if records:
            self.records.put(partition, records)
        if output.rows:
            self.rows.put(partition, {(user, window.at): window for user, window in output.rows})

    def snapshot(self, partition: int) -> bytes:
        """The unwritten results of a partition."""
        return msgspec.msgpack.encode(
            _Unwritten(
                [(user, window) for (user, _), window in self.rows.contents(partition).items()],
                list(self.events.contents(partition).values()),
                self.records.contents(partition),
            )
        )

    def restore(self, partition: int, snapshot: bytes) -> None:
        """Add the results of a `snapshot`: some may have been written since; all are written again."""
        unwritten = msgspec.msgpack.decode(snapshot, type=_Unwritten)
        self.events.restore(partition, {event.event_id: event for event in unwritten.events})
        self.records.restore(partition, unwritten.records)
        self.rows.restore(partition, {(user, window.at): window for user, window in unwritten.rows})

    def forget(self, partition: int) -> None:
        """Remove the unwritten results of a partition: whoever has it now computes them again, or has them restored."""
        for buffer in (self.events, self.records, self.rows):
            buffer.forget(partition)

    def close(self) -> None:
        """Wait until all is written, for a few seconds; the rest is in the last snapshots."""
        deadline = monotonic() + _CLOSING_SECONDS
        for buffer in (self.events, self.records, self.rows):
            buffer.wait_empty(max(0.0, deadline - monotonic()))
