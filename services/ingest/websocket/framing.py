"""WebSocket frames as a server reads and writes them (RFC 6455, section 5): bytes to messages and back, no I/O.

The handshake is left to uvicorn and websockets. What follows it is read here, because it is done for every frame of
every wearable: their parser and the task that waited for each message took four fifths of a frame's processor time.
"""

from __future__ import annotations

from struct import Struct

from websockets.frames import CloseCode
from websockets.speedups import apply_mask

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LONGEST_CONTROL = 125
SHORT_PART = 256
"""A part of a message with fewer bytes is an aside: clients of small memory write a kilobyte at a time."""
_KNOWN = {CONTINUED, TEXT, BINARY, CLOSE, PING, PONG}
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_CODE = Struct(">H")

Message = tuple[int, bytes]
"""Opcode (TEXT, BINARY, CLOSE, PING or PONG) and payload."""


class Violation(Exception):
    """The client does not speak RFC 6455; `code` is the close code that says how."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Reader:
    """Messages of at most `limit` bytes out of a client's bytes; remembers only what is not whole yet."""

    __slots__ = ("_limit", "_opcode", "_parts", "_rest", "asides")

    def __init__(self, limit: int) -> None:
        self.asides = 0
        """Frames that cost us work and bring no data: pings, pongs, short parts that don't end a message.

        The caller counts and resets them.
        """
        self._limit = limit
        self._rest: bytearray | None = None
        self._opcode = CONTINUED
        self._parts: bytearray | None = None

    def read(self, data: bytes) -> list[Message]:
        """The messages that `data` completes; raises Violation, after which nothing can be read any more."""
        rest = self._rest
        if rest is not None:
            rest += data
            data = rest  # pyright: ignore[reportAssignmentType]  the same operations
        messages: list[Message] = []
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            length, start = second & _LENGTH, at + 2
            if length > LONGEST_CONTROL:
                start += 2 if length == 126 else 8
                if end < start:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            if first != _FIN | TEXT or second < _MASKED or self._parts is not None or length > self._limit:
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
            self._rest = None
        elif rest is None:
            self._rest = bytearray(data[at:])
        else:
            del rest[:at]
        return messages

    def _check(self, first: int, second: int, length: int) -> None:
        opcode = first & _OPCODE
        if first & _RESERVED or opcode not in _KNOWN:
            raise Violation(CloseCode.PROTOCOL_ERROR, "a frame of an unknown kind")
        if not second & _MASKED:
            raise Violation(CloseCode.PROTOCOL_ERROR, "a client must mask its frames")
        if opcode >= CLOSE:
            if length > LONGEST_CONTROL or not first & _FIN:
                raise Violation(CloseCode.PROTOCOL_ERROR, "a control frame that is long or in parts")
        elif (opcode == CONTINUED) != (self._parts is not None):
            raise Violation(CloseCode.PROTOCOL_ERROR, "parts of a message that do not follow each other")
        elif length + len(self._parts or b"") > self._limit:
            raise Violation(CloseCode.MESSAGE_TOO_BIG, f"a message of more than {self._limit} bytes")

    def _assemble(self, first: int, payload: bytes) -> Message | None:
        opcode, whole = first & _OPCODE, bool(first & _FIN)
        if opcode >= PING or (not whole and len(payload) < SHORT_PART):
            self.asides += 1
        if opcode >= CLOSE or (whole and opcode != CONTINUED):
            return opcode, payload
        if self._parts is None:
            self._opcode, self._parts = opcode, bytearray(payload)
            return None
        self._parts += payload
        if not whole:
            return None
        message = self._opcode, bytes(self._parts)
        self._parts = None
        return message


def written(opcode: int, payload: bytes) -> bytes:
    """A whole message of a server as one frame."""
    length = len(payload)
    if length < 126:
        return bytes((_FIN | opcode, length)) + payload
    if length < 65_536:
        return bytes((_FIN | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8, "big") + payload


def closing(code: int, reason: str) -> bytes:
    """A close frame; a reason that is too long is cut."""
    return written(CLOSE, _CODE.pack(code) + reason.encode()[: LONGEST_CONTROL - 2].decode(errors="ignore").encode())


def close_code(payload: bytes) -> int:
    """The code in a client's close frame, or 1005 for none; raises Violation if it holds anything else."""
    if not payload:
        return CloseCode.NO_STATUS_RCVD
    if len(payload) == 1:
        raise Violation(CloseCode.PROTOCOL_ERROR, "half a close code")
    code = _CODE.unpack_from(payload)[0]
    if not (3000 <= code < 5000 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))):
        raise Violation(CloseCode.PROTOCOL_ERROR, f"close code {code} means nothing")
    return code
