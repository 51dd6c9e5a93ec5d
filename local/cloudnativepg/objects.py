"""The objects that clients of a Cluster use: Secrets and Services. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudnativepg.cluster import Cluster

Object = dict[str, Any]
PORT = 5432


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
    metadata = cluster.dependent(f"{cluster.metadata.name}-app")
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
        "metadata": cluster.dependent(cluster.authority),
        "data": _encoded({"ca.crt": certificate, "ca.key": key}),
    }


def services(cluster: Cluster, host: str) -> Iterable[Object]:
    """`-rw`, `-ro` and `-r`. The server is not a Pod, so they are of type ExternalName."""
    for kind in ("rw", "ro", "r"):
        spec = {"type": "ExternalName", "externalName": host, "ports": [{"name": "postgres", "port": PORT}]}
        metadata = cluster.dependent(f"{cluster.metadata.name}-{kind}")
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
