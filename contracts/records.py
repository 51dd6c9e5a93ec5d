"""Records of the topics `bio-sensor-raw`, `bio-sensor-dead` and `stress-events`.

A raw record packs the frames that one ingest process accepted for one partition within a few milliseconds:
one record a frame costs Kafka's clients five times the CPU. Or it is an erasure, which `history` writes.
A user's partition never changes, so one dataflow worker sees all of the user's beats in order.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal
from zlib import crc32

import msgspec

from contracts.decoding import of_others

DEAD_VALUE_BYTES = 1 << 20
"""Bytes of a record's value that a dead letter keeps. Kafka's own limit of a record (`max.message.bytes`) is the same,
but counts compressed bytes."""
DEAD_LETTER_BYTES = 2 << 20
"""`max.message.bytes` of the dead letter topic: such a value, its position, and the reason."""

NO_OFFSET = -1
"""The offset of a dead letter that is no record of a topic."""


class StoredMovement(msgspec.Struct, array_like=True, gc=False):
    """The movement that came with a frame: `t` in Unix ms and `mg` in thousandths of g of each sample, and the activity
    that the person declared, or nothing."""

    t: list[int]
    mg: list[float]
    activity: str = ""


class StoredFrame(msgspec.Struct, array_like=True, gc=False):
    """A frame as stored in Kafka: `t` in Unix ms and `rr` in ms of each beat, in order of arrival. A frame that ingest
    refused has none: it takes its place among the frames of its device."""

    user: str
    device: str
    seq: int
    received: int
    """Unix ms at which ingest read the frame."""
    trace: str
    """X-Trace-Id of the connection: 32 hexadecimal digits."""
    t: list[int]
    rr: list[float]
    movement: StoredMovement | None = None


class Erasure(msgspec.Struct, tag="erasure"):
    """A record of `bio-sensor-raw` in place of frames: the account of `user` has ended, and their state is deleted. One
    whose frames arrived at `until` (Unix ms) or later is of a person who came back, and is kept whole. Each partition
    gets one, so that nothing depends on their number."""

    user: str
    until: int


class DeadLetter(msgspec.Struct):
    """What could not be processed or written, with its position and the reason."""

    topic: str
    """The topic of the record: of the beats, for a result."""
    partition: int
    offset: int
    """NO_OFFSET for a result: it was computed from many records."""
    reason: str
    value: bytes
    """Frames and a record as in the topic; a result as JSON."""
    kind: Literal["frames", "row", "event", "record"] = "frames"
    """Whether it holds frames, a row of hrv_1m, a stress event, or a record that a reader of a service got."""
    group: str = ""
    """Of that reader."""

    @property
    def key(self) -> str:
        """A stable key: the same when the dead letter is written again, another one for another frame of the record."""
        digest = blake2b(self.value, digest_size=8).hexdigest()
        return f"{self.topic}/{self.partition}/{self.place}/{digest}" + (f"/{self.group}" if self.group else "")

    @property
    def place(self) -> str:
        """The offset of its record, or what kind of result it is."""
        return self.kind if self.offset == NO_OFFSET else str(self.offset)

    def truncated(self) -> DeadLetter:
        """The dead letter in the size that its topic accepts: a longer value is cut off, and the reason says so."""
        if len(self.value) <= DEAD_VALUE_BYTES:
            return self
        reason = f"{self.reason}; of its {len(self.value):,} bytes only the first {DEAD_VALUE_BYTES:,} are kept here"
        return msgspec.structs.replace(self, reason=reason, value=self.value[:DEAD_VALUE_BYTES])


class Evidence(msgspec.Struct):
    """Why an event was raised. Heart rates in beats a minute, RMSSD in ms; quality as the share of the window's
    time that regular intervals fill, never 0."""

    heart_rate: float
    baseline_heart_rate: float
    rmssd: float | None
    baseline_rmssd: float | None
    quality: float
    score: float
    threshold: float
    rule: str
    version: str


class StressEvent(msgspec.Struct):
    """Acute stress of one user. `event_id` is a function of user and moment alone, so a replay yields the same."""

    event_id: str
    user: str
    raised: int
    """Unix ms of the beat that completed the evidence."""
    received: int
    """Unix ms at which ingest read the frame that held that beat."""
    trace: str
    evidence: Evidence


_encode = msgspec.msgpack.Encoder().encode
unpack = of_others(msgspec.msgpack.Decoder(list[StoredFrame]).decode)
"""The frames of a `bio-sensor-raw` record; raises msgspec.DecodeError or ValidationError, also on an erasure."""
read_erasure = of_others(msgspec.msgpack.Decoder(Erasure).decode)
"""The erasure in a `bio-sensor-raw` record; raises msgspec.DecodeError or ValidationError on anything else."""
_unpack_one = of_others(msgspec.msgpack.Decoder(StoredFrame).decode)
_parts = of_others(msgspec.msgpack.Decoder(list[msgspec.Raw]).decode)
read_dead_letter = of_others(msgspec.msgpack.Decoder(DeadLetter).decode)
"""The dead letter in a `bio-sensor-dead` record; raises msgspec.DecodeError or ValidationError on anything else."""


def pack(content: list[StoredFrame] | Erasure) -> bytes:
    """The value of a `bio-sensor-raw` record."""
    return _encode(content)


def unpack_readable(value: bytes) -> tuple[list[StoredFrame], list[tuple[bytes, str]]]:
    """The frames of a record that `unpack` refuses which can be read, and the others, each as a record with the error.

    Raises msgspec.DecodeError when it is no list.
    """
    frames: list[StoredFrame] = []
    unreadable: list[tuple[bytes, str]] = []
    for part in _parts(value):
        try:
            frames.append(_unpack_one(part))
        except msgspec.DecodeError as error:
            unreadable.append((_encode([part]), str(error)))
    return frames, unreadable


def partition_of(user: str, partitions: int) -> int:
    """The partition that holds all beats of this user."""
    return crc32(user.encode()) % partitions
