"""Clusters and their networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloud.svc.eks.rules.syntax import bad_tags
from local.cloud.svc.eks.rules.table import Rule

_SUBNETS, _GROUPS, _CIDRS = 16, 5, 40
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_VPC = "API_VpcConfigRequest"


@dataclass(frozen=True)
class NetworkFacts:
    """A VPC configuration with its defaults, and what EC2 says about it."""

    config: Mapping[str, Any]
    zones: frozenset[str]
    vpcs: frozenset[str]
    """Of the subnets."""
    group_vpcs: Mapping[str, str | None] = field(default_factory=dict)
    """Security group -> its VPC; None if it does not exist."""


def _zones(facts: NetworkFacts) -> str | None:
    if len(facts.vpcs) > 1:
        return "Subnets specified must be in the same VPC."
    if len(facts.zones) < 2:
        return "Subnets specified must be in at least two different AZs"
    return f"A cluster has at most {_SUBNETS} subnets." if len(facts.config["subnetIds"]) > _SUBNETS else None


def _groups(facts: NetworkFacts) -> str | None:
    for group, vpc in facts.group_vpcs.items():
        if vpc is None:
            return f"The security group ID '{group}' does not exist"
        if vpc not in facts.vpcs:
            return f"Security group {group} is not in the VPC of the subnets."
    return f"A cluster has at most {_GROUPS} security groups." if len(facts.group_vpcs) > _GROUPS else None


def _access(facts: NetworkFacts) -> str | None:
    reachable = facts.config["endpointPublicAccess"] or facts.config["endpointPrivateAccess"]
    return None if reachable else "Private and public endpoint access cannot both be disabled."


def _cidrs(facts: NetworkFacts) -> str | None:
    blocks = facts.config.get("publicAccessCidrs", [])
    for block in blocks:
        try:
            network = ipaddress.ip_network(block)
        except ValueError:
            return f"The following CIDRs are invalid in publicAccessCidrs: {block}"
        if network.prefixlen and not network.is_global:
            return f"The following CIDRs are not allowed in publicAccessCidrs: {block}"
    return f"publicAccessCidrs has at most {_CIDRS} blocks." if len(blocks) > _CIDRS else None


NETWORK_RULES: tuple[Rule[NetworkFacts], ...] = (
    Rule(_zones, f"{_VPC}, subnetIds"),
    Rule(_groups, f"{_VPC}, securityGroupIds; UG, Service quotas"),
    Rule(_access, f"{_VPC}, endpointPrivateAccess and endpointPublicAccess"),
    Rule(_cidrs, f"{_VPC}, publicAccessCidrs; UG, Service quotas"),
)


@dataclass(frozen=True)
class ClusterFacts:
    inputs: Mapping[str, Any]
    role_trusts_eks: bool


def _role(facts: ClusterFacts) -> str | None:
    if facts.role_trusts_eks:
        return None
    role = facts.inputs["roleArn"]
    return f"Role with arn: {role}, could not be assumed because it does not exist or the trusted entity is not correct"


def bad_encryption(configs: list[dict[str, Any]]) -> str | None:
    for config in configs:
        if config.get("resources") != ["secrets"]:
            return "The only resource that can be encrypted is secrets."
        if not config.get("provider", {}).get("keyArn"):
            return "The encryption provider has no keyArn."
    return None


def _service_block(facts: ClusterFacts) -> str | None:
    block = facts.inputs.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr")
    if block is None:
        return None
    try:
        network = ipaddress.IPv4Network(block)
    except ValueError:
        return f"serviceIpv4Cidr {block} is no block of addresses."
    private = any(network.subnet_of(ipaddress.IPv4Network(n)) for n in _PRIVATE)
    right = private and 12 <= network.prefixlen <= 24
    return None if right else f"serviceIpv4Cidr {block} must be private (RFC 1918) and between /24 and /12."


CLUSTER_RULES: tuple[Rule[ClusterFacts], ...] = (
    Rule(_role, "UG, Amazon EKS cluster IAM role"),
    Rule(lambda facts: bad_encryption(facts.inputs.get("encryptionConfig", [])), "API_EncryptionConfig"),
    Rule(_service_block, "API_KubernetesNetworkConfigRequest, serviceIpv4Cidr"),
    Rule(lambda facts: bad_tags(facts.inputs.get("tags", {})), "API_CreateCluster, tags"),
)
