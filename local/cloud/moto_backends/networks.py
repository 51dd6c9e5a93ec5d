"""What our services read from moto's EC2 about networks. Call under the context's lock."""

from __future__ import annotations

from collections.abc import Sequence

from moto.ec2.models import ec2_backends

from local.cloud.context import ACCOUNT


def zone_ids(region: str, subnets: Sequence[str]) -> tuple[str, ...]:
    """Ids of the availability zones of existing subnets, such as usw2-az1: the same zone in every account."""
    found = {s.id: s for s in ec2_backends[ACCOUNT][region].describe_subnets(subnet_ids=list(subnets))}
    return tuple(found[id]._availability_zone.zone_id for id in subnets)


def vpc_of_security_group(region: str, group: str) -> str | None:
    """The VPC of a security group; None when the group does not exist."""
    known = ec2_backends[ACCOUNT][region].get_security_group_from_id(group)
    return known.vpc_id if known else None
