"""Who connects and never becomes a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psutil
import pytest

from tests.ingest.running import Stream, acks, frame

pytestmark = pytest.mark.integration

UPGRADE = b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


@asynccontextmanager
async def _raw(stream: Stream) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(stream.service.address, stream.service.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _rest(reader: asyncio.StreamReader, seconds: float = 40) -> bytes:
    """All that comes until the service ends the connection; TimeoutError if it does not."""
    with suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), seconds)
    return b""


UNFINISHED = (
    b"",
    b"GET /v1/stream HT",
    UPGRADE,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
)


async def test_who_does_not_finish_is_let_go_and_sockets_stay(stream: Stream) -> None:
    async with stream.socket("ned") as socket, AsyncExitStack() as stack:
        raw = [await stack.enter_async_context(_raw(stream)) for _ in UNFINISHED]
        for (_, writer), said in zip(raw, UNFINISHED, strict=True):
            writer.write(said)
        answers = await asyncio.gather(*(_rest(reader) for reader, _ in raw))
        assert answers[-1].startswith(b"HTTP/1.1 200")
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]


async def test_a_request_without_end_costs_no_memory(stream: Stream) -> None:
    pid = stream.service.process.pid()
    assert pid is not None
    before = psutil.Process(pid).memory_info().rss
    async with _raw(stream) as (reader, writer):
        writer.write(UPGRADE)
        with suppress(ConnectionError):
            for i in range(1000):
                writer.write(b"X-%d: %s\r\n" % (i, b"x" * 50_000))
                await writer.drain()
        grown = psutil.Process(pid).memory_info().rss - before
        assert grown < 20 << 20
        await _rest(reader)


async def test_a_handshake_of_many_headers_is_answered(stream: Stream) -> None:
    async with _raw(stream) as (reader, writer):
        key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        writer.write(UPGRADE + key + b"".join(b"X-%d: x\r\n" % i for i in range(300)) + b"\r\n")
        assert (await _rest(reader)).startswith(b"HTTP/1.1 4")
