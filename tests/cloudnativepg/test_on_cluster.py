"""The Pod of the local CloudNativePG on a real cluster, with a real PostgreSQL server for each Cluster object."""

from __future__ import annotations

import base64
import os
import signal
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contracts.connections import postgres_verification
from local.engines.certificates import Authority
from tests.cloudnativepg.databases import Databases, database

pytestmark = pytest.mark.integration


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
    selector = ("-n", "cnpg-system", "-l", "app.kubernetes.io/name=cloudnative-pg")
    with databases.connect("timeseries") as connection:
        databases.cluster.kubectl("delete", "pod", *selector)
        databases.cluster.kubectl("rollout", "status", "deployment/cnpg-cloudnative-pg", "-n", "cnpg-system")
        databases.cluster.apply(database("second"), namespace="aura")  # the new controller runs
        databases.healthy("second")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert databases.pid("timeseries") == before


def test_a_deleted_secret_is_recreated_and_valid(databases: Databases) -> None:
    databases.cluster.kubectl("delete", "secret", "timeseries-app", "-n", "aura")
    databases.cluster.until(lambda: "timeseries-app" in databases.cluster.kubectl("get", "secrets", "-n", "aura"))
    databases.cluster.until(lambda: databases.answers("timeseries"))


def test_a_secret_of_another_type_that_has_the_name_of_its_own_is_reported(databases: Databases) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "taken-app"}, "stringData": {"password": "x"}}
    databases.cluster.apply(secret, database("taken"), namespace="aura")

    def reason() -> str:
        found = databases.cluster.get("clusters.postgresql.cnpg.io", "taken", "-n", "aura")
        return found.get("status", {}).get("phaseReason", "")

    databases.cluster.until(lambda: 'Secret "taken-app" is invalid' in reason(), 60)
    databases.cluster.kubectl("delete", "secret", "taken-app", "-n", "aura")
    databases.healthy("taken")
    databases.cluster.kubectl("delete", "clusters.postgresql.cnpg.io", "taken", "-n", "aura")


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
