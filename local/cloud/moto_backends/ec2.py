"""EC2: endpoints are gateways unless they say otherwise, and may have no route tables; networks begin at their first
address."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import InvalidCIDRBlockParameterError
from moto.ec2.models import EC2Backend

_delete = EC2Backend.delete_vpc_endpoints
_vpc = EC2Backend.create_vpc
_subnet = EC2Backend.create_subnet
_CIDR = re.compile(r"[\d.]+/\d{1,2}", re.ASCII)


def install() -> None:
    """Replaces methods of moto's class."""
    EC2Backend.delete_vpc_endpoints = _deleted
    EC2Backend.create_vpc = _vpc_made
    EC2Backend.create_subnet = _subnet_made


def _deleted(self: Any, vpce_ids: list[str] | None = None) -> None:
    for id in vpce_ids or []:
        if (endpoint := self.vpc_end_points.get(id)) is not None:
            endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
            endpoint.route_table_ids = endpoint.route_table_ids or []
    _delete(self, vpce_ids)


def _vpc_made(self: Any, cidr_block: str, *arguments: Any, **named: Any) -> Any:
    return _vpc(self, canonical(cidr_block), *arguments, **named)


def _subnet_made(self: Any, vpc_id: str, cidr_block: str, *arguments: Any, **named: Any) -> Any:
    return _subnet(self, vpc_id, canonical(cidr_block), *arguments, **named)


def canonical(cidr: str) -> str:
    """100.68.0.18/18 is 100.68.0.0/18 (EC2 API Reference, CreateVpc and CreateSubnet). An address alone is no network,
    and neither is one with a mask of addresses; a subnet of IPv6 addresses only has none."""
    if not cidr:
        return cidr
    try:
        if _CIDR.fullmatch(cidr):
            return str(IPv4Network(cidr, strict=False))
    except ValueError:
        pass
    raise InvalidCIDRBlockParameterError(cidr)
