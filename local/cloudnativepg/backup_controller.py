"""Takes the Backups of a namespace, makes those that ScheduledBackups are due for, and lets old ones expire."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime
from typing import Protocol

import psycopg
import structlog

from local.cloudnativepg import backup as model
from local.cloudnativepg.base_backups import BaseBackup, BaseBackups, StoreFailed
from local.cloudnativepg.cluster import API_VERSION, Archive, Cluster
from local.cloudnativepg.instances import Instances
from local.cloudnativepg.server import Server
from local.engines.runtime.process import EngineFailed
from local.node.api import MERGE, UNREACHABLE, Api, ApiError, Object

log = structlog.stdlib.get_logger(__name__)
_POLL_SECONDS = 0.5
_FAILURES = (EngineFailed, StoreFailed, psycopg.Error, subprocess.TimeoutExpired, OSError)


class Clusters(Protocol):
    """What a backup needs of the Clusters."""

    instances: Instances

    def cluster(self, name: str) -> Cluster | None: ...

    def server(self, name: str) -> Server: ...


class BackupController:
    def __init__(self, api: Api, namespace: str, clusters: Clusters) -> None:
        self.api, self._clusters = api, clusters
        self._path = f"/apis/{API_VERSION}/namespaces/{namespace}"
        self._backups: dict[str, Object] = {}
        self._scheduled: dict[str, Object] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._outcomes: dict[str, str] = {}
        self._invalid: set[tuple[str, int]] = set()

    def outcome(self, cluster: str) -> str | None:
        """The error of the last backup, "" after a success, None when this process has taken none."""
        return self._outcomes.get(cluster)

    async def run(self) -> None:
        changed, backups, scheduled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.api.inform(f"{self._path}/backups", self._backups, changed, backups))
            tasks.create_task(self.api.inform(f"{self._path}/scheduledbackups", self._scheduled, changed, scheduled))
            await backups.wait()
            await scheduled.wait()
            while True:
                try:
                    for item in list(self._scheduled.values()):
                        await self._schedule(item)
                    for uid, item in list(self._backups.items()):
                        await self._look(uid, item)
                except (ApiError, *UNREACHABLE) as error:
                    log.warning("api_failed", error=str(error))
                await asyncio.sleep(_POLL_SECONDS)

    async def _schedule(self, item: Object) -> None:
        name = item["metadata"]["name"]
        try:
            due, status = model.due(item, datetime.now(UTC))
        except ValueError as error:
            version = item["metadata"]["uid"], item["metadata"].get("generation", 0)
            if version not in self._invalid:
                self._invalid.add(version)
                log.error("invalid_schedule", scheduled_backup=name, error=str(error))
            return
        if due is not None:
            await self._create(due)
        if status:
            item["status"] = {**item.get("status", {}), **status}
            await self._patch("scheduledbackups", name, status)

    async def _create(self, backup: Object) -> None:
        try:
            await self.api.post(f"{self._path}/backups", backup)
        except ApiError as error:
            if error.code != 409:  # made by an earlier process
                raise

    async def _look(self, uid: str, item: Object) -> None:
        """Begins a Backup that is not finished. One by one: the next one of a Cluster waits."""
        running = self._running.get(uid)
        if running is not None and running.done():
            del self._running[uid]
            running.result()
            return
        phase, cluster = item.get("status", {}).get("phase", ""), item["spec"]["cluster"]["name"]
        if phase in model.FINISHED or self._running:
            return
        if phase == "started":
            error = "the operator was restarted during the backup; the archive is intact, take another one"
            await self._end(item, cluster, error)
        elif refusal := model.unsupported(item):
            await self._end(item, cluster, refusal)
        elif found := self._clusters.cluster(cluster):
            await self._begin(uid, item, found)
        elif phase != "pending":
            await self._set(item, {"phase": "pending", "error": f'there is no Cluster "{cluster}"'})

    async def _begin(self, uid: str, item: Object, cluster: Cluster) -> None:
        conditions = {one["type"]: one for one in cluster.status.get("conditions", [])}
        archiving = conditions.get("ContinuousArchiving", {})
        if cluster.archive is None:
            await self._end(item, cluster.metadata.name, "the Cluster has no plugin that archives its WAL")
        elif archiving.get("status") == "True":
            await self._set(item, model.started(cluster, datetime.now(UTC)))
            self._running[uid] = asyncio.create_task(self._take(item, cluster, cluster.archive))
        elif archiving and item.get("status", {}).get("phase") != "walArchivingFailing":
            await self._set(item, {"phase": "walArchivingFailing", "error": archiving["message"]})

    async def _take(self, item: Object, cluster: Cluster, archive: Archive) -> None:
        name, server = cluster.metadata.name, self._clusters.server(cluster.metadata.name)
        try:
            access = await self._clusters.instances.ensure(cluster)
            if access.trouble:
                raise StoreFailed(access.trouble)
            backups = BaseBackups(access.url, access.token, archive.server)
            taken = await asyncio.to_thread(backups.take, server.engine(), datetime.now(UTC))
            log.info("backed_up", cluster=name, backup=item["metadata"]["name"], id=taken.id)
            await self._set(item, model.completed(taken, archive.server))
            self._outcomes[name] = ""
            await self._expire(name, backups, archive.store)
        except _FAILURES as error:
            log.error("backup_failed", cluster=name, backup=item["metadata"]["name"], error=str(error))
            await self._end(item, name, str(error)[-500:])
        except (ApiError, *UNREACHABLE) as error:
            log.warning("api_failed", backup=item["metadata"]["name"], error=str(error))

    async def _expire(self, cluster: str, backups: BaseBackups, store: str) -> None:
        settings = self._clusters.instances.store(store)
        keep = None if isinstance(settings, str) else settings.retention
        if keep is not None:
            await asyncio.to_thread(backups.expire, keep, datetime.now(UTC))
        stay = await asyncio.to_thread(backups.complete)
        await self._clusters.instances.report(store, backups.server, model.window(stay))
        for item in list(self._backups.values()):
            if self._gone(item, cluster, stay, backups.server):
                await self.api.delete(f"{self._path}/backups/{item['metadata']['name']}")

    def _gone(self, item: Object, cluster: str, stay: list[BaseBackup], server: str) -> bool:
        status = item.get("status", {})
        mine = item["spec"]["cluster"]["name"] == cluster and status.get("serverName") == server
        return mine and status["phase"] == "completed" and status["backupId"] not in {one.id for one in stay}

    async def _end(self, item: Object, cluster: str, error: str) -> None:
        self._outcomes[cluster] = error
        await self._set(item, model.failed(error, datetime.now(UTC)))

    async def _set(self, item: Object, status: Object) -> None:
        item["status"] = {**item.get("status", {}), **status}
        await self._patch("backups", item["metadata"]["name"], status)

    async def _patch(self, plural: str, name: str, status: Object) -> None:
        try:
            await self.api.patch(f"{self._path}/{plural}/{name}/status", {"status": status}, MERGE)
        except ApiError as error:
            if error.code != 404:  # it has been deleted
                raise
