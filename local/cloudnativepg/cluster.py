"""The supported fields of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1), and its desired objects (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.cloudnativepg import tokens
from local.cloudnativepg.store import PLUGIN

Object = dict[str, Any]
API_VERSION = "postgresql.cnpg.io/v1"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
HEALTHY = "Cluster in healthy state"
PROMOTING = "Promoting to primary cluster"
UNRECOVERABLE = "Cluster is unrecoverable and needs manual intervention"
_SKIP_CHECK = "cnpg.io/skipEmptyWalArchiveCheck"


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
    connection_parameters: Object | None = None


class _Replica(_Model):
    self_: str = Field("", alias="self")
    primary: str = ""
    source: str
    enabled: bool | None = None
    promotion_token: str = ""
    min_apply_delay: str | None = None


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
    replica: _Replica | None = None
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
    annotations: dict[str, str] = {}


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
        return self._external(recovery.source) if recovery else None

    @property
    def is_replica(self) -> bool:
        """Whether it follows another Cluster. Without `replica.primary` it does: nobody has said that it is the one."""
        replica = self.spec.replica
        if replica is None:
            return False
        if replica.enabled is not None:
            return replica.enabled
        return (replica.self_ or self.metadata.name) != replica.primary

    @property
    def begins_as_replica(self) -> bool:
        """Whether it waits for what a token says, as a replica, also when it is to become a primary at once."""
        return self.is_replica or bool(self.spec.replica and self.spec.replica.promotion_token)

    @property
    def follows(self) -> Archive | None:
        """The archive of the Cluster that it follows, or has followed."""
        return self._external(self.spec.replica.source) if self.spec.replica else None

    def _external(self, name: str) -> Archive | None:
        found = next((one for one in self.spec.external_clusters if one.name == name), None)
        return _archive(found.plugin, found.name) if found and found.plugin else None

    @property
    def recovery_target(self) -> datetime | None:
        """The moment until which it is recovered; None: to the end of the archive. A time without zone is UTC."""
        recovery = self.spec.bootstrap.recovery
        text = recovery.recovery_target.target_time if recovery else ""
        moment = datetime.fromisoformat(text) if text else None
        return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None

    @property
    def archives_beside_others(self) -> bool:
        """Whether its archive may have the WAL of an earlier server of its name."""
        return self.metadata.annotations.get(_SKIP_CHECK) == "enabled"

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
        return self._unrecoverable() or self._unfollowable()

    def _unfollowable(self) -> str:
        replica, names = self.spec.replica, {external.name for external in self.spec.external_clusters}
        if replica is None:
            return ""
        for field, name in (("source", replica.source), ("self", replica.self_), ("primary", replica.primary)):
            if name and name not in names:
                return f"replica.{field}: External cluster {name} not found"
        if replica.primary and replica.enabled is not None:
            return "replica.enabled: replica mode enabled is not compatible with the primary field"
        if replica.promotion_token and self.is_replica:
            return "replica.promotionToken is only allowed for primary clusters"
        if replica.promotion_token and isinstance(wrong := tokens.parse(replica.promotion_token), str):
            return f"replica.promotionToken: {wrong}"
        if replica.min_apply_delay is not None:
            return "replica.minApplyDelay is not supported on this machine"
        if any(external.connection_parameters for external in self.spec.external_clusters):
            return "externalClusters.connectionParameters: a replica follows an archive only on this machine"
        source, archive = self.follows, self.archive
        if source is None or archive is None or source.store != archive.store:
            return "a replica that archives nothing, or into another ObjectStore than it follows, is not supported here"
        if source.server == archive.server:
            return f"replica.source: it archives as {archive.server} itself; give each Cluster a serverName of its own"
        return ""

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


def _metadata(cluster: Cluster, name: str) -> Object:
    return {
        "name": name,
        "namespace": cluster.metadata.namespace,
        "labels": {"cnpg.io/cluster": cluster.metadata.name, "cnpg.io/reload": "true"},
        "ownerReferences": [cluster.owner_reference()],
    }
