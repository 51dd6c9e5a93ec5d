"""The stream endpoint of ingest with a real Kafka, Redis and auth service."""

from __future__ import annotations

import asyncio
import json
import signal
import socket as socket_module
import time
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.ingest.websocket.framing import CONTINUATION, PING, PONG, TEXT
from tests.ingest.conftest import Starter
from tests.ingest.harness import KEY, UPGRADE, Stream, acks, client_frame, frame, open_connection, receive, wait_until

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


async def test_a_user_over_the_rate_limit_is_closed_with_1008_and_others_are_not(start: Starter) -> None:
    stream = await asyncio.to_thread(start, FRAMES_A_SECOND="1", FRAMES_AT_ONCE="5")
    async with stream.connect("modest") as other, stream.connect("greedy") as socket:
        for seq in range(1, 20):
            await socket.send(frame(seq))
        with pytest.raises(ConnectionClosed) as closed:
            await acks(socket, 19)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        async with stream.connect("greedy") as again:
            await again.send(frame(6))
            with pytest.raises(ConnectionClosed):
                await acks(again, 1)
        await other.send(frame(1))
        assert await acks(other, 1) == [1]


async def test_a_client_that_floods_instead_of_answering_the_close_frame_is_aborted(start: Starter) -> None:
    stream = await asyncio.to_thread(start, FRAMES_A_SECOND="0.01", FRAMES_AT_ONCE="5")
    async with open_connection(stream) as (reader, writer):
        writer.write(UPGRADE + KEY + b"Authorization: Bearer " + stream.identity.token("rude").encode() + b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        flood, megabytes = client_frame(PING, b"x" * 100) * 10_000, 0
        with pytest.raises(ConnectionError):
            while megabytes < 100:
                writer.write(flood)
                await asyncio.wait_for(writer.drain(), 20)
                megabytes += 1
    assert megabytes < 30, "what kernel and client had buffered, and not much more"


@pytest.mark.parametrize(
    "overhead",
    [client_frame(PING, b"?"), client_frame(PONG, b""), client_frame(CONTINUATION, b"", fin=False)],
    ids=["ping", "pong", "fragment"],
)
async def test_pings_and_short_fragments_count_against_the_rate_limit(start: Starter, overhead: bytes) -> None:
    stream = await asyncio.to_thread(start, FRAMES_A_SECOND="0.01", FRAMES_AT_ONCE="20")
    async with stream.connect("lou") as socket:
        socket.transport.write(client_frame(TEXT, b"", fin=False) + 18 * overhead)  # 19 of 20
        socket.transport.write(client_frame(CONTINUATION, frame(1).encode()))
        assert await acks(socket, 1) == [1]
        socket.transport.write(client_frame(TEXT, b"", fin=False) + overhead)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_fragments_of_a_kilobyte_do_not_count_against_the_rate_limit(start: Starter) -> None:
    stream = await asyncio.to_thread(start, FRAMES_A_SECOND="0.01", FRAMES_AT_ONCE="3")
    async with stream.connect("lyn") as socket:
        for seq in (1, 2, 3):
            whole = frame(seq, beats=600)
            await socket.send(whole[at : at + 1024] for at in range(0, len(whole), 1024))
        assert await acks(socket, 3) == [1, 2, 3]


async def test_connections_over_the_limit_of_the_process_are_closed_with_1013(start: Starter) -> None:
    stream = await asyncio.to_thread(start, MAX_CONNECTIONS="2")
    async with stream.connect("g1") as first, stream.connect("g2"):
        await first.send(frame(1))
        assert await acks(first, 1) == [1]
        async with stream.connect("g3") as third:
            with pytest.raises(ConnectionClosed) as closed:
                await third.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
        await first.send(frame(2))
        assert await acks(first, 1) == [2]


async def test_a_client_that_does_not_read_delays_no_other_and_loses_nothing(start: Starter) -> None:
    """Its acknowledgements fill the buffers; then reading from it is paused, while others are served."""
    count = 30_000
    stream = await asyncio.to_thread(start, FRAMES_AT_ONCE="100000")
    narrow = socket_module.socket()
    narrow.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_RCVBUF, 4096)
    await asyncio.to_thread(narrow.connect, (stream.service.address, stream.service.port))
    async with stream.connect("hale") as hale, stream.connect("deaf", sock=narrow) as deaf:
        deaf.transport.pause_reading()
        flood = asyncio.create_task(_flood(deaf, count))
        await wait_until("the service to stop reading", lambda: _reading_stopped(stream), 40)
        assert await asyncio.to_thread(stream.service.metric, "aura_ingest_frames_total") < count
        for seq in range(1, 50):
            await hale.send(frame(seq))
            assert await acks(hale, 1) == [seq]
        deaf.transport.resume_reading()
        assert await acks(deaf, count) == list(range(1, count + 1))
        await flood


async def test_a_client_that_sends_but_reads_a_byte_now_and_then_is_closed_as_idle(start: Starter) -> None:
    """TCP never times it out, and it would occupy one of the process's connections."""
    stream = await asyncio.to_thread(start, SILENCE_SECONDS="3", FRAMES_AT_ONCE="1000000")
    loop, token = asyncio.get_running_loop(), stream.identity.token("iggy").encode()
    with socket_module.socket() as narrow:
        narrow.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_RCVBUF, 4096)
        await asyncio.to_thread(narrow.connect, (stream.service.address, stream.service.port))
        narrow.setblocking(False)
        await loop.sock_sendall(narrow, UPGRADE + KEY + b"Authorization: Bearer " + token + b"\r\n\r\n")
        assert (await loop.sock_recv(narrow, 12)).endswith(b" 101")
        frames = client_frame(TEXT, frame(1, beats=1).encode()) * 100

        async def flood() -> None:
            while True:
                await loop.sock_sendall(narrow, frames)

        async def nibble() -> None:
            while True:
                await loop.sock_recv(narrow, 1)
                await asyncio.sleep(0.1)

        nibbling, flooding = asyncio.create_task(nibble()), asyncio.create_task(flood())
        await wait_until("the service to stop reading", lambda: _reading_stopped(stream), 40)
        assert not flooding.done()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flooding, 60)
        nibbling.cancel()
        await asyncio.gather(nibbling, return_exceptions=True)
    assert await asyncio.to_thread(stream.service.ready)
    assert await asyncio.to_thread(stream.service.metric, "aura_ingest_connections") == 0


async def _flood(socket: ClientConnection, count: int) -> None:
    for seq in range(1, count + 1):
        await socket.send(frame(seq, beats=1))


def _reading_stopped(stream: Stream) -> bool:
    """Whether the service has read frames and reads no more."""
    before = stream.service.metric("aura_ingest_frames_total")
    time.sleep(0.5)
    return 0 < before == stream.service.metric("aura_ingest_frames_total")


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
