"""How WebSockets end: by a service, whose reason passes the gateway, and by the gateway, after a silence."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Frame, Opcode
from websockets.server import ServerProtocol

from contracts.gateway import READ_TIMEOUT_ANNOTATION
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams

pytestmark = pytest.mark.integration
CLOSE = Close(1009, "a message has at most 256 KiB")


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes as a service should: reads what still comes, until the client has read the reason and is silent."""
    protocol = ServerProtocol()
    while not (requests := protocol.events_received()):
        protocol.receive_data(await reader.read(65536))
    protocol.send_response(protocol.accept(requests[0]))  # pyright: ignore[reportArgumentType]
    writer.write(b"".join(protocol.data_to_send()))
    await reader.read(65536)
    writer.write(Frame(Opcode.CLOSE, CLOSE.serialize()).serialize(mask=False))
    try:
        async with asyncio.timeout(10):
            while await asyncio.wait_for(reader.read(65536), 0.5):
                pass
    except TimeoutError:
        pass
    writer.close()


async def test_the_reason_reaches_a_client_that_still_sends(gateway: RunningGateway) -> None:
    host = "127.0.0.1"
    server = await asyncio.start_server(close_at_once, host, 0)
    port = server.sockets[0].getsockname()[1]
    await gateway.apply(objects.route("stream", "/v1/stream", host=objects.STREAM), objects.pod("one", host, port))
    for _ in range(5):
        async with connect(
            f"wss://{objects.STREAM}:{objects.PORT}/v1/stream",
            host=gateway.address, port=objects.PORT, ssl=gateway.trust, proxy=None,
        ) as socket:  # fmt: skip
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await socket.send("x" * 300 * 1024)
        assert closed.value.rcvd == CLOSE
    server.close()


async def test_a_silent_socket_ends_after_the_timeout_of_its_service(
    gateway: RunningGateway, upstreams: Upstreams
) -> None:
    address = upstreams.start("one")
    await gateway.apply(
        objects.service("brief", annotations={READ_TIMEOUT_ANNOTATION: "400"}),
        *(objects.route("brief", "/brief", "brief"), objects.pod("brief", address, UPSTREAM_PORT, service="brief")),
        *(objects.route("long", "/long"), objects.pod("long", address, UPSTREAM_PORT)),
    )

    def stream(path: str) -> connect:
        uri = f"wss://{objects.HOST}:{objects.PORT}{path}/v1/stream"
        return connect(
            uri, host=gateway.address, port=objects.PORT, ssl=gateway.trust, proxy=None, ping_interval=None
        )  # fmt: skip

    async with stream("/brief") as brief, stream("/long") as long:
        await brief.recv()
        await long.recv()
        with pytest.raises(ConnectionClosed) as closed:
            await brief.recv()
        assert closed.value.rcvd is None  # nobody closed it
        await long.send("still here")
        assert await long.recv() == "echo:still here"
