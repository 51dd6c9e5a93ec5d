"""EC2: endpoints are gateways unless they say otherwise, and may have no route tables."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend

_delete = EC2Backend.delete_vpc_endpoints


def install() -> None:
    """Replaces a method of moto's class."""
    EC2Backend.delete_vpc_endpoints = _deleted


def _deleted(self: Any, vpce_ids: list[str] | None = None) -> None:
    for id in vpce_ids or []:
        if (endpoint := self.vpc_end_points.get(id)) is not None:
            endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
            endpoint.route_table_ids = endpoint.route_table_ids or []
    _delete(self, vpce_ids)
