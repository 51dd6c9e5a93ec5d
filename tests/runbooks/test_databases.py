"""What an RDS instance keeps when runbooks promote it, and when they make it anew as a replica, on real engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from runbooks.adapters.rds import RdsDatabases
from runbooks.ports import Outrun
from tests.cloud.rds import available, create, delete, describe
from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
WEST, EAST = "us-west-2", "us-east-1"
BACKUPS = {"BackupRetentionPeriod": 3, "PreferredBackupWindow": "03:00-03:30"}

SETTINGS = {
    "MaxAllocatedStorage": 100,
    "PerformanceInsightsRetentionPeriod": 93,
    "MonitoringInterval": 30,
    "CACertificateIdentifier": "rds-ca-ecc384-g1",
    "AutoMinorVersionUpgrade": False,
    "CopyTagsToSnapshot": True,
    "DeletionProtection": True,
}
DESCRIBED = (
    *(
        "BackupRetentionPeriod",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "PerformanceInsightsEnabled",
        "PerformanceInsightsKMSKeyId",
        "MonitoringRoleArn",
    ),
    *("EnabledCloudwatchLogsExports", "DBParameterGroups", "DBInstanceClass", "DBSubnetGroup", "VpcSecurityGroups"),
)
"""Settings too, by the names of a description."""


def databases(cloud: Cloud, region: str) -> RdsDatabases:
    return RdsDatabases(lambda service, name, _: cloud.client(service, name), region)


@pytest.fixture(scope="module")
def primary(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """In the west; `kept-east` follows it."""
    cloud.client("rds").create_db_parameter_group(
        DBParameterGroupName="kept", DBParameterGroupFamily="postgres15", Description="d"
    )
    create(
        cloud,
        "kept-west",
        **BACKUPS,
        **SETTINGS,
        DBParameterGroupName="kept",
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId=cloud.key,
        EnableCloudwatchLogsExports=["postgresql"],
        MonitoringRoleArn=cloud.role,
    )
    instance = available(cloud, "kept-west", WEST)
    cloud.client("rds", EAST).create_db_instance_read_replica(
        DBInstanceIdentifier="kept-east", SourceDBInstanceIdentifier=instance["DBInstanceArn"]
    )
    available(cloud, "kept-east", EAST)
    yield instance
    for name, region in (("kept-west", WEST), ("kept-east", EAST)):
        cloud.client("rds", region).modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        available(cloud, name, region)
        delete(cloud, name, region)


@pytest.fixture(scope="module")
def promoted(cloud: Cloud, primary: dict[str, Any]) -> dict[str, Any]:
    """`kept-east`, which has taken over."""
    cloud.client("rds", EAST).modify_db_instance(DBInstanceIdentifier="kept-east", ApplyImmediately=True, **BACKUPS)
    available(cloud, "kept-east", EAST)
    databases(cloud, EAST).promote("kept-east")
    return available(cloud, "kept-east", EAST)


def test_a_promoted_replica_keeps_its_backups(promoted: dict[str, Any]) -> None:
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert {name: promoted[name] for name in BACKUPS} == BACKUPS


def test_an_instance_is_made_anew_as_a_replica_with_what_it_had(
    cloud: Cloud, primary: dict[str, Any], promoted: dict[str, Any]
) -> None:
    west, rds = databases(cloud, WEST), cloud.client("rds")
    settings = west.settings("kept-west")
    assert settings is not None

    def gone() -> bool:
        if west.find("kept-west") is None:
            return True
        with suppress(Outrun):  # while it is modified or deleted
            west.delete("kept-west", "kept-west-final")
        return False

    until("the old primary to be gone", gone)
    west.make_replica("kept-west", promoted["DBInstanceArn"], settings)
    available(cloud, "kept-west", WEST)

    def completed() -> bool:
        available(cloud, "kept-west", WEST)
        if west.differs("kept-west", settings):
            west.complete("kept-west", settings)
            return False
        return True

    until("it to have its settings", completed)
    made = describe(cloud, "kept-west", WEST)
    assert made["ReadReplicaSourceDBInstanceIdentifier"]
    names = (*SETTINGS, *DESCRIBED)
    assert {name: made.get(name) for name in names} == {name: primary[name] for name in names}
    retained = rds.describe_db_instance_automated_backups(DbiResourceId=primary["DbiResourceId"])
    assert [found["Status"] for found in retained["DBInstanceAutomatedBackups"]] == ["retained"]
    (final,) = rds.describe_db_snapshots(DBSnapshotIdentifier="kept-west-final")["DBSnapshots"]
    assert final["DbiResourceId"] == primary["DbiResourceId"]
