"""WebSocket framing, compared with the websockets library."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from services.ingest.websocket import framing
from services.ingest.websocket.framing import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    SHORT_FRAGMENT,
    TEXT,
    FrameDecoder,
    Message,
    ProtocolError,
)
from tests.ingest.harness import client_frame

LIMIT = 70_000
SIZES = st.sampled_from([0, 1, 125, 126, 65_535, 65_536, LIMIT])
PAYLOADS = st.one_of(st.binary(max_size=300), st.builds(lambda size, byte: byte * size, SIZES, st.sampled_from([b"a"])))
CONTROLS = st.tuples(st.sampled_from([PING, PONG, CLOSE]), st.binary(max_size=125))
DATA = st.tuples(st.sampled_from([TEXT, BINARY]), PAYLOADS)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Message], int, bytes]:
    """Messages in order of completion, the number of short non-final fragments, and their bytes.

    The bytes are fragmented, with control frames interleaved.
    """
    messages: list[Message] = []
    short = 0
    wire = b""
    for opcode, payload in draw(st.lists(DATA, max_size=4)):
        cuts = sorted({0, len(payload), *draw(st.lists(st.integers(0, len(payload)), max_size=3))})
        fragments = [payload[a:b] for a, b in pairwise(cuts)] or [payload]
        for i, fragment in enumerate(fragments):
            wire += client_frame(CONTINUATION if i else opcode, fragment, fin=i == len(fragments) - 1)
            if i < len(fragments) - 1:
                short += len(fragment) < SHORT_FRAGMENT
                for control in draw(st.lists(CONTROLS, max_size=2)):
                    messages.append(control)
                    wire += client_frame(*control)
        messages.append((opcode, payload))
        for control in draw(st.lists(CONTROLS, max_size=1)):
            messages.append(control)
            wire += client_frame(*control)
    return messages, short, wire


@given(conversations(), st.lists(st.integers(0, 200_000), max_size=12))
def test_messages_decode_however_the_bytes_are_split(
    conversation: tuple[list[Message], int, bytes], cuts: list[int]
) -> None:
    messages, short, wire = conversation
    decoder = FrameDecoder(LIMIT)
    offsets = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    assert [message for a, b in pairwise(offsets) for message in decoder.feed(wire[a:b])] == messages
    assert decoder.overhead_frames == short + sum(opcode in (PING, PONG) for opcode, _ in messages)


def test_messages_decode_byte_by_byte() -> None:
    decoder = FrameDecoder(LIMIT)
    wire = client_frame(TEXT, b"x" * 300) + client_frame(PING, b"") + client_frame(TEXT, b"")
    messages = [message for i in range(len(wire)) for message in decoder.feed(wire[i : i + 1])]
    assert messages == [(TEXT, b"x" * 300), (PING, b""), (TEXT, b"")]


@given(st.sampled_from([TEXT, BINARY, PONG]), PAYLOADS)
def test_frames_are_encoded_as_by_the_library(opcode: int, payload: bytes) -> None:
    if opcode == PONG:
        payload = payload[:125]
    assert framing.encode_frame(opcode, payload) == Frame(Opcode(opcode), payload).serialize(mask=False)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (Frame(Opcode.TEXT, b"hello").serialize(mask=False), 1002),
        (b"\x88\x00", 1002),
        (bytes([0xC1, 0x80]) + bytes(4), 1002),
        (bytes([0x83, 0x80]) + bytes(4), 1002),
        (bytes([0x09, 0x80]) + bytes(4), 1002),
        (bytes([0x89, 0xFE, 0, 126]) + bytes(130), 1002),
        (client_frame(CONTINUATION, b"more"), 1002),
        (client_frame(TEXT, b"a", fin=False) + client_frame(TEXT, b"b"), 1002),
        (bytes([0x81, 0xFF]) + (LIMIT + 1).to_bytes(8, "big"), 1009),
        (bytes([0x81, 0xFF]) + bytes([0xFF] * 8), 1009),
        (client_frame(TEXT, b"a" * LIMIT, fin=False) + client_frame(CONTINUATION, b"b"), 1009),
    ],
    ids=[
        "unmasked",
        "unmasked and empty",
        "reserved bits",
        "reserved opcode",
        "fragmented ping",
        "long ping",
        "unexpected continuation",
        "missing continuation",
        "long frame",
        "64-bit length",
        "long fragmented message",
    ],
)
def test_a_violation_raises_the_matching_close_code(wire: bytes, code: int) -> None:
    with pytest.raises(ProtocolError) as raised:
        FrameDecoder(LIMIT).feed(wire)
    assert raised.value.code == code


@given(st.integers(0, 65_535))
def test_close_codes_are_accepted_as_by_the_library(code: int) -> None:
    payload = code.to_bytes(2, "big") + b"bye"
    known = code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code < 5000
    if known:
        assert framing.parse_close_code(payload) == code
    else:
        with pytest.raises(ProtocolError):
            framing.parse_close_code(payload)


def test_a_close_frame_without_a_code_or_with_a_truncated_one() -> None:
    assert framing.parse_close_code(b"") == 1005
    with pytest.raises(ProtocolError):
        framing.parse_close_code(b"\x03")


@given(st.text(max_size=200))
def test_a_close_frame_is_bounded_and_utf_8_whatever_the_reason(reason: str) -> None:
    wire = framing.encode_close(1013, reason)
    assert len(wire) <= 127
    assert reason.startswith(wire[4:].decode())
