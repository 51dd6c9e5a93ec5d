"""What is in the object store is enough: after a dropped table, and after the loss of a server with its data."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.cloudnativepg.databases import Databases, database
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.fixtures.cluster import Cluster

pytestmark = pytest.mark.integration
BUCKET, PLUGIN = "test-cnpg-backups", "barman-cloud.cloudnative-pg.io"
SCHEDULED = "scheduledbackups.postgresql.cnpg.io"


def store(cloud: Cloud, bucket: str = BUCKET) -> dict[str, Any]:
    keys = {name: {"name": "test-cnpg-keys", "key": "key"} for name in ("accessKeyId", "secretAccessKey")}
    configuration = {
        "destinationPath": f"s3://{bucket}/timeseries",
        "endpointURL": cloud.site.endpoint_url,
        "s3Credentials": keys,
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    spec = {"configuration": configuration, "retentionPolicy": "30d"}
    metadata = {"name": "test-store"}
    return {"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore", "metadata": metadata, "spec": spec}


def plugin(server: str = "") -> dict[str, Any]:
    named = {"serverName": server} if server else {}
    parameters = {"barmanObjectName": "test-store", **named}
    return {"name": PLUGIN, "isWALArchiver": True, "parameters": parameters}


def recovered(name: str, own: str = "", until: datetime | None = None) -> dict[str, Any]:
    target = {"recoveryTarget": {"targetTime": until.isoformat()}} if until else {}
    source = {"name": PLUGIN, "parameters": {"barmanObjectName": "test-store", "serverName": "kept"}}
    return database(
        name,
        plugins=[plugin(own)],
        bootstrap={"recovery": {"source": "lost", "database": "beats", **target}},
        externalClusters=[{"name": "lost", "plugin": source}],
    )


def condition(databases: Databases, name: str, kind: str = "ContinuousArchiving") -> dict[str, Any]:
    status = databases.cluster.get("clusters.postgresql.cnpg.io", name, "-n", "aura").get("status", {})
    return next((one for one in status.get("conditions", []) if one["type"] == kind), {"status": "", "message": ""})


def archives(databases: Databases, name: str) -> None:
    databases.cluster.until(lambda: condition(databases, name)["status"] == "True", seconds=300)


def keys(cloud: Cloud) -> list[str]:
    found = cloud.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [item["Key"] for item in found]


def switch(databases: Databases, name: str) -> str:
    """Begins a new segment; the name of the one that is finished."""
    engine = databases.server(name).engine()
    engine.query("SELECT pg_logical_emit_message(false, 'test', 'so that there is something to switch from')")
    return engine.query("SELECT pg_walfile_name(pg_switch_wal())")[0][0]


def arrives(databases: Databases, cloud: Cloud, segment: str) -> None:
    """Waits for a segment of `kept`: after a failure PostgreSQL tries again at its next segment, or in a minute."""

    def arrived() -> bool:
        return any(key.endswith(f"/{segment}.gz") for key in keys(cloud)) or not switch(databases, "kept")

    databases.cluster.until(arrived, seconds=300, every=4)


@pytest.fixture(scope="module")
def kept(databases: Databases, cloud: Cloud) -> Iterator[Cluster]:
    """The Cluster `kept`, which archives to the bucket and has a backup."""
    cluster = databases.cluster
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "test-cnpg-keys"}, "stringData": {"key": KEY}}
    cluster.apply(secret, store(cloud), database("kept", plugins=[plugin()]), namespace="aura")
    databases.healthy("kept")
    archives(databases, "kept")
    with databases.connect("kept") as connection:
        connection.execute("CREATE TABLE beat AS SELECT generate_series(1, 1000) AS n")
    spec = {
        "cluster": {"name": "kept"},
        "schedule": "0 0 3 * * *",
        "immediate": True,
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }
    scheduled = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "metadata": {"name": "nightly"}}
    cluster.apply({**scheduled, "spec": spec}, namespace="aura")
    selector = ("-n", "aura", "-l", "cnpg.io/scheduled-backup=nightly")
    found = cluster.until(lambda: cluster.get("backups.postgresql.cnpg.io", *selector)["items"])
    name = found[0]["metadata"]["name"]

    def ended() -> dict[str, Any]:
        status = cluster.get("backups.postgresql.cnpg.io", name, "-n", "aura").get("status", {})
        return status if status.get("phase") in ("completed", "failed") else {}

    status = cluster.until(ended, seconds=300)
    assert status["phase"] == "completed", status
    assert {f"timeseries/kept/base/{status['backupId']}/data.tar.gz"} <= set(keys(cloud))
    yield cluster
    cluster.kubectl("delete", SCHEDULED, "nightly", "-n", "aura")


def test_a_backup_is_in_the_conditions_and_in_the_window_of_the_store(databases: Databases, kept: Cluster) -> None:
    kept.until(lambda: condition(databases, "kept", "LastBackupSucceeded")["status"] == "True")
    path = ("objectstores.barmancloud.cnpg.io", "test-store", "-n", "aura")
    found: dict[str, Any] = kept.until(lambda: kept.get(*path).get("status"))
    window = found["serverRecoveryWindow"]["kept"]
    assert window["firstRecoverabilityPoint"] == window["lastSuccessfulBackupTime"]
    assert kept.get(SCHEDULED, "nightly", "-n", "aura")["status"]["nextScheduleTime"].endswith("T03:00:00Z")
    pod = kept.get("pod", "kept-1", "-n", "aura")
    assert pod["spec"]["serviceAccountName"] == "kept"


def test_an_archive_that_fails_is_in_the_conditions_and_loses_nothing(
    databases: Databases, kept: Cluster, cloud: Cloud
) -> None:
    kept.apply(store(cloud, "test-cnpg-nowhere"), namespace="aura")

    def failing() -> bool:
        switch(databases, "kept")
        return "bucket does not exist" in condition(databases, "kept")["message"]

    kept.until(failing, seconds=300, every=2)
    assert condition(databases, "kept")["status"] == "False"
    with databases.connect("kept") as connection:
        connection.execute("CREATE TABLE meanwhile AS SELECT 7 AS n")
    segment = switch(databases, "kept")
    assert not any(segment in key for key in keys(cloud))
    kept.apply(store(cloud), namespace="aura")
    arrives(databases, cloud, segment)
    archives(databases, "kept")


def test_a_dropped_table_is_there_again_in_a_cluster_of_a_second_before(
    databases: Databases, kept: Cluster, cloud: Cloud
) -> None:
    with databases.connect("kept") as connection:
        connection.execute("INSERT INTO beat SELECT generate_series(1001, 1500)")
        dropped = last = _now(connection)
        while dropped < last + timedelta(seconds=1.1):
            connection.execute("SELECT pg_sleep(0.1)")
            dropped = _now(connection)
        connection.execute("DROP TABLE beat")
    arrives(databases, cloud, switch(databases, "kept"))
    kept.apply(recovered("earlier", until=dropped - timedelta(seconds=1)), namespace="aura")
    databases.healthy("earlier")
    with databases.connect("earlier") as connection:
        assert connection.execute("SELECT count(*), max(n) FROM beat").fetchone() == (1500, 1500)
        connection.execute("INSERT INTO beat VALUES (1501)")  # it is no standby
    archives(databases, "earlier")


def test_a_server_lost_with_its_data_is_recovered_but_for_what_was_not_archived(
    databases: Databases, kept: Cluster, cloud: Cloud
) -> None:
    with databases.connect("kept") as connection:
        connection.execute("CREATE TABLE archived AS SELECT generate_series(1, 100) AS n")
        arrives(databases, cloud, switch(databases, "kept"))
        connection.execute("INSERT INTO archived VALUES (101)")
    pid, folder = databases.pid("kept"), databases.server("kept").folder
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder / "data", ignore_errors=True)
    kept.kubectl("delete", "clusters.postgresql.cnpg.io", "kept", "-n", "aura")
    kept.until(lambda: not folder.exists(), seconds=120)  # a start that has begun ends first
    kept.apply(recovered("kept"), namespace="aura")
    databases.healthy("kept")
    with databases.connect("kept") as connection:
        assert connection.execute("SELECT count(*) FROM archived").fetchone() in ((100,), (101,))
        assert connection.execute("SELECT n FROM meanwhile").fetchone() == (7,)
    kept.until(lambda: "Expected empty archive" in condition(databases, "kept")["message"], seconds=300)
    kept.apply(recovered("kept", "kept-2"), namespace="aura")
    archives(databases, "kept")
    assert any(key.startswith("timeseries/kept-2/wals/") for key in keys(cloud))


def _now(connection: psycopg.Connection[Any]) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]
