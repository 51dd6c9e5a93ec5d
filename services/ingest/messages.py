"""Decoding of clients' messages. Pure."""

from __future__ import annotations

import msgspec

from contracts.stream import Frame, Refusal, Seen

MAX_ERROR_CHARACTERS = 200

_decode_frame = msgspec.json.Decoder(Frame).decode
_decode_seen = msgspec.json.Decoder(Seen).decode


class _SeqOnly(msgspec.Struct):
    seq: int | None = None


_decode_seq = msgspec.json.Decoder(_SeqOnly).decode


def decode(message: str | bytes) -> Frame | Seen | Refusal:
    """The message, or a Refusal with the error and the frame's `seq` if that can be decoded."""
    try:
        return _decode_frame(message)
    except msgspec.MsgspecError as error:
        reason = str(error)[:MAX_ERROR_CHARACTERS]  # it may contain field names that the client chose
    except UnicodeError:
        return Refusal("the message is not UTF-8")
    try:
        return _decode_seen(message)
    except msgspec.MsgspecError:
        return Refusal(reason, _seq(message))


def _seq(message: str | bytes) -> int | None:
    try:
        return _decode_seq(message).seq
    except msgspec.MsgspecError:
        return None
