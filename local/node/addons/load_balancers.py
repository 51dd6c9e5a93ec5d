"""Load balancers (as the cloud provider of EKS): each Service of type LoadBalancer gets the address of one.

On this machine that is its cluster IP, which everybody reaches.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from local.node.api import MERGE, UNREACHABLE, Api, ApiError, Object

log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


class LoadBalancers:
    """Watches Services of the whole cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._services: dict[str, Object] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Never returns."""
        synced = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._api.inform("/api/v1/services", self._services, self._changed, synced))
            while True:
                await self._changed.wait()
                self._changed.clear()
                for service in list(self._services.values()):
                    await self._publish(service)

    async def _publish(self, service: Object) -> None:
        status = desired(service)
        if service.get("status", {}).get("loadBalancer", {}) == status:
            return
        metadata = service["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}/status"
        try:
            await self._api.patch(path, {"status": {"loadBalancer": status or None}}, MERGE)
        except (ApiError, *UNREACHABLE) as error:
            if isinstance(error, ApiError) and error.code == 404:
                return
            log.warning("load balancer of %s: %s", path, error)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._changed.set)


def desired(service: Object) -> dict[str, Any]:
    """The status' `loadBalancer`; empty for a Service of another type, or one without an address."""
    spec = service["spec"]
    address = spec.get("clusterIP")
    if spec.get("type") != "LoadBalancer" or address in (None, "", "None"):
        return {}
    return {"ingress": [{"ip": address, "ipMode": "VIP"}]}
