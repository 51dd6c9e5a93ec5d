"""The stream endpoint of ingest with a real Kafka, Redis and auth service."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.ingest.conftest import Starter
from tests.ingest.harness import Stream, acks, frame, receive, wait_until

pytestmark = pytest.mark.integration


async def test_an_acknowledged_frame_is_in_kafka_unchanged(stream: Stream) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    async with stream.connect("ada", {"X-Trace-Id": trace}) as socket:
        sent = json.loads(frame(1))
        await socket.send(json.dumps(sent))
        assert await acks(socket, 1) == [1]
        assert socket.response is not None
        assert socket.response.headers["X-Trace-Id"] == trace
    (stored,) = await stream.stored("ada")
    assert (stored.device, stored.seq, stored.trace) == ("watch", 1, trace)
    assert [{"t": t, "rr": rr} for t, rr in zip(stored.t, stored.rr, strict=True)] == sent["samples"]


async def test_frames_of_one_user_stay_in_order(stream: Stream) -> None:
    async with stream.connect("bea") as socket:
        for seq in range(1, 301):
            await socket.send(frame(seq))
        assert await acks(socket, 300) == list(range(1, 301))
    assert [stored.seq for stored in await stream.stored("bea")] == list(range(1, 301))


async def test_a_frame_sent_again_is_acknowledged_again(stream: Stream) -> None:
    for _ in range(2):
        async with stream.connect("cleo") as socket:
            await socket.send(frame(7))
            assert await acks(socket, 1) == [7]
    assert [stored.seq for stored in await stream.stored("cleo")] == [7, 7]


@pytest.mark.parametrize(
    ("message", "seq", "error"),
    [
        ("no json", None, "JSON"),
        ('{"device": "w", "seq": 3, "samples": []}', 3, "samples"),
        ('{"device": "w", "seq": 4, "samples": [{"t": 1, "rr": "a"}]}', 4, "rr"),
        ('{"device": "w", "seq": 5, "samples": [{"t": 99999999999999999999, "rr": 800}]}', 5, "t"),
        ('{"device": "w", "seq": "six", "samples": [{"t": 1, "rr": 800}]}', None, "seq"),
        (b"\xff\xfe", None, ""),
    ],
)
async def test_a_malformed_message_is_refused_and_the_connection_stays(
    stream: Stream, message: str | bytes, seq: int | None, error: str
) -> None:
    async with stream.connect("dora") as socket:
        await socket.send(message)
        refusal = await receive(socket)
        assert error in refusal["error"]
        assert "samples" in refusal["expected"]
        assert refusal.get("seq") == seq
        await socket.send(frame(9))
        assert await acks(socket, 1) == [9]


async def test_without_a_valid_token_the_handshake_is_answered_401(stream: Stream) -> None:
    expired = stream.identity.token("eve", lifetime=-60)
    tampered = stream.identity.token("eve")[:-6] + "AAAAAA"
    for headers in ({}, {"Authorization": f"Bearer {expired}"}, {"Authorization": f"Bearer {tampered}"}):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(stream.url, additional_headers=headers, proxy=None):
                pass
        assert refused.value.response.status_code == 401


async def test_a_browser_may_send_its_token_as_a_subprotocol(stream: Stream) -> None:
    protocols = ["bearer", stream.identity.token("fay")]
    async with connect(stream.url, subprotocols=protocols, proxy=None) as socket:  # pyright: ignore[reportArgumentType]
        assert socket.subprotocol == "bearer"
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]


async def test_sigterm_acknowledges_frames_read_and_closes_with_1012(start: Starter) -> None:
    """Batches stay open longer than the test lasts: acknowledged frames were written because of the signal."""
    stream = await asyncio.to_thread(start, PACK_SECONDS="600")
    async with stream.connect("hope") as socket:
        for seq in range(1, 101):
            await socket.send(frame(seq))
        await wait_until("all to be read", lambda: stream.service.metric("aura_ingest_frames_total") == 100)
        assert stream.service.metric("aura_ingest_acks_total") == 0
        await asyncio.to_thread(stream.service.process.stop, 20, signal.SIGTERM)
        assert await acks(socket, 100) == list(range(1, 101))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    assert [stored.seq for stored in await stream.stored("hope")] == list(range(1, 101))


async def test_an_idle_connection_is_closed(start: Starter) -> None:
    stream = await asyncio.to_thread(start, SILENCE_SECONDS="1")
    async with stream.connect("ida") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket, 20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001


async def test_a_connection_that_pings_is_not_idle(start: Starter) -> None:
    """It outlives two idle ones, one after the other."""
    stream = await asyncio.to_thread(start, SILENCE_SECONDS="3")
    async with stream.connect("ivo") as socket:

        async def keep_pinging() -> None:
            while True:
                await (await socket.ping())
                await asyncio.sleep(0.2)

        pinging = asyncio.create_task(keep_pinging())
        for mute in ("ira", "ian"):
            async with stream.connect(mute) as other:
                await asyncio.wait_for(other.wait_closed(), 60)
        pinging.cancel()
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]


async def test_a_message_may_be_fragmented_and_a_ping_is_answered_in_between(stream: Stream) -> None:
    async with stream.connect("jan") as socket:
        whole = frame(1)

        async def fragments() -> AsyncIterator[str]:
            yield whole[:100]
            await (await socket.ping())
            yield whole[100:]

        await socket.send(fragments())
        assert await acks(socket, 1) == [1]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b"\x81\x02{}", 1002),
        (bytes([0x81, 0xFF]) + (1 << 30).to_bytes(8, "big") + bytes(4), 1009),
        (bytes([0x81, 0x82]) + bytes(4) + b"\xff\xfe", 1007),
    ],
)
async def test_a_protocol_violation_is_closed_with_the_matching_code(stream: Stream, wire: bytes, code: int) -> None:
    async with stream.connect("kai") as socket:
        socket.transport.write(wire)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
    await wait_until("the connection to be closed", lambda: stream.service.metric("aura_ingest_connections") == 0)


async def test_a_close_frame_is_answered(stream: Stream) -> None:
    async with stream.connect("kay") as socket:
        await socket.close(3001, "battery")
        assert (socket.close_code, socket.close_reason) == (3001, "battery")
    await wait_until("the connection to be closed", lambda: stream.service.metric("aura_ingest_connections") == 0)


async def test_metrics_count_connections_frames_and_acknowledgements(stream: Stream) -> None:
    async with stream.connect("joy") as socket:
        for seq in (1, 2, 3):
            await socket.send(frame(seq))
        await acks(socket, 3)
        count = stream.service.metric
        assert await asyncio.to_thread(count, "aura_ingest_connections") == 1
        assert await asyncio.to_thread(count, "aura_ingest_frames_total") == 3
        assert await asyncio.to_thread(count, "aura_ingest_acks_total") == 3
    await wait_until("the connection to be closed", lambda: count("aura_ingest_connections") == 0)


async def test_a_client_that_disconnected_before_its_frame_was_stored_is_not_acknowledged(start: Starter) -> None:
    stream = await asyncio.to_thread(start, PACK_SECONDS="15")
    count = stream.service.metric
    async with stream.connect("jack") as socket:
        await socket.send(frame(1))
        await wait_until("the frame to be read", lambda: count("aura_ingest_frames_total") == 1)
    await wait_until("the frame to be stored", lambda: count("aura_ingest_records_total") == 1, 60)
    async with stream.connect("jill") as socket:
        await socket.send(frame(1))
        await acks(socket, 1, seconds=60)
    assert await asyncio.to_thread(count, "aura_ingest_acks_total") == 1
