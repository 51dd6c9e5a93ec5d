"""Finds what an operation names, and the facts that rules ask for. Call under the lock."""

from __future__ import annotations

from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.keys import kms_key
from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.catalog.versions import CLUSTER_DEFAULT_GROUP
from local.cloud.svc.elasticache.groups import PARAMETER_GROUPS, SUBNET_GROUPS, zones_of
from local.cloud.svc.elasticache.model import CacheState, Group, Member, Snapshot
from local.cloud.svc.elasticache.rules.table import Facts


def replication_group(state: CacheState, name: str) -> Group:
    if name.lower() not in state.groups:
        raise AwsError("ReplicationGroupNotFoundFault", f"Replication group {name} not found.")
    return state.groups[name.lower()]


def available(group: Group) -> Group:
    """`group`, unless something is being done to it."""
    if group.status != "available":
        if group.standalone:
            raise AwsError("InvalidCacheClusterState", f"Cache cluster {group.name} is {group.status}.")
        raise AwsError("InvalidReplicationGroupState", f"Replication group {group.name} is {group.status}.")
    return group


def deletable(group: Group) -> Group:
    """`group`, unless AWS would not delete it now. One whose engines cannot be started can be."""
    return group if group.trouble and group.status in ("creating", "modifying") else available(group)


def cache_cluster(state: CacheState, name: str) -> tuple[Group, Member]:
    found = state.member(name.lower())
    if found is None:
        raise AwsError("CacheClusterNotFound", f"CacheCluster {name} not found.")
    return found


def snapshot(state: CacheState, name: str) -> Snapshot:
    if name.lower() not in state.snapshots:
        raise AwsError("SnapshotNotFoundFault", f"Snapshot {name} not found.")
    return state.snapshots[name.lower()]


def facts(state: CacheState, inputs: Inputs, placed_in: str | None) -> Facts:
    """`placed_in`: the subnet group of the nodes. Raises AwsError for a group that does not exist."""
    parameter_group = inputs.get("CacheParameterGroupName")
    return Facts(
        zones=frozenset(zones_of(state, placed_in)),
        vpc=SUBNET_GROUPS.find(state, placed_in).vpc if placed_in else None,
        security_groups=lookups.security_group_vpcs(state.region, inputs.get("SecurityGroupIds") or []),
        family=PARAMETER_GROUPS.find(state, parameter_group).family if parameter_group else None,
        cluster_mode=(parameter_group or "").lower() == CLUSTER_DEFAULT_GROUP,
    )


def key(region: str, name: str) -> str:
    """ARN of the KMS key `name`. Raises InvalidKMSKeyFault unless it can encrypt."""
    found = kms_key(region, name)
    if found.trouble:
        raise AwsError("InvalidKMSKeyFault", found.trouble)
    return found.arn
