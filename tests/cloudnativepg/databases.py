"""The Clusters of the local CloudNativePG, as tests look at them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import psycopg

from local.cloudnativepg.server import Server
from local.site import Site
from tests.fixtures.cluster import Cluster
from tests.fixtures.waiting import until

REGION = "us-west-2"
HEALTHY = "Cluster in healthy state"


def database(name: str, **spec: Any) -> dict[str, Any]:
    storage = {"size": "1Gi", "storageClass": "gp2"}
    spec = {"instances": 1, "storage": storage, "bootstrap": {"initdb": {"database": "beats"}}, **spec}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": name}, "spec": spec}


@dataclass
class Databases:
    cluster: Cluster
    site: Site

    def server(self, name: str) -> Server:
        return Server(self.site, REGION, "aura", name)

    def pid(self, name: str) -> int | None:
        return self.server(name).engine().process.pid()

    def phase(self, name: str) -> str:
        return self.cluster.get("clusters.postgresql.cnpg.io", name, "-n", "aura").get("status", {}).get("phase", "")

    def healthy(self, name: str) -> None:
        """Waits; a recovery replays segment after segment."""
        until(f"Cluster {name} to be healthy", lambda: self.phase(name) == HEALTHY, 300)

    def secret(self, name: str) -> dict[str, str]:
        data = self.cluster.get("secret", f"{name}-app", "-n", "aura")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.secret(name)["uri"], autocommit=True, connect_timeout=5)

    def answers(self, name: str) -> bool:
        try:
            with self.connect(name) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False
