"""Launch templates of node groups: what may not be in them, and what may not be beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.svc.eks.rules.table import Rule

_PAGE = "UG, Customize managed nodes with launch templates"
_PROHIBITED = {
    "IamInstanceProfile": "an instance profile",
    "InstanceInitiatedShutdownBehavior": "a shutdown behavior",
    "InstanceMarketOptions": "spot options",
    "HibernationOptions": "hibernation",
}


@dataclass(frozen=True)
class TemplateFacts:
    asked: Mapping[str, Any]
    """What the request says, without defaults."""
    data: Mapping[str, Any]
    """Of the version of the launch template."""


def _named_twice(facts: TemplateFacts) -> str | None:
    named = {"id", "name"} & facts.asked["launchTemplate"].keys()
    return None if len(named) == 1 else "Specify either the id or the name of the launch template, not both."


def _prohibited(facts: TemplateFacts) -> str | None:
    found = [what for key, what in _PROHIBITED.items() if facts.data.get(key)]
    return f"The launch template must not have {' or '.join(found)}." if found else None


def _subnets(facts: TemplateFacts) -> str | None:
    interfaces = facts.data.get("NetworkInterfaces", [])
    return "The launch template must not have a subnet." if any(i.get("SubnetId") for i in interfaces) else None


def _disk(facts: TemplateFacts) -> str | None:
    return "Disk size must be specified within the launch template." if "diskSize" in facts.asked else None


def _remote_access(facts: TemplateFacts) -> str | None:
    return "Remote access must be specified within the launch template." if facts.asked.get("remoteAccess") else None


def _types(facts: TemplateFacts) -> str | None:
    twice = facts.data.get("InstanceType") and facts.asked.get("instanceTypes")
    return "Cannot specify instance types in launch template and API request" if twice else None


def _image(facts: TemplateFacts) -> str | None:
    if not facts.data.get("ImageId"):
        return None
    beside = [key for key in ("version", "releaseVersion") if facts.asked.get(key)]
    if facts.asked.get("amiType", "CUSTOM") != "CUSTOM":
        beside.append("amiType")
    return f"You cannot specify {', '.join(beside)} when the launch template has an image." if beside else None


def _metadata(facts: TemplateFacts) -> str | None:
    hops = facts.data.get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 1)
    return None if 1 <= int(hops) <= 64 else "HttpPutResponseHopLimit must be from 1 to 64."


TEMPLATE_RULES: tuple[Rule[TemplateFacts], ...] = (
    Rule(_named_twice, "API_LaunchTemplateSpecification"),
    Rule(_prohibited, _PAGE),
    Rule(_subnets, _PAGE),
    Rule(_disk, _PAGE),
    Rule(_remote_access, _PAGE),
    Rule(_types, _PAGE),
    Rule(_image, f"{_PAGE}, Specifying an AMI"),
    Rule(_metadata, "EC2, API_LaunchTemplateInstanceMetadataOptionsRequest"),
)
