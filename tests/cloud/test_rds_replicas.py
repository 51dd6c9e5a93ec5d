"""Read replicas in the region of their source and in another one: they stream, are promoted, and outlive it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from local.cloud import endpoint
from tests.cloud.rds import available, connect, create, delete, describe
from tests.fixtures.cloud import Cloud, code, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
ABROAD = "us-east-1"


@pytest.fixture(scope="module")
def source(cloud: Cloud) -> dict[str, Any]:
    create(cloud, "source", BackupRetentionPeriod=1, StorageEncrypted=True, KmsKeyId=cloud.key)
    instance = available(cloud, "source")
    with connect(instance) as connection:
        connection.execute("CREATE TABLE t AS SELECT generate_series(1, 10) AS n")
    return instance


def count(instance: dict[str, Any]) -> int:
    with connect(instance) as connection:
        row = connection.execute("SELECT count(*) FROM t").fetchone()
    assert row is not None
    return row[0]


def test_replica_abroad_streams_though_the_endpoint_was_killed_as_it_was_copied(
    cloud: Cloud, source: dict[str, Any]
) -> None:
    abroad = cloud.client("rds", ABROAD)
    wanted = {"DBInstanceIdentifier": "replica", "SourceDBInstanceIdentifier": source["DBInstanceArn"]}
    with pytest.raises(ClientError) as refused:
        abroad.create_db_instance_read_replica(**wanted)
    assert code_of(refused.value) == "InvalidParameterCombination"
    with pytest.raises(ClientError) as refused:
        abroad.create_db_instance_read_replica(**wanted, KmsKeyId=cloud.key)
    assert code_of(refused.value) == "KMSKeyNotAccessibleFault"
    key = cloud.client("kms", ABROAD).create_key()["KeyMetadata"]["Arn"]
    abroad.create_db_instance_read_replica(**wanted, KmsKeyId=key)
    assert code(abroad.promote_read_replica, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    until("its copy to begin", lambda: list((cloud.site.home / "engines" / ABROAD / "rds").glob("*/data*")))
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    replica = available(cloud, "replica", ABROAD)
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == source["DBInstanceArn"]
    assert replica["KmsKeyId"] == key
    assert describe(cloud, "source")["ReadReplicaDBInstanceIdentifiers"] == [replica["DBInstanceArn"]]
    with connect(source) as connection:
        connection.execute("INSERT INTO t VALUES (11)")
    until("the replica to follow", lambda: count(replica) == 11)
    with connect(replica) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM t")
    until("it to be replicating", lambda: health(cloud)["Normal"])
    assert health(cloud)["Status"] == "replicating"
    assert code(abroad.switchover_read_replica, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    changed = {"DBInstanceIdentifier": "replica", "MasterUserPassword": "another-password"}
    assert code(abroad.modify_db_instance, **changed) == "InvalidDBInstanceState"
    assert code(abroad.stop_db_instance, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"


def health(cloud: Cloud) -> dict[str, Any]:
    (info,) = describe(cloud, "replica", ABROAD)["StatusInfos"]
    return info


def test_lag_of_the_replica_is_in_cloudwatch(cloud: Cloud) -> None:
    cloudwatch, now = cloud.client("cloudwatch", ABROAD), datetime.now(UTC)
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": "replica"}]
    metric = {"Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Dimensions": dimensions}
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=5)}

    def points() -> list[float]:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="ReplicaLag",
            Dimensions=dimensions,
            Period=60,
            Statistics=["Maximum"],  # it is -1 until the replica streams
            **window,
        )
        return [point["Maximum"] for point in answer["Datapoints"]]

    assert until("a replica that has everything to be measured", lambda: 0.0 in points())
    query = {"Id": "lag", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    (result,) = cloudwatch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"]
    assert result["Values"]
    of_it = {"Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Dimensions": dimensions}
    assert not cloud.client("cloudwatch").list_metrics(**of_it)["Metrics"]  # of the source's region
    assert cloudwatch.list_metrics(**of_it)["Metrics"]


def test_promotion_outlives_the_endpoint_and_needs_no_source(cloud: Cloud, source: dict[str, Any]) -> None:
    abroad, before = cloud.client("rds", ABROAD), count(describe(cloud, "replica", ABROAD))
    abroad.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=3)
    assert code(abroad.promote_read_replica, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    endpoint.process(cloud.site).kill()
    cloud.process_of(source["Endpoint"]["Address"]).kill()
    endpoint.start(cloud.site)
    promoted = available(cloud, "replica", ABROAD)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert promoted["BackupRetentionPeriod"] == 3
    with connect(promoted) as connection:
        connection.execute("INSERT INTO t VALUES (12)")
    assert (count(available(cloud, "source")), count(promoted)) == (before, before + 1)
    assert code(abroad.promote_read_replica, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    until("its slot to be dropped", lambda: slots(source) == 0)
    delete(cloud, "replica", ABROAD)


def slots(instance: dict[str, Any]) -> int:
    with connect(instance) as connection:
        row = connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone()
    assert row is not None
    return row[0]


def test_replicas_of_a_deleted_source_go_on_at_home_and_wait_abroad(cloud: Cloud, source: dict[str, Any]) -> None:
    rds, abroad = cloud.client("rds"), cloud.client("rds", ABROAD)
    key = cloud.client("kms", ABROAD).create_key()["KeyMetadata"]["Arn"]
    of = {"SourceDBInstanceIdentifier": source["DBInstanceArn"]}
    rds.create_db_instance_read_replica(DBInstanceIdentifier="heir", SourceDBInstanceIdentifier="source")
    abroad.create_db_instance_read_replica(DBInstanceIdentifier="orphan", KmsKeyId=key, **of)
    heir, orphan = available(cloud, "heir"), available(cloud, "orphan", ABROAD)
    assert heir["ReadReplicaSourceDBInstanceIdentifier"] == "source"
    assert heir["KmsKeyId"] == source["KmsKeyId"]
    assert code(rds.stop_db_instance, DBInstanceIdentifier="source") == "InvalidDBInstanceState"
    abroad.modify_db_instance(DBInstanceIdentifier="orphan", BackupRetentionPeriod=2, ApplyImmediately=True)
    available(cloud, "orphan", ABROAD)
    taken = abroad.describe_db_snapshots(DBInstanceIdentifier="orphan", SnapshotType="automated")["DBSnapshots"]
    assert [found["Status"] for found in taken] == ["available"]
    before = count(source)
    until("the replicas to have every row", lambda: count(heir) == count(orphan) == before)
    delete(cloud, "source")
    until("the heir to be promoted", lambda: "ReadReplicaSourceDBInstanceIdentifier" not in describe(cloud, "heir"))
    with connect(available(cloud, "heir")) as connection:
        connection.execute("INSERT INTO t VALUES (100)")
    assert count(heir) == before + 1

    def terminated() -> bool:
        (info,) = describe(cloud, "orphan", ABROAD)["StatusInfos"]
        return info["Status"] == "terminated"

    until("the orphan to say that its source is gone", terminated)
    with connect(orphan) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM t")
    assert available(cloud, "orphan", ABROAD)["ReadReplicaSourceDBInstanceIdentifier"] == source["DBInstanceArn"]
    abroad.promote_read_replica(DBInstanceIdentifier="orphan")
    assert available(cloud, "orphan", ABROAD)["BackupRetentionPeriod"] == 1  # whatever it had as a replica
    with connect(orphan) as connection:
        connection.execute("INSERT INTO t VALUES (101)")
    delete(cloud, "orphan", ABROAD)
    delete(cloud, "heir")
