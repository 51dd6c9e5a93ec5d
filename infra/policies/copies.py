"""Where else the state of a resource is: what replicates it, and into which region."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.policies.declared import UNKNOWN, Resource, Stack
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
        rules = [rule for rule in replication.items("rules") if _replicates(rule)]
        for other in stack.of(bucket.type):
            if other is not bucket and replication.mentions(other) and any(_leads_to(rule, other) for rule in rules):
                yield Copy(other.region, other.name, "bucket replication")


def _replicates(rule: Mapping[str, Any]) -> bool:
    """Whether the rule is in force, for what is encrypted with keys of KMS too, as every object is: S3 leaves that out
    unless it is told. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"""
    status: Any = rule.get("sourceSelectionCriteria")
    for key in ("sseKmsEncryptedObjects", "status"):
        status = status.get(key) if isinstance(status, Mapping) else status
    return all(one is UNKNOWN or one == "Enabled" for one in (rule.get("status"), status))


def _leads_to(rule: Mapping[str, Any], bucket: Resource) -> bool:
    """As far as a preview knows: the ARN of a bucket is one of its outputs."""
    destination = rule.get("destination")
    arn = destination.get("bucket") if isinstance(destination, Mapping) else UNKNOWN
    return not isinstance(arn, str) or arn.rpartition(":")[2] == bucket.at("bucket")


def _cache(cache: Resource, stack: Stack) -> Iterator[Copy]:
    for datastore in stack.of("aws:elasticache/globalReplicationGroup:GlobalReplicationGroup"):
        members = [one for one in stack.of(cache.type) if one.mentions(datastore) or datastore.mentions(one)]
        for other in members if cache in members else ():
            if other is not cache:
                yield Copy(other.region, other.name, "global datastore")


def _stream(stream: Resource, stack: Stack) -> Iterator[Copy]:
    """A replicator is in the region of its target, so one of both regions is one of each direction. The way back needs
    its own: what was written after a promotion, and the places of groups, are copied by nothing else."""
    for other in stack.of(stream.type):
        replicators = stack.of("aws:msk/replicator:Replicator")
        both = {one.region for one in replicators if one.mentions(stream) and one.mentions(other)}
        if other is not stream and both >= {stream.region, other.region}:
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
