"""What a sink can never write, because of what it is, becomes a dead letter; the rest of its batch is written."""

from __future__ import annotations

import json
from typing import Literal

import msgspec
import structlog

from contracts.records import NO_OFFSET, DeadLetter, StressEvent
from contracts.rejection import rejection
from dataflows.biosync import metrics
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.sink.buffer import Buffer

_CUT = 8
"""How much smaller a dead letter becomes that its topic refuses."""
_LONGEST_REASON = 500
"""Characters: PostgreSQL repeats values in its messages."""
_log = structlog.get_logger(__name__)


class ProducerRecord(msgspec.Struct, array_like=True, frozen=True):
    """A record to be produced to a topic."""

    topic: str
    key: str
    value: bytes


class Rejections:
    """Dead letters of the results of `raw`, the topic of the beats, into `records` for the topic `dead`."""

    def __init__(self, raw: str, dead: str, records: Buffer[str, ProducerRecord]) -> None:
        self._raw = raw
        self._dead = dead
        self._records = records

    def row(self, partition: int, user: str, window: Window, error: Exception) -> None:
        """A row that the store can never hold."""
        self._add("store", "row", partition, _json({"user": user, **msgspec.structs.asdict(window)}), error)

    def event(self, sink: str, partition: int, event: StressEvent, error: Exception) -> None:
        """An event that `sink` can never write."""
        self._add(sink, "event", partition, _json(msgspec.structs.asdict(event)), error)

    def refused(self, partition: int, record: ProducerRecord, error: Exception) -> None:
        """A record that Kafka refuses: an event becomes a dead letter, and a dead letter is cut."""
        if record.topic != self._dead:
            self._add("publisher", "event", partition, record.value, error)
            return
        letter = msgspec.msgpack.decode(record.value, type=DeadLetter)
        if not letter.value:
            metrics.REJECTED.labels("publisher", "lost").inc()
            _log.error("dead_letter_lost", key=record.key, reason=letter.reason, error=str(error))
            return
        kept = letter.value[: len(letter.value) // _CUT]
        reason = (
            f"{letter.reason}; only the first {len(kept):,} bytes are kept here, since the topic takes no larger ones"
        )
        cut = msgspec.structs.replace(letter, reason=reason[-_LONGEST_REASON:], value=kept)
        self._records.restore(
            partition, {record.key: msgspec.structs.replace(record, value=msgspec.msgpack.encode(cut))}
        )

    def _add(self, sink: str, kind: Literal["row", "event"], partition: int, value: bytes, error: Exception) -> None:
        reason = rejection(error) or "refused"
        metrics.REJECTED.labels(sink, reason).inc()
        metrics.DEAD.inc()
        text = ascii(str(error).strip())[1:-1][:_LONGEST_REASON]
        letter = DeadLetter(self._raw, partition, NO_OFFSET, f"{sink}, {reason}: {text}", value, kind).truncated()
        _log.warning("dead_letter", sink=sink, kind=kind, partition=partition, reason=letter.reason)
        # never blocks: there is one for each item that leaves a buffer of bounded size
        record = ProducerRecord(self._dead, letter.key, msgspec.msgpack.encode(letter))
        self._records.restore(partition, {letter.key: record})


def _json(content: dict[str, object]) -> bytes:
    """ASCII, since a text that cannot be encoded may be the reason."""
    return json.dumps(content, default=msgspec.structs.asdict).encode()
