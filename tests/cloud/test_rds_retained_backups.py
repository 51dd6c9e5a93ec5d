"""Automated backups that stay when their instance is deleted, restored on a real server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.rds import available, connect, create, delete
from tests.fixtures.cloud import Cloud, code
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


def test_a_deleted_instance_is_restored_from_the_backups_that_it_left(cloud: Cloud) -> None:
    rds = cloud.client("rds")
    create(cloud, "left", BackupRetentionPeriod=2)
    instance = available(cloud, "left")
    with connect(instance) as connection:
        connection.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
    rds.delete_db_instance(DBInstanceIdentifier="left", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    resource = instance["DbiResourceId"]

    def backups() -> list[dict[str, Any]]:
        return rds.describe_db_instance_automated_backups(DbiResourceId=resource)["DBInstanceAutomatedBackups"]

    until("the backups to be retained", lambda: [found["Status"] for found in backups()] == ["retained"])
    (found,) = backups()
    assert (found["DBInstanceIdentifier"], found["BackupRetentionPeriod"]) == ("left", 2)
    assert rds.describe_db_instance_automated_backups(DBInstanceIdentifier="left")["DBInstanceAutomatedBackups"]
    rds.restore_db_instance_to_point_in_time(
        SourceDbiResourceId=resource, TargetDBInstanceIdentifier="from-left", UseLatestRestorableTime=True
    )
    with connect(available(cloud, "from-left")) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    delete(cloud, "from-left")
    rds.delete_db_instance_automated_backup(DbiResourceId=resource)
    until("the backups to be gone", lambda: not backups())
    described = rds.describe_db_instance_automated_backups
    assert code(described, DBInstanceIdentifier="left") == "DBInstanceNotFound"
