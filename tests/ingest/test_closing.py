"""A client that still sends while its connection is closed learns why."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode

from services.ingest.websocket.framing import PING, TEXT
from services.ingest.websocket.lingering import SILENCE_SECONDS
from services.kit.serve import MAX_MESSAGE_BYTES
from tests.ingest.conftest import Starter
from tests.ingest.harness import (
    KEY,
    UPGRADE,
    Stream,
    acks,
    client_frame,
    frame,
    open_connection,
    receive,
    wait_until,
)

pytestmark = pytest.mark.integration


def request(stream: Stream, user: str) -> bytes:
    return UPGRADE + KEY + b"Authorization: Bearer " + stream.identity.token(user).encode() + b"\r\n\r\n"


async def last_frame(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Code and reason of the close frame at the end of what the server sends."""
    wire = await asyncio.wait_for(reader.read(), 30)
    at = wire.rindex(bytes([0x80 | Opcode.CLOSE]))
    return int.from_bytes(wire[at + 2 : at + 4], "big"), wire[at + 4 :].decode()


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 1 << 20, 8 << 20])
async def test_the_reason_for_refusing_a_long_message_arrives_every_time(stream: Stream, size: int) -> None:
    message = client_frame(TEXT, b"x" * size)

    async def send_one(number: int) -> None:
        async with open_connection(stream) as (reader, writer):
            writer.write(request(stream, f"liv-{number}"))
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(message)
            await writer.drain()  # all is sent before anything is read, as a client that blocks does
            assert await last_frame(reader) == (1009, f"message longer than {MAX_MESSAGE_BYTES} bytes")

    for first in range(0, 20, 4):
        await asyncio.gather(*(send_one(first + i) for i in range(4)))
    await wait_until("the connections to be closed", lambda: stream.service.metric("aura_ingest_connections") == 0)


async def test_the_connection_stays_whole_until_the_client_has_stopped_sending(stream: Stream) -> None:
    """A proxy that sees the end of one direction ends both, and its client may lose the reason."""
    loop = asyncio.get_running_loop()
    async with open_connection(stream) as (reader, writer):
        writer.write(request(stream, "liv-behind-a-proxy"))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(client_frame(TEXT, b"x" * (MAX_MESSAGE_BYTES + 1)))
        reason = b"message longer than %d bytes" % MAX_MESSAGE_BYTES
        assert (await asyncio.wait_for(reader.readuntil(reason), 10)).endswith(reason)
        end = loop.time() + 3 * SILENCE_SECONDS
        while loop.time() < end:
            writer.write(client_frame(TEXT, b"more"))
            await asyncio.sleep(SILENCE_SECONDS / 10)
            assert not reader.at_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_the_reason_for_a_protocol_error_arrives_while_more_is_sent(stream: Stream) -> None:
    unmasked = Frame(Opcode.TEXT, b"{}").serialize(mask=False)
    for _ in range(20):
        async with open_connection(stream) as (reader, writer):
            writer.write(request(stream, "max"))
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(unmasked + client_frame(TEXT, frame(1).encode()) * 1000)
            assert (await last_frame(reader))[0] == CloseCode.PROTOCOL_ERROR


async def test_a_user_over_the_rate_limit_learns_it_while_sending(start: Starter) -> None:
    stream = await asyncio.to_thread(start, FRAMES_A_SECOND="0.01", FRAMES_AT_ONCE="5")
    for number in range(10):
        async with stream.connect(f"ned-{number}") as socket:
            socket.transport.write(client_frame(TEXT, frame(1, beats=600).encode()) * 300)  # 7 MB
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await receive(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == CloseCode.POLICY_VIOLATION
            assert "send longer frames" in closed.value.rcvd.reason


async def test_a_refused_handshake_is_answered_while_the_client_sends(stream: Stream) -> None:
    data = client_frame(TEXT, frame(1, beats=600).encode())
    for _ in range(20):
        async with open_connection(stream) as (reader, writer):
            writer.write(UPGRADE + KEY + b"Authorization: Bearer none\r\n\r\n")
            for _ in range(50):
                writer.write(data)
                await asyncio.sleep(0)
            head, _, body = (await asyncio.wait_for(reader.read(), 30)).partition(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))  # 400 if it was read together with the data
            assert body


async def test_data_before_the_response_to_the_handshake_is_closed_with_1002(stream: Stream) -> None:
    async with open_connection(stream) as (reader, writer):
        writer.write(request(stream, "ole") + client_frame(PING, b"") * 1000)
        assert await last_frame(reader) == (1002, "data before the response to the handshake")


async def test_a_request_with_too_many_bytes_is_answered_400_while_the_client_sends(stream: Stream) -> None:
    for _ in range(20):
        async with open_connection(stream) as (reader, writer):
            writer.write(b"POST /v1/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000)
            await writer.drain()
            answer = await asyncio.wait_for(reader.read(), 30)
            assert answer.startswith(b"HTTP/1.1 4")


async def test_a_socket_ends_with_its_token_and_the_reason_says_to_authenticate_again(start: Starter) -> None:
    stream = await asyncio.to_thread(start)
    ends = time.time() + 5
    async with (
        stream.connect("pat", token=stream.identity.token("pat", lifetime=5)) as socket,
        stream.connect("ray") as other,
    ):
        seq = 0
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                seq += 1
                await socket.send(frame(seq))
                await acks(socket, 1)
                await asyncio.sleep(0.1)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert "fresh" in closed.value.rcvd.reason
        assert seq > 1
        assert time.time() > ends - 1.5  # `exp` is whole seconds
        await other.send(frame(1))
        assert await acks(other, 1) == [1]
    assert 'aura_ingest_refused_connections_total{code="4401"} 1.0' in (stream.service.get("/metrics") or "")
