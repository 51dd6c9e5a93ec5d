"""Two regions with one of each store, replicated from the west to the east, on a site of the benchmark's own.

Databases, caches, buckets and secrets are made by the AWS API. Of Kafka there is one broker a region, made without the
API: AWS replicates clusters of three brokers at least, which are six here.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import redis
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.replication.stores import GROUP, TOPIC, Key, Message, Object, Offset, Row, Secret, Store
from local.cloud import endpoint
from local.cloud.context import CloudContext
from local.engines.kafka import Kafka
from local.engines.kafka.replicator import Plan, Replicator
from local.engines.kafka.settings import ABROAD_PORT
from local.site import Site

WEST, EAST = "us-west-2", "us-east-1"
_SECONDS = 300.0
_PASSWORD = secrets.token_urlsafe(16)
_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, '
    '"Action": "sts:AssumeRole"}]}'
)
_MAY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


@dataclass
class Running:
    site: Site
    stores: list[Store]
    background: list[Callable[[int], None]]
    """What writes beside the measured ones: so much at a call."""


@contextmanager
def running(folder: Path, progress: Callable[[str], None]) -> Iterator[Running]:
    """The site's index is AURA_SITE, or 8."""
    site = Site(folder / "cloud", int(os.environ.get("AURA_SITE") or 8))
    endpoint.start(site)
    try:
        made = _Making(site, progress)
        yield Running(site, made.stores(), [made.rows, made.messages])
    finally:
        endpoint.stop(site, engines=True)


class _Making:
    def __init__(self, site: Site, progress: Callable[[str], None]) -> None:
        self.site, self.progress = site, progress
        self.context = CloudContext(site)

    def stores(self) -> list[Store]:
        messages = self._messages()
        return [self._row(), *messages, self._key(), self._object(), self._secret()]

    def client(self, service: str, region: str) -> Any:
        key = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
        return boto3.client(service, region, endpoint_url=self.site.endpoint_url, **key)  # pyright: ignore

    def _row(self) -> Row:
        self.progress("a database and its replica")
        west, east = self.client("rds", WEST), self.client("rds", EAST)
        made = west.create_db_instance(
            DBInstanceIdentifier="bench",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            EngineVersion="15",
            MasterUsername="aura",
            MasterUserPassword=_PASSWORD,
            AllocatedStorage=20,
            DBName="bench",
        )
        _until("the database", lambda: _database(west))
        east.create_db_instance_read_replica(
            DBInstanceIdentifier="bench", SourceDBInstanceIdentifier=made["DBInstance"]["DBInstanceArn"]
        )
        uris = [
            f"postgresql://aura:{_PASSWORD}@{_until('the replica', lambda c=c: _database(c))}:5432/bench"
            for c in (west, east)
        ]
        self.rows_to = psycopg.connect(uris[0], autocommit=True)
        self.rows_to.execute("CREATE TABLE bench (n int PRIMARY KEY)")
        self.rows_to.execute("CREATE TABLE load (n bigserial, body text)")
        row = Row(*uris)
        _until("the table", lambda: _has_table(row.east))
        return row

    def _key(self) -> Key:
        self.progress("a cache and its global datastore")
        west, east = self.client("elasticache", WEST), self.client("elasticache", EAST)
        group = {"ReplicationGroupDescription": "bench"}
        west.create_replication_group(ReplicationGroupId="bench", CacheNodeType="cache.m7g.large", **group)
        _until("the cache", lambda: _cache(west))
        made = west.create_global_replication_group(
            GlobalReplicationGroupIdSuffix="bench", PrimaryReplicationGroupId="bench"
        )
        name = made["GlobalReplicationGroup"]["GlobalReplicationGroupId"]
        described = {"GlobalReplicationGroupId": name}
        _until(
            "the datastore",
            lambda: (
                west.describe_global_replication_groups(**described)["GlobalReplicationGroups"][0]["Status"]
                == "primary-only"
            ),
        )
        east.create_replication_group(ReplicationGroupId="bench", GlobalReplicationGroupId=name, **group)
        return Key(*(redis.Redis(_until("the caches", lambda c=c: _cache(c))) for c in (west, east)))

    def _messages(self) -> list[Store]:
        self.progress("two brokers and a replicator")
        sides = {}
        for region in (WEST, EAST):
            address, link = self.context.addresses(region).of("bench-kafka"), self.context.link(region)
            folder = self.context.folder(region, "msk", "bench")
            sides[region] = Kafka(folder, address, light=True, abroad=[link.route(address, ABROAD_PORT)])
            sides[region].ensure(_SECONDS)
        west, east = ({"bootstrap.servers": side.bootstrap, "log_level": 0} for side in sides.values())
        admin = AdminClient(west)
        for made in admin.create_topics([NewTopic(TOPIC, 1, 1)]).values():
            made.result(60)
        source, target = sides[WEST].client_settings(abroad=True), sides[EAST].client_settings()
        plan = Plan("bench", source, target, "west", topics=(TOPIC,), groups=(GROUP,))
        Replicator(self.context.folder(EAST, "msk-replicators", "bench"), plan).ensure(_SECONDS)
        message = Message(west, east)
        self.messages_to = message.producer
        return [message, Offset(west, east, message)]

    def _object(self) -> Object:
        west, east, iam = self.client("s3", WEST), self.client("s3", EAST), self.client("iam", WEST)
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
        iam.put_role_policy(RoleName="bench", PolicyName="s3", PolicyDocument=_MAY)
        west.create_bucket(Bucket="bench-west", CreateBucketConfiguration={"LocationConstraint": WEST})
        east.create_bucket(Bucket="bench-east")
        for client, bucket in ((west, "bench-west"), (east, "bench-east")):
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        rule = {
            **{"ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""}},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {"Bucket": "arn:aws:s3:::bench-east"},
        }
        west.put_bucket_replication(Bucket="bench-west", ReplicationConfiguration={"Role": role, "Rules": [rule]})
        return Object(west, east, ("bench-west", "bench-east"))

    def _secret(self) -> Secret:
        west, east = self.client("secretsmanager", WEST), self.client("secretsmanager", EAST)
        west.create_secret(Name="bench", SecretString="0", AddReplicaRegions=[{"Region": EAST}])
        return Secret(west, east, "bench")

    def rows(self, count: int) -> None:
        self.rows_to.execute("INSERT INTO load (body) SELECT repeat('x', 200) FROM generate_series(1, %s)", [count])

    def messages(self, count: int) -> None:
        for _ in range(count):
            self.messages_to.produce(TOPIC, b"-1", partition=0)
        self.messages_to.poll(0)


def _until(what: str, probe: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _SECONDS
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise SystemExit(f"after {_SECONDS:.0f} s there is no {what}")
        time.sleep(0.1)
    return found


def _database(client: Any) -> str:
    (found,) = client.describe_db_instances(DBInstanceIdentifier="bench")["DBInstances"]
    return found["Endpoint"]["Address"] if found["DBInstanceStatus"] == "available" else ""


def _cache(client: Any) -> str:
    (found,) = client.describe_replication_groups(ReplicationGroupId="bench")["ReplicationGroups"]
    return found["NodeGroups"][0]["PrimaryEndpoint"]["Address"] if found["Status"] == "available" else ""


def _has_table(connection: psycopg.Connection[Any]) -> bool:
    return connection.execute("SELECT to_regclass('bench')").fetchone() != (None,)
