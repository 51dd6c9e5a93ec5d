"""Connections to RDS instances: verified with the authority's certificate, and refused in plaintext on request."""

from __future__ import annotations

import subprocess
from typing import Any

import psycopg
import pytest

from local.toolchain import tools
from tests.cloud.rds import PASSWORD, available, create
from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def instance(cloud: Cloud) -> Any:
    create(cloud, "tls-only")
    return available(cloud, "tls-only")


def connect(cloud: Cloud, instance: dict[str, Any], mode: str, **more: Any) -> psycopg.Connection[Any]:
    at = instance["Endpoint"]
    return psycopg.connect(
        host=at["Address"], port=at["Port"], user="aura", password=PASSWORD, dbname="accounts", connect_timeout=5,
        sslmode=mode, sslrootcert=str(cloud.site.authority / "ca.crt"), **more,
    )  # fmt: skip


def test_psql_verifies_the_endpoint_that_describe_returns(cloud: Cloud, instance: dict[str, Any]) -> None:
    at = instance["Endpoint"]
    target = f"host={at['Address']} port={at['Port']} user=aura password={PASSWORD} dbname=accounts sslmode=verify-full"
    command = [tools.path("psql"), "-At", f"{target} sslrootcert={cloud.site.authority}/ca.crt"]
    question = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    done = subprocess.run([*command, "-c", question], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() in ("t|TLSv1.3", "t|TLSv1.2")


def test_older_versions_of_tls_are_refused(cloud: Cloud, instance: dict[str, Any]) -> None:
    connect(cloud, instance, "verify-full", ssl_max_protocol_version="TLSv1.2").close()
    with connect(cloud, instance, "verify-full") as connection:
        assert connection.execute("SHOW ssl_min_protocol_version").fetchone() == ("TLSv1.2",)


def test_plaintext_is_refused_unless_the_parameter_group_allows_it(cloud: Cloud, instance: dict[str, Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(cloud, instance, "disable")
    rds = cloud.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="plaintext", DBParameterGroupFamily="postgres15", Description="plaintext"
    )
    force(rds, "0")
    rds.modify_db_instance(DBInstanceIdentifier="tls-only", DBParameterGroupName="plaintext", ApplyImmediately=True)
    (group,) = available(cloud, "tls-only")["DBParameterGroups"]
    assert group == {"DBParameterGroupName": "plaintext", "ParameterApplyStatus": "pending-reboot"}
    assert not plaintext(cloud, instance)
    rds.reboot_db_instance(DBInstanceIdentifier="tls-only")
    (group,) = available(cloud, "tls-only")["DBParameterGroups"]
    assert group["ParameterApplyStatus"] == "in-sync"
    assert plaintext(cloud, instance)
    connect(cloud, instance, "verify-full").close()
    force(rds, "1")
    until("plaintext to be refused", lambda: not plaintext(cloud, instance))


def force(rds: Any, value: str) -> None:
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": value, "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="plaintext", Parameters=[parameter])


def plaintext(cloud: Cloud, instance: dict[str, Any]) -> bool:
    try:
        connect(cloud, instance, "disable").close()
    except psycopg.OperationalError:
        return False
    return True
