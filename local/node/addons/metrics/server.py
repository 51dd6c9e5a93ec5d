"""Asks every node for its counters, and answers for metrics.k8s.io behind the API server."""

from __future__ import annotations

import asyncio
import logging
import ssl
import tempfile
import time
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from local.engines.certificates import Authority
from local.node.addons import installed
from local.node.addons.metrics.objects import (
    API_SERVICE,
    NAMESPACE,
    PATH,
    RESOURCES,
    SERVICE,
    failure,
    kubelet,
    listing,
    node_metrics,
    pod_metrics,
    registration,
)
from local.node.addons.metrics.points import NodePoints, parse, pod_rates
from local.node.api import APPLY, UNREACHABLE, Api, ApiError, Object

log = logging.getLogger(__name__)

PORT = 4443
RESOLUTION_SECONDS = 5.0
"""metrics-server asks every 15 s; a third of it, as the controllers here are quicker than those of EKS."""
_AUTHENTICATION = f"/api/v1/namespaces/{NAMESPACE}/configmaps/extension-apiserver-authentication"
_FRONT_PROXY = "front-proxy-client"


class MetricsServer:
    """Listens at the API server's address; `folder` is that of the add-ons."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._nodes: dict[str, NodePoints] = {}
        self._serving: web.AppRunner | None = None

    async def run(self) -> None:
        """Never returns. Serves while the add-on is installed."""
        try:
            while True:
                started = time.monotonic()
                try:
                    await self._tick()
                except (ApiError, *UNREACHABLE) as error:
                    log.warning("metrics: %s", error or repr(error))
                await asyncio.sleep(max(0.2, RESOLUTION_SECONDS - (time.monotonic() - started)))
        finally:
            if self._serving is not None:
                await self._serving.cleanup()

    async def _tick(self) -> None:
        wanted = installed.METRICS_SERVER in installed.read(self._folder)
        if wanted and self._serving is None:
            await self._start()
        elif not wanted and self._serving is not None:
            await self._api.delete(API_SERVICE)
            await self._serving.cleanup()
            self._serving = None
        if wanted:
            await self._scrape()

    async def _scrape(self) -> None:
        nodes = (await self._api.get("/api/v1/nodes"))["items"]
        addresses = {node["metadata"]["name"]: address for node in nodes if (address := kubelet(node))}
        self._nodes = {name: self._nodes.get(name, NodePoints()) for name in addresses}
        await asyncio.gather(*(self._ask(name, address) for name, address in addresses.items()))

    async def _ask(self, node: str, address: tuple[str, int]) -> None:
        points = self._nodes[node]
        try:
            points.add(parse(await self._api.ask_kubelet(*address, "/metrics/resource")))
        except (ApiError, ValueError, *UNREACHABLE) as error:
            log.info("node %s did not tell its usage: %s", node, error or repr(error))
            points.add({})

    async def _start(self) -> None:
        """Listens, then has the API server send requests here."""
        address = self._api.address[0]
        authority = Authority(self._folder / SERVICE, SERVICE).ensure()
        pair = authority.pair("serving", SERVICE, hosts=(f"{SERVICE}.{NAMESPACE}.svc", address))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        context.verify_mode = ssl.CERT_REQUIRED
        proxies = (await self._api.get(_AUTHENTICATION))["data"]["requestheader-client-ca-file"]
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(proxies)
            file.flush()
            context.load_verify_locations(file.name)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, address, PORT, ssl_context=context).start()
            for path, content in registration(address, PORT, authority.certificate.read_bytes()).items():
                await self._api.patch(path, content, APPLY, fieldManager=SERVICE, force="true")
        except BaseException:
            await runner.cleanup()
            raise
        self._serving = runner

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[_only_the_api_server])
        app.router.add_get(PATH, self._resources)
        app.router.add_get(f"{PATH}/nodes", self._list_nodes)
        app.router.add_get(f"{PATH}/nodes/{{name}}", self._node)
        app.router.add_get(f"{PATH}/pods", self._list_pods)
        app.router.add_get(f"{PATH}/namespaces/{{namespace}}/pods", self._list_pods)
        app.router.add_get(f"{PATH}/namespaces/{{namespace}}/pods/{{name}}", self._pod)
        return app

    async def _resources(self, _: web.Request) -> web.Response:
        return web.json_response(RESOURCES)

    async def _list_nodes(self, request: web.Request) -> web.Response:
        return web.json_response(listing("NodeMetrics", await self._node_items(_selectors(request))))

    async def _node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _only(await self._node_items({"fieldSelector": f"metadata.name={name}"}), "nodemetrics", name)

    async def _list_pods(self, request: web.Request) -> web.Response:
        items = await self._pod_items(request.match_info.get("namespace"), _selectors(request))
        return web.json_response(listing("PodMetrics", items))

    async def _pod(self, request: web.Request) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        found = await self._pod_items(namespace, {"fieldSelector": f"metadata.name={name}"})
        return _only(found, "podmetrics", f"{namespace}/{name}")

    async def _node_items(self, selectors: dict[str, str]) -> list[Object]:
        nodes = (await self._api.get("/api/v1/nodes", **selectors))["items"]
        rates = {name: points.rates().get(()) for name, points in self._nodes.items()}
        return [node_metrics(node, rate) for node in nodes if (rate := rates.get(node["metadata"]["name"]))]

    async def _pod_items(self, namespace: str | None, selectors: dict[str, str]) -> list[Object]:
        """The API server knows which Pods the selectors mean."""
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        pods = (await self._api.get(path, **selectors))["items"]
        rates = pod_rates(self._nodes.values())
        named = ((pod, rates.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))) for pod in pods)
        return [pod_metrics(pod, containers) for pod, containers in named if containers]


@web.middleware
async def _only_the_api_server(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the API server has the front proxy's certificate; it has authorized the request."""
    certificate = request.transport.get_extra_info("peercert") if request.transport else None
    names = [value for part in (certificate or {}).get("subject", ()) for key, value in part if key == "commonName"]
    if _FRONT_PROXY not in names:
        return web.json_response(failure(401, "Unauthorized", "Unauthorized"), status=401)
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response(failure(error.code, error.reason, str(error)), status=error.code)


def _selectors(request: web.Request) -> dict[str, str]:
    return {key: request.query[key] for key in ("labelSelector", "fieldSelector") if request.query.get(key)}


def _only(items: list[Object], resource: str, name: str) -> web.Response:
    if items:
        return web.json_response(items[0])
    message = f'{resource}.metrics.k8s.io "{name}" not found'
    return web.json_response(failure(404, "NotFound", message), status=404)
