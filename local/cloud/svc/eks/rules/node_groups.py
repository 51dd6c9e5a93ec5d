"""Managed node groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.svc.eks.rules.syntax import bad_labels, bad_tags, bad_taints
from local.cloud.svc.eks.rules.table import Rule

DEFAULT_AMI_TYPE = "AL2023_x86_64_STANDARD"
_NAME_LENGTH = 63
_GROUPS, _NODES = 30, 450
_LINUX_DISK, _WINDOWS_DISK, _DISK = 20, 50, 16384
_LAST_WITH_AL2 = 32
_CREATE = "API_CreateNodegroup"


@dataclass(frozen=True)
class NodeGroupFacts:
    """`inputs` with AWS's defaults, and what there is in the account."""

    inputs: Mapping[str, Any]
    others: int
    """Node groups that the cluster has."""
    cluster_vpc: str
    kubernetes: int
    """Minor version of its nodes."""
    subnet_vpcs: frozenset[str]
    node_role_trusts_ec2: bool
    architectures: Mapping[str, tuple[str, ...]]
    """Instance type -> its architectures, as EC2 knows them; a type that is not in it does not exist."""
    template: Mapping[str, Any] | None = None
    """The data of the version of the launch template."""

    @property
    def ami_type(self) -> str:
        return self.inputs["amiType"]

    @property
    def scaling(self) -> Mapping[str, int]:
        return self.inputs["scalingConfig"]


def architecture(ami_type: str) -> str:
    """Of an AMI type, in EC2's words."""
    return "arm64" if "ARM_64" in ami_type else "x86_64"


def default_instance_types(ami_type: str) -> list[str]:
    """API_CreateNodegroup, `instanceTypes`."""
    return ["t4g.medium" if architecture(ami_type) == "arm64" else "t3.medium"]


def _name(facts: NodeGroupFacts) -> str | None:
    name: str = facts.inputs["nodegroupName"]
    right = len(name) <= _NAME_LENGTH and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return None if right and name[0].isalnum() else f"The nodegroup name {name!r} is not valid."


def bad_scaling(scaling: Mapping[str, int]) -> str | None:
    least, wanted, most = scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]
    if least > wanted:
        return f"Minimum capacity {least} can't be greater than desired size {wanted}"
    if wanted > most:
        return f"Maximum capacity {most} can't be less than desired size {wanted}"
    return f"A node group has at most {_NODES} nodes." if most > _NODES else None


def bad_update_config(config: Mapping[str, Any]) -> str | None:
    both = {"maxUnavailable", "maxUnavailablePercentage"} <= config.keys()
    if both:
        return "You can specify only one of maxUnavailable and maxUnavailablePercentage."
    return "maxUnavailable is at most 100." if config.get("maxUnavailable", 1) > 100 else None


def _disk(facts: NodeGroupFacts) -> str | None:
    if "diskSize" not in facts.inputs:
        return None
    least = _WINDOWS_DISK if facts.ami_type.startswith("WINDOWS") else _LINUX_DISK
    size = facts.inputs["diskSize"]
    return None if least <= size <= _DISK else f"diskSize is {size} GiB; it must be from {least} to {_DISK}."


def _unknown_types(facts: NodeGroupFacts) -> str | None:
    unknown = [kind for kind in facts.inputs["instanceTypes"] if kind not in facts.architectures]
    return f"The following supplied instance types do not exist: {unknown}" if unknown else None


def _misfits(facts: NodeGroupFacts) -> str | None:
    if facts.ami_type == "CUSTOM":
        return None
    wanted = architecture(facts.ami_type)
    misfits = [kind for kind in facts.inputs["instanceTypes"] if wanted not in facts.architectures[kind]]
    if not misfits:
        return None
    return f"[{', '.join(misfits)}] is not a valid instance type for requested amiType {facts.ami_type}"


def _ami_type(facts: NodeGroupFacts) -> str | None:
    if facts.ami_type.startswith("AL2_") and facts.kubernetes > _LAST_WITH_AL2:
        return f"Requested amiType {facts.ami_type} is not supported for kubernetes version 1.{facts.kubernetes}"
    if facts.ami_type == "CUSTOM" and not (facts.template or {}).get("ImageId"):
        return "amiType CUSTOM needs a launch template with an image."
    return None


def _capacity(facts: NodeGroupFacts) -> str | None:
    block = facts.inputs["capacityType"] == "CAPACITY_BLOCK"
    return "CAPACITY_BLOCK needs a launch template." if block and facts.template is None else None


def _subnets(facts: NodeGroupFacts) -> str | None:
    if not facts.inputs["subnets"]:
        return "Subnets are required."
    return None if facts.subnet_vpcs == {facts.cluster_vpc} else "Subnets are not all in the VPC of the cluster."


def _role(facts: NodeGroupFacts) -> str | None:
    if facts.node_role_trusts_ec2:
        return None
    role = facts.inputs["nodeRole"]
    return (
        "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships "
        f"of nodeRole {role}"
    )


def _too_many(facts: NodeGroupFacts) -> str | None:
    return f"A cluster has at most {_GROUPS} managed node groups." if facts.others >= _GROUPS else None


RULES: tuple[Rule[NodeGroupFacts], ...] = (
    Rule(_name, f"{_CREATE}, nodegroupName"),
    Rule(_too_many, "UG, Service quotas", "ResourceLimitExceededException"),
    Rule(lambda facts: bad_scaling(facts.scaling), "API_NodegroupScalingConfig; UG, Service quotas"),
    Rule(lambda facts: bad_update_config(facts.inputs["updateConfig"]), "API_NodegroupUpdateConfig"),
    Rule(_disk, f"{_CREATE}, diskSize; the snapshots of the AMIs; EC2, Amazon EBS volume types"),
    Rule(_ami_type, f"{_CREATE}, amiType; UG, Amazon Linux 2 end of support"),
    Rule(_unknown_types, f"{_CREATE}, instanceTypes"),
    Rule(_misfits, f"{_CREATE}, amiType and instanceTypes"),
    Rule(_capacity, f"{_CREATE}, capacityType; UG, Capacity Blocks"),
    Rule(_subnets, f"{_CREATE}, subnets"),
    Rule(_role, "UG, Amazon EKS node IAM role"),
    Rule(lambda facts: bad_labels(facts.inputs["labels"]), f"{_CREATE}, labels; UG, Managed node groups"),
    Rule(lambda facts: bad_taints(facts.inputs["taints"]), "API_Taint; UG, Node taints on managed node groups"),
    Rule(lambda facts: bad_tags(facts.inputs["tags"]), f"{_CREATE}, tags"),
)
