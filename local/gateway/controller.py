"""The controller: watches objects, applies the plan compiled from them to HAProxy, and writes their statuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
import structlog
from pydantic import ValidationError

from local.gateway.cache import ObjectCache
from local.gateway.endpoints import endpoints
from local.gateway.haproxy.jwks import KeysUnavailable, PublicKey, fetch_keys
from local.gateway.haproxy.pacing import PAUSE_SECONDS, pause
from local.gateway.haproxy.process import ConfigurationRejected
from local.gateway.haproxy.proxy import Proxy, backend_servers, certificate_bundles
from local.gateway.objects import (
    Gateway,
    GatewayClass,
    HTTPRoute,
    KongPlugin,
    NamespacedName,
    Object,
    Pod,
    Secret,
    Service,
)
from local.gateway.routing import status
from local.gateway.routing.compile import CONTROLLER_NAME, compile_objects
from local.gateway.routing.plan import Compiled
from local.node.api import MERGE, UNREACHABLE, Api, ApiError
from services.kit.settings import JWKS_PATH

log = structlog.stdlib.get_logger(__name__)
_DEBOUNCE_SECONDS = 0.02
"""Changes within this time are reconciled together."""
_KEYS_POLL_SECONDS = 5.0
_KEYS_RETRY_SECONDS = 0.5
_RETRY_SECONDS = 1.0

_ObjectT = TypeVar("_ObjectT", bound=Object)


class Controller:
    """The gateway of one namespace. `jwks_url` is where to fetch the keys; "" means the Service `auth`."""

    def __init__(self, api: Api, proxy: Proxy, namespace: str, jwks_url: str = "") -> None:
        self.api = api
        self.proxy = proxy
        self.namespace = namespace
        self.cache = ObjectCache()
        self._jwks_url = jwks_url
        self._keys: tuple[PublicKey, ...] = ()
        self._dirty = asyncio.Event()
        self._reloaded_at = float("-inf")

    async def run(self) -> None:
        """Runs until cancelled; raises HaproxyFailed when HAProxy exits."""
        gateway_api, kong = "/apis/gateway.networking.k8s.io/v1", "/apis/configuration.konghq.com/v1"
        namespace, cache = f"/namespaces/{self.namespace}", self.cache
        watches = [
            self._watch(f"{gateway_api}/gatewayclasses", GatewayClass, cache.classes),
            self._watch(f"{gateway_api}{namespace}/gateways", Gateway, cache.gateways),
            self._watch(f"{gateway_api}{namespace}/httproutes", HTTPRoute, cache.routes),
            self._watch(f"{kong}{namespace}/kongplugins", KongPlugin, cache.plugins),
            self._watch(f"/api/v1{namespace}/services", Service, cache.services),
            self._watch(f"/api/v1{namespace}/pods", Pod, cache.pods),
            self._watch(f"/api/v1{namespace}/secrets", Secret, cache.secrets),
        ]
        async with asyncio.TaskGroup() as tasks:
            synced: list[asyncio.Event] = []
            for watch in watches:
                event = asyncio.Event()
                tasks.create_task(watch(event))
                synced.append(event)
            for event in synced:  # serving only some of the routes would be worse than none
                await event.wait()
            tasks.create_task(self.proxy.haproxy.raise_on_exit())
            tasks.create_task(self._poll_keys())
            tasks.create_task(self._reconcile_forever())

    def _watch(
        self, path: str, kind: type[_ObjectT], known: dict[NamespacedName, _ObjectT], **query: str
    ) -> Callable[[asyncio.Event], Any]:
        def on_event(item: dict[str, Any], deleted: bool) -> None:
            key = item["metadata"].get("namespace", ""), item["metadata"]["name"]
            try:
                parsed = None if deleted else kind.model_validate(item)
            except ValidationError as error:
                log.error("object_invalid", kind=kind.__name__, name=key, error=str(error))
                parsed = None
            if parsed is None:
                known.pop(key, None)
            else:
                known[key] = parsed
            self._dirty.set()

        return lambda event: self.api.watch(path, on_event, event, **query)

    async def _poll_keys(self) -> None:
        async with aiohttp.ClientSession() as session:
            last_error = ""
            while True:
                url = self._jwks_url or self._auth_jwks_url()
                try:
                    if not url:
                        raise KeysUnavailable("no Pod of the Service auth is ready")
                    found = await fetch_keys(session, url)
                    if found != self._keys:
                        self._keys = found
                        self._dirty.set()
                        log.info("keys_changed", kids=[key.kid for key in found])
                    last_error = ""
                except KeysUnavailable as error:  # the known ones stay in use
                    if str(error) != last_error:
                        last_error = str(error)
                        log.warning("keys_unavailable", error=last_error, in_use=len(self._keys))
                await asyncio.sleep(_KEYS_POLL_SECONDS if self._keys else _KEYS_RETRY_SECONDS)

    def _auth_jwks_url(self) -> str:
        service = self.cache.services.get((self.namespace, "auth"))
        if service is None or not service.spec.ports:
            return ""
        found = endpoints(service, service.spec.ports[0].port, self.cache.pods.values())
        return "http://{}:{}{}".format(*found[0], JWKS_PATH) if found else ""

    async def _reconcile_forever(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            self._dirty.clear()
            compiled, rejection = compile_objects(self.cache), ""
            certificates = certificate_bundles(compiled.plan, self.cache)
            servers = backend_servers(compiled.plan, self.cache)
            desired = compiled.plan, certificates, self._keys, servers
            reload = self.proxy.needs_reload(*desired)
            if reload and (seconds := await self._pause()) > 0:
                await self.proxy.move_servers(servers)
                asyncio.get_running_loop().call_later(min(seconds, PAUSE_SECONDS), self._dirty.set)
                continue
            try:
                await self.proxy.apply(*desired)
                if reload:
                    self._reloaded_at = asyncio.get_running_loop().time()
            except ConfigurationRejected as error:
                rejection = str(error)
                log.error("configuration_rejected", error=rejection, effect="the last valid configuration stays in use")
            try:
                await self._update_statuses(compiled, rejection)
            except (ApiError, *UNREACHABLE) as error:
                log.warning("status_update_failed", error=str(error), retry_seconds=_RETRY_SECONDS)
                asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._dirty.set)

    async def _pause(self) -> float:
        """Seconds until HAProxy may be reloaded."""
        old_workers = await self.proxy.haproxy.old_workers()
        return self._reloaded_at + pause(old_workers) - asyncio.get_running_loop().time()

    async def _update_statuses(self, compiled: Compiled, rejection: str) -> None:
        now, cache = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), self.cache
        address = self.proxy.settings.address
        for item in cache.classes.values():
            if item.spec.controller_name == CONTROLLER_NAME:
                await self._patch_status("gatewayclasses", item, status.gateway_class(item, now))
        for key, listeners in compiled.listeners.items():
            item = cache.gateways[key]
            await self._patch_status("gateways", item, status.gateway(item, listeners, address, rejection, now))
        for key, item in list(cache.routes.items()):
            await self._patch_status(
                "httproutes", item, status.route(item, compiled.routes.get(key, {}), rejection, now)
            )

    async def _patch_status(self, plural: str, item: Object, desired: dict[str, Any] | None) -> None:
        if desired is None:
            return
        namespace = f"/namespaces/{item.key[0]}" if item.key[0] else ""
        path = f"/apis/gateway.networking.k8s.io/v1{namespace}/{plural}/{item.key[1]}/status"
        body = {"metadata": {"resourceVersion": item.metadata.resource_version}, "status": desired}
        try:
            await self.api.patch(path, body, MERGE)
        except ApiError as error:
            if error.code not in (404, 409):  # deleted or changed meanwhile: the watch event triggers another reconcile
                raise
