"""Ids that EC2 has never given. Source: Amazon EC2 API Reference, "Error codes for the Amazon EC2 API"."""

from __future__ import annotations

from moto.ec2.models import ec2_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_DESCRIBED = {
    "DescribeCustomerGateways": ("CustomerGatewayIds", "customer_gateways", "InvalidCustomerGatewayID.NotFound"),
    "DescribeFlowLogs": ("FlowLogIds", "flow_logs", "InvalidFlowLogId.NotFound"),
    "DescribeLaunchTemplates": ("LaunchTemplateIds", "launch_templates", "InvalidLaunchTemplateId.NotFound"),
    "DescribeManagedPrefixLists": ("PrefixListIds", "managed_prefix_lists", "InvalidPrefixListID.NotFound"),
    "DescribeNatGateways": ("NatGatewayIds", "nat_gateways", "NatGatewayNotFound"),
    "DescribeNetworkAcls": ("NetworkAclIds", "network_acls", "InvalidNetworkAclID.NotFound"),
    "DescribeSnapshots": ("SnapshotIds", "snapshots", "InvalidSnapshot.NotFound"),
    "DescribeTransitGateways": ("TransitGatewayIds", "transit_gateways", "InvalidTransitGatewayID.NotFound"),
    "DescribeVpcPeeringConnections": (
        "VpcPeeringConnectionIds",
        "vpc_pcxs",
        "InvalidVpcPeeringConnectionID.NotFound",
    ),
    "DescribeVpnConnections": ("VpnConnectionIds", "vpn_connections", "InvalidVpnConnectionID.NotFound"),
    "DescribeVpnGateways": ("VpnGatewayIds", "vpn_gateways", "InvalidVpnGatewayID.NotFound"),
}
"""Operations that moto answers with what it has -> the input, moto's dictionary by id, and the error."""


def _described(request: ServiceRequest) -> None:
    member, dictionary, code = _DESCRIBED[request.operation]
    known = getattr(ec2_backends[ACCOUNT][request.region], dictionary)
    for id in request.inputs.get(member) or ():
        if id not in known:
            raise AwsError(code, f"The ID '{id}' does not exist")


def _zones(request: ServiceRequest) -> None:
    known = {zone.name for zone in ec2_backends[ACCOUNT][request.region].describe_availability_zones()}
    if unknown := [name for name in request.inputs.get("ZoneNames") or () if name not in known]:
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{', '.join(unknown)}]")


RULES: Rules = {("ec2", operation): _described for operation in _DESCRIBED}
RULES["ec2", "DescribeAvailabilityZones"] = _zones
