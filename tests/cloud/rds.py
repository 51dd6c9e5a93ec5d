"""Makes RDS instances for tests and connects to them."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

PASSWORD = secrets.token_urlsafe(16)
"""Of the master user `aura`."""


def subnet_group(cloud: Cloud) -> str:
    """Name of a subnet group in the network of the tests; made on first use."""
    client = cloud.client("rds")
    try:
        client.create_db_subnet_group(
            DBSubnetGroupName="rds-test", DBSubnetGroupDescription="for tests", SubnetIds=cloud.subnets[:2]
        )
    except ClientError as error:
        if code_of(error) != "DBSubnetGroupAlreadyExists":
            raise
    return "rds-test"


def create(cloud: Cloud, name: str, **more: Any) -> None:
    """An instance with a database `accounts`, without automated backups unless `more` says otherwise."""
    wanted = {
        "DBInstanceIdentifier": name,
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "EngineVersion": "15",
        "MasterUsername": "aura",
        "MasterUserPassword": PASSWORD,
        "AllocatedStorage": 20,
        "DBSubnetGroupName": subnet_group(cloud),
        "DBName": "accounts",
        "BackupRetentionPeriod": 0,
    }
    cloud.client("rds").create_db_instance(**wanted | more)


def describe(cloud: Cloud, name: str, region: str | None = None) -> dict[str, Any]:
    client = cloud.client("rds", region) if region else cloud.client("rds")
    return client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def available(cloud: Cloud, name: str, region: str | None = None) -> dict[str, Any]:
    """The description of an instance, once it is available."""

    def instance() -> dict[str, Any] | None:
        found = describe(cloud, name, region)
        return found if found["DBInstanceStatus"] == "available" else None

    found = until(f"{name} to be available", instance)
    assert found is not None
    return found


def connect(instance: dict[str, Any], password: str = PASSWORD) -> psycopg.Connection[Any]:
    at = instance["Endpoint"]
    return psycopg.connect(
        host=at["Address"], port=at["Port"], user="aura", password=password, dbname="accounts", connect_timeout=5
    )


def delete(cloud: Cloud, name: str, region: str | None = None) -> None:
    client = cloud.client("rds", region) if region else cloud.client("rds")
    client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
