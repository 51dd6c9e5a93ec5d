"""Address plan of a VPC."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class ZonePlan:
    """One availability zone's subnets, as CIDR blocks."""

    zone: str
    private: str
    public: str
    data: str


def plan(cidr: str, zones: tuple[str, ...]) -> list[ZonePlan]:
    """Up to four zones: an eighth of the VPC private (Pods get addresses there), a 64th each public and data.

    Blocks depend on a zone's position alone, so that appending a zone changes none of the others.
    Raises ValueError if the block is too small or there are more than four zones.
    """
    network = ipaddress.ip_network(cidr)
    if not 1 <= len(zones) <= 4:
        raise ValueError(f"{len(zones)} availability zones; a region has one to four here")
    if network.prefixlen > 20:
        raise ValueError(f"{cidr} is too small: /20 at least")
    wide = list(network.subnets(3))
    narrow = list(network.subnets(6))[32:]
    return [
        ZonePlan(zone, str(wide[index]), str(narrow[index]), str(narrow[8 + index])) for index, zone in enumerate(zones)
    ]
