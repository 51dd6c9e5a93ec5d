"""Wearables reconnect to a platform that returns, and give up with a message on the acknowledged frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from local.wearables.beats import Beat
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from local.wearables.wearable import StreamEndpoint, Unreachable

USERS = [SimulatedUser(user, [(n * 800, 800.0) for n in range(60)]) for user in ("ada", "bob")]
FRAMES = 6


async def acknowledge(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(json.dumps({"ack": json.loads(text)["seq"]}))


async def acknowledge_one(socket: ServerConnection) -> None:
    await socket.send(json.dumps({"ack": json.loads(await socket.recv())["seq"]}))
    async for _ in socket:
        pass


async def reject(socket: ServerConnection) -> None:
    await socket.close(1013, "frames cannot be stored at the moment")


async def hold(socket: ServerConnection) -> None:
    async for _ in socket:
        pass


async def no_op(report: Report, sent: dict[str, list[Beat]]) -> None:
    pass


def endpoint(server: Server) -> Callable[[], StreamEndpoint]:
    host, port = server.sockets[0].getsockname()[:2]
    found = StreamEndpoint("ws://localhost/v1/stream", host, port, None)
    return lambda: found


@pytest.mark.timeout(60)
async def test_they_give_up_after_the_progress_deadline_and_report_acknowledged_frames() -> None:
    server = await serve(acknowledge_one, "127.0.0.1", 0)
    last = Report(0)

    def on_progress(report: Report) -> None:
        nonlocal last
        last = report
        if report.acked == len(USERS) and report.sent > report.acked:
            server.close(close_connections=True)

    with pytest.raises(Unreachable) as raised:
        await stream(USERS, endpoint(server), lambda _: "token", 50, no_op, on_progress, progress_deadline=4)
    await server.wait_closed()
    assert last.reconnects > 1
    assert f"2 of {last.sent} frames" in str(raised.value)
    for text in ("for 4 s", "acknowledged", "kept", "aura status", "make up"):
        assert text in str(raised.value)


@pytest.mark.timeout(60)
async def test_they_give_up_when_each_connection_is_accepted_and_closed_without_acknowledgement() -> None:
    async with serve(reject, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match=r"for 4 s.*1013.*0 of \d+ frames") as raised:
            await stream(USERS, endpoint(server), lambda _: "token", 50, no_op, lambda _: None, progress_deadline=4)
    assert "cannot be stored" in str(raised.value)


@pytest.mark.timeout(60)
async def test_they_give_up_when_the_connection_stays_open_without_acknowledgement() -> None:
    async with serve(hold, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match=r"for 2 s.*acknowledges nothing.*0 of \d+ frames"):
            await stream(USERS, endpoint(server), lambda _: "token", 50, no_op, lambda _: None, progress_deadline=2)


@pytest.mark.timeout(60)
async def test_a_platform_that_returns_in_time_receives_everything() -> None:
    server = await serve(acknowledge_one, "127.0.0.1", 0)
    stopped = asyncio.Event()
    target = endpoint(server)

    def on_progress(report: Report) -> None:
        if report.acked and not stopped.is_set():
            server.close(close_connections=True)
            stopped.set()

    async def restart() -> Server:
        await stopped.wait()
        await server.wait_closed()
        return await serve(acknowledge, target().host, target().port)

    restarting = asyncio.create_task(restart())
    report = await stream(USERS, target, lambda _: "token", 50, no_op, on_progress, progress_deadline=30)
    restarted = await restarting
    restarted.close()
    await restarted.wait_closed()
    assert report.acked == report.frames == len(USERS) * FRAMES
    assert report.reconnects


async def test_an_error_of_the_callback_is_raised() -> None:
    async def fails(report: Report, sent: dict[str, list[Beat]]) -> None:
        raise LookupError("no store")

    async with serve(acknowledge, "127.0.0.1", 0) as server:
        with pytest.raises(LookupError, match="no store"):
            await stream(USERS, endpoint(server), lambda _: "token", 50, fails, lambda _: None)


async def test_each_connection_goes_where_the_stream_is_then() -> None:
    """As when another region serves."""
    async with serve(acknowledge_one, "127.0.0.1", 0) as first, serve(acknowledge, "127.0.0.1", 0) as second:
        places, asked = [endpoint(first)(), endpoint(second)()], 0

        def where() -> StreamEndpoint:
            nonlocal asked
            asked += 1
            return places[0] if asked == 1 else places[1]

        def on_progress(report: Report) -> None:
            if report.acked:
                first.close(close_connections=True)

        report = await stream(USERS[:1], where, lambda _: "token", 50, no_op, on_progress, progress_deadline=10)
    assert (report.acked, report.lost) == (FRAMES, 0)
    assert report.reconnects >= 1
