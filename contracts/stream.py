"""Messages between a wearable and the ingest service over the WebSocket: JSON, one per text message."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

DeviceId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
MAX_SAMPLES_A_FRAME = 600
"""About ten minutes of beats: what a wearable buffers while it is offline."""


MAX_SAFE_INTEGER = 2**53
"""JSON parsers represent integers exactly up to here; records of the topics hold 64 bits."""


Seq = Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]


Activity = Literal["workout"]


class Sample(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One heart beat: `t` is its time in Unix ms, `rr` the interval to the beat before it in ms.

    Bounds are those of contracts/beats.py; here are only those of the numbers that can be decoded.
    """

    t: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    rr: float


class Motion(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Movement of the wrist: its mean acceleration without gravity over the 5 s before `t`, thousandths of g."""

    t: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    motion_mg: float


class Frame(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A batch of beats, and the movement of the same time. `seq` counts 1, 2, 3 ... per device; an unacknowledged
    frame is sent again as it was. One without beats has movement: a watch on a moving wrist may see no beat."""

    device: DeviceId
    seq: Seq
    samples: Annotated[list[Sample], msgspec.Meta(max_length=MAX_SAMPLES_A_FRAME)]
    motion: Annotated[list[Motion], msgspec.Meta(max_length=MAX_SAMPLES_A_FRAME)] = []
    activity: Activity | None = None
    """What the person says that they do, from the first to the last sample of the frame."""

    def __post_init__(self) -> None:
        if not self.samples and not self.motion:
            raise ValueError("Expected `samples` or `motion` of length >= 1")


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """The app showed the push of this event to the user."""

    seen: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class DropReason(StrEnum):
    """Why a beat or a movement was not stored: it is outside the bounds of contracts/beats.py. The dataflow has the
    same words for the beats that it leaves out."""

    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    RR_OUT_OF_RANGE = "rr_out_of_range"
    MOTION_OUT_OF_RANGE = "motion_out_of_range"


class Ack(msgspec.Struct, omit_defaults=True):
    """Frame `ack` is on all in-sync replicas of Kafka: the wearable may discard it.

    `dropped` counts those of its beats and movements that were not stored, by DropReason: sending them again changes
    nothing.
    """

    ack: int
    dropped: dict[str, int] = {}


class Refusal(msgspec.Struct, omit_defaults=True):
    """The reply to a message of which nothing was stored, with what was expected; the connection stays open.

    Sending the same message again is refused again. The number of a refused frame is used up.
    """

    error: str
    expected: str = ""
    seq: int | None = None


TOKEN_EXPIRED = 4401
"""Close code: the token of the connection has ended. The client connects again with a fresh one."""


class EmergencyCalm(msgspec.Struct, tag_field="type", tag="emergency_calm"):
    """The push that answers a stress event; `content` is a catalogue item.

    `expires` is Unix ms of the wall clock; `raised` is Unix ms of the beat that completed the evidence, in the time of
    the samples, so that the app knows to which moment it refers.
    """

    event_id: str
    user: str
    content: dict[str, Any]
    expires: int
    raised: int = 0
