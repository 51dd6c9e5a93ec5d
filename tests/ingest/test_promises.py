"""What is acknowledged is stored, or the client is told what was dropped and why."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from tests.ingest.harness import Stream, acks, frame, receive

pytestmark = pytest.mark.integration
HOUR_MS = 3_600_000


def now_ms() -> int:
    return int(time.time() * 1000)


def beats(seq: int, *samples: tuple[float, float]) -> str:
    return json.dumps({"device": "watch", "seq": seq, "samples": [{"t": t, "rr": rr} for t, rr in samples]})


async def test_the_beats_of_a_frame_that_can_be_stored_are_and_the_others_are_counted(stream: Stream) -> None:
    now = now_ms()
    good = [(now - 2000, 800.0), (now - 1200, 810.5)]
    future, rare = now + 10 * 365 * 24 * HOUR_MS, [(now - 400, 0.8), (now - 40 * HOUR_MS, 800.0)]
    async with stream.connect("abe") as socket:
        await socket.send(beats(1, *good, (future, 800.0), *rare))
        assert await receive(socket) == {"ack": 1, "dropped": {"in_future": 1, "rr_out_of_range": 1, "too_old": 1}}
        await socket.send(frame(2))
        assert await socket.recv() == '{"ack":2}'
    stored, _ = await stream.stored("abe")
    assert list(zip(stored.t, stored.rr, strict=True)) == good
    metrics = stream.service.get("/metrics") or ""
    for reason in ("in_future", "rr_out_of_range", "too_old"):
        assert f'aura_ingest_dropped_beats_total{{reason="{reason}"}} 1.0' in metrics


@pytest.mark.parametrize(
    ("t", "rr", "error", "reason"),
    [
        (lambda now: now // 1000, 800, "seconds", "too_old"),
        (lambda now: now * 1000, 800, "microseconds", "in_future"),
        (lambda now: now * 1_000_000, 800, "nanoseconds", "in_future"),
        (lambda now: now + HOUR_MS, 800, "local time", "in_future"),
        (lambda now: now - 25 * HOUR_MS, 800, "before its arrival", "too_old"),
        (lambda now: now, 0.85, "seconds", "rr_out_of_range"),
        (lambda now: now, 850_000, "microseconds", "rr_out_of_range"),
    ],
    ids=["s", "us", "ns", "a clock ahead", "yesterday", "rr in s", "rr in us"],
)
async def test_a_frame_of_which_nothing_can_be_stored_is_refused_with_what_was_expected(
    stream: Stream, t: Callable[[int], int], rr: float, error: str, reason: str
) -> None:
    moment = t(now_ms())
    async with stream.connect("bob") as socket:
        await socket.send(beats(17, *[(moment + i, rr) for i in range(10)]))
        refusal = await receive(socket)
        assert refusal["seq"] == 17
        assert error in refusal["error"]
        assert "milliseconds" in refusal["expected"]
        await socket.send(frame(18))
        assert await acks(socket, 1) == [18]
    place, stored = await stream.stored("bob")
    assert (place.device, place.seq, place.t, place.rr) == ("watch", 17, [], [])
    assert (stored.seq, len(stored.t)) == (18, 10)
    assert stream.service.metric("aura_ingest_ack_seconds_count") == 1
    metrics = stream.service.get("/metrics") or ""
    assert f'aura_ingest_refused_frames_total{{reason="{reason}"}} 1.0' in metrics


async def test_a_message_that_cannot_be_decoded_is_counted_as_malformed(stream: Stream) -> None:
    async with stream.connect("cem") as socket:
        await socket.send("\ufeff" + frame(1))
        assert "U+FEFF" in (await receive(socket))["error"]
        await socket.send('{"device": "watch", "seq": 2, "samples": []}')
        assert (await receive(socket))["seq"] == 2
    assert [(place.seq, place.t) for place in await stream.stored("cem")] == [(2, [])]
    metrics = stream.service.get("/metrics") or ""
    assert 'aura_ingest_refused_frames_total{reason="malformed"} 2.0' in metrics


@pytest.mark.parametrize(
    "message",
    [b'{"seen": "\xff"}', b'{"device": "\xff", "seq": 1}', b'{"\xff": 1}', b'{"seq": 1, "x": ["\xff"]}', b"\xff"],
)
async def test_a_text_that_is_not_utf_8_ends_the_connection_with_1007(stream: Stream, message: bytes) -> None:
    async with stream.connect("dan") as socket:
        await socket.send(message, text=True)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1007, "text messages must be UTF-8")


@pytest.mark.parametrize("message", ['{"x": ' + "[" * 100_000, "[" * 250_000, '{"seen": ' + "[" * 100_000])
async def test_a_message_that_is_nested_too_deep_is_refused(stream: Stream, message: str) -> None:
    async with stream.connect("eve") as socket:
        await socket.send(message)
        assert "expected" in await receive(socket)
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
