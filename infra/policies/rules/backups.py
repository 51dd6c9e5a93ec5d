"""In prod, what is lost or deleted by mistake can be restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from infra.policies.declared import UNKNOWN, Deployment, Resource, is_true
from infra.policies.rule import ResourceRule

PROD = "prod"
_RESTORE_DAYS = 30
"""A mistake is noticed within a month, the longest that AWS holds a deleted key or secret (both take 7 to 30 days:
https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html,
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html); RDS takes up to 35
(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html)."""
_REWRITTEN = "-stream-state"
"""Snapshots of streams are replaced every minute and can be computed from the topic again: old ones are no backup."""
_CACHE_DAYS = 1
"""A cache holds what may be lost; a snapshot spares the time in which it is cold."""


def _days(path: str, least: int) -> Callable[[Resource], Iterator[str]]:
    def check(resource: Resource) -> Iterator[str]:
        days = resource.at(path)
        if days is not UNKNOWN and (days is None or float(days) < least):
            yield f"{path} is {days if days is None else int(float(days))}; prod keeps {least} days or more"

    return check


def _database(resource: Resource) -> Iterator[str]:
    yield from _days("backupRetentionPeriod", _RESTORE_DAYS)(resource)
    if not is_true(resource.at("deletionProtection")):
        yield "deletionProtection is not true"
    if resource.at("replicateSourceDb") is None and resource.at("skipFinalSnapshot") is not False:
        yield "skipFinalSnapshot is not false: deleting it would leave no snapshot"


def _cache(resource: Resource) -> Iterator[str]:
    """ElastiCache copies the snapshots of a global datastore's first group only."""
    if resource.at("globalReplicationGroupId") is None:
        yield from _days("snapshotRetentionLimit", _CACHE_DAYS)(resource)


def _bucket(resource: Resource) -> Iterator[str]:
    if resource.at("forceDestroy") is True:
        yield "forceDestroy is true: destroying the stack would delete its objects"


def _versions(resource: Resource) -> Iterator[str]:
    status = resource.at("versioningConfiguration.status")
    if status not in ("Enabled", UNKNOWN):
        yield f"versioning is {status}: an object that is overwritten would be lost"


def _lifecycle(resource: Resource) -> Iterator[str]:
    """Logs are written once, so that what ends them all after `expiration` need not keep old versions."""
    for rule in resource.items("rules"):
        old = rule.get("noncurrentVersionExpiration") or {}
        days = old.get("noncurrentDays", _RESTORE_DAYS) if isinstance(old, Mapping) else _RESTORE_DAYS
        if not rule.get("expiration") and days is not UNKNOWN and float(days) < _RESTORE_DAYS:
            yield f"old versions end after {int(float(days))} days; prod keeps {_RESTORE_DAYS} or more"


def _cluster(resource: Resource) -> Iterator[str]:
    if not is_true(resource.at("deletionProtection")):
        yield "deletionProtection is not true"


_CHECKS: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:eks/cluster:Cluster": _cluster,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _days("deletionWindowInDays", _RESTORE_DAYS),
    "aws:kms/replicaKey:ReplicaKey": _days("deletionWindowInDays", _RESTORE_DAYS),
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketVersioning:BucketVersioning": _versions,
    "aws:secretsmanager/secret:Secret": _days("recoveryWindowInDays", _RESTORE_DAYS),
}


def _check(resource: Resource, deployment: Deployment) -> Iterable[str]:
    check = _CHECKS.get(resource.type)
    pair = deployment.pair
    if check is _lifecycle and pair and resource.region == pair.witness:
        return ()  # its leases are renewed all the time, and worth nothing once they have ended
    if check is _lifecycle and resource.name.endswith(_REWRITTEN):
        return ()
    return check(resource) if check and deployment.stack == PROD else ()


RULE = ResourceRule(
    "backups",
    f"In {PROD}, databases, objects, keys and secrets can be restored for {_RESTORE_DAYS} days.",
    "What is deleted or overwritten by mistake, by a person or by a program, comes back.",
    _check,
)
