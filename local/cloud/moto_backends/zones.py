"""Availability zones have their group. Source: Amazon EC2 API Reference, AvailabilityZone."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import Zone

_describe: Any = EC2Backend.describe_availability_zones


def install() -> None:
    """Gives moto's class the attributes of AWS's answer: a region's zones are one group."""
    setattr(Zone, "group_name", property(lambda zone: f"{zone.region_name}-zg-1"))  # noqa: B010
    setattr(Zone, "network_border_group", property(lambda zone: zone.region_name))  # noqa: B010
    setattr(Zone, "opt_in_status", property(lambda zone: "opt-in-not-required"))  # noqa: B010
    EC2Backend.describe_availability_zones = _described


def _described(self: Any, filters: Any = None, zone_names: Any = None, zone_ids: Any = None) -> list[Zone]:
    """moto knows no filter by group."""
    groups = (filters or {}).get("group-name")
    rest = {name: values for name, values in (filters or {}).items() if name != "group-name"}
    zones = _describe(self, rest, zone_names=zone_names, zone_ids=zone_ids)
    return [zone for zone in zones if groups is None or f"{zone.region_name}-zg-1" in groups]
