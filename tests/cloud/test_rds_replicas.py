"""Read replicas in the region of their source and in another one: they stream, are promoted, and outlive it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.cloud.rds import available, connect, create, delete, describe
from tests.fixtures.cloud import Cloud, code_of, until

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


def test_replica_abroad_has_its_own_key_streams_and_is_promoted(cloud: Cloud, source: dict[str, Any]) -> None:
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
    replica = available(cloud, "replica", ABROAD)
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == source["DBInstanceArn"]
    assert replica["KmsKeyId"] == key
    assert describe(cloud, "source")["ReadReplicaDBInstanceIdentifiers"] == [replica["DBInstanceArn"]]
    with connect(source) as connection:
        connection.execute("INSERT INTO t VALUES (11)")
    until("the replica to follow", lambda: count(replica) == 11)
    with connect(replica) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM t")
    until("it to be replicating", lambda: describe(cloud, "replica", ABROAD)["StatusInfos"][0]["Normal"])
    abroad.promote_read_replica(DBInstanceIdentifier="replica")
    promoted = available(cloud, "replica", ABROAD)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert promoted["BackupRetentionPeriod"] == 1
    with connect(promoted) as connection:
        connection.execute("INSERT INTO t VALUES (12)")
    assert (count(source), count(promoted)) == (11, 12)
    with pytest.raises(ClientError) as refused:
        abroad.promote_read_replica(DBInstanceIdentifier="replica")
    assert code_of(refused.value) == "InvalidDBInstanceState"
    delete(cloud, "replica", ABROAD)


def test_replica_goes_on_by_itself_when_its_source_is_deleted(cloud: Cloud, source: dict[str, Any]) -> None:
    rds = cloud.client("rds")
    rds.create_db_instance_read_replica(DBInstanceIdentifier="heir", SourceDBInstanceIdentifier="source")
    replica = available(cloud, "heir")
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == "source"
    assert replica["KmsKeyId"] == source["KmsKeyId"]
    with pytest.raises(ClientError) as refused:
        rds.stop_db_instance(DBInstanceIdentifier="source")
    assert code_of(refused.value) == "InvalidDBInstanceState"
    before = count(source)
    until("the replica to have every row", lambda: count(replica) == before)
    delete(cloud, "source")
    until("it to be promoted", lambda: "ReadReplicaSourceDBInstanceIdentifier" not in describe(cloud, "heir"))
    with connect(available(cloud, "heir")) as connection:
        connection.execute("INSERT INTO t VALUES (100)")
    assert count(replica) == before + 1
    delete(cloud, "heir")
