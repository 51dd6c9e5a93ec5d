"""The inventory as rows."""

from __future__ import annotations

from dataclasses import dataclass

from cli.inventory import recovery
from cli.inventory.prices import Cost, Prices, cost
from infra.policies.copies import FIND, copies, takes_access_logs
from infra.policies.declared import Resource, Stack

KINDS = {
    "aws:eks/cluster:Cluster": "cluster",
    "aws:eks/nodeGroup:NodeGroup": "nodes",
    "aws:rds/instance:Instance": "database",
    "aws:msk/cluster:Cluster": "stream",
    "aws:msk/replicator:Replicator": "replicator",
    "aws:elasticache/replicationGroup:ReplicationGroup": "cache",
    "aws:opensearch/domain:Domain": "search",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "secret",
    "aws:kms/key:Key": "key",
    "aws:kms/replicaKey:ReplicaKey": "replica key",
    "aws:ec2/natGateway:NatGateway": "NAT gateway",
    "aws:cloudfront/distribution:Distribution": "distribution",
    "aws:route53/zone:Zone": "zone",
}
"""Types in the inventory, in this order: those that hold state, and those that cost by their existence."""
_GLOBAL = {"aws:cloudfront/distribution:Distribution", "aws:route53/zone:Zone"}


@dataclass(frozen=True)
class Row:
    """`copied_to` and `lost` are "" for what holds no state of its own."""

    region: str
    kind: str
    name: str
    size: str
    copied_to: str
    lost: str
    cost: Cost | None


def rows(stack: Stack, prices: Prices) -> list[Row]:
    """By region, then in the order of KINDS."""
    order = list(KINDS)
    held = [one for one in stack.resources if one.type in KINDS]
    held.sort(key=lambda one: (_region(one), order.index(one.type), one.name))
    return [_row(one, stack, prices) for one in held]


def total(found: list[Row]) -> Cost:
    costs = [row.cost for row in found if row.cost]
    return Cost(sum(one.usd for one in costs), tuple(dict.fromkeys(name for one in costs for name in one.unpriced)))


def _row(resource: Resource, stack: Stack, prices: Prices) -> Row:
    copied_to = lost = ""
    if resource.type in FIND and takes_access_logs(resource, stack):
        copied_to, lost = "nothing", "logs of who reached what in this region"
    elif resource.type in FIND:
        made = copies(resource, stack)
        copied_to = ", ".join(dict.fromkeys(f"{copy.region} ({copy.by})" for copy in made)) or "nothing"
        lost = recovery.lost(made)
    kind = KINDS[resource.type]
    return Row(_region(resource), kind, resource.name, _size(resource), copied_to, lost, cost(resource, prices))


def _region(resource: Resource) -> str:
    return "global" if resource.type in _GLOBAL else resource.region


def _size(resource: Resource) -> str:
    match resource.type:
        case "aws:rds/instance:Instance":
            standby = ", Multi-AZ" if resource.at("multiAz") is True else ""
            return f"{resource.at('instanceClass')}{standby}{_gib(resource.at('allocatedStorage'))}"
        case "aws:msk/cluster:Cluster":
            info = resource.at("brokerNodeGroupInfo")
            gib = resource.at("brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize")
            return f"{_count(resource.at('numberOfBrokerNodes'))} {info['instanceType']}{_gib(gib)} each"
        case "aws:elasticache/replicationGroup:ReplicationGroup":
            return f"{_count(resource.at('numCacheClusters'))} {resource.at('nodeType') or 'as the first group'}"
        case "aws:opensearch/domain:Domain":
            nodes, gib = _count(resource.at("clusterConfig.instanceCount")), resource.at("ebsOptions.volumeSize")
            return f"{nodes} {resource.at('clusterConfig.instanceType')}{_gib(gib)} each"
        case "aws:eks/nodeGroup:NodeGroup":
            size, kind = _count(resource.at("scalingConfig.desiredSize")), resource.at("capacityType")
            return f"{size} {str(kind).lower().replace('_', '-')}"
        case "aws:eks/cluster:Cluster":
            return f"Kubernetes {resource.at('version')}"
        case _:
            return ""


def _count(value: object) -> str:
    return str(int(value)) if isinstance(value, int | float) else "?"


def _gib(value: object) -> str:
    return f", {int(value)} GiB" if isinstance(value, int | float) else ""
