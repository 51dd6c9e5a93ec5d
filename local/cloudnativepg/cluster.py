"""The parts of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1) that are read here, and what it becomes (pure)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

Object = dict[str, Any]
API_VERSION = "postgresql.cnpg.io/v1"
PORT = 5432
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


class _Spec(_Model):
    instances: int = 1
    bootstrap: _Bootstrap = _Bootstrap()
    postgresql: _PostgresqlConfiguration = _PostgresqlConfiguration()


class _Metadata(_Model):
    name: str
    namespace: str
    uid: str
    generation: int = 0
    deletion_timestamp: str | None = None


class Cluster(_Model):
    """A Cluster as declared, with its status as it stands."""

    metadata: _Metadata
    spec: _Spec
    status: Object = {}

    @property
    def database(self) -> str:
        return self.spec.bootstrap.initdb.database

    @property
    def owner(self) -> str:
        return self.spec.bootstrap.initdb.owner or self.database

    def unsupported(self) -> str:
        """Why it can't be had here; "" if it can."""
        if self.spec.instances != 1:
            return f"instances is {self.spec.instances}: only one instance runs on this machine"
        if self.spec.bootstrap.recovery or self.spec.bootstrap.pg_basebackup:
            return "only bootstrap.initdb is possible on this machine"
        return ""

    def owner_reference(self) -> Object:
        """What makes an object go when the Cluster goes."""
        about = self.metadata
        reference = {"apiVersion": API_VERSION, "kind": "Cluster", "name": about.name, "uid": about.uid}
        return {**reference, "controller": True, "blockOwnerDeletion": True}


def parse(item: Object) -> Cluster | str:
    """The Cluster, or what is wrong with it."""
    try:
        return Cluster.model_validate(item)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())


@dataclass(frozen=True)
class Credentials:
    """How the application gets in."""

    host: str
    user: str
    password: str
    database: str

    def secret_values(self) -> dict[str, str]:
        """Keys of `<cluster>-app` as CloudNativePG writes them; user, password and database are plain words."""
        place = f"{self.host}:{PORT}/{self.database}"
        uri = f"postgresql://{self.user}:{self.password}@{place}"
        jdbc = f"jdbc:postgresql://{place}?password={self.password}&user={self.user}"
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


def app_secret(cluster: Cluster, access: Credentials) -> Object:
    values = {key: base64.b64encode(text.encode()).decode() for key, text in access.secret_values().items()}
    about = _metadata(cluster, f"{cluster.metadata.name}-app")
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth", "metadata": about, "data": values}


def services(cluster: Cluster, host: str) -> Iterable[Object]:
    """`-rw`, `-ro` and `-r`. The server is no Pod, so they are names for its address."""
    for kind in ("rw", "ro", "r"):
        spec = {"type": "ExternalName", "externalName": host, "ports": [{"name": "postgres", "port": PORT}]}
        about = _metadata(cluster, f"{cluster.metadata.name}-{kind}")
        yield {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}


def status(cluster: Cluster, ready: bool, phase: str, reason: str, now: str) -> Object | None:
    """The status to be written, None when it says so already; `now` is RFC 3339."""
    name, state = cluster.metadata.name, str(ready)
    before = next((item for item in cluster.status.get("conditions", []) if item["type"] == "Ready"), {})
    since = before["lastTransitionTime"] if before.get("status") == state else now
    condition = {
        "type": "Ready",
        "status": state,
        "reason": "ClusterIsReady" if ready else "ClusterIsNotReady",
        "message": reason or ("Cluster is Ready" if ready else phase),
        "lastTransitionTime": since,
        "observedGeneration": cluster.metadata.generation,
    }
    wanted = {
        "phase": phase,
        "phaseReason": reason,
        "instances": 1,
        "readyInstances": int(ready),
        "instanceNames": [f"{name}-1"],
        "currentPrimary": f"{name}-1",
        "targetPrimary": f"{name}-1",
        "writeService": f"{name}-rw",
        "readService": f"{name}-r",
        "conditions": [condition],
    }
    return None if all(cluster.status.get(key) == value for key, value in wanted.items()) else wanted


def _metadata(cluster: Cluster, name: str) -> Object:
    return {
        "name": name,
        "namespace": cluster.metadata.namespace,
        "labels": {"cnpg.io/cluster": cluster.metadata.name, "cnpg.io/reload": "true"},
        "ownerReferences": [cluster.owner_reference()],
    }
