"""A gateway endpoint that gets or loses a route table gets or loses the route in it, which moto forgets."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.vpcs import VPCBackend

_modify = VPCBackend.modify_vpc_endpoint


def install() -> None:
    """Replaces the method in moto's class, so that pickles keep referring to that class."""
    VPCBackend.modify_vpc_endpoint = _modify_with_routes


def _modify_with_routes(self: Any, vpc_id: str, *args: Any, **kwargs: Any) -> None:
    """moto calls the endpoint's id `vpc_id`."""
    (endpoint,) = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])
    before = set(endpoint.route_table_ids or ())
    _modify(self, vpc_id, *args, **kwargs)
    after, prefixes = set(endpoint.route_table_ids or ()), endpoint.destination_prefix_list_id
    if not prefixes:
        return
    for table in before - after:
        self.delete_route(table, prefixes)
    for table in after - before:
        self.create_route(table, None, gateway_id=vpc_id, destination_prefix_list_id=prefixes)
