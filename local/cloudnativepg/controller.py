"""Reconciles the Clusters of a namespace with PostgreSQL servers."""

from __future__ import annotations

import asyncio
import base64
import secrets
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from local.cloudnativepg import cluster as model
from local.cloudnativepg import objects
from local.cloudnativepg.attempts import Attempts
from local.cloudnativepg.backup_controller import BackupController
from local.cloudnativepg.base_backups import BaseBackups, StoreFailed, newest
from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.instances import Instances
from local.cloudnativepg.objects import Credentials
from local.cloudnativepg.server import Access, Server
from local.cloudnativepg.status import Archiving, status
from local.cloudnativepg.topology import Role, Standing
from local.cloudnativepg.transitions import Transitions, Unsettled
from local.engines.postgres import Login
from local.engines.runtime.process import EngineFailed
from local.node.api import APPLY, MERGE, UNREACHABLE, Api, ApiError
from local.site import Site

log = structlog.stdlib.get_logger(__name__)
_POLL_SECONDS = 0.5
"""Interval at which each server is checked, and a killed one detected."""
_RETRY_SECONDS = 2.0
_REFUSALS = {400, 403, 422}
"""Of the API server: nothing but a change of an object or of a permission helps, so its Cluster says so."""
_ARCHIVING_SECONDS = 2.0
"""Interval at which a server is asked whether its WAL is archived."""
_FIELD_MANAGER = "cloudnativepg"


class Unrecoverable(Exception):
    """A new Cluster cannot have its data yet."""


class RecoveryFailed(Unrecoverable):
    """An attempt to restore its data has failed, of which there are only so many."""


class Controller:
    """Controller of the Clusters of `namespace` on the machine of `site`."""

    def __init__(self, api: Api, site: Site, region: str, namespace: str) -> None:
        self.api = api
        self.site = site
        self.region = region
        self.namespace = namespace
        self.instances = Instances(api, region, namespace)
        self.backups = BackupController(api, namespace, self)
        self._archiving: dict[str, tuple[float, Archiving]] = {}
        self._clusters: dict[str, Cluster] = {}
        self._deleted: set[str] = set()
        self._provisioned: dict[str, tuple[str, Role, Credentials]] = {}
        self._transitions = Transitions()
        self._attempts = Attempts()

    async def run(self) -> None:
        """Runs until cancelled."""
        synced = asyncio.Event()
        path = f"/apis/{model.API_VERSION}/namespaces/{self.namespace}/clusters"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.api.watch(path, self._on_event, synced))
            await self.instances.watch(tasks)
            await synced.wait()
            tasks.create_task(self.backups.run())
            while True:
                for name in list(self._deleted):
                    await self._delete(name)
                for name in list(self._clusters):
                    await self._reconcile(name)
                await asyncio.sleep(_POLL_SECONDS)

    def _on_event(self, item: dict[str, Any], deleted: bool) -> None:
        name = item["metadata"]["name"]
        parsed = model.parse(item)
        if deleted:
            self._clusters.pop(name, None)
            self._deleted.add(name)
        elif isinstance(parsed, str):
            log.error("invalid_cluster", cluster=name, error=parsed, effect="the server is not changed")
        else:
            self._deleted.discard(name)
            self._clusters[name] = parsed

    def cluster(self, name: str) -> Cluster | None:
        return self._clusters.get(name)

    def server(self, name: str) -> Server:
        return Server(self.site, self.region, self.namespace, name)

    async def _delete(self, name: str) -> None:
        await asyncio.to_thread(self.server(name).delete)
        self._deleted.discard(name)
        self._provisioned.pop(name, None)
        self._archiving.pop(name, None)
        log.info("deleted", cluster=name)

    async def _reconcile(self, name: str) -> None:
        cluster = self._clusters[name]
        if self._attempts.exhausted(cluster.metadata.uid):
            return
        try:
            if reason := cluster.unsupported():
                await self._update_status(cluster, False, "Cluster cannot be created", reason)
                return
            if reason := await self._missing_class(cluster):
                await self._update_status(cluster, False, "Setting up primary", reason)
                return
            access = await self.instances.ensure(cluster)
            await self._ensure(cluster, access)
            await self._update_status(cluster, True, model.HEALTHY, "", await self._look_at_archiving(cluster))
        except RecoveryFailed as error:
            if self._attempts.failed(cluster.metadata.uid, time.monotonic()):
                log.error("recovery_given_up", cluster=name, error=str(error), effect="it has no server")
                why = f"{error}; it is not tried again. Delete the Cluster and apply it again once it can be recovered."
                await self._update_status(cluster, False, model.UNRECOVERABLE, why)
            else:
                await self._update_status(cluster, False, "Setting up primary", str(error))
        except Unrecoverable as error:
            await self._update_status(cluster, False, "Setting up primary", str(error))
        except Unsettled as error:
            await self._update_status(cluster, error.runs, error.phase, str(error))
        except (EngineFailed, psycopg.Error, subprocess.TimeoutExpired) as error:
            log.error("server_failed", cluster=name, error=str(error), retry_seconds=_RETRY_SECONDS)
            await self._update_status(cluster, False, "Waiting for the instances to become active", str(error)[-500:])
            await asyncio.sleep(_RETRY_SECONDS)
        except (ApiError, *UNREACHABLE) as error:
            log.warning("api_failed", cluster=name, error=str(error), retry_seconds=_RETRY_SECONDS)
            if isinstance(error, ApiError) and error.code in _REFUSALS:
                with suppress(ApiError, *UNREACHABLE):
                    running = self.server(name).engine().process.pid() is not None
                    await self._update_status(cluster, running, "Setting up primary", str(error)[:500])
            await asyncio.sleep(_RETRY_SECONDS)

    async def _missing_class(self, cluster: Cluster) -> str:
        """Why the storage of a new Cluster would wait for ever; "" when it would not."""
        if self.server(cluster.metadata.name).exists():
            return ""
        return cluster.unclaimable((await self.api.get("/apis/storage.k8s.io/v1/storageclasses"))["items"])

    async def _look_at_archiving(self, cluster: Cluster) -> Archiving | None:
        name = cluster.metadata.name
        if cluster.archive is None:
            return None
        moment, known = self._archiving.get(name, (0.0, None))
        if known is None or time.monotonic() - moment > _ARCHIVING_SECONDS:
            known = await asyncio.to_thread(self.server(name).archiving)
            self._archiving[name] = time.monotonic(), known
        return known

    async def _recover(self, cluster: Cluster, server: Server, access: Access) -> None:
        """Fetches the backup that a new Cluster begins with, if it does not begin empty. Raises Unrecoverable."""
        source, until = cluster.recovered_from, cluster.recovery_target
        if server.engine().initialized:
            return
        if source is None:
            if cluster.is_replica:
                raise Unrecoverable("replica mode bootstrap is compatible only with pg_basebackup or recovery")
            return
        if access.trouble:
            raise Unrecoverable(access.trouble)
        backups = BaseBackups(access.url, access.token, source.server)
        try:
            if not server.base.exists():
                chosen = newest(await asyncio.to_thread(backups.complete), until)
                if chosen is None:
                    before = f" that was complete before {until.isoformat()}" if until else ""
                    raise RecoveryFailed(f"ObjectStore {source.store} has no backup of {source.server}{before}")
                log.info("recovering", cluster=cluster.metadata.name, backup=chosen.id, until=str(until or "the end"))
                await asyncio.to_thread(backups.fetch, chosen, server.base)
        except StoreFailed as error:
            raise RecoveryFailed(str(error)) from error
        if server.standing.role is Role.REPLICA:
            return
        if cluster.follows and cluster.begins_as_replica:
            server.stand(Standing(Role.REPLICA, cluster.follows.server))
        else:
            server.stand(Standing(Role.RECOVERING, source.server, until.isoformat() if until else None))

    async def _ensure(self, cluster: Cluster, access: Access) -> None:
        name, uid, server = cluster.metadata.name, cluster.metadata.uid, self.server(cluster.metadata.name)
        if not server.belongs_to(uid):  # an earlier Cluster of that name was deleted while the controller did not run
            await self._delete(name)
        server.claim(uid)
        archive = cluster.archive.server if cluster.archive else ""
        if cluster.archives_beside_others:
            server.archives_already()
        await asyncio.to_thread(server.use_store, access, archive, cluster.spec.postgresql.parameters)
        await self._recover(cluster, server, access)
        unsettled = await asyncio.to_thread(self._transitions.settle, cluster, server, access)
        if unsettled is not None and not unsettled.runs:
            raise unsettled
        if server.engine().process.pid() is None:
            if cluster.status.get("phase") == model.HEALTHY:
                log.warning("server_lost", cluster=name)
            await self._update_status(cluster, False, "Setting up primary", "")
            await asyncio.to_thread(server.ensure, uid, cluster.spec.postgresql.parameters)
            self._provisioned.pop(name, None)
            log.info("server_started", cluster=name, host=server.host)
        await self._provision(cluster, server, archive)
        if unsettled is not None:
            raise unsettled

    async def _provision(self, cluster: Cluster, server: Server, archive: str) -> None:
        """What clients need: the role and the database, which a replica has from its primary, and how to connect."""
        name, uid, role = cluster.metadata.name, cluster.metadata.uid, server.standing.role
        known = self._provisioned.get(name)
        secret, certified = await self._secret(f"{name}-app"), await self._secret(cluster.authority)
        if known is not None and known[:2] == (uid, role) and secret == known[2].secret_values() and certified:
            return
        password = secret.get("password") or secrets.token_urlsafe(32)
        credentials = Credentials(server.host, cluster.owner, password, cluster.database)
        login = Login(credentials.user, credentials.password)
        await asyncio.to_thread(server.certify, cluster.spec.postgresql.parameters)
        if role is not Role.REPLICA:
            await asyncio.to_thread(server.engine().ensure, login, credentials.database)
        await asyncio.to_thread(server.recovered)
        if archive and role is not Role.REPLICA:  # so that it is soon known whether archiving works
            await asyncio.to_thread(server.engine().query, "SELECT pg_switch_wal()")
        authority = server.authority
        certificate, key = authority.certificate.read_text(), authority.key.read_text()
        await self._apply("secrets", objects.authority_secret(cluster, certificate, key))
        await self._apply("secrets", objects.app_secret(cluster, credentials))
        for service in objects.services(cluster, server.host):
            await self._apply("services", service)
        self._provisioned[name] = uid, server.standing.role, credentials

    async def _secret(self, name: str) -> dict[str, str]:
        try:
            found = await self.api.get(f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
        except ApiError as error:
            if error.code == 404:
                return {}
            raise
        return {key: base64.b64decode(value).decode() for key, value in found.get("data", {}).items()}

    async def _apply(self, plural: str, item: dict[str, Any]) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/{plural}/{item['metadata']['name']}"
        await self.api.patch(path, item, APPLY, fieldManager=_FIELD_MANAGER, force="true")

    async def _update_status(
        self, cluster: Cluster, ready: bool, phase: str, reason: str, archiving: Archiving | None = None
    ) -> None:
        outcome, now = self.backups.outcome(cluster.metadata.name), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        standing = self.server(cluster.metadata.name).standing
        desired = status(cluster, ready, phase, reason, archiving, outcome, standing, now)
        if desired is None:
            return
        name = cluster.metadata.name
        path = f"/apis/{model.API_VERSION}/namespaces/{self.namespace}/clusters/{name}/status"
        try:
            await self.api.patch(path, {"status": desired}, MERGE)
        except ApiError as error:
            if error.code != 404:  # it has been deleted
                raise
        if name in self._clusters:
            self._clusters[name] = cluster.model_copy(update={"status": {**cluster.status, **desired}})
