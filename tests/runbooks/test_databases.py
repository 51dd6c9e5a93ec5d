"""What an RDS instance keeps when runbooks promote it, and when they make it anew as a replica, on real engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runbooks.adapters.rds import RdsDatabases
from tests.cloud.rds import available, create, delete
from tests.fixtures.cloud import Cloud

pytestmark = pytest.mark.integration
WEST, EAST = "us-west-2", "us-east-1"
BACKUPS = {"BackupRetentionPeriod": 3, "PreferredBackupWindow": "03:00-03:30"}


def databases(cloud: Cloud, region: str) -> RdsDatabases:
    return RdsDatabases(lambda service, name, _: cloud.client(service, name), region)


@pytest.fixture(scope="module")
def primary(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """In the west; `kept-east` follows it."""
    create(cloud, "kept-west", **BACKUPS)
    instance = available(cloud, "kept-west", WEST)
    cloud.client("rds", EAST).create_db_instance_read_replica(
        DBInstanceIdentifier="kept-east", SourceDBInstanceIdentifier=instance["DBInstanceArn"]
    )
    available(cloud, "kept-east", EAST)
    yield instance
    for name, region in (("kept-west", WEST), ("kept-east", EAST)):
        delete(cloud, name, region)


def test_a_promoted_replica_keeps_its_backups(cloud: Cloud, primary: dict[str, Any]) -> None:
    cloud.client("rds", EAST).modify_db_instance(DBInstanceIdentifier="kept-east", ApplyImmediately=True, **BACKUPS)
    available(cloud, "kept-east", EAST)
    databases(cloud, EAST).promote("kept-east")
    promoted = available(cloud, "kept-east", EAST)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert {name: promoted[name] for name in BACKUPS} == BACKUPS
