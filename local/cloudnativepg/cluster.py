"""The supported fields of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1), and its desired objects (pure)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

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


class _Bootstrap(_Model):
    initdb: _Initdb = _Initdb()
    recovery: Object | None = None
    pg_basebackup: Object | None = None


class _PostgresqlConfiguration(_Model):
    parameters: dict[str, str] = {}


class _Storage(_Model):
    storage_class: str = ""


class _Spec(_Model):
    instances: int = 1
    storage: _Storage = _Storage()
    bootstrap: _Bootstrap = _Bootstrap()
    postgresql: _PostgresqlConfiguration = _PostgresqlConfiguration()


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
        return self.spec.bootstrap.initdb.database

    @property
    def owner(self) -> str:
        return self.spec.bootstrap.initdb.owner or self.database

    @property
    def authority(self) -> str:
        """Name of the Secret with the authority that certifies the server."""
        return f"{self.metadata.name}-ca"

    def unsupported(self) -> str:
        """Why the spec is not supported here; "" when it is."""
        if self.spec.instances != 1:
            return f"instances is {self.spec.instances}: only one instance is supported on this machine"
        if self.spec.bootstrap.recovery or self.spec.bootstrap.pg_basebackup:
            return "only bootstrap.initdb is supported on this machine"
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


def status(cluster: Cluster, ready: bool, phase: str, reason: str, now: str) -> Object | None:
    """The desired status, None when it is up to date; `now` is RFC 3339."""
    name, state = cluster.metadata.name, str(ready)
    previous = next((item for item in cluster.status.get("conditions", []) if item["type"] == "Ready"), {})
    transition = previous["lastTransitionTime"] if previous.get("status") == state else now
    condition = {
        "type": "Ready",
        "status": state,
        "reason": "ClusterIsReady" if ready else "ClusterIsNotReady",
        "message": reason or ("Cluster is Ready" if ready else phase),
        "lastTransitionTime": transition,
        "observedGeneration": cluster.metadata.generation,
    }
    desired = {
        "phase": phase,
        "phaseReason": reason,
        "instances": 1,
        "readyInstances": int(ready),
        "instanceNames": [f"{name}-1"],
        "currentPrimary": f"{name}-1",
        "targetPrimary": f"{name}-1",
        "writeService": f"{name}-rw",
        "readService": f"{name}-r",
        "certificates": {"serverCASecret": cluster.authority},
        "conditions": [condition],
    }
    return None if all(cluster.status.get(key) == value for key, value in desired.items()) else desired


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}


def _metadata(cluster: Cluster, name: str) -> Object:
    return {
        "name": name,
        "namespace": cluster.metadata.namespace,
        "labels": {"cnpg.io/cluster": cluster.metadata.name, "cnpg.io/reload": "true"},
        "ownerReferences": [cluster.owner_reference()],
    }
