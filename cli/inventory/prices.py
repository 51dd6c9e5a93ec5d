"""List prices by the month, from prices.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.policies.declared import Resource

HOURS = 730
"""Of a month, as AWS's calculator counts."""
_FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    usd: float
    unit: str
    source: str
    seen: str
    """When, as exactly as the source says: "2026-10-02", "2026-06" or "2026"."""


@dataclass(frozen=True)
class Prices:
    """`region` is that of all prices."""

    region: str
    of: Mapping[str, Price]


@dataclass(frozen=True)
class Cost:
    """Dollars a month of the parts that have a price, and the names of those that have none."""

    usd: float
    unpriced: tuple[str, ...] = ()


def load(file: Path = _FILE) -> Prices:
    table = tomllib.loads(file.read_text())
    seen = {name: source["seen"] for name, source in table["sources"].items()}
    prices = {
        name: Price(one["usd"], one["unit"], one["source"], seen[one["source"]])
        for name, one in table["prices"].items()
    }
    return Prices(table["region"], prices)


def cost(resource: Resource, prices: Prices) -> Cost | None:
    """None of what costs nothing by itself: it is paid by use, or with what it is part of."""
    parts = _parts(resource)
    return cost_of(parts, resource.name, prices) if parts else None


def cost_of(parts: Mapping[str, float | None], name: str, prices: Prices) -> Cost:
    """`parts` are units by the name of the price, None where they are not known; `name` is what has them."""
    known = {part: (units, prices.of[part]) for part, units in parts.items() if units is not None and part in prices.of}
    usd = sum(units * one.usd * (HOURS if one.unit == "hour" else 1) for units, one in known.values())
    unknown = (f"size of {name}" if part in prices.of else part for part in parts if part not in known)
    return Cost(usd, tuple(unknown))


def _parts(resource: Resource) -> Mapping[str, float | None]:
    """What is billed for the resource's existence: units by the name of the price; None where the state lacks them."""
    match resource.type:
        case "aws:rds/instance:Instance":
            instances = 2 if resource.at("multiAz") is True else 1  # a standby costs what its primary costs
            gib = _number(resource, "allocatedStorage")
            return {_text(resource, "instanceClass"): instances, "rds gp3 storage": _times(instances, gib)}
        case "aws:elasticache/replicationGroup:ReplicationGroup":
            return {_text(resource, "nodeType"): _number(resource, "numCacheClusters")}
        case "aws:msk/cluster:Cluster":
            brokers = _number(resource, "numberOfBrokerNodes")
            gib = _number(resource, "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize")
            return {_text(resource, "brokerNodeGroupInfo.instanceType"): brokers, "msk storage": _times(brokers, gib)}
        case "aws:msk/replicator:Replicator":
            return {"msk replicator": 1}
        case "aws:opensearch/domain:Domain":
            nodes, gib = _number(resource, "clusterConfig.instanceCount"), _number(resource, "ebsOptions.volumeSize")
            return {_text(resource, "clusterConfig.instanceType"): nodes, "opensearch storage": _times(nodes, gib)}
        case "aws:eks/cluster:Cluster":
            return {"eks cluster": 1}
        case "aws:eks/nodeGroup:NodeGroup":
            return {_machine(resource): _number(resource, "scalingConfig.desiredSize")}
        case "aws:ec2/natGateway:NatGateway":
            return {"nat gateway": 1}
        case "aws:kms/key:Key" | "aws:kms/replicaKey:ReplicaKey":
            return {"kms key": 1}
        case "aws:secretsmanager/secret:Secret":
            return {"secret": 1 + len(list(resource.items("replicas")))}
        case _:
            return {}


def _machine(group: Resource) -> str:
    """Spot capacity has a market's price, none of a list."""
    first: Any = (group.at("instanceTypes") or ["?"])[0]
    return f"{first} (spot)" if group.at("capacityType") == "SPOT" else str(first)


def _text(resource: Resource, path: str) -> str:
    return str(resource.at(path) or f"{resource.name}'s {path}")


def _number(resource: Resource, path: str) -> float | None:
    value = resource.at(path)
    return float(value) if isinstance(value, int | float | str) else None


def _times(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b
