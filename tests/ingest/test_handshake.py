"""Connections that never become a WebSocket."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import psutil
import pytest

from tests.ingest.harness import KEY, UPGRADE, Stream, acks, frame, open_connection

pytestmark = pytest.mark.integration


async def _rest(reader: asyncio.StreamReader, seconds: float = 40) -> bytes:
    """All bytes until the service closes the connection; TimeoutError if it does not."""
    with suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), seconds)
    return b""


UNFINISHED = (
    b"",
    b"GET /v1/stream HT",
    UPGRADE,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
)


async def test_unfinished_requests_time_out_and_websockets_stay_open(stream: Stream) -> None:
    async with stream.connect("ned") as socket, AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_connection(stream)) for _ in UNFINISHED]
        for (_, writer), request in zip(opened, UNFINISHED, strict=True):
            writer.write(request)
        answers = await asyncio.gather(*(_rest(reader) for reader, _ in opened))
        assert answers[-1].startswith(b"HTTP/1.1 200")
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]


async def test_pipelined_requests_are_closed_at_once(stream: Stream) -> None:
    async with open_connection(stream) as (reader, writer):
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        await _rest(reader, 10)


async def test_an_endless_request_uses_bounded_memory(stream: Stream) -> None:
    pid = stream.service.process.pid()
    assert pid is not None
    before = psutil.Process(pid).memory_info().rss
    async with open_connection(stream) as (reader, writer):
        writer.write(UPGRADE)
        with suppress(ConnectionError):
            for i in range(1000):
                writer.write(b"X-%d: %s\r\n" % (i, b"x" * 50_000))
                await writer.drain()
        grown = psutil.Process(pid).memory_info().rss - before
        assert grown < 20 << 20
        await _rest(reader)


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        (UPGRADE + KEY + b"".join(b"X-%d: x\r\n" % i for i in range(300)), b"431", b"headers"),
        (UPGRADE + KEY + b"X: " + b"x" * 10_000 + b"\r\n", b"431", b"8192 bytes"),
        ((UPGRADE + KEY).replace(b"stream", b"stream?" + b"x" * 10_000), b"414", b"8192 bytes"),
        (UPGRADE + KEY + b"Content-Length: 5\r\n", b"400", b"body"),
        (UPGRADE + KEY + b"Transfer-Encoding: chunked\r\n", b"400", b"transfer codings"),
    ],
    ids=["many headers", "a long header", "a long path", "a body", "a body in chunks"],
)
async def test_an_invalid_handshake_is_answered_with_the_error(
    stream: Stream, sent: bytes, status: bytes, error: bytes
) -> None:
    async with open_connection(stream) as (reader, writer):
        writer.write(sent + b"\r\n")
        head, _, body = (await _rest(reader)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert error in body


async def test_an_upgrade_without_a_valid_handshake_is_refused_without_exceptions(stream: Stream) -> None:
    for headers in (b"", KEY.replace(b"13", b"7"), KEY.replace(b"dGhl", b"!")):
        async with open_connection(stream) as (reader, writer):
            writer.write(UPGRADE + headers + b"\r\n")
            assert (await _rest(reader)).startswith(b"HTTP/1.1 4")
    await asyncio.to_thread(stream.service.process.stop)  # its log is complete then
    log = stream.service.process.log.read_text()
    assert "serving" in log
    assert "exception" not in log.lower()
    assert "Traceback" not in log
