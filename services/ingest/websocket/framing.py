"""Framing of a WebSocket server (RFC 6455, section 5): bytes to messages and back, no I/O.

uvicorn and websockets do the handshake. Frames are decoded here because this runs for every frame of every wearable:
their parser and the task that waited for each message took four fifths of a frame's processor time.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from websockets.frames import CloseCode
from websockets.speedups import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MAX_CONTROL_PAYLOAD = 125
SHORT_FRAGMENT = 256
"""A fragment with fewer bytes counts as overhead; clients with little memory send fragments of a kilobyte."""
_OPCODES = {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}
_FIN, _RSV, _OPCODE, _MASK, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_CODE = Struct(">H")

Message = tuple[int, bytes]
"""Opcode (TEXT, BINARY, CLOSE, PING or PONG) and payload."""


@dataclass(frozen=True, slots=True)
class Close:
    """Status code and reason of a close frame (RFC 6455, section 7.4)."""

    code: int
    reason: str


class ProtocolError(Exception):
    """The client violates RFC 6455; `code` and `reason` are those of the close frame to send."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class FrameDecoder:
    """Decodes messages of at most `limit` bytes from a client's bytes; buffers only what is incomplete."""

    __slots__ = ("_buffer", "_fragments", "_limit", "_opcode", "overhead_frames")

    def __init__(self, limit: int) -> None:
        self.overhead_frames = 0
        """Frames that cost work and bring no data: pings, pongs, short fragments that do not end a message.

        The caller reads and resets it.
        """
        self._limit = limit
        self._buffer: bytearray | None = None
        self._opcode = CONTINUATION
        self._fragments: bytearray | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes; raises ProtocolError, after which the decoder cannot be used."""
        buffer = self._buffer
        if buffer is not None:
            buffer += data
            data = buffer  # pyright: ignore[reportAssignmentType]  the same operations
        messages: list[Message] = []
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            length, start = second & _LENGTH, at + 2
            if length > MAX_CONTROL_PAYLOAD:
                start += 2 if length == 126 else 8
                if end < start:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            if first != _FIN | TEXT or second < _MASK or self._fragments is not None or length > self._limit:
                self._check(first, second, length)
            at_payload = start + 4
            if at_payload + length > end:
                break
            at = at_payload + length
            payload = apply_mask(data[at_payload:at], data[start:at_payload])
            if first == _FIN | TEXT:
                messages.append((TEXT, payload))
            elif (message := self._assemble(first, payload)) is not None:
                messages.append(message)
        if at == end:
            self._buffer = None
        elif buffer is None:
            self._buffer = bytearray(data[at:])
        else:
            del buffer[:at]
        return messages

    def _check(self, first: int, second: int, length: int) -> None:
        opcode = first & _OPCODE
        if first & _RSV or opcode not in _OPCODES:
            raise ProtocolError(CloseCode.PROTOCOL_ERROR, "reserved bit or opcode")
        if not second & _MASK:
            raise ProtocolError(CloseCode.PROTOCOL_ERROR, "client frames must be masked")
        if opcode >= CLOSE:
            if length > MAX_CONTROL_PAYLOAD or not first & _FIN:
                raise ProtocolError(CloseCode.PROTOCOL_ERROR, "control frame too long or fragmented")
        elif (opcode == CONTINUATION) != (self._fragments is not None):
            raise ProtocolError(CloseCode.PROTOCOL_ERROR, "unexpected or missing continuation frame")
        elif length + len(self._fragments or b"") > self._limit:
            raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, f"message longer than {self._limit} bytes")

    def _assemble(self, first: int, payload: bytes) -> Message | None:
        opcode, fin = first & _OPCODE, bool(first & _FIN)
        if opcode >= PING or (not fin and len(payload) < SHORT_FRAGMENT):
            self.overhead_frames += 1
        if opcode >= CLOSE or (fin and opcode != CONTINUATION):
            return opcode, payload
        if self._fragments is None:
            self._opcode, self._fragments = opcode, bytearray(payload)
            return None
        self._fragments += payload
        if not fin:
            return None
        message = self._opcode, bytes(self._fragments)
        self._fragments = None
        return message


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """A server's message as one frame."""
    length = len(payload)
    if length < 126:
        return bytes((_FIN | opcode, length)) + payload
    if length < 65_536:
        return bytes((_FIN | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8, "big") + payload


def encode_close(code: int, reason: str) -> bytes:
    """A close frame; a reason that is too long is truncated."""
    return encode_frame(
        CLOSE, _CODE.pack(code) + reason.encode()[: MAX_CONTROL_PAYLOAD - 2].decode(errors="ignore").encode()
    )


def parse_close_code(payload: bytes) -> int:
    """The status code of a client's close frame, 1005 if it has none; raises ProtocolError if it is invalid."""
    if not payload:
        return CloseCode.NO_STATUS_RCVD
    if len(payload) == 1:
        raise ProtocolError(CloseCode.PROTOCOL_ERROR, "truncated close code")
    code = _CODE.unpack_from(payload)[0]
    if not (3000 <= code < 5000 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))):
        raise ProtocolError(CloseCode.PROTOCOL_ERROR, f"invalid close code {code}")
    return code
