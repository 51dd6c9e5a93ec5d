"""Keeps the Pod of each Cluster that uses an object store."""

from __future__ import annotations

import asyncio
import base64
import secrets

from local.cloudnativepg import instance, store
from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.server import Access
from local.node.api import APPLY, Api, ApiError, Object

_FIELD_MANAGER = "cloudnativepg"


class Instances:
    """Those of `namespace`, which use S3 in `region`."""

    def __init__(self, api: Api, region: str, namespace: str) -> None:
        self.api, self._region = api, region
        self._core = f"/api/v1/namespaces/{namespace}"
        self._stores_path = f"/apis/{store.API_VERSION}/namespaces/{namespace}/objectstores"
        self._stores: dict[str, Object] = {}
        self._pods: dict[str, Object] = {}
        self._tokens: dict[str, str] = {}

    async def watch(self, tasks: asyncio.TaskGroup) -> None:
        """Returns when it knows what there is, and follows it from then on."""
        changed, pods, stores = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks.create_task(self.api.inform(f"{self._core}/pods", self._pods, changed, pods, "name"))
        tasks.create_task(self.api.inform(self._stores_path, self._stores, changed, stores, "name"))
        await pods.wait()
        await stores.wait()

    def store(self, name: str) -> store.Store | str:
        """An ObjectStore, or why it cannot be used."""
        found = self._stores.get(name)
        return store.parse(found) if found else f'there is no ObjectStore "{name}"'

    async def ensure(self, cluster: Cluster) -> Access:
        """The way to the object store of a Cluster. Raises ApiError."""
        archive = cluster.archive or cluster.recovered_from
        if archive is None:
            return Access()
        settings = self.store(archive.store)
        if isinstance(settings, str):
            return Access(trouble=settings)
        desired, name = instance.pod(cluster, settings, self._region), instance.name(cluster)
        found = self._pods.get(name)
        if found is None:
            await self._create(cluster, desired)
        elif instance.outdated(found, desired) and "deletionTimestamp" not in found["metadata"]:
            await self.api.delete(f"{self._core}/pods/{name}")
        url = instance.address(found) if found and not instance.outdated(found, desired) else ""
        if not url:
            return Access(trouble=f"the Pod {name}, which may use the object store, is not ready")
        return Access(url, await self._token(cluster))

    async def report(self, name: str, server: str, window: Object) -> None:
        """Writes the recovery window of a server into the status of an ObjectStore."""
        status = {"serverRecoveryWindow": {server: window}}
        await self.api.patch(f"{self._stores_path}/{name}/status", {"status": status}, "application/merge-patch+json")

    async def _create(self, cluster: Cluster, pod: Object) -> None:
        await self._token(cluster)
        await self._apply("serviceaccounts", instance.service_account(cluster))
        try:
            await self.api.post(f"{self._core}/pods", pod)
        except ApiError as error:
            if error.code != 409:  # it is there already
                raise

    async def _token(self, cluster: Cluster) -> str:
        uid = cluster.metadata.uid
        if uid not in self._tokens:
            name = instance.token_secret_name(cluster)
            try:
                found = await self.api.get(f"{self._core}/secrets/{name}")
                self._tokens[uid] = base64.b64decode(found["data"]["token"]).decode()
            except ApiError as error:
                if error.code != 404:
                    raise
                token = secrets.token_urlsafe(32)
                await self._apply("secrets", instance.token_secret(cluster, token))
                self._tokens[uid] = token
        return self._tokens[uid]

    async def _apply(self, plural: str, item: Object) -> None:
        path = f"{self._core}/{plural}/{item['metadata']['name']}"
        await self.api.patch(path, item, APPLY, fieldManager=_FIELD_MANAGER, force="true")
