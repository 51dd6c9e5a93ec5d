"""What is acknowledged stays, whatever dies; what can't be stored is not read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from socket import SO_SNDBUF, SOL_SOCKET
from socket import socket as Socket

import psutil
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from local.engines.kafka import Kafka
from services.ingest.admission import SILENT
from tests.fixtures.engines import Ground
from tests.ingest.conftest import Starter
from tests.ingest.harness import Stream, acks, frame, heard, until

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(kafka: Kafka) -> Iterator[Kafka]:
    """The broker of this test run, running again afterwards."""
    yield kafka
    kafka.ensure()


async def test_a_broker_that_is_away_for_seconds_costs_no_frame_and_no_connection(
    stream: Stream, broker: Kafka
) -> None:
    async with stream.socket("kim") as socket:
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
        await asyncio.to_thread(broker.process.kill)
        for seq in range(2, 202):
            await socket.send(frame(seq))
        with pytest.raises(TimeoutError):
            await heard(socket, 1)
        await asyncio.to_thread(broker.ensure)
        assert await acks(socket, 200, seconds=60) == list(range(2, 202))
    assert [stored.seq for stored in await stream.stored("kim")] == list(range(1, 202))


async def test_while_kafka_is_away_reading_stops_newcomers_are_sent_away_and_nothing_is_dropped(
    start: Starter, broker: Kafka
) -> None:
    count = 20_000
    stream = await asyncio.to_thread(start, BACKLOG_BYTES="100000", FRAMES_AT_ONCE="100000")
    async with stream.socket("lea") as socket:
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
        await asyncio.to_thread(broker.process.kill)

        async def flood() -> None:
            for seq in range(2, count + 2):
                await socket.send(frame(seq))

        flooding = asyncio.create_task(flood())
        await until("reading to stop", lambda: stream.service.metric("aura_ingest_stalls_total") == 1)
        assert await asyncio.to_thread(stream.service.metric, "aura_ingest_backlog_bytes") < 110_000
        assert not await asyncio.to_thread(stream.service.ready)
        async with stream.socket("late") as newcomer:
            with pytest.raises(ConnectionClosed) as closed:
                await newcomer.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
        pid = stream.service.process.pid()
        assert pid is not None
        assert psutil.Process(pid).memory_info().rss < 300 << 20
        assert not flooding.done()
        await asyncio.to_thread(broker.ensure)
        assert await acks(socket, count, seconds=60) == list(range(2, count + 2))
        await flooding
    assert [stored.seq for stored in await stream.stored("lea")] == list(range(1, count + 2))


async def test_many_who_send_while_kafka_is_away_cost_little_memory_and_lose_nothing(
    start: Starter, broker: Kafka
) -> None:
    """Fifty sockets want to send a megabyte each; what is not read stays with them."""
    sockets, count, beats = 50, 40, 600
    stream = await asyncio.to_thread(start, BACKLOG_BYTES="1000000", FRAMES_AT_ONCE="100000")
    pid = stream.service.process.pid()
    assert pid is not None
    async with AsyncExitStack() as stack:
        crowd = [
            await stack.enter_async_context(stream.socket(f"noa-{i}", sock=await asyncio.to_thread(_narrow, stream)))
            for i in range(sockets)
        ]
        stack.callback(_abort, crowd)
        for socket in crowd:
            await socket.send(frame(1))
            assert await acks(socket, 1) == [1]
        before = psutil.Process(pid).memory_info().rss
        await asyncio.to_thread(broker.process.kill)

        async def flood(socket: ClientConnection) -> None:
            for seq in range(2, count + 2):
                await socket.send(frame(seq, beats=beats))
                await asyncio.sleep(0)  # in turns: a service that keeps up would read one alone to the end

        floods = [asyncio.create_task(flood(socket)) for socket in crowd]
        await until("reading to stop", lambda: stream.service.metric("aura_ingest_stalls_total") == 1)
        await until("everybody to wait", lambda: _waiting(stream) == sockets)
        assert psutil.Process(pid).memory_info().rss - before < 60 << 20
        assert sum(flooding.done() for flooding in floods) == 0
        await asyncio.to_thread(broker.ensure)
        for socket in crowd:
            assert await acks(socket, count, seconds=60) == list(range(2, count + 2))


def _abort(crowd: list[ClientConnection]) -> None:
    """A goodbye behind what is not read takes ten seconds each, after which nobody saw what went wrong."""
    for socket in crowd:
        socket.transport.abort()


async def test_who_is_not_read_while_kafka_is_away_is_not_silent(start: Starter, broker: Kafka) -> None:
    """The outage is longer than a silence may be; who says nothing before it is closed meanwhile, who waits is not."""
    silence, count = 10, 5_000
    stream = await asyncio.to_thread(
        start, BACKLOG_BYTES="100000", FRAMES_AT_ONCE="100000", SILENCE_SECONDS=str(silence)
    )
    async with stream.socket("mute") as mute, stream.socket("pia") as pia, stream.socket("pip") as pip:
        await asyncio.to_thread(broker.process.kill)

        async def flood(socket: ClientConnection) -> None:
            for seq in range(1, count + 1):
                await socket.send(frame(seq))

        floods = [asyncio.create_task(flood(socket)) for socket in (pia, pip)]
        await until("both to wait", lambda: _waiting(stream) == 2)
        with pytest.raises(TimeoutError):
            await heard(pia, 2 * silence)
        assert await _closed(mute) == SILENT
        await asyncio.to_thread(broker.ensure)
        told = await asyncio.gather(*(acks(socket, count, seconds=60) for socket in (pia, pip)))
        assert told == [list(range(1, count + 1))] * 2
        await asyncio.gather(*floods)
        assert await _closed(pia) == SILENT  # all that it said was read, and its silence counts again


async def _closed(socket: ClientConnection) -> int:
    """The code that the service closes with instead of saying anything more."""
    with pytest.raises(ConnectionClosed) as closed:
        await heard(socket, 60)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def _narrow(stream: Stream) -> Socket:
    """A connection whose kernel takes little that the service does not read."""
    narrow = Socket()
    narrow.setsockopt(SOL_SOCKET, SO_SNDBUF, 32_768)
    narrow.connect((stream.service.address, stream.service.port))
    return narrow


def _waiting(stream: Stream) -> float:
    return stream.service.metric("aura_ingest_waiting_connections")


async def test_killed_while_streaming_no_acknowledged_frame_is_lost(stream: Stream) -> None:
    """Three rounds; what was not acknowledged is sent again with the same number, as wearables do."""
    told: set[int] = set()
    sent = 0
    for enough in (150, 300, 450):
        async with stream.socket("mia") as socket:
            for seq in sorted(set(range(1, sent + 1)) - told):
                await socket.send(frame(seq))
            with suppress(ConnectionClosed):
                while True:
                    while sent < len(told) + 100:
                        sent += 1
                        await socket.send(frame(sent))
                    told.update(await acks(socket, 1))
                    if len(told) == enough:
                        await asyncio.to_thread(stream.service.process.kill)
        await asyncio.to_thread(stream.service.start)
    assert len(told) >= 450
    assert told <= {frame.seq for frame in await stream.stored("mia")}


async def test_ingest_that_starts_before_its_topic_waits_for_it(ground: Ground, stream: Stream) -> None:
    """Unready until then, and sockets are sent away with 1013, not broken later."""
    stream.service.process.stop()
    stream.service.env["TOPIC"] = "nowhere-to-be-found"
    await asyncio.to_thread(stream.service.start, path="/healthz")
    assert not await asyncio.to_thread(stream.service.ready)
    async with stream.socket("nia") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert not await asyncio.to_thread(stream.service.ready)
