"""A connection over a link: every byte in order, late, silent while it is cut, ended as its ends end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from local.links.forwarding import Distance, forward

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Line:
    """What is between the client and the server."""

    one_way: float = 0.0
    passing: bool = True

    @property
    def distance(self) -> Distance:
        return Distance(lambda: self.one_way, lambda: self.passing)


@asynccontextmanager
async def connected(line: Line, serve: Serve) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    to = server.sockets[0].getsockname()[1]

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await forward(reader, writer, "127.0.0.1", to, line.distance)

    link = await asyncio.start_server(carry, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", link.sockets[0].getsockname()[1])
    try:
        yield reader, writer
    finally:
        line.passing = True
        writer.close()
        link.close()
        server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.write(b"the end")
    writer.close()


async def test_bytes_arrive_in_order_and_an_end_of_one_direction_leaves_the_other_open() -> None:
    sent = bytes(range(256)) * 40_000
    async with connected(Line(0.001), echo) as (reader, writer):
        reading = asyncio.create_task(reader.read(-1))
        writer.write(sent)
        writer.write_eof()
        assert await reading == sent + b"the end"


async def test_an_answer_needs_the_handshake_and_a_round_trip_at_least() -> None:
    async with connected(Line(0.05), echo) as (reader, writer):
        begun = time.monotonic()
        writer.write(b"x")
        await reader.readexactly(1)
        assert time.monotonic() - begun >= 0.2
        begun = time.monotonic()
        writer.write(b"y")
        await reader.readexactly(1)
        assert time.monotonic() - begun >= 0.1


async def test_while_it_is_cut_nothing_arrives_and_afterwards_all_of_it() -> None:
    line = Line()
    async with connected(line, echo) as (reader, writer):
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        line.passing = False
        writer.write(b"meanwhile")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        line.passing = True
        assert await reader.readexactly(9) == b"meanwhile"


async def test_the_end_of_a_server_is_no_news_while_it_is_cut() -> None:
    line, go = Line(), asyncio.Event()

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        await go.wait()
        writer.close()

    async with connected(line, leave) as (reader, _):
        assert await reader.readexactly(1) == b"x"
        line.passing = False
        go.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        line.passing = True
        assert await reader.read(1) == b""


async def test_a_client_that_gives_up_while_it_is_cut_reaches_no_server() -> None:
    line, reached = Line(passing=False), asyncio.Event()

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.close()

    async with connected(line, note) as (reader, writer):
        writer.write(b"is anybody there?")
        writer.write_eof()
        assert await reader.read(-1) == b""  # the link has forgotten it
        line.passing = True
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reached.wait(), 0.3)


async def test_a_server_that_does_not_listen_ends_the_connection() -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await forward(reader, writer, "127.0.0.1", 1, Line().distance)

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.sockets[0].getsockname()[1])
        assert await reader.read(-1) == b""
        writer.close()
