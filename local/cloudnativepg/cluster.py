"""The supported fields of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1), and its desired objects (pure)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.cloudnativepg.store import PLUGIN

Object = dict[str, Any]
API_VERSION = "postgresql.cnpg.io/v1"
PORT = 5432
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
HEALTHY = "Cluster in healthy state"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class _Initdb(_Model):
    database: str = "app"
    owner: str = ""


class _RecoveryTarget(_Model):
    model_config = ConfigDict(extra="allow")
    target_time: str = ""


class _Recovery(_Model):
    model_config = ConfigDict(extra="allow")
    source: str = ""
    database: str = "app"
    owner: str = ""
    recovery_target: _RecoveryTarget = _RecoveryTarget()


class _Bootstrap(_Model):
    initdb: _Initdb = _Initdb()
    recovery: _Recovery | None = None
    pg_basebackup: Object | None = None


class _PluginParameters(_Model):
    barman_object_name: str = ""
    server_name: str = ""


class _Plugin(_Model):
    name: str
    enabled: bool = True
    is_wal_archiver: bool = Field(False, alias="isWALArchiver")
    parameters: _PluginParameters = _PluginParameters()


class _ExternalCluster(_Model):
    name: str
    plugin: _Plugin | None = None


class _Affinity(_Model):
    node_selector: dict[str, str] = {}
    tolerations: list[Object] = []


class _Synchronous(_Model):
    number: int


class _PostgresqlConfiguration(_Model):
    parameters: dict[str, str] = {}
    synchronous: _Synchronous | None = None


class _Storage(_Model):
    storage_class: str = ""


class _Spec(_Model):
    instances: int = 1
    storage: _Storage = _Storage()
    bootstrap: _Bootstrap = _Bootstrap()
    postgresql: _PostgresqlConfiguration = _PostgresqlConfiguration()
    plugins: list[_Plugin] = []
    external_clusters: list[_ExternalCluster] = []
    affinity: _Affinity = _Affinity()


@dataclass(frozen=True)
class Archive:
    """The name of an ObjectStore, and the server in it."""

    store: str
    server: str


def _archive(plugin: _Plugin, default: str) -> Archive:
    return Archive(plugin.parameters.barman_object_name, plugin.parameters.server_name or default)


class _Metadata(_Model):
    name: str
    namespace: str
    uid: str
    generation: int = 0
    deletion_timestamp: str | None = None


class Cluster(_Model):
    """A Cluster with its spec and current status."""

    metadata: _Metadata
    spec: _Spec
    status: Object = {}

    @property
    def database(self) -> str:
        return (self.spec.bootstrap.recovery or self.spec.bootstrap.initdb).database

    @property
    def owner(self) -> str:
        return (self.spec.bootstrap.recovery or self.spec.bootstrap.initdb).owner or self.database

    @property
    def archive(self) -> Archive | None:
        """Where its WAL and its backups go."""
        archiver = next((plugin for plugin in self.spec.plugins if plugin.enabled and plugin.is_wal_archiver), None)
        return _archive(archiver, self.metadata.name) if archiver else None

    @property
    def recovered_from(self) -> Archive | None:
        """The archive that its data come from; None for a Cluster that begins empty."""
        recovery = self.spec.bootstrap.recovery
        external = next((e for e in self.spec.external_clusters if recovery and e.name == recovery.source), None)
        return _archive(external.plugin, external.name) if external and external.plugin else None

    @property
    def recovery_target(self) -> datetime | None:
        """The moment until which it is recovered; None: to the end of the archive. A time without zone is UTC."""
        recovery = self.spec.bootstrap.recovery
        text = recovery.recovery_target.target_time if recovery else ""
        moment = datetime.fromisoformat(text) if text else None
        return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None

    @property
    def authority(self) -> str:
        """Name of the Secret with the authority that certifies the server."""
        return f"{self.metadata.name}-ca"

    def unsupported(self) -> str:
        """Why the spec is not supported here; "" when it is."""
        if self.spec.instances != 1:
            return f"instances is {self.spec.instances}: only one instance is supported on this machine"
        synchronous = self.spec.postgresql.synchronous
        if synchronous is not None and synchronous.number >= self.spec.instances:
            return "postgresql.synchronous: the number of synchronous replicas must be less than that of instances"
        if self.spec.bootstrap.pg_basebackup:
            return "bootstrap.pg_basebackup is not supported on this machine"
        used = [*self.spec.plugins, *(e.plugin for e in self.spec.external_clusters if e.plugin)]
        if unknown := next((plugin.name for plugin in used if plugin.name != PLUGIN), ""):
            return f"plugin {unknown}: only {PLUGIN} is supported on this machine"
        if any(not plugin.parameters.barman_object_name for plugin in used):
            return f"plugin {PLUGIN}: parameters.barmanObjectName is missing"
        return self._unrecoverable()

    def _unrecoverable(self) -> str:
        recovery, source, archive = self.spec.bootstrap.recovery, self.recovered_from, self.archive
        if recovery is None:
            return ""
        if strange := [*(recovery.model_extra or {}), *(recovery.recovery_target.model_extra or {})]:
            return f"bootstrap.recovery: {', '.join(strange)} is not supported on this machine"
        if source is None:
            return f'bootstrap.recovery.source: no externalClusters entry "{recovery.source}" with a plugin'
        if archive is not None and archive.store != source.store:
            return "a recovery from another ObjectStore than that of the WAL archive is not supported on this machine"
        try:
            _ = self.recovery_target
        except ValueError as error:
            return f"bootstrap.recovery.recoveryTarget.targetTime: {error}"
        return ""

    def unclaimable(self, classes: Iterable[Object]) -> str:
        """Why a claim of its storage would wait for ever with these StorageClasses of the cluster; "" when not."""
        name = self.spec.storage.storage_class
        known = {one["metadata"]["name"]: one["metadata"].get("annotations") or {} for one in classes}
        if name:
            return "" if name in known else f'storage.storageClass: the cluster has no StorageClass "{name}"'
        if any(annotations.get(_DEFAULT_CLASS) == "true" for annotations in known.values()):
            return ""
        return "storage.storageClass is not set, and the cluster has no default StorageClass"

    def dependent(self, name: str) -> Object:
        """Metadata of an object that is deleted with the Cluster."""
        return _metadata(self, name)

    def owner_reference(self) -> Object:
        """The reference of a dependent object, which is deleted with the Cluster."""
        metadata = self.metadata
        reference = {"apiVersion": API_VERSION, "kind": "Cluster", "name": metadata.name, "uid": metadata.uid}
        return {**reference, "controller": True, "blockOwnerDeletion": True}


def parse(item: Object) -> Cluster | str:
    """The Cluster, or its validation errors."""
    try:
        return Cluster.model_validate(item)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())


@dataclass(frozen=True)
class Credentials:
    """Connection parameters of the application."""

    host: str
    user: str
    password: str
    database: str

    def secret_values(self) -> dict[str, str]:
        """Keys of `<cluster>-app` as CloudNativePG writes them; the values need no percent-encoding."""
        address = f"{self.host}:{PORT}/{self.database}"
        uri = f"postgresql://{self.user}:{self.password}@{address}"
        jdbc = f"jdbc:postgresql://{address}?password={self.password}&user={self.user}"
        return {
            "username": self.user,
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
            "host": self.host,
            "port": str(PORT),
            "uri": uri,
            "fqdn-uri": uri,
            "jdbc-uri": jdbc,
            "fqdn-jdbc-uri": jdbc,
            "pgpass": f"{self.host}:{PORT}:{self.database}:{self.user}:{self.password}\n",
        }


def app_secret(cluster: Cluster, credentials: Credentials) -> Object:
    values = _encoded(credentials.secret_values())
    metadata = _metadata(cluster, f"{cluster.metadata.name}-app")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/basic-auth",
        "metadata": metadata,
        "data": values,
    }


def authority_secret(cluster: Cluster, certificate: str, key: str) -> Object:
    """The authority that certifies the server."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": _metadata(cluster, cluster.authority),
        "data": _encoded({"ca.crt": certificate, "ca.key": key}),
    }


def services(cluster: Cluster, host: str) -> Iterable[Object]:
    """`-rw`, `-ro` and `-r`. The server is not a Pod, so they are of type ExternalName."""
    for kind in ("rw", "ro", "r"):
        spec = {"type": "ExternalName", "externalName": host, "ports": [{"name": "postgres", "port": PORT}]}
        metadata = _metadata(cluster, f"{cluster.metadata.name}-{kind}")
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}


def _metadata(cluster: Cluster, name: str) -> Object:
    return {
        "name": name,
        "namespace": cluster.metadata.namespace,
        "labels": {"cnpg.io/cluster": cluster.metadata.name, "cnpg.io/reload": "true"},
        "ownerReferences": [cluster.owner_reference()],
    }
