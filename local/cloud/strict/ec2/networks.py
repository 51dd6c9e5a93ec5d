"""Subnets, gateways, addresses and endpoints that EC2 does not make. Source: Amazon EC2 API Reference, and the Amazon
VPC User Guide, "Subnet CIDR blocks"."""

from __future__ import annotations

import re

from moto.ec2.models import ec2_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_LARGEST, _SMALLEST = 16, 28
"""Lengths of the prefix of a subnet."""
_LENGTH = re.compile(r"[\d.]+/(\d{1,2})")
_GATEWAYS = ("s3", "dynamodb", "s3express")
"""Services with gateway endpoints (AWS PrivateLink Guide, "Gateway endpoints")."""


def _subnet(request: ServiceRequest) -> None:
    cidr = request.inputs.get("CidrBlock") or ""
    length = _LENGTH.fullmatch(cidr)
    if length and not _LARGEST <= int(length[1]) <= _SMALLEST:
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")


def _internet_gateway(request: ServiceRequest) -> None:
    """One that is attached already is moto's to refuse (Resource.AlreadyAssociated)."""
    id, vpc = request.inputs.get("InternetGatewayId"), request.inputs.get("VpcId")
    known = ec2_backends[ACCOUNT][request.region].internet_gateways.values()
    if any(gateway.vpc is not None and gateway.vpc.id == vpc and gateway.id != id for gateway in known):
        raise AwsError("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")


def _nat_gateway(request: ServiceRequest) -> None:
    given = request.inputs
    public = given.get("ConnectivityType", "public") == "public" and given.get("AvailabilityMode") != "regional"
    if public and not given.get("AllocationId"):
        raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")


def _address(request: ServiceRequest) -> None:
    id, ip = request.inputs.get("AllocationId"), request.inputs.get("PublicIp")
    for gateway in ec2_backends[ACCOUNT][request.region].nat_gateways.values():
        for address in gateway.address_set if gateway.state != "deleted" else ():
            if (id and address.get("allocationId") == id) or (ip and address.get("publicIp") == ip):
                raise AwsError("InvalidIPAddress.InUse", f"Address {address['publicIp']} is in use.")


def _endpoint(request: ServiceRequest) -> None:
    name = request.inputs.get("ServiceName", "")
    services = {f"com.amazonaws.{request.region}.{service}" for service in _GATEWAYS}
    if request.inputs.get("VpcEndpointType", "Gateway") == "Gateway" and name not in services:
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


RULES: Rules = {
    ("ec2", "CreateSubnet"): _subnet,
    ("ec2", "AttachInternetGateway"): _internet_gateway,
    ("ec2", "CreateNatGateway"): _nat_gateway,
    ("ec2", "ReleaseAddress"): _address,
    ("ec2", "CreateVpcEndpoint"): _endpoint,
}
