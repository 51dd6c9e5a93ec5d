"""Automated backups of an instance, copied into the other region and restored there, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.svc.rds.replicated_backups import ReplicatedBackups
from tests.cloud.rds import available, connect, create, delete, describe
from tests.fixtures.cloud import Cloud, code, code_of
from tests.fixtures.waiting import until

EAST = "us-east-1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def copies(**known: Any) -> ReplicatedBackups:
    return ReplicatedBackups(
        region=EAST,
        identifier="ab-x",
        arn="arn:x",
        source="arn:y",
        source_region="us-west-2",
        instance="y",
        instance_resource_id="db-y",
        instance_created=NOON,
        inputs={"BackupRetentionPeriod": 7},
        password="",
        tags={},
        **known,
    )


def test_a_moment_is_restorable_once_the_copied_log_goes_beyond_a_base_backup() -> None:
    assert copies(bases={"a": NOON}).window() is None
    assert copies(bases={"a": NOON}, reached=NOON - timedelta(seconds=1)).window() is None
    found = copies(bases={"a": NOON, "b": NOON + timedelta(hours=2)}, reached=NOON + timedelta(hours=3))
    assert found.window() == (NOON, NOON + timedelta(hours=3))
    assert [found.base(NOON + timedelta(hours=hour)) for hour in (0, 1, 2, 3)] == ["a", "a", "b", "b"]


def test_what_is_retained_ends_with_its_retention() -> None:
    assert not copies(status="replicating").over(NOON + timedelta(days=100))
    retained = copies(status="retained", ended=NOON)
    assert [retained.over(NOON + timedelta(days=days)) for days in (6, 7)] == [False, True]


@pytest.fixture(scope="module")
def east(cloud: Cloud) -> Any:
    return cloud.client("rds", EAST)


@pytest.fixture(scope="module")
def key(cloud: Cloud) -> str:
    return cloud.client("kms", EAST).create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def source(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """An encrypted instance with automated backups and the table `t (n, filler)`."""
    create(cloud, "copied", BackupRetentionPeriod=1, StorageEncrypted=True)
    instance = available(cloud, "copied")
    with connect(instance) as connection:
        connection.execute("CREATE TABLE t (n int, filler text)")
    yield instance
    if any(
        found["DBInstanceIdentifier"] == "copied"
        for found in cloud.client("rds").describe_db_instances()["DBInstances"]
    ):
        delete(cloud, "copied")


@pytest.mark.integration
def test_backups_copied_to_the_other_region_restore_there_when_their_source_is_gone(
    cloud: Cloud, east: Any, key: str, source: dict[str, Any]
) -> None:
    arn = source["DBInstanceArn"]
    stopped = east.start_db_instance_automated_backups_replication(SourceDBInstanceArn=arn, KmsKeyId=key)
    retained = east.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=arn)["DBInstanceAutomatedBackup"]
    assert retained["Status"] == "retained"
    assert (
        retained["DBInstanceAutomatedBackupsArn"]
        == (stopped["DBInstanceAutomatedBackup"]["DBInstanceAutomatedBackupsArn"])
    )
    begun = east.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=arn, KmsKeyId=key, BackupRetentionPeriod=3
    )["DBInstanceAutomatedBackup"]
    copy = begun["DBInstanceAutomatedBackupsArn"]
    assert (begun["KmsKeyId"], begun["BackupRetentionPeriod"]) == (key, 3)
    assert code(east.start_db_instance_automated_backups_replication, SourceDBInstanceArn=arn, KmsKeyId=key) == (
        "InvalidDBInstanceState"
    )
    latest = {"SourceDBInstanceAutomatedBackupsArn": copy, "TargetDBInstanceIdentifier": "never"}
    assert code(east.restore_db_instance_to_point_in_time, UseLatestRestorableTime=True, **latest) == (
        "InvalidDBInstanceState"
    )

    def found() -> dict[str, Any]:
        return east.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=copy)[
            "DBInstanceAutomatedBackups"
        ][0]

    until("the first base backup", lambda: found()["Status"] == "replicating")
    (own,) = cloud.client("rds").describe_db_instance_automated_backups(DBInstanceIdentifier="copied")[
        "DBInstanceAutomatedBackups"
    ]
    assert own["DBInstanceAutomatedBackupsReplications"] == [{"DBInstanceAutomatedBackupsArn": copy}]
    with connect(available(cloud, "copied")) as connection:
        connection.autocommit = True
        connection.execute("INSERT INTO t SELECT n, '' FROM generate_series(1, 1000) AS n")
        written = datetime.now(UTC)

    def reached() -> bool:
        """After another segment of the log at least: those before it are archived, and copied."""
        with connect(source) as connection:
            connection.execute("INSERT INTO t SELECT 0, repeat(md5(n::text), 40) FROM generate_series(1, 15000) AS n")
        window = found()["RestoreWindow"]
        return bool(window) and window["LatestTime"] >= written

    until("the rows to be restorable there", reached)
    delete(cloud, "copied")
    until("the copies to be retained", lambda: found()["Status"] == "retained")
    for moment, error in (
        ({"RestoreTime": found()["RestoreWindow"]["LatestTime"] + timedelta(hours=1)}, "InvalidParameterValue"),
        ({"RestoreTime": found()["RestoreWindow"]["EarliestTime"] - timedelta(hours=1)}, "InvalidRestoreFault"),
    ):
        assert code(east.restore_db_instance_to_point_in_time, **latest, **moment) == error
    east.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=copy, TargetDBInstanceIdentifier="from-copies", RestoreTime=written
    )
    assert available(cloud, "from-copies", EAST)["KmsKeyId"] == key
    with connect(describe(cloud, "from-copies", EAST)) as connection:
        assert connection.execute("SELECT count(*), min(n) FROM t").fetchone() == (1000, 1)
        connection.execute("INSERT INTO t VALUES (1001, '')")
    delete(cloud, "from-copies", EAST)
    east.delete_db_instance_automated_backup(DBInstanceAutomatedBackupsArn=copy)
    until("the copies to be gone", lambda: _gone(east, copy))


def _gone(east: Any, copy: str) -> bool:
    try:
        east.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=copy)
    except ClientError as error:
        return code_of(error) == "DBInstanceAutomatedBackupNotFound"
    return False


@pytest.mark.integration
def test_what_has_no_backups_or_no_key_is_not_replicated(cloud: Cloud, east: Any, key: str) -> None:
    create(cloud, "plain-encrypted", BackupRetentionPeriod=0, StorageEncrypted=True)
    arn = available(cloud, "plain-encrypted")["DBInstanceArn"]
    start, stop = (
        east.start_db_instance_automated_backups_replication,
        east.stop_db_instance_automated_backups_replication,
    )
    assert code(start, SourceDBInstanceArn=arn, KmsKeyId=key) == "InvalidDBInstanceState"
    assert code(stop, SourceDBInstanceArn=arn) == "InvalidDBInstanceState"
    assert code(start, SourceDBInstanceArn=f"{arn}-none", KmsKeyId=key) == "DBInstanceNotFound"
    west = cloud.client("rds").start_db_instance_automated_backups_replication
    assert code(west, SourceDBInstanceArn=arn) == "InvalidParameterValue"
    delete(cloud, "plain-encrypted")
