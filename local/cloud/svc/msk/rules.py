"""What AWS refuses when a cluster is created: one table of rules, each with its source. All are BadRequestException."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.versions import EXPRESS_TYPES, INSTANCE_TYPES, KRAFT, ZOOKEEPER

Inputs = dict[str, Any]

GUIDE = "https://docs.aws.amazon.com/msk/latest/developerguide"
REFERENCE = "https://docs.aws.amazon.com/msk/1.0/apireference"
STORAGE_GIB = (1, 16384)


@dataclass(frozen=True)
class Facts:
    """What the rules need to know about the rest of the region."""

    subnets: Mapping[str, tuple[str, str]]
    """VPC and zone of those that exist."""
    security_groups: Mapping[str, str]
    """VPC of those that exist."""


def name(inputs: Inputs, facts: Facts) -> str | None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", inputs["ClusterName"]):
        return "ClusterName takes 1 to 64 letters, digits and hyphens."
    return None


def kafka_version(inputs: Inputs, facts: Facts) -> str | None:
    version = inputs["KafkaVersion"]
    if version not in (*KRAFT, *ZOOKEEPER):
        return f"Unsupported KafkaVersion [{version}]. Valid values: [{', '.join((*KRAFT, *ZOOKEEPER))}]"
    return None


def instance_type(inputs: Inputs, facts: Facts) -> str | None:
    asked = inputs["BrokerNodeGroupInfo"]["InstanceType"]
    if asked not in (*INSTANCE_TYPES, *EXPRESS_TYPES):
        return f"Unsupported InstanceType specified. Valid values: [{', '.join(sorted(INSTANCE_TYPES))}]"
    return None


def subnets(inputs: Inputs, facts: Facts) -> str | None:
    asked = inputs["BrokerNodeGroupInfo"]["ClientSubnets"]
    missing = [subnet for subnet in asked if subnet not in facts.subnets]
    if missing:
        return f"The subnets do not exist: {', '.join(missing)}."
    if len(asked) not in (2, 3):
        return f"Specify two or three subnets, not {len(asked)}."
    if len({facts.subnets[subnet][0] for subnet in asked}) != 1:
        return "The subnets must be in one VPC."
    if len({facts.subnets[subnet][1] for subnet in asked}) != len(asked):
        return "The subnets must be in different Availability Zones."
    return None


def security_groups(inputs: Inputs, facts: Facts) -> str | None:
    group = inputs["BrokerNodeGroupInfo"]
    vpc = facts.subnets[group["ClientSubnets"][0]][0]
    for asked in group.get("SecurityGroups", []):
        if asked not in facts.security_groups:
            return f"The security group {asked} does not exist."
        if facts.security_groups[asked] != vpc:
            return f"The security group {asked} is not in the VPC of the subnets, {vpc}."
    return None


def broker_count(inputs: Inputs, facts: Facts) -> str | None:
    return count(inputs["NumberOfBrokerNodes"], len(inputs["BrokerNodeGroupInfo"]["ClientSubnets"]))


def count(brokers: int, zones: int) -> str | None:
    if brokers % zones:
        return f"The number of broker nodes must be a multiple of the number of Availability Zones, {zones}."
    return None


def volume_size(inputs: Inputs, facts: Facts) -> str | None:
    storage = inputs["BrokerNodeGroupInfo"].get("StorageInfo", {}).get("EbsStorageInfo", {})
    return size(storage.get("VolumeSize", STORAGE_GIB[0]))


def size(gib: int) -> str | None:
    least, most = STORAGE_GIB
    return None if least <= gib <= most else f"The volume size must be from {least} to {most} GiB."


def public_access(inputs: Inputs, facts: Facts) -> str | None:
    connectivity = inputs["BrokerNodeGroupInfo"].get("ConnectivityInfo", {})
    if connectivity.get("PublicAccess", {}).get("Type", "DISABLED") != "DISABLED":
        return "Public access can be turned on once the cluster is ACTIVE, not when it is created."
    if connectivity.get("VpcConnectivity"):
        return "Private connectivity from other VPCs can be turned on once the cluster is ACTIVE, not before."
    return None


def rebalancing(inputs: Inputs, facts: Facts) -> str | None:
    return "Rebalancing is for clusters with Express brokers." if "Rebalancing" in inputs else None


CREATION: tuple[tuple[Callable[[Inputs, Facts], str | None], str], ...] = (
    (name, f"{REFERENCE}/clusters.html#clusters-prop-createclusterrequest-clustername"),
    (kafka_version, f"{GUIDE}/supported-kafka-versions.html"),
    (instance_type, f"{GUIDE}/broker-instance-types.html"),
    (subnets, f"{GUIDE}/msk-create-cluster.html"),
    (security_groups, f"{GUIDE}/msk-create-cluster.html"),
    (broker_count, f"{REFERENCE}/clusters.html#clusters-prop-createclusterrequest-numberofbrokernodes"),
    (volume_size, f"{GUIDE}/limits.html"),
    (public_access, f"{GUIDE}/public-access.html"),
    (rebalancing, f"{REFERENCE}/clusters.html"),
)
"""(rule: the message of the refusal or None, its source). A rule may rely on those before it."""


def check_creation(inputs: Inputs, facts: Facts) -> None:
    """Raises AwsError for what AWS refuses, and for what it does and this cloud does not."""
    for rule, _ in CREATION:
        if message := rule(inputs, facts):
            raise AwsError("BadRequestException", message)
    refuse_unsupported(inputs)


def refuse_unsupported(inputs: Inputs) -> None:
    group: dict[str, Any] = inputs.get("BrokerNodeGroupInfo", {})
    storage = group.get("StorageInfo", {}).get("EbsStorageInfo", {})
    exporters = inputs.get("OpenMonitoring", {}).get("Prometheus", {}).values()
    if inputs.get("KafkaVersion") in ZOOKEEPER:
        raise unsupported("Kafka with ZooKeeper; versions whose name ends with .kraft are here")
    if group.get("InstanceType") in EXPRESS_TYPES:
        raise unsupported("Express brokers")
    if inputs.get("StorageMode") == "TIERED":
        raise unsupported("tiered storage")
    if storage.get("ProvisionedThroughput", {}).get("Enabled"):
        raise unsupported("provisioned throughput of volumes")
    if group.get("ZoneIds"):
        raise unsupported("brokers in zones without subnets")
    if any(exporter.get("EnabledInBroker") for exporter in exporters):
        raise unsupported("the Prometheus exporters of brokers")
