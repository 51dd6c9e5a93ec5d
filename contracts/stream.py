"""Messages between a wearable and the ingest service over the WebSocket: JSON, one per text message."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

DeviceId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
MAX_SAMPLES_A_FRAME = 600
"""About ten minutes of beats: what a wearable buffers while it is offline."""


MAX_SAFE_INTEGER = 2**53
"""JSON parsers represent integers exactly up to here; records of the topics hold 64 bits."""


class Sample(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One heart beat: `t` is its time in Unix ms, `rr` the interval to the beat before it in ms."""

    t: Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
    rr: Annotated[float, msgspec.Meta(gt=0)]


class Frame(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A batch of beats. `seq` counts 1, 2, 3 ... per device; an unacknowledged frame is sent again as it was."""

    device: DeviceId
    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]
    samples: Annotated[list[Sample], msgspec.Meta(min_length=1, max_length=MAX_SAMPLES_A_FRAME)]


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """The app showed the push of this event to the user."""

    seen: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Ack(msgspec.Struct):
    """Frame `ack` is on all in-sync replicas of Kafka: the wearable may discard it."""

    ack: int


class Refusal(msgspec.Struct, omit_defaults=True):
    """The reply to an invalid message; the connection stays open and the frame was not stored."""

    error: str
    seq: int | None = None


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
