"""Watches the objects, keeps the proxy equal to them and reports on each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
import structlog
from pydantic import ValidationError

from local.gateway.endpoints import endpoints
from local.gateway.haproxy import jwks as keys
from local.gateway.haproxy import proxy
from local.gateway.haproxy.process import ConfigurationRefused
from local.gateway.haproxy.proxy import Proxy
from local.gateway.objects import Gateway, GatewayClass, HTTPRoute, KongPlugin, Object, Pod, Secret, Service
from local.gateway.routing import status
from local.gateway.routing.compile import CONTROLLER, compile_world
from local.gateway.routing.plan import Compiled, Key, World
from local.node.api import MERGE, UNREACHABLE, Api, ApiError
from services.kit.settings import JWKS_PATH

log = structlog.stdlib.get_logger(__name__)
_GATHER_SECONDS = 0.02
"""Changes that come within this time are done together."""
_KEYS_EVERY_SECONDS = 5.0
_KEYS_RETRY_SECONDS = 0.5
_RETRY_SECONDS = 1.0

_Known = TypeVar("_Known", bound=Object)


class Controller:
    """The gateway of one namespace. `jwks_url` is where the keys are; if empty, at the Service `auth`."""

    def __init__(self, api: Api, front: Proxy, namespace: str, jwks_url: str = "") -> None:
        self.api = api
        self.proxy = front
        self.namespace = namespace
        self.world = World()
        self._jwks_url = jwks_url
        self._keys: tuple[keys.PublicKey, ...] = ()
        self._dirty = asyncio.Event()

    async def run(self) -> None:
        """Works until cancelled; raises HaproxyFailed when HAProxy is lost."""
        gateway_api, kong = "/apis/gateway.networking.k8s.io/v1", "/apis/configuration.konghq.com/v1"
        here, world = f"/namespaces/{self.namespace}", self.world
        watched = [
            self._watch(f"{gateway_api}/gatewayclasses", GatewayClass, world.classes),
            self._watch(f"{gateway_api}{here}/gateways", Gateway, world.gateways),
            self._watch(f"{gateway_api}{here}/httproutes", HTTPRoute, world.routes),
            self._watch(f"{kong}{here}/kongplugins", KongPlugin, world.plugins),
            self._watch(f"/api/v1{here}/services", Service, world.services),
            self._watch(f"/api/v1{here}/pods", Pod, world.pods),
            self._watch(f"/api/v1{here}/secrets", Secret, world.secrets, fieldSelector="type=kubernetes.io/tls"),
        ]
        async with asyncio.TaskGroup() as tasks:
            synced: list[asyncio.Event] = []
            for make in watched:
                event = asyncio.Event()
                tasks.create_task(make(event))
                synced.append(event)
            for event in synced:  # half of the routes would be worse than none
                await event.wait()
            tasks.create_task(self.proxy.haproxy.guard())
            tasks.create_task(self._follow_keys())
            tasks.create_task(self._reconcile_for_ever())

    def _watch(
        self, path: str, kind: type[_Known], known: dict[Key, _Known], **query: str
    ) -> Callable[[asyncio.Event], Any]:
        def changed(item: dict[str, Any], gone: bool) -> None:
            key = item["metadata"].get("namespace", ""), item["metadata"]["name"]
            try:
                read = None if gone else kind.model_validate(item)
            except ValidationError as error:
                log.error("unreadable", kind=kind.__name__, name=key, error=str(error))
                read = None
            if read is None:
                known.pop(key, None)
            else:
                known[key] = read
            self._dirty.set()

        return lambda event: self.api.watch(path, changed, event, **query)

    async def _follow_keys(self) -> None:
        async with aiohttp.ClientSession() as session:
            complaint = ""
            while True:
                url = self._jwks_url or self._keys_of_auth()
                try:
                    if not url:
                        raise keys.NoKeys("no Pod of the Service auth is ready")
                    found = await keys.fetch(session, url)
                    if found != self._keys:
                        self._keys = found
                        self._dirty.set()
                        log.info("keys", kids=[key.kid for key in found])
                    complaint = ""
                except keys.NoKeys as error:  # those that we have stay in use
                    if str(error) != complaint:
                        complaint = str(error)
                        log.warning("no_keys", why=complaint, in_use=len(self._keys))
                await asyncio.sleep(_KEYS_EVERY_SECONDS if self._keys else _KEYS_RETRY_SECONDS)

    def _keys_of_auth(self) -> str:
        service = self.world.services.get((self.namespace, "auth"))
        if service is None or not service.spec.ports:
            return ""
        found = endpoints(service, service.spec.ports[0].port, self.world.pods.values())
        return "http://{}:{}{}".format(*found[0], JWKS_PATH) if found else ""

    async def _reconcile_for_ever(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._dirty.clear()
            compiled, fault = compile_world(self.world), ""
            certificates = proxy.shown_certificates(compiled.plan, self.world)
            serving = proxy.servers(compiled.plan, self.world)
            try:
                await self.proxy.serve(compiled.plan, certificates, self._keys, serving)
            except ConfigurationRefused as refusal:
                fault = str(refusal)
                log.error("configuration_refused", why=fault, effect="the configuration before it stays in use")
            try:
                await self._report(compiled, fault)
            except (ApiError, *UNREACHABLE) as error:
                log.warning("status_not_written", error=str(error), next=f"again in {_RETRY_SECONDS:g} s")
                asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._dirty.set)

    async def _report(self, compiled: Compiled, fault: str) -> None:
        now, world = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), self.world
        address = self.proxy.setting.address
        for item in world.classes.values():
            if item.spec.controller_name == CONTROLLER:
                await self._write("gatewayclasses", item, status.gateway_class(item, now))
        for key, listeners in compiled.listeners.items():
            item = world.gateways[key]
            await self._write("gateways", item, status.gateway(item, listeners, address, fault, now))
        for key, item in list(world.routes.items()):
            await self._write("httproutes", item, status.route(item, compiled.routes.get(key, {}), fault, now))

    async def _write(self, plural: str, item: Object, wanted: dict[str, Any] | None) -> None:
        if wanted is None:
            return
        namespace = f"/namespaces/{item.key[0]}" if item.key[0] else ""
        path = f"/apis/gateway.networking.k8s.io/v1{namespace}/{plural}/{item.key[1]}/status"
        body = {"metadata": {"resourceVersion": item.metadata.resource_version}, "status": wanted}
        try:
            await self.api.patch(path, body, MERGE)
        except ApiError as error:
            if error.code not in (404, 409):  # gone or changed meanwhile: the watch tells, and we judge anew
                raise
