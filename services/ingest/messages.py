"""Decoding of clients' messages. Pure."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from contracts.decoding import of_others
from contracts.stream import MAX_SAMPLES_A_FRAME, DeviceId, Frame, Refusal, Seen, Seq
from contracts.visible import visible

MAX_ERROR_CHARACTERS = 200
FRAME_FORM = (
    '{"device": "watch-1", "seq": 17, "samples": [{"t": 1767225600123, "rr": 812.5}]}: t is an integer, Unix'
    f" milliseconds; rr is milliseconds; 1 to {MAX_SAMPLES_A_FRAME} samples; movement, if there is any, beside them:"
    ' "motion": [{"t": 1767225600123, "motion_mg": 6.5}], and "activity": "workout"'
)
SEEN_FORM = '{"seen": "<event_id of the push>"}'

_decode_frame = of_others(msgspec.json.Decoder(Frame).decode)
_decode_seen = of_others(msgspec.json.Decoder(Seen).decode)


class _Keys(msgspec.Struct):
    seq: int | msgspec.UnsetType = msgspec.UNSET
    seen: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Place(msgspec.Struct):
    device: DeviceId
    seq: Seq


_decode_keys = of_others(msgspec.json.Decoder(_Keys).decode)
_decode_place = of_others(msgspec.json.Decoder(_Place).decode)


class Refused(NamedTuple):
    """The answer to a message that is no Frame and no Seen, with the error, the form expected, and the frame's `seq`
    if that can be decoded. `device` has its name where the frame's place among those of its device is known."""

    refusal: Refusal
    device: str | None = None


def decode(message: bytes) -> Frame | Seen | Refused:
    """The message, or why it is none."""
    try:
        return _decode_frame(message)
    except msgspec.MsgspecError as error:
        reason = str(error)
    keys = _keys(message)
    if keys is None or keys.seen is msgspec.UNSET:
        seq = keys.seq if keys is not None and keys.seq is not msgspec.UNSET else None
        return Refused(Refusal(_shown(reason, message), FRAME_FORM, seq), _device(message))
    try:
        return _decode_seen(message)
    except msgspec.MsgspecError as error:
        return Refused(Refusal(_shown(str(error), message), SEEN_FORM))


def _keys(message: bytes) -> _Keys | None:
    try:
        return _decode_keys(message)
    except msgspec.MsgspecError:
        return None


def _device(message: bytes) -> str | None:
    try:
        return _decode_place(message).device
    except msgspec.MsgspecError:
        return None


def _shown(reason: str, message: bytes) -> str:
    """The error with what the client wrote: it may contain field names that the client chose, or begin invisibly."""
    start = message[:8].decode(errors="replace")
    if start[:1].isprintable() or start[:1].isspace():
        return reason[:MAX_ERROR_CHARACTERS]
    return f"{reason}; the message begins with {visible(start[:1])}"[:MAX_ERROR_CHARACTERS]
