"""Limits of the stream endpoint: rate, connections, and clients that do not read."""

from __future__ import annotations

import asyncio
import socket as socket_module
import time

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.ingest.websocket.framing import CONTINUATION, PING, PONG, TEXT
from tests.ingest.conftest import Starter
from tests.ingest.harness import KEY, UPGRADE, Stream, acks, client_frame, frame, open_connection, receive, wait_until

pytestmark = pytest.mark.integration


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
