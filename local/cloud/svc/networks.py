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


def in_use(states: Mapping[tuple[str, str], Any], region: str) -> set[str]:
    """Their ids. `states` are the context's; call under its lock."""
    return {id for (_, of), state in states.items() if of == region for id in _uses(state)}


def _uses(state: Any) -> Iterator[str]:
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


def _rds(state: RdsState) -> Iterator[str]:
    """An instance is in the subnet of its zone, whatever else its group has."""
    for instance in state.instances.values():
        group = instance.inputs.get("DBSubnetGroupName")
        yield from _subnets(state, group, {describe.zone(state, instance)})
        yield from describe.security_groups(state, instance)


def _elasticache(state: CacheState) -> Iterator[str]:
    for group in state.group_users.values():
        zones = {member.zone for member in group.members}
        yield from _subnets(state, group.inputs.get("CacheSubnetGroupName"), zones)
        yield from _members(group.inputs, "SecurityGroupIds")


def _subnets(state: GroupState, name: str | None, zones: set[str]) -> Iterator[str]:
    """The first of each zone: which of several AWS takes is not documented."""
    group = state.subnet_groups.get(name or "")
    yield from ({zone: id for id, zone in reversed(group.subnets) if zone in zones}.values() if group else ())


def _eks(state: EksState) -> Iterator[str]:
    for cluster in state.clusters.values():
        yield cluster.security_group
        yield from _members(cluster.inputs.get("resourcesVpcConfig"), "subnetIds", "securityGroupIds")
        for nodes in cluster.node_groups.values():
            yield from _members(nodes.inputs, "subnets")


def _msk(state: MskState) -> Iterator[str]:
    for cluster in state.clusters.values():
        yield from _members(cluster.inputs.get("BrokerNodeGroupInfo"), "ClientSubnets", "SecurityGroups")


def _opensearch(state: OpenSearchState) -> Iterator[str]:
    for domain in state.domains.values():
        yield from _members(domain.options.get("VPCOptions"), "SubnetIds", "SecurityGroupIds")


def _members(network: Mapping[str, Any] | None, *names: str) -> Iterator[str]:
    """The ids in these lists, as far as it has them."""
    for name in names:
        yield from (network or {}).get(name) or ()
