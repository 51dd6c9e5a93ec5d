"""The controller: watches objects, applies the plan compiled from them to HAProxy, and writes their statuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError

from local.gateway.cache import ObjectCache
from local.gateway.haproxy.pacing import PAUSE_SECONDS, pause
from local.gateway.haproxy.process import ConfigurationRejected
from local.gateway.haproxy.proxy import Proxy, backend_servers, certificate_bundles
from local.gateway.objects import (
    Gateway,
    GatewayClass,
    HTTPRoute,
    KongConsumer,
    KongPlugin,
    NamespacedName,
    Object,
    Pod,
    Secret,
    Service,
)
from local.gateway.routing import status
from local.gateway.routing.compile import compile_objects, is_ours
from local.gateway.routing.plan import Compiled
from local.node.api import MERGE, UNREACHABLE, Api, ApiError

log = structlog.stdlib.get_logger(__name__)
_GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
_KONG = "/apis/configuration.konghq.com/v1"
_DEBOUNCE_SECONDS = 0.02
"""Changes within this time are reconciled together."""
_RETRY_SECONDS = 1.0

_ObjectT = TypeVar("_ObjectT", bound=Object)


class Controller:
    """The gateway of one namespace. `publish_service` is the Service in front of the gateway's Pods."""

    def __init__(self, api: Api, proxy: Proxy, namespace: str, publish_service: NamespacedName) -> None:
        self.api = api
        self.proxy = proxy
        self.namespace = namespace
        self.cache = ObjectCache()
        self._publish_service = publish_service
        self._dirty = asyncio.Event()
        self._reloaded_at = float("-inf")

    async def run(self) -> None:
        """Runs until cancelled; raises HaproxyFailed when HAProxy exits."""
        namespace, cache = f"/namespaces/{self.namespace}", self.cache
        published, proxy = self._publish_service
        watches = [
            self._watch(f"{_GATEWAY_API}/gatewayclasses", GatewayClass, cache.classes),
            self._watch(f"{_GATEWAY_API}{namespace}/gateways", Gateway, cache.gateways),
            self._watch(f"{_GATEWAY_API}{namespace}/httproutes", HTTPRoute, cache.routes),
            self._watch(f"{_KONG}{namespace}/kongplugins", KongPlugin, cache.plugins),
            self._watch(f"{_KONG}{namespace}/kongconsumers", KongConsumer, cache.consumers),
            self._watch(f"/api/v1{namespace}/services", Service, cache.services),
            self._watch(
                f"/api/v1/namespaces/{published}/services",
                Service,
                cache.services,
                fieldSelector=f"metadata.name={proxy}",
            ),
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

    async def _reconcile_forever(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            self._dirty.clear()
            compiled, rejection = compile_objects(self.cache, self._publish_service), ""
            certificates = certificate_bundles(compiled.plan, self.cache)
            servers = backend_servers(compiled.plan, self.cache)
            desired = compiled.plan, certificates, servers
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
            if is_ours(item):
                await self._patch_status(_GATEWAY_API, "gatewayclasses", item, status.gateway_class(item, now))
        for key, listeners in compiled.listeners.items():
            item = cache.gateways[key]
            await self._patch_status(
                _GATEWAY_API, "gateways", item, status.gateway(item, listeners, address, rejection, now)
            )
        for key, item in list(cache.routes.items()):
            desired = status.route(item, compiled.routes.get(key, {}), rejection, now)
            await self._patch_status(_GATEWAY_API, "httproutes", item, desired)
        for key, problems in compiled.consumers.items():
            item = cache.consumers[key]
            await self._patch_status(_KONG, "kongconsumers", item, status.consumer(item, problems, rejection, now))

    async def _patch_status(self, group: str, plural: str, item: Object, desired: dict[str, Any] | None) -> None:
        if desired is None:
            return
        namespace = f"/namespaces/{item.key[0]}" if item.key[0] else ""
        path = f"{group}{namespace}/{plural}/{item.key[1]}/status"
        body = {"metadata": {"resourceVersion": item.metadata.resource_version}, "status": desired}
        try:
            await self.api.patch(path, body, MERGE)
        except ApiError as error:
            if error.code not in (404, 409):  # deleted or changed meanwhile: the watch event triggers another reconcile
                raise
