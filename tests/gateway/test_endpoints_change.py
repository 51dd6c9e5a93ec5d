"""Endpoints are added, removed and killed without an effect on clients."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from local.gateway.objects import Object
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams

pytestmark = pytest.mark.integration


def stream(*pods: Object) -> tuple[Object, ...]:
    routes = (
        objects.route("stream", "/v1/stream", host=objects.STREAM, plugins="user,token"),
        objects.route("open", "/v1/open"),
    )
    return *routes, *objects.plugins(), *pods


def dial(gateway: RunningGateway, subprotocols: bool = False) -> connect:
    token = gateway.token("ann")
    how = {"subprotocols": ["bearer", token]} if subprotocols else {"additional_headers": gateway.bearer("ann")}
    uri = f"wss://{objects.STREAM}:{objects.PORT}/v1/stream"
    return connect(uri, host=gateway.address, port=objects.PORT, ssl=gateway.trust, proxy=None, **how)  # type: ignore[arg-type]


async def echoes(socket: ClientConnection) -> bool:
    await socket.send("hello")
    async with asyncio.timeout(5):
        return await socket.recv() == "echo:hello"


@pytest.mark.parametrize("subprotocols", [False, True])
async def test_a_websocket_passes_with_a_token_by_header_or_subprotocol(
    gateway: RunningGateway, upstreams: Upstreams, subprotocols: bool
) -> None:
    await gateway.apply(*stream(objects.pod("one", upstreams.start("one"), UPSTREAM_PORT)))
    async with dial(gateway, subprotocols) as socket:
        greeting = await socket.recv()
        assert '"x-user-id": "ann"' in str(greeting)
        assert '"x-trace-id"' in str(greeting)
        assert await echoes(socket)


async def test_a_websocket_without_a_token_is_401(gateway: RunningGateway) -> None:
    await gateway.apply(*stream())
    uri = f"wss://{objects.STREAM}:{objects.PORT}/v1/stream"
    with pytest.raises(InvalidStatus) as refused:
        await connect(uri, host=gateway.address, port=objects.PORT, ssl=gateway.trust, proxy=None)
    assert refused.value.response.status_code == 401


async def test_sockets_outlive_changes_of_servers_and_routes(gateway: RunningGateway, upstreams: Upstreams) -> None:
    one, two = (objects.pod(name, upstreams.start(name, i), UPSTREAM_PORT) for i, name in enumerate(("one", "two")))
    await gateway.apply(*stream(one))
    async with dial(gateway) as socket:
        assert '"server": "one"' in str(await socket.recv())
        await gateway.apply(*stream(one, two))  # a slot
        assert await echoes(socket)
        await gateway.apply(*stream(two))  # the socket's own server is removed
        assert await echoes(socket)
        await gateway.apply(*stream(two), objects.route("more", "/v1/more"))  # a reload
        assert await echoes(socket)
        async with dial(gateway) as other:
            assert '"server": "two"' in str(await other.recv())


async def test_a_websocket_outlives_any_number_of_reloads(gateway: RunningGateway, upstreams: Upstreams) -> None:
    one = objects.pod("one", upstreams.start("one"), UPSTREAM_PORT)
    await gateway.apply(*stream(one))
    async with dial(gateway) as socket:
        await socket.recv()
        for number in range(12):
            await gateway.apply(*stream(one), objects.route("more", f"/v1/more-{number}"))
            assert await echoes(socket)
        async with asyncio.timeout(10):
            while await gateway.proxy.haproxy.old_workers() != 1:  # noqa: ASYNC110  those without a connection end
                await asyncio.sleep(0.05)
        assert await echoes(socket)


async def test_servers_change_while_a_reload_has_to_wait(gateway: RunningGateway, upstreams: Upstreams) -> None:
    one, two = (objects.pod(name, upstreams.start(name, i), UPSTREAM_PORT) for i, name in enumerate(("one", "two")))
    await gateway.apply(*stream(one))
    async with dial(gateway) as socket:
        await socket.recv()
        await gateway.proxy.move_servers({f"{objects.NAMESPACE}.stream.0": [(two.status.pod_ip, UPSTREAM_PORT)]})
        assert await echoes(socket)
        async with dial(gateway) as other:
            assert '"server": "two"' in str(await other.recv())


async def test_a_pod_removed_gracefully_loses_no_post(gateway: RunningGateway, upstreams: Upstreams) -> None:
    one, two = (objects.pod(name, upstreams.start(name, i), UPSTREAM_PORT) for i, name in enumerate(("one", "two")))
    await gateway.apply(*stream(one, two))
    async with gateway.client() as client, Load(client.post) as load:
        await load.until(50)
        await gateway.apply(*stream(two))
        await load.until(len(load.statuses) + 10)  # requests in flight on "one" have ended
        upstreams.kill("one")
        await load.until(len(load.statuses) + 50)
    assert Counter(load.statuses) == {200: len(load.statuses)}


async def test_a_killed_pod_loses_no_idempotent_post(gateway: RunningGateway, upstreams: Upstreams) -> None:
    one, two = (objects.pod(name, upstreams.start(name, i), UPSTREAM_PORT) for i, name in enumerate(("one", "two")))
    await gateway.apply(*stream(one, two))
    async with gateway.client() as client, Load(client.post, **{"Idempotency-Key": "k"}) as load:
        await load.until(50)
        upstreams.kill("one")
        await load.until(len(load.statuses) + 100)
    assert Counter(load.statuses) == {200: len(load.statuses)}


@pytest.mark.parametrize(("headers", "status"), [({}, 502), ({"Idempotency-Key": "k"}, 200)])
async def test_a_post_in_flight_is_retried_only_if_it_is_idempotent(
    gateway: RunningGateway, upstreams: Upstreams, headers: dict[str, str], status: int
) -> None:
    one, two = (objects.pod(name, upstreams.start(name, i), UPSTREAM_PORT) for i, name in enumerate(("one", "two")))
    await gateway.apply(*stream(one))
    async with gateway.client() as client:
        in_flight = asyncio.create_task(client.post("/v1/open?delay=3000", content="x", headers=headers))
        await arrived(upstreams.addresses[0])
        await gateway.apply(*stream(one, two))
        upstreams.kill("one")
        answer = await in_flight
    assert answer.status_code == status
    assert answer.json().get("error") == ("bad_gateway" if status == 502 else None)


async def arrived(address: str) -> None:
    """Returns once the service at `address` handles a POST."""
    url = f"http://{address}:{UPSTREAM_PORT}/posts"
    async with asyncio.timeout(10), httpx.AsyncClient(trust_env=False) as direct:
        while (await direct.get(url)).json()["posts"] == 0:  # noqa: ASYNC110  another process counts
            await asyncio.sleep(0.02)


class Load:
    """Eight clients that POST without a pause; `statuses` are those of the responses."""

    def __init__(self, post: object, **headers: str) -> None:
        self.post = post
        self.headers = headers
        self.statuses: list[int] = []
        self._on = True

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self._go()) for _ in range(8)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._on = False
        await asyncio.gather(*self._tasks)

    async def _go(self) -> None:
        while self._on:
            answer = await self.post("/v1/open?delay=5", content="x", headers=self.headers)  # type: ignore[operator]
            self.statuses.append(answer.status_code)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.statuses) < count:  # noqa: ASYNC110  other tasks fill it
                await asyncio.sleep(0.01)
