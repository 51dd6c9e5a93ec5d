"""Subnets and security groups that something has a network interface in. Source: Amazon EC2 API Reference,
DeleteSubnet, DeleteSecurityGroup, and "Error codes for the Amazon EC2 API"."""

from __future__ import annotations

from collections.abc import Iterator

from moto.ec2.models import EC2Backend, ec2_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest


def _subnet(request: ServiceRequest) -> None:
    id = request.inputs.get("SubnetId", "")
    if id in request.in_use() or id in _of_gateways(ec2_backends[ACCOUNT][request.region]):
        raise AwsError("DependencyViolation", f"The subnet '{id}' has dependencies and cannot be deleted.")


def _of_gateways(ec2: EC2Backend) -> Iterator[str]:
    """Subnets with a NAT gateway or an interface endpoint."""
    for gateway in ec2.nat_gateways.values():
        if gateway.state != "deleted":
            yield gateway.subnet_id
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.state != "deleted":
            yield from endpoint.subnet_ids or ()


def _group(request: ServiceRequest) -> None:
    ec2, id, name = (
        ec2_backends[ACCOUNT][request.region],
        request.inputs.get("GroupId"),
        request.inputs.get("GroupName"),
    )
    group = ec2.get_security_group_by_name_or_id(id or name or "")
    if group is None:
        return
    if group.is_default or group.name == "default":
        message = f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by a user'
        raise AwsError("CannotDelete", message)
    if group.id in request.in_use():
        raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object")


RULES: Rules = {("ec2", "DeleteSubnet"): _subnet, ("ec2", "DeleteSecurityGroup"): _group}
