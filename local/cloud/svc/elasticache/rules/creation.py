"""Rules of CreateReplicationGroup."""

from __future__ import annotations

from typing import Any

from local.cloud.svc.elasticache.catalog.node_types import TIERED
from local.cloud.svc.elasticache.rules.names import COMMON, TAGS, is_identifier
from local.cloud.svc.elasticache.rules.placement import ENGINE, PLACEMENT
from local.cloud.svc.elasticache.rules.table import COMBINATION, CREATE, VALUE, Request, Rule

MOST_NODES = 6
"""A primary and five replicas."""


def node_count(inputs: Any) -> int:
    """How many nodes a group without cluster mode is created with."""
    if inputs.get("ReplicasPerNodeGroup") is not None:
        return int(inputs["ReplicasPerNodeGroup"]) + 1
    if inputs.get("NodeGroupConfiguration"):
        return int(inputs["NodeGroupConfiguration"][0].get("ReplicaCount", 0)) + 1
    return int(inputs.get("NumCacheClusters", 1))


def zones(inputs: Any) -> list[str]:
    """The zones that are asked for, of the nodes in their order."""
    if inputs.get("NodeGroupConfiguration"):
        group = inputs["NodeGroupConfiguration"][0]
        primary = [group["PrimaryAvailabilityZone"]] if "PrimaryAvailabilityZone" in group else []
        return [*primary, *group.get("ReplicaAvailabilityZones", [])]
    return list(inputs.get("PreferredCacheClusterAZs") or [])


def _shards(request: Request) -> int:
    return request["NumNodeGroups"] or len(request["NodeGroupConfiguration"] or []) or 1


RULES = (
    Rule(
        VALUE,
        "ReplicationGroupId {ReplicationGroupId}: 1 to 40 letters, digits and single hyphens, a letter first.",
        lambda r: not is_identifier(r["ReplicationGroupId"], 40),
        CREATE,
    ),
    Rule(
        VALUE,
        "The parameter CacheNodeType must be given.",
        lambda r: not any(k in r for k in ("CacheNodeType", "SnapshotName", "PrimaryClusterId")),
        CREATE,
    ),
    Rule(
        VALUE,
        "NumCacheClusters is {NumCacheClusters}; a node group has 1 primary and at most 5 replicas.",
        lambda r: "NumCacheClusters" in r and not 1 <= r["NumCacheClusters"] <= MOST_NODES,
        CREATE,
    ),
    Rule(
        VALUE,
        "ReplicasPerNodeGroup is {ReplicasPerNodeGroup}; it must be 0 to 5.",
        lambda r: "ReplicasPerNodeGroup" in r and not 0 <= r["ReplicasPerNodeGroup"] < MOST_NODES,
        CREATE,
    ),
    Rule(
        VALUE,
        "The ReplicaCount of a node group must be 0 to 5.",
        lambda r: any(not 0 <= g.get("ReplicaCount", 0) < MOST_NODES for g in r["NodeGroupConfiguration"] or []),
        CREATE,
    ),
    Rule(
        VALUE,
        "NumNodeGroups is {NumNodeGroups}; it must be 1 to 500.",
        lambda r: "NumNodeGroups" in r and not 1 <= r["NumNodeGroups"] <= 500,
        "User guide, Quotas",
    ),
    Rule(
        COMBINATION,
        "NumCacheClusters {NumCacheClusters} and ReplicasPerNodeGroup {ReplicasPerNodeGroup} contradict each other.",
        lambda r: (
            "NumCacheClusters" in r
            and "ReplicasPerNodeGroup" in r
            and r["NumCacheClusters"] != r["ReplicasPerNodeGroup"] + 1
        ),
        CREATE,
    ),
    Rule(
        COMBINATION,
        "NumCacheClusters is for one node group; with more, give ReplicasPerNodeGroup.",
        lambda r: "NumCacheClusters" in r and _shards(r) > 1,
        CREATE,
    ),
    Rule(
        COMBINATION,
        "Cluster mode needs AutomaticFailoverEnabled.",
        lambda r: _shards(r) > 1 and not r["AutomaticFailoverEnabled"],
        CREATE,
    ),
    Rule(
        COMBINATION,
        "Automatic failover needs at least one replica.",
        lambda r: bool(r["AutomaticFailoverEnabled"]) and _shards(r) == 1 and node_count(r.inputs) < 2,
        CREATE,
    ),
    Rule(
        COMBINATION,
        "MultiAZEnabled needs AutomaticFailoverEnabled.",
        lambda r: bool(r["MultiAZEnabled"]) and not r["AutomaticFailoverEnabled"],
        "User guide, Minimizing downtime with Multi-AZ",
    ),
    Rule(
        VALUE,
        "As many zones must be named as there are nodes.",
        lambda r: _shards(r) == 1 and bool(zones(r.inputs)) and len(zones(r.inputs)) != node_count(r.inputs),
        CREATE,
    ),
    Rule(
        VALUE,
        "A zone that is named is not one of the subnet group's, or not of this region.",
        lambda r: _shards(r) == 1 and any(zone not in r.facts.zones for zone in zones(r.inputs)),
        CREATE,
    ),
    Rule(
        COMBINATION,
        "With MultiAZEnabled the nodes must be in more than one zone.",
        lambda r: bool(r["MultiAZEnabled"]) and len(set(zones(r.inputs))) == 1,
        "User guide, Minimizing downtime with Multi-AZ",
    ),
    Rule(
        VALUE,
        "Port is {Port}; it must be 1 to 65535.",
        lambda r: "Port" in r and not 1 <= r["Port"] <= 65535,
        CREATE,
    ),
    Rule(
        COMBINATION,
        "KmsKeyId needs AtRestEncryptionEnabled.",
        lambda r: "KmsKeyId" in r and not r["AtRestEncryptionEnabled"],
        "User guide, At-rest encryption",
    ),
    Rule(
        COMBINATION,
        "SnapshotName and SnapshotArns exclude each other.",
        lambda r: "SnapshotName" in r and bool(r["SnapshotArns"]),
        CREATE,
    ),
    *ENGINE,
    *PLACEMENT,
    *COMMON,
    *TAGS,
)

MISSING = {
    "SnapshotArns": "restoring from files in S3; CopySnapshot and SnapshotName work",
    "UserGroupIds": "Redis users; use an AuthToken",
    "LogDeliveryConfigurations": "delivering Redis logs",
    "ServerlessCacheSnapshotName": "snapshots of serverless caches",
    "DataTieringEnabled": f"node types with SSD, such as {TIERED[0]}",
}


def missing(request: Request) -> str | None:
    """What AWS can do of the request and this cloud cannot, beyond MISSING; None when there is nothing."""
    if _shards(request) > 1 or request["ClusterMode"] not in (None, "disabled"):
        return "Redis in cluster mode"
    if request["NetworkType"] not in (None, "ipv4") or request["IpDiscovery"] not in (None, "ipv4"):
        return "nodes with IPv6 addresses"
    if request["Durability"] not in (None, "default", "async"):
        return f"the durability {request['Durability']}"
    if "Port" in request and request["Port"] < 1024:
        return "ports below 1024, which need root on this machine"
    return None
