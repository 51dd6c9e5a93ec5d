"""An instance whose server does not start with its parameters says so, and comes back when they are mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.cloud.rds import PASSWORD, available, connect, create, delete, describe
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
NAME, GROUP = "unstartable", "unstartable"
TOO_MANY = {"max_connections": "300000"}
"""RDS's API takes it, PostgreSQL does not."""


@pytest.fixture(scope="module")
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds")


def put(rds: Any, settings: dict[str, str]) -> None:
    given = [{"ParameterName": n, "ParameterValue": v, "ApplyMethod": "pending-reboot"} for n, v in settings.items()]
    rds.modify_db_parameter_group(DBParameterGroupName=GROUP, Parameters=given)


def expect_incompatible(cloud: Cloud, rds: Any, reason: str) -> None:
    until("it to be incompatible", lambda: describe(cloud, NAME)["DBInstanceStatus"] == "incompatible-parameters")
    events = rds.describe_events(SourceType="db-instance", SourceIdentifier=NAME)["Events"]
    assert reason in events[-1]["Message"]
    assert events[-1]["EventCategories"] == ["failure"]


def mended(cloud: Cloud, rds: Any) -> dict[str, Any]:
    rds.reset_db_parameter_group(DBParameterGroupName=GROUP, ResetAllParameters=True)
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    return available(cloud, NAME)


@pytest.fixture(scope="module")
def instance(cloud: Cloud, rds: Any) -> Iterator[dict[str, Any]]:
    """Was made with parameters that it did not start with, and has a row."""
    rds.create_db_parameter_group(DBParameterGroupName=GROUP, DBParameterGroupFamily="postgres15", Description="d")
    put(rds, TOO_MANY)
    create(cloud, NAME, DBParameterGroupName=GROUP)
    expect_incompatible(cloud, rds, "300000 is outside the valid range")
    made = mended(cloud, rds)
    with connect(made) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    yield made
    delete(cloud, NAME)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"max_connections": "200000"}, "could not map anonymous shared memory"),
        ({"max_wal_size": "2"}, '"max_wal_size" must be at least twice'),
        ({"session_preload_libraries": "nosuch"}, "could not access file"),
        ({"ssl_max_protocol_version": "TLSv1.1"}, "could not set SSL protocol version range"),
    ],
)
def test_a_reboot_with_such_parameters_ends_and_a_reboot_without_them_brings_it_back(
    cloud: Cloud, rds: Any, instance: dict[str, Any], settings: dict[str, str], reason: str
) -> None:
    put(rds, settings)
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    expect_incompatible(cloud, rds, reason)
    with connect(mended(cloud, rds)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_only_reboot_and_deletion_are_accepted_while_incompatible(
    cloud: Cloud, rds: Any, instance: dict[str, Any]
) -> None:
    """https://repost.aws/knowledge-center/rds-incompatible-parameters: to accept a new configuration, also another
    parameter group, an instance must be available; one in this state can only be rebooted or deleted."""
    put(rds, TOO_MANY)
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    expect_incompatible(cloud, rds, "300000 is outside the valid range")
    with pytest.raises(ClientError) as refused:
        rds.modify_db_instance(DBInstanceIdentifier=NAME, DBParameterGroupName="default.postgres15")
    assert code_of(refused.value) == "InvalidDBInstanceState"
    connect(mended(cloud, rds)).close()


def test_what_ends_sessions_does_not_keep_it_from_its_end(cloud: Cloud, rds: Any, instance: dict[str, Any]) -> None:
    put(rds, {"statement_timeout": "1", "idle_session_timeout": "1", "default_transaction_read_only": "1"})
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    available(cloud, NAME)
    mended(cloud, rds)


def test_the_master_user_owns_the_database_postgres(instance: dict[str, Any]) -> None:
    at = instance["Endpoint"]
    to = {"host": at["Address"], "port": at["Port"], "user": "aura", "password": PASSWORD, "dbname": "postgres"}
    with psycopg.connect(**to) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
        found = connection.execute("SELECT datname, datdba::regrole::text FROM pg_database").fetchall()
    assert dict(found) == {
        **dict.fromkeys(("accounts", "postgres", "template1"), "aura"),
        **dict.fromkeys(("rdsadmin", "template0"), "rdsadmin"),
    }
