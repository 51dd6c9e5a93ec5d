"""Where else the state of a resource is: what replicates it, and into which region."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from infra.policies.declared import Resource, Stack
from infra.policies.settings_of_buckets import settings


@dataclass(frozen=True)
class Copy:
    """`by` is what keeps it, such as "read replica"."""

    region: str
    name: str
    by: str


OWN = "its own"
"""Nothing is copied: each region has one, which was made like the other."""
PER_REGION = re.compile(r"^AmazonMSK_|/rds/[^/]+$")
"""Names of secrets of which each region has its own: the brokers' logins, which MSK reads in its region, and the
connection parameters of databases, which name the region's host."""


def copies(resource: Resource, stack: Stack) -> list[Copy]:
    """All of a resource; [] of one of a type that FIND does not have."""
    find = FIND.get(resource.type)
    return list(find(resource, stack)) if find else []


def takes_access_logs(bucket: Resource, stack: Stack) -> bool:
    """Such a bucket is written, and read, in its own region."""
    return bool(settings(stack, "aws:s3/bucketLogging:BucketLogging", bucket, "targetBucket"))


def _database(database: Resource, stack: Stack) -> Iterator[Copy]:
    """A replica is its source's copy, and the source its."""
    for other in stack.of(database.type):
        source, replica = (other, database) if database.at("replicateSourceDb") is not None else (database, other)
        if other is not database and source.urn in replica.refers.get("replicateSourceDb", ()):
            yield Copy(other.region, other.name, "read replica")


def _key(key: Resource, stack: Stack) -> Iterator[Copy]:
    """A replica of it; or a key of the same purpose, where what it encrypts stays in its region."""
    for replica in stack.of("aws:kms/replicaKey:ReplicaKey"):
        if replica.mentions(key) and key.at("multiRegion") is True:
            yield Copy(replica.region, replica.name, "replica key")
    yield from _twins(key, stack)


def _secret(secret: Resource, stack: Stack) -> Iterator[Copy]:
    for replica in secret.items("replicas"):
        yield Copy(str(replica.get("region")), secret.name, "replica secret")
    if PER_REGION.search(str(secret.at("name"))):
        yield from _twins(secret, stack)


def _bucket(bucket: Resource, stack: Stack) -> Iterator[Copy]:
    for replication in settings(stack, "aws:s3/bucketReplicationConfig:BucketReplicationConfig", bucket):
        for other in stack.of(bucket.type):
            if other is not bucket and replication.mentions(other):
                yield Copy(other.region, other.name, "bucket replication")


def _cache(cache: Resource, stack: Stack) -> Iterator[Copy]:
    for datastore in stack.of("aws:elasticache/globalReplicationGroup:GlobalReplicationGroup"):
        members = [one for one in stack.of(cache.type) if one.mentions(datastore) or datastore.mentions(one)]
        for other in members if cache in members else ():
            if other is not cache:
                yield Copy(other.region, other.name, "global datastore")


def _stream(stream: Resource, stack: Stack) -> Iterator[Copy]:
    for replicator in stack.of("aws:msk/replicator:Replicator"):
        for other in stack.of(stream.type):
            if other is not stream and replicator.mentions(stream) and replicator.mentions(other):
                yield Copy(other.region, other.name, "replicator")


def _twins(resource: Resource, stack: Stack) -> Iterator[Copy]:
    """Resources of the same name but for the region."""
    for other in stack.of(resource.type):
        if other.region != resource.region and other.name == resource.name.replace(resource.region, other.region):
            yield Copy(other.region, other.name, OWN)


FIND: Mapping[str, Callable[[Resource, Stack], Iterator[Copy]]] = {
    "aws:eks/cluster:Cluster": _twins,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _key,
    "aws:msk/cluster:Cluster": _stream,
    "aws:opensearch/domain:Domain": _twins,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _secret,
}
"""How each type is replicated."""
