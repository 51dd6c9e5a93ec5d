"""A region is killed, or cut off, and comes back; names move while every call of a control plane is refused."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ConnectionClosedError, HTTPClientError
from dnslib import DNSRecord

from local.cloud import endpoint
from local.engines.runtime.process import Process
from local.links.routes import Link
from local.loss import model
from local.loss.copies import CopiesFile, Copy
from local.loss.ending import kill_processes
from local.loss.file import LossFile, processes
from local.loss.model import Loss
from tests.cloud.rds import PASSWORD, available, connect
from tests.fixtures.cloud import Cloud, code
from tests.fixtures.revival import START_SECONDS
from tests.fixtures.waiting import until

WEST, EAST = "us-west-2", "us-east-1"
pytestmark = pytest.mark.integration


@dataclass
class Pair:
    """`sides-west` is replicated from the west, which keeps its engines: other tests have theirs there, so it is the
    east that is lost. `sides-east` is the east's own, `sides-copy` its replica in the west."""

    cloud: Cloud
    source: dict[str, Any]
    replica: dict[str, Any]

    def change(self, step: Callable[[Loss], Loss]) -> None:
        LossFile(self.cloud.site).change(step)

    def kill(self) -> None:
        self.change(lambda loss: model.kill(loss, EAST))
        kill_processes(self.cloud.site, EAST)

    def restore(self) -> None:
        self.change(lambda loss: model.refuse_calls(model.restore(loss, EAST), False))

    def write(self, number: int) -> None:
        with connect(self.source) as connection:
            connection.execute("INSERT INTO t VALUES (%s)", [number])

    def has(self, number: int) -> bool:
        with connect(self.replica) as connection:
            return connection.execute("SELECT 1 FROM t WHERE n = %s", [number]).fetchone() is not None

    def copy(self) -> Copy | None:
        copies = CopiesFile(self.cloud.site).read()
        return next((copy for copy in copies if copy.arn == self.replica["DBInstanceArn"]), None)

    def alive(self) -> list[Process]:
        records = processes(self.cloud.site, EAST).rglob("*.process")
        return [p for p in (Process(r.parent, r.stem) for r in records) if p.pid() is not None]


@pytest.fixture(scope="module")
def pair(cloud: Cloud) -> Iterator[Pair]:
    east, west = cloud.client("rds", EAST), cloud.client("rds", WEST)
    east.create_db_instance(
        DBInstanceIdentifier="lost",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="15",
        MasterUsername="aura",
        MasterUserPassword=PASSWORD,
        AllocatedStorage=20,
        DBName="accounts",
        BackupRetentionPeriod=1,
    )
    source = available(cloud, "lost", EAST)
    with connect(source) as connection:
        connection.execute("CREATE TABLE t (n int)")
    west.create_db_instance_read_replica(
        DBInstanceIdentifier="kept", SourceDBInstanceIdentifier=source["DBInstanceArn"]
    )
    made = Pair(cloud, source, available(cloud, "kept", WEST))
    yield made
    made.restore()
    for client, name in ((west, "kept"), (east, "lost")):
        client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_the_replica_streams_over_the_link_as_late_as_it_is_far(pair: Pair) -> None:
    with connect(pair.replica) as connection:
        row = connection.execute("SELECT sender_port FROM pg_stat_wal_receiver").fetchone()
    (route,) = [r for r in Link(pair.cloud.site, EAST).known() if r.host == pair.source["Endpoint"]["Address"]]
    assert row == (route.port,)
    pair.write(1)
    until("the row to get there", lambda: pair.has(1))
    measured = until("the copy to be measured", pair.copy)
    assert (measured.store, measured.source, measured.target, measured.unit) == ("RDS", EAST, WEST, "bytes of WAL")


def test_a_region_that_is_cut_off_runs_on_and_nobody_outside_reaches_it(pair: Pair) -> None:
    cloud = pair.cloud
    buckets = {}
    for region, name in ((WEST, "cut-west"), (EAST, "cut-east")):
        where = {} if region == EAST else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        cloud.client("s3", region).create_bucket(Bucket=name, **where)
        buckets[region] = name
    cloud.client("secretsmanager", EAST).create_secret(
        Name="test/cut", SecretString="before", AddReplicaRegions=[{"Region": WEST}]
    )
    pids = {process.folder: process.pid() for process in pair.alive()}
    pair.change(lambda loss: model.partition(loss, EAST))
    try:
        pair.write(2)
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            cloud.client("rds", EAST).describe_db_instances()
        with pytest.raises((ConnectionClosedError, HTTPClientError)):  # its bucket, whatever region signs
            cloud.client("s3", WEST).put_object(Bucket=buckets[EAST], Key="k", Body=b"")
        cloud.client("s3", WEST).put_object(Bucket=buckets[WEST], Key="k", Body=b"")
        assert cloud.client("iam", WEST).list_roles()["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert {process.folder: process.pid() for process in pair.alive()} == pids
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connect(pair.replica) as connection:
            connection.execute("INSERT INTO t VALUES (3)")
        assert not pair.has(2)
    finally:
        pair.restore()
    until("the row to get there", lambda: pair.has(2))
    secrets = cloud.client("secretsmanager", EAST)
    secrets.put_secret_value(SecretId="test/cut", SecretString="after")
    there = cloud.client("secretsmanager", WEST)
    until("the secret", lambda: there.get_secret_value(SecretId="test/cut")["SecretString"] == "after")


def test_a_killed_region_stays_dead_names_move_without_a_control_plane_and_it_comes_back_with_its_data(
    pair: Pair,
) -> None:
    cloud = pair.cloud
    gateways = {region: gateway(cloud, region) for region in (EAST, WEST)}
    declare(cloud, gateways)
    assert until("the home region's name", lambda: resolved(cloud)) == [gateways[EAST]]
    pair.change(lambda loss: model.refuse_calls(loss, True))
    pair.kill()
    try:
        assert not pair.alive()
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            cloud.client("secretsmanager", EAST).get_secret_value(SecretId="test/cut")
        for client, call in (
            (cloud.client("rds", WEST), "promote_read_replica"),
            (cloud.client("rds", WEST), "describe_db_instances"),
            (cloud.client("route53"), "list_hosted_zones"),
        ):
            inputs = {"DBInstanceIdentifier": "kept"} if call.startswith("promote") else {}
            assert code(getattr(client, call), **inputs) == "ServiceUnavailable"
        found = cloud.client("secretsmanager", WEST).get_secret_value(SecretId="test/cut")  # a data plane
        assert found["SecretString"] == "after"
        until("clients to move", lambda: resolved(cloud) == [gateways[WEST]])
        endpoint.process(cloud.site).kill()
        endpoint.start(cloud.site, START_SECONDS)
        pair.change(lambda loss: model.refuse_calls(loss, False))
        until("the endpoint to look at the replica", lambda: health(pair) == "error")
        assert not pair.alive()
        assert pair.copy() is not None  # what was measured last
        assert not pair.has(4)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connect(pair.replica) as connection:
            connection.execute("INSERT INTO t VALUES (4)")
    finally:
        pair.restore()
    assert available(cloud, "lost", EAST)["Endpoint"] == pair.source["Endpoint"]
    until("its server to be back", lambda: writes(pair, 5))
    until("the row to get there", lambda: pair.has(5))


def writes(pair: Pair, number: int) -> bool:
    try:
        pair.write(number)
    except psycopg.OperationalError:
        return False
    return True


def health(pair: Pair) -> str:
    found = pair.cloud.client("rds", WEST).describe_db_instances(DBInstanceIdentifier="kept")
    return found["DBInstances"][0]["StatusInfos"][0]["Status"]


def gateway(cloud: Cloud, region: str) -> str:
    """Address of what answers /active in a region, as one of its processes."""
    folder, address = processes(cloud.site, region) / "stub-gateway", cloud.site.engine_address(region, 4)
    (folder / "www").mkdir(parents=True, exist_ok=True)
    (folder / "www" / "active").write_text("yes")
    serve = [sys.executable, "-m", "http.server", "--bind", address, "--directory", str(folder / "www"), "8080"]
    process = Process(folder, "gateway")
    process.start(serve, listens=[(address, 8080)])
    process.wait_until(lambda: socket.socket().connect_ex((address, 8080)) == 0, 30)
    return address


def declare(cloud: Cloud, gateways: dict[str, str]) -> None:
    """A name with a failover record for each region, and a health check of its gateway."""
    route53 = cloud.client("route53")
    zone = route53.create_hosted_zone(Name="loss.test", CallerReference="loss")["HostedZone"]["Id"]
    changes = []
    for role, region in (("PRIMARY", EAST), ("SECONDARY", WEST)):
        checked = {
            "IPAddress": gateways[region],
            "Port": 8080,
            "Type": "HTTP",
            "ResourcePath": "/active",
            "RequestInterval": 10,
            "FailureThreshold": 1,
        }
        made = route53.create_health_check(CallerReference=f"loss-{role}", HealthCheckConfig=checked)
        record = {
            "Name": "api.loss.test",
            "Type": "A",
            "SetIdentifier": region,
            "Failover": role,
            "TTL": 5,
            "ResourceRecords": [{"Value": gateways[region]}],
            "HealthCheckId": made["HealthCheck"]["Id"],
        }
        changes.append({"Action": "CREATE", "ResourceRecordSet": record})
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def resolved(cloud: Cloud) -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(2)
        try:
            asked.sendto(DNSRecord.question("api.loss.test").pack(), (cloud.site.endpoint_host, 5353))
            answer = DNSRecord.parse(asked.recv(4096))
        except OSError:
            return []
    return [str(line.rdata) for line in answer.rr]
