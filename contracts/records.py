"""Records of the topics `bio-sensor-raw`, `bio-sensor-dead` and `stress-events`.

A raw record packs the frames that one ingest process accepted for one partition within a few milliseconds:
one record a frame costs Kafka's clients five times the CPU. The partition of a person never changes, so that
one dataflow worker sees all of a person's beats in order.
"""

from __future__ import annotations

from hashlib import blake2b
from zlib import crc32

import msgspec

DEAD_VALUE_BYTES = 1 << 20
"""How much of a record a dead letter holds. Kafka's own limit of a record (`max.message.bytes`) is as much, but counts
compressed bytes."""
DEAD_LETTER_BYTES = 2 << 20
"""What the topic of dead letters takes at once: such a value, where it stood, and why it was refused."""


class StoredFrame(msgspec.Struct, array_like=True, gc=False):
    """A frame as Kafka keeps it: `t` Unix ms and `rr` ms of each beat, in the order in which they came."""

    user: str
    device: str
    seq: int
    received: int
    """Unix ms at which ingest read the frame."""
    trace: str
    """X-Trace-Id of the connection: 32 hexadecimal digits."""
    t: list[int]
    rr: list[float]


class DeadLetter(msgspec.Struct):
    """A record that could not be processed, with where it stood and why it was refused."""

    topic: str
    partition: int
    offset: int
    reason: str
    value: bytes

    @property
    def key(self) -> str:
        """Names the letter for good: written again it is the same, and another frame's of the same record is not."""
        digest = blake2b(self.value, digest_size=8).hexdigest()
        return f"{self.topic}/{self.partition}/{self.offset}/{digest}"

    def fitting(self) -> DeadLetter:
        """The letter as its topic takes it: a value that is too long loses its end, and the reason says so."""
        if len(self.value) <= DEAD_VALUE_BYTES:
            return self
        reason = f"{self.reason}; of its {len(self.value):,} bytes only the first {DEAD_VALUE_BYTES:,} are kept here"
        return msgspec.structs.replace(self, reason=reason, value=self.value[:DEAD_VALUE_BYTES])


class Evidence(msgspec.Struct):
    """Why an event was raised. Heart rates in beats a minute, RMSSD in ms, quality as a share of usable beats."""

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
    """Acute stress of one person. `event_id` is a function of user and moment alone, so a replay yields it again."""

    event_id: str
    user: str
    raised: int
    """Unix ms of the beat that completed the evidence."""
    received: int
    """Unix ms at which ingest read the frame that held that beat."""
    trace: str
    evidence: Evidence


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[StoredFrame]).decode


def pack(frames: list[StoredFrame]) -> bytes:
    """Value of a `bio-sensor-raw` record."""
    return _encode(frames)


def unpack(value: bytes) -> list[StoredFrame]:
    """Frames of a `bio-sensor-raw` record; raises msgspec.DecodeError or ValidationError on anything else."""
    return _decode(value)


def partition_of(user: str, partitions: int) -> int:
    """The partition that holds every beat of this person."""
    return crc32(user.encode()) % partitions
