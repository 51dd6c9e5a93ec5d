"""Who connects and never becomes a WebSocket."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import psutil
import pytest

from tests.ingest.harness import KEY, UPGRADE, Stream, acks, frame, raw

pytestmark = pytest.mark.integration


async def _rest(reader: asyncio.StreamReader, seconds: float = 40) -> bytes:
    """All that comes until the service ends the connection; TimeoutError if it does not."""
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


async def test_who_does_not_finish_is_let_go_and_sockets_stay(stream: Stream) -> None:
    async with stream.socket("ned") as socket, AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(raw(stream)) for _ in UNFINISHED]
        for (_, writer), said in zip(opened, UNFINISHED, strict=True):
            writer.write(said)
        answers = await asyncio.gather(*(_rest(reader) for reader, _ in opened))
        assert answers[-1].startswith(b"HTTP/1.1 200")
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]


async def test_who_asks_on_without_waiting_for_an_answer_is_let_go_at_once(stream: Stream) -> None:
    async with raw(stream) as (reader, writer):
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        await _rest(reader, 10)


async def test_a_request_without_end_costs_no_memory(stream: Stream) -> None:
    pid = stream.service.process.pid()
    assert pid is not None
    before = psutil.Process(pid).memory_info().rss
    async with raw(stream) as (reader, writer):
        writer.write(UPGRADE)
        with suppress(ConnectionError):
            for i in range(1000):
                writer.write(b"X-%d: %s\r\n" % (i, b"x" * 50_000))
                await writer.drain()
        grown = psutil.Process(pid).memory_info().rss - before
        assert grown < 20 << 20
        await _rest(reader)


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (UPGRADE + KEY + b"".join(b"X-%d: x\r\n" % i for i in range(300)), b"431", b"headers"),
        (UPGRADE + KEY + b"X: " + b"x" * 10_000 + b"\r\n", b"431", b"8192 bytes"),
        ((UPGRADE + KEY).replace(b"stream", b"stream?" + b"x" * 10_000), b"414", b"8192 bytes"),
        (UPGRADE + KEY + b"Content-Length: 5\r\n", b"400", b"body"),
        (UPGRADE + KEY + b"Transfer-Encoding: chunked\r\n", b"400", b"transfer codings"),
    ],
    ids=["many headers", "a long header", "a long path", "a body", "a body in chunks"],
)
async def test_a_handshake_that_cannot_be_read_is_told_why(
    stream: Stream, sent: bytes, status: bytes, says: bytes
) -> None:
    async with raw(stream) as (reader, writer):
        writer.write(sent + b"\r\n")
        head, _, body = (await _rest(reader)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert says in body


async def test_an_upgrade_that_is_no_handshake_is_refused_and_nothing_fails(stream: Stream) -> None:
    for unfit in (b"", KEY.replace(b"13", b"7"), KEY.replace(b"dGhl", b"!")):
        async with raw(stream) as (reader, writer):
            writer.write(UPGRADE + unfit + b"\r\n")
            assert (await _rest(reader)).startswith(b"HTTP/1.1 4")
    await asyncio.to_thread(stream.service.process.stop)  # what it had to say of them is written then
    log = stream.service.process.log.read_text()
    assert "serving" in log
    assert "exception" not in log.lower()
    assert "Traceback" not in log
