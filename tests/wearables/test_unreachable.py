"""Wearables whose platform goes away: they come back when it does, and give up with a word on what is intact."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from local.wearables.beats import Beat
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from local.wearables.wearable import StreamEndpoint, Unreachable

PEOPLE = [SimulatedUser(user, [(n * 800, 800.0) for n in range(60)]) for user in ("ada", "bob")]
FRAMES = 6


async def acknowledge(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(json.dumps({"ack": json.loads(text)["seq"]}))


async def acknowledge_one(socket: ServerConnection) -> None:
    await socket.send(json.dumps({"ack": json.loads(await socket.recv())["seq"]}))
    async for _ in socket:
        pass


async def send_away(socket: ServerConnection) -> None:
    await socket.close(1013, "frames cannot be stored at the moment")


async def hold(socket: ServerConnection) -> None:
    async for _ in socket:
        pass


async def nothing(report: Report, sent: dict[str, list[Beat]]) -> None:
    pass


def door(server: Server) -> StreamEndpoint:
    host, port = server.sockets[0].getsockname()[:2]
    return StreamEndpoint("ws://localhost/v1/stream", host, port, None)


@pytest.mark.timeout(60)
async def test_they_give_up_when_nothing_can_be_reached_for_so_long_and_say_what_is_intact() -> None:
    server = await serve(acknowledge_one, "127.0.0.1", 0)
    seen = Report(0)

    def watch(report: Report) -> None:
        nonlocal seen
        seen = report
        if report.acked == len(PEOPLE) and report.sent > report.acked:
            server.close(close_connections=True)

    with pytest.raises(Unreachable) as told:
        await stream(PEOPLE, door(server), lambda _: "token", 50, nothing, watch, progress_deadline=4)
    await server.wait_closed()
    assert seen.reconnects > 1
    assert f"2 of {seen.sent} frames" in str(told.value)
    for said in ("for 4 s", "acknowledged", "kept", "aura status", "make up"):
        assert said in str(told.value)


@pytest.mark.timeout(60)
async def test_they_give_up_when_each_connection_is_accepted_and_ended_and_nothing_taken() -> None:
    async with serve(send_away, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match=r"for 4 s.*1013.*0 of \d+ frames") as told:
            await stream(PEOPLE, door(server), lambda _: "token", 50, nothing, lambda _: None, progress_deadline=4)
    assert "cannot be stored" in str(told.value)


@pytest.mark.timeout(60)
async def test_they_give_up_when_the_connection_is_held_and_nothing_taken() -> None:
    async with serve(hold, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match=r"for 2 s.*acknowledges nothing.*0 of \d+ frames"):
            await stream(PEOPLE, door(server), lambda _: "token", 50, nothing, lambda _: None, progress_deadline=2)


@pytest.mark.timeout(60)
async def test_a_platform_that_comes_back_in_time_gets_everything() -> None:
    server = await serve(acknowledge_one, "127.0.0.1", 0)
    away = asyncio.Event()
    where = door(server)

    def watch(report: Report) -> None:
        if report.acked and not away.is_set():
            server.close(close_connections=True)
            away.set()

    async def come_back() -> Server:
        await away.wait()
        await server.wait_closed()
        return await serve(acknowledge, where.host, where.port)

    back = asyncio.create_task(come_back())
    report = await stream(PEOPLE, where, lambda _: "token", 50, nothing, watch, progress_deadline=30)
    again = await back
    again.close()
    await again.wait_closed()
    assert report.acked == report.frames == len(PEOPLE) * FRAMES
    assert report.reconnects


async def test_what_judges_them_fails_as_itself() -> None:
    async def fails(report: Report, sent: dict[str, list[Beat]]) -> None:
        raise LookupError("no store")

    async with serve(acknowledge, "127.0.0.1", 0) as server:
        with pytest.raises(LookupError, match="no store"):
            await stream(PEOPLE, door(server), lambda _: "token", 50, fails, lambda _: None)
