"""Keeps the Cluster of the time-series store what its region is."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from contracts.platform import AWS_REGION, REGION_ROLE, TIMESERIES_PASSWORD, RegionRole
from operators.controller.events import record_event
from operators.controller.reconciler import RECONCILED, failure
from operators.controller.workqueue import Key
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.kinds import CLUSTER, SECRET
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.platform import platform_configuration
from operators.timeseries.credentials import with_password
from operators.timeseries.topology import change

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoreReconciler:
    """The Cluster has a controller of its own, which writes its status: what is done here is told by Events."""

    client: Client
    resync_seconds: float

    async def reconcile(self, key: Key) -> float | None:
        """Returns the seconds after which to requeue it.

        Raises what made it fail, once an Event of the Cluster names it. That the Cluster changed meanwhile needs none.
        """
        body = await self.client.get(CLUSTER, key.namespace, key.name)
        if body is None or "deletionTimestamp" in body["metadata"]:
            return None
        try:
            await self._reconcile(key, body)
        except Exception as error:
            if not (isinstance(error, ApiError) and error.status in (404, 409)):
                found = failure(RECONCILED, error)
                await record_event(self.client, body, found.reason, found.message, warning=True)
            raise
        return self.resync_seconds

    async def _reconcile(self, key: Key, body: Manifest) -> None:
        configuration = await platform_configuration(self.client, key.namespace)
        await self._share_password(key, configuration.get(TIMESERIES_PASSWORD, ""))
        region, role = configuration.get(AWS_REGION, ""), configuration.get(REGION_ROLE)
        found = change(body, region, RegionRole(role)) if region and role else None
        if found is not None:
            version = {"resourceVersion": body["metadata"]["resourceVersion"]}
            metadata = {**found.patch.get("metadata", {}), **version}
            await self.client.merge_patch(CLUSTER, body, {**found.patch, "metadata": metadata})
            _log.info("Cluster %s: %s", key.name, found.message)
            await record_event(self.client, body, found.reason, found.message)

    async def _share_password(self, key: Key, password: str) -> None:
        secret = await self.client.get(SECRET, key.namespace, f"{key.name}-app")
        data = with_password(secret.get("data") or {}, password) if secret else None
        if secret is not None and data is not None:
            version = {"resourceVersion": secret["metadata"]["resourceVersion"]}
            await self.client.merge_patch(SECRET, secret, {"metadata": version, "data": data})
            _log.info("Secret %s-app has the password of both regions", key.name)
