"""What our services look up in moto's: networks, access keys, principals. Call under the context's lock."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.sts import MADE_BY_AWS


@dataclass(frozen=True)
class Subnet:
    id: str
    vpc: str
    zone: str


@dataclass(frozen=True)
class UserKey:
    """An access key of an IAM user, given by ARN."""

    user: str
    secret: str
    active: bool


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
    """Id of the VPC's default security group."""
    group = ec2_backends[ACCOUNT][region].get_default_security_group(vpc)
    return group.id if group else None


def create_security_group(region: str, name: str, vpc: str) -> str:
    """Id of a new security group."""
    return ec2_backends[ACCOUNT][region].create_security_group(name, name, vpc_id=vpc).id


def delete_security_group(region: str, id: str) -> None:
    """Deletes the group if it still exists: it may have been deleted already, or with its VPC."""
    ec2 = ec2_backends[ACCOUNT][region]
    if ec2.get_security_group_from_id(id) is not None:
        ec2.delete_security_group(group_id=id)


def secret_of(access_key: str) -> str | None:
    """The secret of an access key. One that is no id of AWS's is the account's own, with itself as its secret."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if role is not None:
        return role.secret_access_key
    known = user_key(access_key)
    if known is not None:
        return known.secret
    session = iam_backends[ACCOUNT]["aws"].access_keys.get(access_key)
    if session is not None:
        return session.secret_access_key
    return None if access_key.startswith(MADE_BY_AWS) else access_key


def principal(access_key: str) -> str:
    """ARN of the IAM user or role that owns the key; the account's root for a key that IAM does not know."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if role is not None:
        return role.role_arn
    known = user_key(access_key)
    return known.user if known else f"arn:aws:iam::{ACCOUNT}:root"


def session_name(access_key: str) -> str:
    """The name of the role session that the key belongs to; empty for a key of no session."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    return role.session_name if role is not None else ""


def user_key(access_key: str) -> UserKey | None:
    """The key, if it is a user's."""
    for user in iam_backends[ACCOUNT]["aws"].users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key:
                return UserKey(user.arn, key.secret_access_key, key.status == "Active")
    return None


def security_group_vpcs(region: str, ids: list[str]) -> dict[str, str]:
    """VPC of each security group; without those that do not exist."""
    ec2 = ec2_backends[ACCOUNT][region]
    found = {id: ec2.get_security_group_from_id(id) for id in ids}
    return {id: group.vpc_id or "" for id, group in found.items() if group is not None}


def zones(region: str) -> list[str]:
    """Names of the region's availability zones."""
    return [zone.name for zone in ec2_backends[ACCOUNT][region].describe_availability_zones()]
