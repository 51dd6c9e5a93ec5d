"""Whatever holds state has a counterpart in the other region of the pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from infra.policies.declared import Resource, Stack
from infra.policies.rule import StackRule, Violation
from infra.policies.settings_of_buckets import settings
from infra.policies.stateful import STATEFUL

GLOBAL = frozenset({"aws:route53/zone:Zone"})
"""Of no region: Route 53 answers from all. https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/
global-services.html"""
_PER_REGION = ("AmazonMSK_",)
"""Beginnings of the names of secrets that a service reads in its own region: each region has its own."""


def _check(stack: Stack) -> Iterable[Violation]:
    pair = stack.deployment.pair
    if pair is None:
        return
    for resource in stack.resources:
        other = pair.other(resource.region)
        if not other or resource.type not in STATEFUL - GLOBAL:
            continue
        find = COUNTERPARTS.get(resource.type, _unknown)
        if missing := find(resource, stack, other):
            yield Violation(resource, f"has no counterpart in {other}: {missing}")


def _unknown(_: Resource, __: Stack, ___: str) -> str:
    return "no rule knows how its type is replicated; say so in infra/policies/rules/counterpart.py"


def _database(database: Resource, stack: Stack, other: str) -> str:
    """A replica is its source's counterpart, and the source its."""
    if database.at("replicateSourceDb") is not None:
        sources = [one for one in stack.of(database.type) if database.mentions(one) and one.region == other]
        return "" if sources else "replicateSourceDb is no database of the stack there"
    replicas = (one for one in stack.of(database.type) if one.at("replicateSourceDb") is not None)
    found = any(one.region == other and database.urn in one.refers.get("replicateSourceDb", ()) for one in replicas)
    return "" if found else "no instance there has it as its replicateSourceDb"


def _key(key: Resource, stack: Stack, other: str) -> str:
    """A replica of it; or a key of the same purpose, where what it encrypts stays in its region."""
    replicas = [one for one in stack.of("aws:kms/replicaKey:ReplicaKey") if one.mentions(key) and one.region == other]
    if replicas:
        return "" if key.at("multiRegion") is True else "it has a replica there and is not multiRegion"
    return "" if _twin(key, stack, other) else "neither a ReplicaKey of it nor a key of this purpose is there"


def _secret(secret: Resource, stack: Stack, other: str) -> str:
    if any(replica.get("region") == other for replica in secret.items("replicas")):
        return ""
    if str(secret.at("name")).startswith(_PER_REGION):
        return "" if _twin(secret, stack, other) else f"no secret there begins with {_PER_REGION[0]} for its cluster"
    return "replicas does not name that region"


def _bucket(bucket: Resource, stack: Stack, other: str) -> str:
    """Replicated; but not one that takes access logs, which are written, and asked for, in each region."""
    if any(settings(stack, "aws:s3/bucketLogging:BucketLogging", bucket, "targetBucket")):
        return ""
    for replication in settings(stack, "aws:s3/bucketReplicationConfig:BucketReplicationConfig", bucket):
        if any(replication.mentions(one) for one in stack.of(bucket.type) if one.region == other):
            return ""
    return "no BucketReplicationConfig copies it to a bucket there"


def _cache(cache: Resource, stack: Stack, other: str) -> str:
    type = "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup"
    for datastore in stack.of(type):
        members = [one for one in stack.of(cache.type) if one.mentions(datastore) or datastore.mentions(one)]
        if cache in members and any(one.region == other for one in members):
            return ""
    return "no GlobalReplicationGroup has it and a group there"


def _stream(stream: Resource, stack: Stack, other: str) -> str:
    for replicator in stack.of("aws:msk/replicator:Replicator"):
        clusters = [one for one in stack.of(stream.type) if replicator.mentions(one)]
        if stream in clusters and any(one.region == other for one in clusters):
            return ""
    return "no Replicator has it and a cluster there"


def _has_twin(resource: Resource, stack: Stack, other: str) -> str:
    return "" if _twin(resource, stack, other) else "nothing of its type and name is there"


def _twin(resource: Resource, stack: Stack, other: str) -> Resource | None:
    """The resource of the same name but for the region."""
    name = resource.name.replace(resource.region, other)
    return next((one for one in stack.of(resource.type) if (one.region, one.name) == (other, name)), None)


COUNTERPARTS: Mapping[str, Callable[[Resource, Stack, str], str]] = {
    "aws:eks/cluster:Cluster": _has_twin,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _key,
    "aws:msk/cluster:Cluster": _stream,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _secret,
}
"""How each type is replicated; each gives what is missing, or ""."""

RULE = StackRule(
    "counterpart",
    "In a stack with a passive region, whatever holds state in one region of the pair has a counterpart in the other.",
    "A region can be lost at any moment, with everything that is in no other.",
    _check,
)
