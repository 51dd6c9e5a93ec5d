"""Acknowledged frames survive any crash; while frames cannot be stored, reading is paused."""

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
from websockets.frames import CloseCode

from local.engines.kafka import Kafka
from tests.fixtures.engines import ScratchEnvironment
from tests.ingest.conftest import Starter
from tests.ingest.harness import Stream, acks, frame, receive, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(kafka: Kafka) -> Iterator[Kafka]:
    """The broker of this test run, restarted afterwards."""
    yield kafka
    kafka.ensure()


async def test_a_broker_outage_of_seconds_loses_no_frame_and_no_connection(stream: Stream, broker: Kafka) -> None:
    async with stream.connect("kim") as socket:
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
        await asyncio.to_thread(broker.process.kill)
        for seq in range(2, 202):
            await socket.send(frame(seq))
        with pytest.raises(TimeoutError):
            await receive(socket, 1)
        await asyncio.to_thread(broker.ensure)
        assert await acks(socket, 200, seconds=60) == list(range(2, 202))
    assert [stored.seq for stored in await stream.stored("kim")] == list(range(1, 202))


async def test_while_kafka_is_unavailable_reading_pauses_new_connections_are_refused_and_no_frame_is_lost(
    start: Starter, broker: Kafka
) -> None:
    count = 20_000
    stream = await asyncio.to_thread(start, BACKLOG_BYTES="100000", FRAMES_AT_ONCE="100000")
    async with stream.connect("lea") as socket:
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
        await asyncio.to_thread(broker.process.kill)

        async def flood() -> None:
            for seq in range(2, count + 2):
                await socket.send(frame(seq))

        flooding = asyncio.create_task(flood())
        await wait_until("reading to stop", lambda: stream.service.metric("aura_ingest_stalls_total") == 1)
        assert await asyncio.to_thread(stream.service.metric, "aura_ingest_backlog_bytes") < 110_000
        assert not await asyncio.to_thread(stream.service.ready)
        async with stream.connect("late") as newcomer:
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


async def test_many_senders_while_kafka_is_unavailable_use_bounded_memory_and_lose_nothing(
    start: Starter, broker: Kafka
) -> None:
    """Fifty connections send a megabyte each; what is not read stays with the clients."""
    sockets, count, beats = 50, 40, 600
    stream = await asyncio.to_thread(start, BACKLOG_BYTES="1000000", FRAMES_AT_ONCE="100000")
    pid = stream.service.process.pid()
    assert pid is not None
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(
                stream.connect(f"noa-{i}", sock=await asyncio.to_thread(_small_send_buffer, stream))
            )
            for i in range(sockets)
        ]
        stack.callback(_abort, connections)
        for socket in connections:
            await socket.send(frame(1))
            assert await acks(socket, 1) == [1]
        before = psutil.Process(pid).memory_info().rss
        await asyncio.to_thread(broker.process.kill)

        async def flood(socket: ClientConnection) -> None:
            for seq in range(2, count + 2):
                await socket.send(frame(seq, beats=beats))
                await asyncio.sleep(0)  # interleaved: otherwise the service might read one client to the end first

        floods = [asyncio.create_task(flood(socket)) for socket in connections]
        await wait_until("reading to stop", lambda: stream.service.metric("aura_ingest_stalls_total") == 1)
        await wait_until("all connections to wait", lambda: _waiting(stream) == sockets)
        assert psutil.Process(pid).memory_info().rss - before < 60 << 20
        assert sum(flooding.done() for flooding in floods) == 0
        await asyncio.to_thread(broker.ensure)
        for socket in connections:
            assert await acks(socket, count, seconds=60) == list(range(2, count + 2))


def _abort(connections: list[ClientConnection]) -> None:
    """A close handshake behind unread data takes ten seconds each and would hide a failure."""
    for socket in connections:
        socket.transport.abort()


async def test_connections_paused_while_kafka_is_unavailable_are_not_idle(start: Starter, broker: Kafka) -> None:
    """The outage exceeds the idle timeout: an idle connection is closed meanwhile, paused ones are not."""
    silence, count = 10, 5_000
    stream = await asyncio.to_thread(
        start, BACKLOG_BYTES="100000", FRAMES_AT_ONCE="100000", SILENCE_SECONDS=str(silence)
    )
    async with stream.connect("mute") as mute, stream.connect("pia") as pia, stream.connect("pip") as pip:
        await asyncio.to_thread(broker.process.kill)

        async def flood(socket: ClientConnection) -> None:
            for seq in range(1, count + 1):
                await socket.send(frame(seq))

        floods = [asyncio.create_task(flood(socket)) for socket in (pia, pip)]
        await wait_until("both to wait", lambda: _waiting(stream) == 2)
        with pytest.raises(TimeoutError):
            await receive(pia, 2 * silence)
        assert await _closed(mute) == CloseCode.GOING_AWAY
        await asyncio.to_thread(broker.ensure)
        seqs = await asyncio.gather(*(acks(socket, count, seconds=180) for socket in (pia, pip)))
        assert seqs == [list(range(1, count + 1))] * 2
        await asyncio.gather(*floods)
        assert await _closed(pia) == CloseCode.GOING_AWAY  # all was read and the timeout applies again


async def _closed(socket: ClientConnection) -> int:
    """The close code, without any further message."""
    with pytest.raises(ConnectionClosed) as closed:
        await receive(socket, 60)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def _small_send_buffer(stream: Stream) -> Socket:
    """A socket whose kernel buffers little of what the service does not read."""
    sock = Socket()
    sock.setsockopt(SOL_SOCKET, SO_SNDBUF, 32_768)
    sock.connect((stream.service.address, stream.service.port))
    return sock


def _waiting(stream: Stream) -> float:
    return stream.service.metric("aura_ingest_waiting_connections")


async def test_a_kill_while_streaming_loses_no_acknowledged_frame(stream: Stream) -> None:
    """Three rounds; unacknowledged frames are resent with the same seq, as wearables do."""
    acked: set[int] = set()
    sent = 0
    for enough in (150, 300, 450):
        async with stream.connect("mia") as socket:
            for seq in sorted(set(range(1, sent + 1)) - acked):
                await socket.send(frame(seq))
            with suppress(ConnectionClosed):
                while True:
                    while sent < len(acked) + 100:
                        sent += 1
                        await socket.send(frame(sent))
                    acked.update(await acks(socket, 1))
                    if len(acked) == enough:
                        await asyncio.to_thread(stream.service.process.kill)
        await asyncio.to_thread(stream.service.start)
    assert len(acked) >= 450
    assert acked <= {frame.seq for frame in await stream.stored("mia")}


async def test_ingest_started_before_its_topic_waits_for_it(scratch: ScratchEnvironment, stream: Stream) -> None:
    """Unready until then, and connections are refused with 1013."""
    stream.service.process.stop()
    stream.service.env["TOPIC"] = "nowhere-to-be-found"
    await asyncio.to_thread(stream.service.start, path="/healthz")
    assert not await asyncio.to_thread(stream.service.ready)
    async with stream.connect("nia") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert not await asyncio.to_thread(stream.service.ready)
