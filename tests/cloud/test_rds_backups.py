"""RDS snapshots and moments in the past, restored to other instances, on real servers."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from local.cloud import endpoint
from tests.cloud.rds import available, connect, create, delete, describe
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
FUTURE = datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds")


@pytest.fixture(scope="module")
def backed(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """An instance with automated backups and the table `t (n)`."""
    create(cloud, "backed", BackupRetentionPeriod=7, CopyTagsToSnapshot=True, Tags=[{"Key": "team", "Value": "a"}])
    instance = available(cloud, "backed")
    with connect(instance) as connection:
        connection.execute("CREATE TABLE t (n int)")
    yield instance
    delete(cloud, "backed")


def snapshot(rds: Any, name: str) -> dict[str, Any] | None:
    """The snapshot, once it is available."""
    (found,) = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    return found if found["Status"] == "available" else None


def numbers(connection: psycopg.Connection[Any], table: str = "t") -> list[int]:
    return [row[0] for row in connection.execute(f"SELECT n FROM {table} ORDER BY n")]  # pyright: ignore


def position(lsn: str) -> int:
    """Of a log sequence number, in bytes."""
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def replayed_to(rds: Any, instance: str) -> int:
    """Where the last record begins that a restored server has of the WAL."""
    (file,) = rds.describe_db_log_files(DBInstanceIdentifier=instance)["DescribeDBLogFiles"]
    named = {"DBInstanceIdentifier": instance, "LogFileName": file["LogFileName"]}
    log = rds.download_db_log_file_portion(**named, Marker="0")["LogFileData"]
    return position(re.findall(r"redo done at ([0-9A-F]+/[0-9A-F]+)", log)[0])


def test_snapshot_under_load_restores_the_rows_of_the_moment_that_it_ends_with(
    cloud: Cloud, rds: Any, backed: Any
) -> None:
    acknowledged: list[int] = []
    """For each row, where the WAL was after its commit."""
    end = threading.Event()

    def load() -> None:
        with connect(backed) as connection:
            connection.autocommit = True
            for number in itertools.count():
                if end.is_set():
                    return
                connection.execute("INSERT INTO t VALUES (%s)", [number])
                now = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
                assert now is not None
                acknowledged.append(position(now[0]))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        until("the load to begin", lambda: len(acknowledged) > 50)
        before = acknowledged[-1]
        made = rds.create_db_snapshot(DBInstanceIdentifier="backed", DBSnapshotIdentifier="Under-Load")["DBSnapshot"]
        assert (made["Status"], made["DBSnapshotIdentifier"]) == ("creating", "under-load")
        assert describe(cloud, "backed")["DBInstanceStatus"] == "backing-up"
        taken = until("the snapshot", lambda: snapshot(rds, "under-load"))
        after = acknowledged[-1]
    finally:
        end.set()
        thread.join()
    assert (taken["SnapshotType"], taken["PercentProgress"]) == ("manual", 100)
    assert taken["TagList"] == [{"Key": "team", "Value": "a"}]
    available(cloud, "backed")
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="from-load", DBSnapshotIdentifier="under-load")
    with connect(available(cloud, "from-load")) as connection:
        rows = numbers(connection)
    assert rows == list(range(len(rows)))
    until_then = replayed_to(rds, "from-load")
    assert before < until_then < after
    committed = sum(lsn <= until_then for lsn in acknowledged)
    assert len(rows) - committed in (0, 1)  # the next one's commit may be the last record
    found = describe(cloud, "from-load")
    assert found["DbiResourceId"] != backed["DbiResourceId"]
    assert found["BackupRetentionPeriod"] == 7
    delete(cloud, "from-load")


def test_table_dropped_is_there_again_a_second_before(cloud: Cloud, rds: Any, backed: Any) -> None:
    with connect(available(cloud, "backed")) as connection:
        connection.autocommit = True
        connection.execute("CREATE TABLE precious AS SELECT generate_series(1, 1000) AS n")
        kept = datetime.now(UTC)
        until("two seconds", lambda: datetime.now(UTC) > kept + timedelta(seconds=2))
        connection.execute("DROP TABLE precious")
        dropped = datetime.now(UTC)
    until("it to be restorable", lambda: describe(cloud, "backed")["LatestRestorableTime"] >= dropped)
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="backed",
        TargetDBInstanceIdentifier="a-second-before",
        RestoreTime=dropped - timedelta(seconds=1),
    )
    with connect(available(cloud, "a-second-before")) as connection:
        assert numbers(connection, "precious") == list(range(1, 1001))
        connection.execute("INSERT INTO precious VALUES (1001)")
    delete(cloud, "a-second-before")


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ({}, "InvalidParameterCombination"),
        ({"RestoreTime": FUTURE}, "InvalidParameterValue"),
        ({"RestoreTime": datetime(2001, 1, 1, tzinfo=UTC)}, "InvalidRestoreFault"),
        (
            {"RestoreTime": datetime(2040, 1, 1, tzinfo=UTC), "UseLatestRestorableTime": True},
            "InvalidParameterCombination",
        ),
    ],
)
def test_moment_that_no_backup_has_is_refused(rds: Any, backed: Any, moment: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="backed", TargetDBInstanceIdentifier="never", **moment
        )
    assert code_of(refused.value) == code


def test_final_snapshot_outlives_its_instance_and_restores_it(cloud: Cloud, rds: Any) -> None:
    create(cloud, "last-words")
    with connect(available(cloud, "last-words")) as connection:
        connection.execute("CREATE TABLE t AS SELECT generate_series(1, 10) AS n")
    for options in ({}, {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "final"}):
        with pytest.raises(ClientError) as refused:
            rds.delete_db_instance(DBInstanceIdentifier="last-words", **options)
        assert code_of(refused.value) == "InvalidParameterCombination"
    with pytest.raises(ClientError) as refused:
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="last-words", TargetDBInstanceIdentifier="never", UseLatestRestorableTime=True
        )
    assert code_of(refused.value) == "PointInTimeRestoreNotEnabled"
    rds.delete_db_instance(DBInstanceIdentifier="last-words", FinalDBSnapshotIdentifier="final")
    until("the instance to go", lambda: "last-words" not in _instances(rds))
    assert snapshot(rds, "final")
    abroad = cloud.client("rds", "us-east-1")
    (final,) = rds.describe_db_snapshots(DBSnapshotIdentifier="final")["DBSnapshots"]
    abroad.copy_db_snapshot(
        SourceDBSnapshotIdentifier=final["DBSnapshotArn"], TargetDBSnapshotIdentifier="moved", SourceRegion="us-west-2"
    )
    copied = until("the copy", lambda: snapshot(abroad, "moved"))
    assert copied["SourceDBSnapshotIdentifier"] == final["DBSnapshotArn"]
    rds.delete_db_snapshot(DBSnapshotIdentifier="final")
    until("the snapshot to go", lambda: "final" not in _snapshots(rds))
    abroad.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="reborn", DBSnapshotIdentifier="moved")
    with connect(available(cloud, "reborn", "us-east-1")) as connection:
        assert numbers(connection) == list(range(1, 11))
    delete(cloud, "reborn", "us-east-1")
    abroad.delete_db_snapshot(DBSnapshotIdentifier="moved")


def test_killed_endpoint_finishes_what_it_had_begun(cloud: Cloud, rds: Any, backed: Any) -> None:
    (automated, *_) = rds.describe_db_snapshots(DBInstanceIdentifier="backed", SnapshotType="automated")["DBSnapshots"]
    with connect(available(cloud, "backed")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 10) AS n")
    rds.create_db_snapshot(DBInstanceIdentifier="backed", DBSnapshotIdentifier="interrupted")
    rds.create_db_instance_read_replica(DBInstanceIdentifier="follower", SourceDBInstanceIdentifier="backed")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="revived", DBSnapshotIdentifier=automated["DBSnapshotIdentifier"]
    )
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    until("the snapshot", lambda: snapshot(rds, "interrupted"))
    connect(available(cloud, "revived")).close()
    with connect(available(cloud, "follower")) as connection:
        assert numbers(connection, "kept") == list(range(1, 11))
    assert not [line for line in cloud.processes() if "pg_basebackup" in line]
    for name in ("revived", "follower"):
        delete(cloud, name)


def test_automated_backups_are_listed_and_belong_to_rds(rds: Any, backed: Any) -> None:
    found = rds.describe_db_snapshots(DBInstanceIdentifier="backed", SnapshotType="automated")["DBSnapshots"]
    assert found[0]["DBSnapshotIdentifier"].startswith("rds:backed-")
    with pytest.raises(ClientError) as refused:
        rds.delete_db_snapshot(DBSnapshotIdentifier=found[0]["DBSnapshotIdentifier"])
    assert code_of(refused.value) == "InvalidDBSnapshotState"
    (backup,) = rds.describe_db_instance_automated_backups(DBInstanceIdentifier="backed")["DBInstanceAutomatedBackups"]
    assert backup["RestoreWindow"]["EarliestTime"] < backup["RestoreWindow"]["LatestTime"]


def _instances(rds: Any) -> list[str]:
    return [instance["DBInstanceIdentifier"] for instance in rds.describe_db_instances()["DBInstances"]]


def _snapshots(rds: Any) -> list[str]:
    return [found["DBSnapshotIdentifier"] for found in rds.describe_db_snapshots()["DBSnapshots"]]
