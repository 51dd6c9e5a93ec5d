"""Two Clusters that are one database: one follows the other and takes its place. test_replica.py has the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.cloudnativepg.databases import Databases, database
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.fixtures.cluster import Cluster

pytestmark = [pytest.mark.pair, pytest.mark.timeout(600)]
BUCKET, PLUGIN, CLUSTERS = "test-cnpg-pair", "barman-cloud.cloudnative-pg.io", "clusters.postgresql.cnpg.io"


def plugin(server: str) -> dict[str, Any]:
    parameters = {"barmanObjectName": "test-pair", "serverName": server}
    return {"name": PLUGIN, "parameters": parameters}


def member(name: str, other: str, primary: str, **spec: Any) -> dict[str, Any]:
    external = [{"name": one, "plugin": plugin(one)} for one in sorted((name, other))]
    replica = {"self": name, "source": other, "primary": primary}
    archiver = {**plugin(name), "isWALArchiver": True}
    return database(name, plugins=[archiver], externalClusters=external, replica=replica, **spec)


@pytest.fixture
def pair(databases: Databases, cloud: Cloud) -> Iterator[Cluster]:
    """`west`, which takes writes, and its base backup in the bucket."""
    cluster = databases.cluster
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "test-pair"}, "stringData": {"key": KEY}}
    keys = {name: {"name": "test-pair", "key": "key"} for name in ("accessKeyId", "secretAccessKey")}
    gzip = {"compression": "gzip"}
    configuration = {"destinationPath": f"s3://{BUCKET}/timeseries", "endpointURL": cloud.site.endpoint_url}
    configuration |= {"s3Credentials": keys, "wal": gzip, "data": gzip}
    store = {"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore", "metadata": {"name": "test-pair"}}
    cluster.apply(secret, {**store, "spec": {"configuration": configuration}}, namespace="aura")
    cluster.apply(member("west", "east", "west"), namespace="aura")
    databases.healthy("west")
    spec = {"cluster": {"name": "west"}, "method": "plugin", "pluginConfiguration": {"name": PLUGIN}}
    backup = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": {"name": "first"}, "spec": spec}
    cluster.apply(backup, namespace="aura")
    yield cluster
    cluster.kubectl("delete", CLUSTERS, "west", "east", "-n", "aura", "--ignore-not-found")


def status(databases: Databases, name: str) -> dict[str, Any]:
    return databases.cluster.get(CLUSTERS, name, "-n", "aura").get("status", {})


def change(databases: Databases, name: str, **replica: str | None) -> None:
    patch = json.dumps({"spec": {"replica": replica}})
    databases.cluster.kubectl("patch", CLUSTERS, name, "-n", "aura", "--type=merge", "-p", patch)


def connect(databases: Databases, name: str) -> psycopg.Connection[Any]:
    """As the application, whose password is the same in both."""
    uri = databases.secret("west")["uri"].replace(databases.server("west").host, databases.server(name).host)
    return psycopg.connect(uri, autocommit=True, connect_timeout=5)


def rows(databases: Databases, name: str) -> list[int]:
    try:
        with connect(databases, name) as connection:
            return [row[0] for row in connection.execute("SELECT n FROM beat ORDER BY n")]
    except psycopg.Error:
        return []


def write(databases: Databases, name: str, number: int) -> None:
    with connect(databases, name) as connection:
        connection.execute("INSERT INTO beat VALUES (%s)", [number])


def demoted(databases: Databases, name: str, to: str) -> str:
    """Its token."""
    change(databases, name, primary=to, promotionToken=None)
    return databases.cluster.until(lambda: str(status(databases, name).get("demotionToken") or ""), seconds=180)


def promoted(databases: Databases, name: str, token: str | None) -> None:
    change(databases, name, primary=name, promotionToken=token)

    def writes() -> bool:
        try:
            with connect(databases, name) as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        except psycopg.Error:
            return False

    databases.cluster.until(writes, seconds=180)


def test_a_cluster_follows_another_and_takes_its_place_by_a_token(databases: Databases, pair: Cluster) -> None:
    with connect(databases, "west") as connection:
        connection.execute("CREATE TABLE beat AS SELECT 1 AS n")
    backup = ("backups.postgresql.cnpg.io", "first", "-n", "aura")
    pair.until(lambda: pair.get(*backup).get("status", {}).get("phase") == "completed", seconds=120)
    password = {"password": databases.secret("west")["password"]}  # as the operators do: otherwise it gets another one
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "east-app"}, "stringData": password}
    pair.apply(secret | {"type": "kubernetes.io/basic-auth"}, namespace="aura")
    recovery = {"recovery": {"source": "west", "database": "beats"}}
    pair.apply(member("east", "west", "west", bootstrap=recovery), namespace="aura")
    write(databases, "west", 2)
    databases.server("west").engine().query("SELECT pg_switch_wal()")
    pair.until(lambda: rows(databases, "east") == [1, 2], seconds=120)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        write(databases, "east", 0)

    write(databases, "west", 3)  # in a segment that is not archived yet
    token = demoted(databases, "west", "east")
    promoted(databases, "east", token)
    assert rows(databases, "east") == [1, 2, 3]
    write(databases, "east", 4)
    pair.until(lambda: status(databases, "east").get("lastPromotionToken") == token)
    pid = databases.pid("west")
    databases.server("east").engine().query("SELECT pg_switch_wal()")
    pair.until(lambda: rows(databases, "west") == [1, 2, 3, 4], seconds=180)
    assert databases.pid("west") == pid
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        write(databases, "west", 0)
