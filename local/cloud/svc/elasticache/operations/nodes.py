"""Members of replication groups: add, remove, reboot, describe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from local.cloud.context import CloudContext
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache import describe
from local.cloud.svc.elasticache.catalog.node_types import modifications
from local.cloud.svc.elasticache.groups import zones_of
from local.cloud.svc.elasticache.model import CacheState, Group, Member
from local.cloud.svc.elasticache.operations import finding
from local.cloud.svc.elasticache.rules.modification import check_immediately, decreased, increased


class NodeOperations(Service[CacheState]):
    def increase_replica_count(self, state: CacheState, inputs: Inputs) -> Output:
        group = finding.available(finding.replication_group(state, inputs["ReplicationGroupId"]))
        check_immediately(inputs)
        more = increased(inputs, len(group.replicas)) - len(group.replicas)
        add_members(self.context, state, group, more, _zones(state, group, inputs, more))
        group.change("modifying")
        return {"ReplicationGroup": describe.replication_group(group)}

    def decrease_replica_count(self, state: CacheState, inputs: Inputs) -> Output:
        group = finding.available(finding.replication_group(state, inputs["ReplicationGroupId"]))
        check_immediately(inputs)
        replicas = [member.name for member in group.replicas]
        removed = decreased(inputs, replicas, group.primary.name, group.automatic_failover)
        group.leaving = [*group.leaving, *(member for member in group.members if member.name in removed)]
        group.members = [member for member in group.members if member.name not in removed]
        group.change("modifying")
        return {"ReplicationGroup": describe.replication_group(group)}

    def describe_cache_clusters(self, state: CacheState, inputs: Inputs) -> Output:
        alone = bool(inputs.get("ShowCacheClustersNotInReplicationGroups"))
        nodes = bool(inputs.get("ShowCacheNodeInfo"))
        if inputs.get("CacheClusterId"):
            pairs = [finding.cache_cluster(state, inputs["CacheClusterId"])]
        else:
            pairs = [(group, member) for group in state.group_users.values() for member in group.members]
        chosen = [(group, member) for group, member in pairs if group.standalone or not alone]
        return {"CacheClusters": [describe.cache_cluster(group, member, nodes) for group, member in chosen]}

    def reboot_cache_cluster(self, state: CacheState, inputs: Inputs) -> Output:
        group, member = finding.cache_cluster(state, inputs["CacheClusterId"])
        if group.status != "available":
            raise AwsError("InvalidCacheClusterState", f"Cache cluster {member.name} is {group.status}.")
        if list(inputs["CacheNodeIdsToReboot"]) != ["0001"]:
            raise AwsError("InvalidParameterValue", f"{member.name} has one node: 0001.")
        group.rebooting = (*group.rebooting, member.name)
        group.change("modifying")
        return {"CacheCluster": describe.cache_cluster(group, member, False)}

    def list_allowed_node_type_modifications(self, state: CacheState, inputs: Inputs) -> Output:
        if bool(inputs.get("CacheClusterId")) == bool(inputs.get("ReplicationGroupId")):
            raise AwsError("InvalidParameterCombination", "Give either CacheClusterId or ReplicationGroupId.")
        if inputs.get("CacheClusterId"):
            group, _ = finding.cache_cluster(state, inputs["CacheClusterId"])
        else:
            group = finding.replication_group(state, inputs["ReplicationGroupId"])
        up, down = modifications(group.node_type)
        return {"ScaleUpModifications": up, "ScaleDownModifications": down}


def add_members(context: CloudContext, state: CacheState, group: Group, count: int, zones: Sequence[str]) -> None:
    """Adds `count` members under the lowest numbers that are free; without `zones` they are spread."""
    taken = {member.name for member in (*group.members, *group.leaving)}
    spread = zones_of(state, group.inputs.get("CacheSubnetGroupName"))
    numbers = (number for number in range(1, 1000) if f"{group.name}-{number:03}" not in taken)
    for index, number in zip(range(count), numbers, strict=False):
        name = f"{group.name}-{number:03}"
        zone = zones[index] if zones else spread[len(group.members) % len(spread)]
        address = context.addresses(state.region).of(name)
        group.members = [*group.members, Member(name, address, zone, created=datetime.now(UTC))]


def _zones(state: CacheState, group: Group, inputs: Inputs, more: int) -> list[str]:
    """Zones of the replicas to add: the API names those of all nodes, the new ones last."""
    configured = inputs.get("ReplicaConfiguration") or [{}]
    zones = configured[0].get("PreferredAvailabilityZones") or []
    known = zones_of(state, group.inputs.get("CacheSubnetGroupName"))
    if zones and (len(zones) < more or any(zone not in known for zone in zones)):
        raise AwsError("InvalidParameterValue", f"PreferredAvailabilityZones must name zones of {', '.join(known)}.")
    return list(zones[-more:])
