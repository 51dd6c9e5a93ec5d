"""Decoding of clients' messages. Pure."""

from __future__ import annotations

import msgspec

from contracts.stream import MAX_SAMPLES_A_FRAME, Frame, Refusal, Seen
from contracts.visible import visible

MAX_ERROR_CHARACTERS = 200
FRAME_FORM = (
    '{"device": "watch-1", "seq": 17, "samples": [{"t": 1767225600123, "rr": 812.5}]}: t is an integer, Unix'
    f" milliseconds; rr is milliseconds; 1 to {MAX_SAMPLES_A_FRAME} samples"
)
SEEN_FORM = '{"seen": "<event_id of the push>"}'

_decode_frame = msgspec.json.Decoder(Frame).decode
_decode_seen = msgspec.json.Decoder(Seen).decode


class _Keys(msgspec.Struct):
    seq: int | msgspec.UnsetType = msgspec.UNSET
    seen: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_keys = msgspec.json.Decoder(_Keys).decode


def decode(message: bytes) -> Frame | Seen | Refusal:
    """The message, or a Refusal with the error, the form expected, and the frame's `seq` if that can be decoded."""
    try:
        return _decode_frame(message)
    except msgspec.MsgspecError as error:
        reason = str(error)
    except UnicodeError:
        return Refusal("the message is not UTF-8", FRAME_FORM)
    keys = _keys(message)
    if keys is None or keys.seen is msgspec.UNSET:
        seq = keys.seq if keys is not None and keys.seq is not msgspec.UNSET else None
        return Refusal(_shown(reason, message), FRAME_FORM, seq)
    try:
        return _decode_seen(message)
    except msgspec.MsgspecError as error:
        return Refusal(_shown(str(error), message), SEEN_FORM)


def _keys(message: bytes) -> _Keys | None:
    try:
        return _decode_keys(message)
    except msgspec.MsgspecError:
        return None


def _shown(reason: str, message: bytes) -> str:
    """The error with what the client wrote: it may contain field names that the client chose, or begin invisibly."""
    start = message[:8].decode(errors="replace")
    if start[:1].isprintable() or start[:1].isspace():
        return reason[:MAX_ERROR_CHARACTERS]
    return f"{reason}; the message begins with {visible(start[:1])}"[:MAX_ERROR_CHARACTERS]
