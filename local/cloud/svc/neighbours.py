"""What our services ask of moto's: networks, keys, roles. Call under the world's lock."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from local.cloud.world import ACCOUNT


@dataclass(frozen=True)
class Subnet:
    id: str
    vpc: str
    zone: str


def subnets(region: str, ids: list[str]) -> list[Subnet]:
    """The subnets in the order of `ids`. Raises KeyError with an id that does not exist."""
    try:
        found = {
            subnet.id: Subnet(subnet.id, subnet.vpc_id, subnet.availability_zone)
            for subnet in ec2_backends[ACCOUNT][region].describe_subnets(subnet_ids=ids)
        }
    except InvalidSubnetIdError as error:
        raise KeyError(str(error.message)) from error
    return [found[id] for id in ids]


def default_security_group(region: str, vpc: str) -> str | None:
    """Id of the group that a VPC's members have unless they say otherwise."""
    group = ec2_backends[ACCOUNT][region].get_default_security_group(vpc)
    return group.id if group else None


def key_arn(region: str, key: str) -> str:
    """ARN of a KMS key given by id, ARN or alias. Raises KeyError when this region has no such key."""
    if key.startswith("arn:") and key.split(":")[3] != region:
        raise KeyError(key)
    return kms_backends[ACCOUNT][region].describe_key(key).arn


def create_security_group(region: str, name: str, vpc: str) -> str:
    """Id of a new security group."""
    return ec2_backends[ACCOUNT][region].create_security_group(name, name, vpc_id=vpc).id


def delete_security_group(region: str, id: str) -> None:
    """Deletes the group; one that is gone, or whose VPC is, needs no deleting."""
    ec2 = ec2_backends[ACCOUNT][region]
    if ec2.get_security_group_from_id(id) is not None:
        ec2.delete_security_group(group_id=id)
