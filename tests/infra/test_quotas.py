"""The quotas that docs/aws.md tells to ask for are what the stacks need."""

from __future__ import annotations

import pytest

from infra.components.nodes import NodeGroupConfig
from infra.config import parse
from infra.region_config import RegionConfig
from local.site import CHECKOUT
from tests.infra.test_config import values

VCPUS = {"large": 2, "xlarge": 4}
"""Of the general, compute and memory instances of AWS with a Graviton processor, by size."""
ADDED_A_ZONE = 2
"""Instances that EKS may launch in each zone while it replaces nodes (EKS User Guide, phases of node updates)."""


def vcpus(group: NodeGroupConfig, nodes: int) -> int:
    """With the largest type of a group, of which AWS chooses."""
    return nodes * max(VCPUS[kind.partition(".")[2]] for kind in group.instance_types)


def of_capacity(region: RegionConfig, capacity: str) -> list[int]:
    """At once, and at most."""
    groups = [group for group in region.cluster.node_groups.values() if group.capacity == capacity]
    added = ADDED_A_ZONE * len(region.network.zones)
    now = sum(vcpus(group, group.desired) for group in groups)
    return [now, sum(vcpus(group, group.max + added) for group in groups)]


def needed(region: RegionConfig) -> dict[str, list[int]]:
    """By code; a NAT gateway has one address, and there is at most one in a zone."""
    gateways = region.network.nat_gateways
    return {
        "L-1216C47A": of_capacity(region, "ON_DEMAND"),
        "L-34B43A08": of_capacity(region, "SPOT"),
        "L-0263D0A3": [gateways, gateways],
        "L-FE5A380F": [1, 1],
        "L-F678F1CE": [1, 1],
    }


def documented() -> dict[str, list[int]]:
    """Figures of the table's rows, by code."""
    lines = (CHECKOUT / "docs" / "aws.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "| L-" in line]
    return {row[2]: [int(cell) for cell in row[3:]] for row in rows}


@pytest.mark.parametrize("name", ["us-west-2", "us-east-1"])
def test_a_person_asks_for_what_the_stacks_need_in_each_region(name: str) -> None:
    staging, prod = (needed(parse(values(stack)).regions[name]) for stack in ("staging", "prod"))
    assert documented() == {code: staging[code] + prod[code] for code in prod}
