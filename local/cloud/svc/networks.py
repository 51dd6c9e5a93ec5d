"""Which subnets and security groups the resources of our services have network interfaces in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.cloud.service.groups.model import GroupState
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.elasticache.model import CacheState
from local.cloud.svc.msk.model import MskState
from local.cloud.svc.opensearch.model import OpenSearchState
from local.cloud.svc.rds import describe
from local.cloud.svc.rds.model import RdsState

Use = tuple[str, str]
"""Id of a subnet or a security group, and the ARN of who uses it."""


def in_use(states: Mapping[tuple[str, str], Any], region: str) -> dict[str, str]:
    """By id. `states` are the context's; call under its lock."""
    return {id: arn for (_, of), state in states.items() if of == region for id, arn in _uses(state)}


def _uses(state: Any) -> Iterator[Use]:
    if isinstance(state, RdsState):
        yield from _rds(state)
    elif isinstance(state, CacheState):
        yield from _elasticache(state)
    elif isinstance(state, EksState):
        yield from _eks(state)
    elif isinstance(state, MskState):
        yield from _msk(state)
    elif isinstance(state, OpenSearchState):
        yield from _opensearch(state)


def _rds(state: RdsState) -> Iterator[Use]:
    """An instance is in the subnet of its zone, whatever else its group has."""
    for instance in state.instances.values():
        group = instance.inputs.get("DBSubnetGroupName")
        ids = [*_subnets(state, group, {describe.zone(state, instance)}), *describe.security_groups(state, instance)]
        yield from ((id, instance.arn) for id in ids)


def _elasticache(state: CacheState) -> Iterator[Use]:
    for group in state.group_users.values():
        zones = {member.zone for member in group.members}
        ids = _subnets(state, group.inputs.get("CacheSubnetGroupName"), zones)
        yield from ((id, group.arn) for id in (*ids, *group.inputs.get("SecurityGroupIds", ())))


def _subnets(state: GroupState, name: str | None, zones: set[str]) -> Iterator[str]:
    """The first of each zone: which of several AWS takes is not documented."""
    group = state.subnet_groups.get(name or "")
    yield from ({zone: id for id, zone in reversed(group.subnets) if zone in zones}.values() if group else ())


def _eks(state: EksState) -> Iterator[Use]:
    for cluster in state.clusters.values():
        network = cluster.inputs["resourcesVpcConfig"]
        ids = [*network.get("subnetIds", ()), *network.get("securityGroupIds", ()), cluster.security_group]
        yield from ((id, cluster.arn) for id in ids)
        for nodes in cluster.node_groups.values():
            yield from ((id, nodes.arn) for id in nodes.inputs.get("subnets", ()))


def _msk(state: MskState) -> Iterator[Use]:
    for cluster in state.clusters.values():
        nodes = cluster.inputs["BrokerNodeGroupInfo"]
        yield from ((id, cluster.arn) for id in (*nodes["ClientSubnets"], *nodes.get("SecurityGroups", ())))


def _opensearch(state: OpenSearchState) -> Iterator[Use]:
    for domain in state.domains.values():
        network = domain.options.get("VPCOptions") or {}
        ids = (*network.get("SubnetIds", ()), *network.get("SecurityGroupIds", ()))
        yield from ((id, domain.arn) for id in ids)
