"""What a client's message says."""

from __future__ import annotations

import msgspec

from contracts.stream import Frame, Refusal, Seen

LONGEST_REASON = 200

_frame = msgspec.json.Decoder(Frame).decode
_seen = msgspec.json.Decoder(Seen).decode


class _Numbered(msgspec.Struct):
    seq: int | None = None


_numbered = msgspec.json.Decoder(_Numbered).decode


def read(message: str | bytes) -> Frame | Seen | Refusal:
    """The message, or why it can't be read together with the frame's number if that much can be told."""
    try:
        return _frame(message)
    except msgspec.MsgspecError as error:
        refused = str(error)[:LONGEST_REASON]  # it may repeat names that the client made up
    except UnicodeError:
        return Refusal("the message is not UTF-8")
    try:
        return _seen(message)
    except msgspec.MsgspecError:
        return Refusal(refused, _seq(message))


def _seq(message: str | bytes) -> int | None:
    try:
        return _numbered(message).seq
    except msgspec.MsgspecError:
        return None
