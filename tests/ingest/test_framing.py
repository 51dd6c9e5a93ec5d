"""WebSocket frames, compared with those that the websockets library writes."""

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
    CONTINUED,
    PING,
    PONG,
    SHORT_PART,
    TEXT,
    Message,
    Reader,
    Violation,
)
from tests.ingest.harness import sent

LIMIT = 70_000
SIZES = st.sampled_from([0, 1, 125, 126, 65_535, 65_536, LIMIT])
PAYLOADS = st.one_of(st.binary(max_size=300), st.builds(lambda size, byte: byte * size, SIZES, st.sampled_from([b"a"])))
CONTROLS = st.tuples(st.sampled_from([PING, PONG, CLOSE]), st.binary(max_size=125))
DATA = st.tuples(st.sampled_from([TEXT, BINARY]), PAYLOADS)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Message], int, bytes]:
    """Messages in the order in which they are complete, the number of short parts that don't end one, and their bytes.

    The bytes are in parts, with control frames between.
    """
    messages: list[Message] = []
    short = 0
    wire = b""
    for opcode, payload in draw(st.lists(DATA, max_size=4)):
        cuts = sorted({0, len(payload), *draw(st.lists(st.integers(0, len(payload)), max_size=3))})
        parts = [payload[a:b] for a, b in pairwise(cuts)] or [payload]
        for i, part in enumerate(parts):
            wire += sent(CONTINUED if i else opcode, part, fin=i == len(parts) - 1)
            if i < len(parts) - 1:
                short += len(part) < SHORT_PART
                for control in draw(st.lists(CONTROLS, max_size=2)):
                    messages.append(control)
                    wire += sent(*control)
        messages.append((opcode, payload))
        for control in draw(st.lists(CONTROLS, max_size=1)):
            messages.append(control)
            wire += sent(*control)
    return messages, short, wire


@given(conversations(), st.lists(st.integers(0, 200_000), max_size=12))
def test_however_the_bytes_come_the_messages_are_those_that_were_sent(
    conversation: tuple[list[Message], int, bytes], cuts: list[int]
) -> None:
    messages, short, wire = conversation
    reader = Reader(LIMIT)
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    assert [message for a, b in pairwise(places) for message in reader.read(wire[a:b])] == messages
    assert reader.asides == short + sum(opcode in (PING, PONG) for opcode, _ in messages)


def test_byte_by_byte_is_read_too() -> None:
    reader = Reader(LIMIT)
    wire = sent(TEXT, b"x" * 300) + sent(PING, b"") + sent(TEXT, b"")
    found = [message for i in range(len(wire)) for message in reader.read(wire[i : i + 1])]
    assert found == [(TEXT, b"x" * 300), (PING, b""), (TEXT, b"")]


@given(st.sampled_from([TEXT, BINARY, PONG]), PAYLOADS)
def test_what_is_written_is_what_the_library_writes(opcode: int, payload: bytes) -> None:
    if opcode == PONG:
        payload = payload[:125]
    assert framing.written(opcode, payload) == Frame(Opcode(opcode), payload).serialize(mask=False)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (Frame(Opcode.TEXT, b"hello").serialize(mask=False), 1002),
        (b"\x88\x00", 1002),
        (bytes([0xC1, 0x80]) + bytes(4), 1002),
        (bytes([0x83, 0x80]) + bytes(4), 1002),
        (bytes([0x09, 0x80]) + bytes(4), 1002),
        (bytes([0x89, 0xFE, 0, 126]) + bytes(130), 1002),
        (sent(CONTINUED, b"more"), 1002),
        (sent(TEXT, b"a", fin=False) + sent(TEXT, b"b"), 1002),
        (bytes([0x81, 0xFF]) + (LIMIT + 1).to_bytes(8, "big"), 1009),
        (bytes([0x81, 0xFF]) + bytes([0xFF] * 8), 1009),
        (sent(TEXT, b"a" * LIMIT, fin=False) + sent(CONTINUED, b"b"), 1009),
    ],
    ids=[
        "not masked",
        "not masked and empty",
        "reserved bits",
        "reserved opcode",
        "a ping in parts",
        "a long ping",
        "a part of nothing",
        "a message in a message",
        "a long frame",
        "an endless frame",
        "long parts",
    ],
)
def test_who_does_not_keep_to_the_protocol_is_told_how(wire: bytes, code: int) -> None:
    with pytest.raises(Violation) as found:
        Reader(LIMIT).read(wire)
    assert found.value.code == code


@given(st.integers(0, 65_535))
def test_close_codes_are_taken_as_the_library_takes_them(code: int) -> None:
    payload = code.to_bytes(2, "big") + b"bye"
    known = code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code < 5000
    if known:
        assert framing.close_code(payload) == code
    else:
        with pytest.raises(Violation):
            framing.close_code(payload)


def test_a_close_frame_without_a_code_or_with_half_of_one() -> None:
    assert framing.close_code(b"") == 1005
    with pytest.raises(Violation):
        framing.close_code(b"\x03")


@given(st.text(max_size=200))
def test_a_close_frame_fits_and_is_utf_8_whatever_the_reason(reason: str) -> None:
    wire = framing.closing(1013, reason)
    assert len(wire) <= 127
    assert reason.startswith(wire[4:].decode())
