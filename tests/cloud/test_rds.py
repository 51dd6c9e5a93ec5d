"""RDS instances are PostgreSQL servers: reachable when available, gone when deleted, back when killed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.cloud.maintenance_window import around
from tests.cloud.rds import PASSWORD, available, connect, create, describe
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds")


@pytest.fixture(scope="module")
def users(cloud: Cloud, rds: Any) -> Iterator[dict[str, Any]]:
    create(cloud, "users")
    yield available(cloud, "users")
    rds.delete_db_instance(DBInstanceIdentifier="users", SkipFinalSnapshot=True)


def test_instance_is_creating_without_an_endpoint_until_it_takes_connections(cloud: Cloud, rds: Any) -> None:
    create(cloud, "newborn")
    while (found := describe(cloud, "newborn"))["DBInstanceStatus"] != "available":
        assert found["DBInstanceStatus"] == "creating"
        assert "Endpoint" not in found
    with connect(found) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("aura", "accounts")
    rds.delete_db_instance(DBInstanceIdentifier="newborn", SkipFinalSnapshot=True)


def test_deleted_instance_leaves_neither_process_nor_data(cloud: Cloud, rds: Any) -> None:
    create(cloud, "doomed")
    instance = available(cloud, "doomed")
    process = cloud.process_of(instance["Endpoint"]["Address"])
    rds.delete_db_instance(DBInstanceIdentifier="doomed", SkipFinalSnapshot=True)
    until("the instance to go", lambda: "doomed" not in [i["DBInstanceIdentifier"] for i in _all(rds)])
    assert process.pid() is None
    assert not process.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        connect(instance)


def test_killed_instance_comes_back_with_its_rows_at_its_address(cloud: Cloud, rds: Any, users: Any) -> None:
    with connect(users) as connection:
        connection.execute("CREATE TABLE t AS SELECT generate_series(1, 100)")
    process = cloud.process_of(users["Endpoint"]["Address"])
    pid = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, pid), seconds=20)
    assert available(cloud, "users")["Endpoint"] == users["Endpoint"]
    with connect(users) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (100,)


def test_new_master_password_replaces_the_old_one(cloud: Cloud, rds: Any, users: Any) -> None:
    another = secrets.token_urlsafe(16)
    rds.modify_db_instance(DBInstanceIdentifier="users", MasterUserPassword=another)
    available(cloud, "users")
    connect(users, another).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(users)
    rds.modify_db_instance(DBInstanceIdentifier="users", MasterUserPassword=PASSWORD)
    available(cloud, "users")


def test_parameter_group_reaches_the_running_server(cloud: Cloud, rds: Any, users: Any) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName="slow", DBParameterGroupFamily="postgres15", Description="logs slow statements"
    )
    rds.modify_db_instance(DBInstanceIdentifier="users", DBParameterGroupName="slow")
    parameter = {"ParameterName": "log_min_duration_statement", "ParameterValue": "1234", "ApplyMethod": "immediate"}
    available(cloud, "users")
    rds.modify_db_parameter_group(DBParameterGroupName="slow", Parameters=[parameter])

    def setting() -> str:
        with connect(users) as connection:
            return connection.execute("SHOW log_min_duration_statement").fetchone()[0]  # pyright: ignore

    until("the server to log slow statements", lambda: setting() == "1234ms")
    assert available(cloud, "users")["DBParameterGroups"][0]["DBParameterGroupName"] == "slow"


def test_stopped_instance_stays_stopped_and_starts_again_with_its_rows(cloud: Cloud, rds: Any, users: Any) -> None:
    rds.stop_db_instance(DBInstanceIdentifier="users")
    until("the instance to stop", lambda: describe(cloud, "users")["DBInstanceStatus"] == "stopped")
    with pytest.raises(psycopg.OperationalError):
        connect(users)
    rds.start_db_instance(DBInstanceIdentifier="users")
    connect(available(cloud, "users")).close()


def test_description_gives_back_what_was_asked_for(cloud: Cloud, rds: Any) -> None:
    group = cloud.client("ec2").create_security_group(GroupName="db", Description="db", VpcId=cloud.vpc)["GroupId"]
    asked: dict[str, Any] = {
        "Port": 6432,
        "StorageEncrypted": True,
        "KmsKeyId": cloud.key,
        "StorageType": "gp3",
        "MaxAllocatedStorage": 100,
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "03:00-04:00",
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "MultiAZ": True,
        "PubliclyAccessible": False,
    }
    tags = [{"Key": "team", "Value": "accounts"}]
    create(cloud, "faithful", VpcSecurityGroupIds=[group], Tags=tags, **asked)
    found = available(cloud, "faithful")
    assert {key: found[key] for key in asked if key != "Port"} == {k: v for k, v in asked.items() if k != "Port"}
    assert found["Endpoint"]["Port"] == 6432
    assert found["VpcSecurityGroups"] == [{"VpcSecurityGroupId": group, "Status": "active"}]
    assert found["TagList"] == tags
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "rds-test"
    with pytest.raises(ClientError, match="deletion protection"):
        rds.delete_db_instance(DBInstanceIdentifier="faithful", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="faithful", DeletionProtection=False)
    available(cloud, "faithful")
    rds.delete_db_instance(DBInstanceIdentifier="faithful", SkipFinalSnapshot=True)


def test_subnet_group_can_be_modified_and_keeps_what_was_not(cloud: Cloud, rds: Any) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName="grows", DBSubnetGroupDescription="as it was", SubnetIds=cloud.subnets[:2]
    )
    rds.modify_db_subnet_group(DBSubnetGroupName="grows", SubnetIds=cloud.subnets)
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="grows")["DBSubnetGroups"][0]
    assert group["DBSubnetGroupDescription"] == "as it was"
    assert [subnet["SubnetIdentifier"] for subnet in group["Subnets"]] == cloud.subnets


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Engine": "mysql"}, "InvalidParameterValue"),
        ({"EngineVersion": "9.6"}, "InvalidParameterCombination"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault"),
        (
            {"KmsKeyId": "arn:aws:kms:us-east-1:1:key/x", "StorageEncrypted": True},
            "KMSKeyNotAccessibleFault",
        ),
        ({"ManageMasterUserPassword": True}, "NotImplemented"),
        ({"EnableIAMDatabaseAuthentication": True}, "NotImplemented"),
    ],
)
def test_instance_that_cannot_be_made_is_refused_and_not_there(rds: Any, change: dict[str, Any], code: str) -> None:
    wanted = {
        "DBInstanceIdentifier": "refused",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "MasterUsername": "aura",
        "MasterUserPassword": PASSWORD,
        "AllocatedStorage": 20,
        **change,
    }
    with pytest.raises(ClientError) as refused:
        rds.create_db_instance(**wanted)
    assert code_of(refused.value) == code
    assert "refused" not in [instance["DBInstanceIdentifier"] for instance in _all(rds)]


def _all(rds: Any) -> list[dict[str, Any]]:
    return rds.describe_db_instances()["DBInstances"]


def test_what_waits_is_applied_in_the_maintenance_window(cloud: Cloud, rds: Any, users: Any) -> None:
    wanted = {"DBInstanceClass": "db.t4g.medium", "AllocatedStorage": 40}
    later, now = (around(datetime.now(UTC) + timedelta(hours=hours)) for hours in (2, 0))
    rds.modify_db_instance(DBInstanceIdentifier="users", PreferredMaintenanceWindow=later, **wanted)
    assert available(cloud, "users")["PendingModifiedValues"] == wanted
    rds.modify_db_instance(DBInstanceIdentifier="users", PreferredMaintenanceWindow=now)
    until("it to be applied", lambda: describe(cloud, "users")["PendingModifiedValues"] == {})
    found = available(cloud, "users")
    assert {name: found[name] for name in wanted} == wanted
    connect(found).close()
