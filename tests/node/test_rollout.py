"""Rollouts and drains without failed requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fixtures.cluster import Cluster
from tests.ingest.harness import wait_until
from tests.node.manifests import POD_IP, container, deployment, server, service

pytestmark = pytest.mark.integration

_HTTP = {"name": "http", "port": 8080, "targetPort": "http"}
_ECHO = """
import asyncio, os
from aiohttp import web
async def echo(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket
app = web.Application()
app.router.add_get("/", echo)
web.run_app(app, host=os.environ["POD_IP"], port=8080, print=None)
"""


def _version(text: str) -> dict[str, object]:
    pod_server = server(env=[{"name": "VERSION", "value": text}], lifecycle={"preStop": {"sleep": {"seconds": 5}}})
    strategy = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    declared = deployment("web", 3, pod_server, terminationGracePeriodSeconds=8)
    return declared | {"spec": declared["spec"] | {"strategy": strategy}}


def _address(cluster: Cluster, namespace: str, name: str) -> str:
    return cluster.get("service", name, "-n", namespace)["spec"]["clusterIP"]


def _rolled_out(cluster: Cluster, namespace: str, name: str) -> None:
    cluster.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=60s")


@contextlib.asynccontextmanager
async def _clients(url: str, answers: list[str], failures: list[str]) -> AsyncIterator[None]:
    """Eight clients that POST over kept-alive connections; POST, because clients retry a failed GET silently."""

    async def post(session: aiohttp.ClientSession) -> None:
        while True:
            try:
                async with session.post(url, data=b"x") as response:
                    text = await response.text()
                    (answers if response.status == 200 else failures).append(text)
            except aiohttp.ClientError as error:
                failures.append(repr(error))
            await asyncio.sleep(0.005)

    async with aiohttp.ClientSession() as session:
        tasks = [asyncio.create_task(post(session)) for _ in range(8)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def test_a_rolling_update_fails_no_request(cluster: Cluster, namespace: str) -> None:
    cluster.apply(_version("one"), service("web", _HTTP), namespace=namespace)
    await asyncio.to_thread(_rolled_out, cluster, namespace, "web")
    url = f"http://{_address(cluster, namespace, 'web')}:8080/"
    answers: list[str] = []
    failures: list[str] = []
    await asyncio.to_thread(cluster.until, lambda: _answers(url))
    async with _clients(url, answers, failures):
        await asyncio.to_thread(cluster.apply, _version("two"), namespace=namespace)
        await asyncio.to_thread(_rolled_out, cluster, namespace, "web")
        # A connection that is kept alive stays with a Pod of before until that Pod ends, after the rollout.
        await asyncio.to_thread(cluster.until, lambda: set(answers[-50:]) == {"two"})
    assert failures == []
    assert answers[0] == "one"


async def test_a_drained_node_fails_no_request_and_pods_move(cluster: Cluster, namespace: str) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    }
    cluster.apply(_version("one"), service("web", _HTTP), budget, namespace=namespace)
    await asyncio.to_thread(_rolled_out, cluster, namespace, "web")
    url = f"http://{_address(cluster, namespace, 'web')}:8080/"
    await asyncio.to_thread(cluster.until, lambda: _answers(url))
    answers: list[str] = []
    failures: list[str] = []
    spot = cluster.spot.nodes[0]
    flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s")
    try:
        async with _clients(url, answers, failures):
            await asyncio.to_thread(cluster.kubectl, "drain", spot, *flags)
            await asyncio.to_thread(_rolled_out, cluster, namespace, "web")
    finally:
        cluster.kubectl("uncordon", spot)
    pods = cluster.get("pods", "-n", namespace, "-l", "app=web")["items"]
    live = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    assert {pod["spec"]["nodeName"] for pod in live} == set(cluster.on_demand.nodes)
    assert failures == []
    assert len(answers) > 100


async def test_new_services_fail_no_request_of_others(cluster: Cluster, namespace: str) -> None:
    """Each of them reloads the proxy."""
    cluster.apply(_version("one"), service("web", _HTTP), namespace=namespace)
    await asyncio.to_thread(_rolled_out, cluster, namespace, "web")
    url = f"http://{_address(cluster, namespace, 'web')}:8080/"
    await asyncio.to_thread(cluster.until, lambda: _answers(url))
    answers: list[str] = []
    failures: list[str] = []
    async with _clients(url, answers, failures):
        for number in range(8):
            await asyncio.to_thread(cluster.apply, service(f"another-{number}", _HTTP), namespace=namespace)
            before = len(answers)
            await wait_until("more answers", lambda before=before: len(answers) > before + 20)
    assert failures == []


async def test_websockets_survive_new_services_and_a_killed_proxy_controller(cluster: Cluster, namespace: str) -> None:
    echo = container(
        image="aura-local/python",
        args=["-c", _ECHO],
        env=[POD_IP],
        ports=[{"name": "http", "containerPort": 8080}],
        readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1},
    )
    cluster.apply(deployment("echo", 1, echo), service("echo", _HTTP), namespace=namespace)
    await asyncio.to_thread(_rolled_out, cluster, namespace, "echo")
    url = f"http://{_address(cluster, namespace, 'echo')}:8080/"
    async with aiohttp.ClientSession() as session:
        socket = await _connected(session, url)
        for number in range(2):
            cluster.apply(service(f"other-{number}", _HTTP), namespace=namespace)
        await asyncio.to_thread(cluster.apply, deployment("echo", 2, echo), namespace=namespace)
        await asyncio.to_thread(_rolled_out, cluster, namespace, "echo")
        addons = cluster.control_plane.addons.pid()
        assert addons is not None
        os.kill(addons, signal.SIGKILL)
        await asyncio.to_thread(cluster.until, lambda: not cluster.control_plane.ready())
        await asyncio.to_thread(cluster.control_plane.ensure)
        cluster.apply(service("one-more", _HTTP), namespace=namespace)
        another = await _connected(session, url)
        for connection in (socket, another):
            await connection.send_str("still here")
            assert (await connection.receive_str(timeout=5)) == "still here"
            await connection.close()


async def _connected(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    for _ in range(100):
        with contextlib.suppress(aiohttp.ClientError):
            return await session.ws_connect(url)
        await asyncio.sleep(0.1)
    pytest.fail(f"{url} takes no WebSocket")


def _answers(url: str) -> bool:
    async def get() -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    return asyncio.run(get())
