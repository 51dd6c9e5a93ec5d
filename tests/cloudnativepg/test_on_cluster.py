"""The Pod of the local CloudNativePG on a real cluster, with a real PostgreSQL server for each Cluster object."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contracts.connections import postgres_verification
from local.cloudnativepg.server import Server, delete_all
from local.engines.certificates import Authority
from local.site import Site
from tests.fixtures.cluster import Cluster
from tests.fixtures.controllers import manifests, prepare
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment

pytestmark = pytest.mark.integration
REGION = "us-east-1"
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
        self.cluster.until(lambda: self.phase(name) == HEALTHY, seconds=60)

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


@pytest.fixture(scope="module")
def databases(cluster: Cluster, scratch: ScratchEnvironment) -> Iterator[Databases]:
    prepare(cluster)
    site = Site(cluster.site.home, SITE_INDEX)
    # Other test runs use addresses of this block too: begin at the addresses that this run has in its region.
    _, _, high, low = map(int, scratch.addresses[0].split("."))
    registry = site.home / "addresses" / f"{REGION}.json"
    registry.parent.mkdir(parents=True, exist_ok=True)
    registry.write_text(json.dumps({"last": (high << 8 | low) - 1, "numbers": {}}))
    objects = manifests("cloudnativepg.yaml")
    for item in objects:
        if item["kind"] == "Deployment":
            container = item["spec"]["template"]["spec"]["containers"][0]
            container["env"].append({"name": "AURA_SITE", "value": str(SITE_INDEX)})
    cluster.apply(*objects, database("timeseries"), namespace="aura")
    databases = Databases(cluster, site)
    databases.healthy("timeseries")
    yield databases
    cluster.kubectl("delete", "deployment", "cloudnativepg", "-n", "aura")
    delete_all(site, REGION)


def test_a_cluster_gets_a_server_and_a_secret_for_the_application(databases: Databases) -> None:
    secret = databases.secret("timeseries")
    assert (secret["dbname"], secret["user"], secret["port"]) == ("beats", "beats", "5432")
    with databases.connect("timeseries") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("beats", "beats")
    service = databases.cluster.get("service", "timeseries-rw", "-n", "aura")
    assert service["spec"]["externalName"] == secret["host"]
    status = databases.cluster.get("clusters.postgresql.cnpg.io", "timeseries", "-n", "aura")["status"]
    assert (status["readyInstances"], status["conditions"][0]["status"]) == (1, "True")


def test_a_client_verifies_the_server_by_the_authority_of_its_secret(databases: Databases, tmp_path: Path) -> None:
    stored = databases.cluster.get("secret", "timeseries-ca", "-n", "aura")["data"]
    file = tmp_path / "ca.crt"
    file.write_bytes(base64.b64decode(stored["ca.crt"]))
    uri = databases.secret("timeseries")["uri"]
    with psycopg.connect(make_conninfo(uri, **postgres_verification(str(file)))) as connection:
        encrypted = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert encrypted == ("TLSv1.3",)
    another = Authority(tmp_path / "another", "another").ensure()
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(make_conninfo(uri, **postgres_verification(str(another.certificate))))
    status = databases.cluster.get("clusters.postgresql.cnpg.io", "timeseries", "-n", "aura")["status"]
    assert status["certificates"]["serverCASecret"] == "timeseries-ca"
    databases.cluster.kubectl("delete", "secret", "timeseries-ca", "-n", "aura")
    again = databases.cluster.until(
        lambda: databases.cluster.get("secret", "-n", "aura", "--field-selector=metadata.name=timeseries-ca")["items"]
    )
    assert again[0]["data"] == stored


def test_a_killed_server_is_restarted_with_its_data(databases: Databases) -> None:
    with databases.connect("timeseries") as connection:
        connection.execute("CREATE TABLE beat AS SELECT 42 AS n")
    before = databases.pid("timeseries")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    databases.cluster.until(lambda: databases.pid("timeseries") not in (None, before))
    databases.cluster.until(lambda: databases.answers("timeseries"))
    with databases.connect("timeseries") as connection:
        assert connection.execute("SELECT n FROM beat").fetchone() == (42,)


def test_the_server_outlives_the_pod_of_its_controller(databases: Databases) -> None:
    before = databases.pid("timeseries")
    selector = ("-n", "aura", "-l", "app.kubernetes.io/name=cloudnativepg")
    with databases.connect("timeseries") as connection:
        databases.cluster.kubectl("delete", "pod", *selector)
        databases.cluster.kubectl("rollout", "status", "deployment/cloudnativepg", "-n", "aura")
        databases.cluster.apply(database("second"), namespace="aura")  # the new controller runs
        databases.healthy("second")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert databases.pid("timeseries") == before


def test_a_deleted_secret_is_recreated_and_valid(databases: Databases) -> None:
    databases.cluster.kubectl("delete", "secret", "timeseries-app", "-n", "aura")
    databases.cluster.until(lambda: "timeseries-app" in databases.cluster.kubectl("get", "secrets", "-n", "aura"))
    databases.cluster.until(lambda: databases.answers("timeseries"))


def test_an_unsupported_cluster_is_reported(databases: Databases) -> None:
    databases.cluster.apply(database("three", instances=3), namespace="aura")
    databases.cluster.until(lambda: databases.phase("three") == "Cluster cannot be created")
    assert databases.pid("three") is None


def test_deleting_a_cluster_deletes_server_data_and_secret(databases: Databases) -> None:
    databases.cluster.apply(database("brief"), namespace="aura")
    databases.healthy("brief")
    server, pid = databases.server("brief"), databases.pid("brief")
    databases.cluster.kubectl("delete", "clusters.postgresql.cnpg.io", "brief", "-n", "aura")
    databases.cluster.until(lambda: not server.folder.exists())
    assert pid is not None
    assert databases.pid("brief") is None
    databases.cluster.until(lambda: "brief-app" not in databases.cluster.kubectl("get", "secrets", "-n", "aura"))


def test_storage_that_no_class_provides_keeps_a_new_cluster_waiting(databases: Databases) -> None:
    for name, storage, said in (
        ("classless", {"size": "1Gi"}, "no default StorageClass"),
        ("strange", {"size": "1Gi", "storageClass": "nowhere"}, 'no StorageClass "nowhere"'),
    ):
        databases.cluster.apply(database(name, storage=storage), namespace="aura")
        waiting = databases.cluster.until(
            lambda name=name: databases.cluster.get("clusters.postgresql.cnpg.io", name, "-n", "aura").get("status")
        )
        assert waiting["phase"] == "Setting up primary"
        assert said in waiting["phaseReason"]
        assert not databases.server(name).exists()
        databases.cluster.kubectl("delete", "clusters.postgresql.cnpg.io", name, "-n", "aura")
