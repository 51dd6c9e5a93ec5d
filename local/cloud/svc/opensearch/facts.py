"""What the rules need to know about the rest of the region. Call under the context's lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from moto.logs.models import logs_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.keys import kms_key

_PRINCIPAL = "es.amazonaws.com"


@dataclass(frozen=True)
class Facts:
    subnets: Mapping[str, lookups.Subnet]
    """Of those that are asked for and exist."""
    security_groups: Mapping[str, str]
    """VPC of those that are asked for and exist."""
    key: str
    """ARN of the key, "" without one."""
    key_trouble: str
    """Why it encrypts nothing; "" for one that does."""
    log_groups: Mapping[str, bool]
    """ARN of those that exist -> whether a resource policy lets OpenSearch Service write to it."""


def facts(region: str, options: Mapping[str, Any]) -> Facts:
    network = options.get("VPCOptions", {})
    subnets: dict[str, lookups.Subnet] = {}
    for id in network.get("SubnetIds", []):
        try:
            subnets[id] = lookups.subnets(region, [id])[0]
        except KeyError:
            continue
    name = options.get("EncryptionAtRestOptions", {}).get("KmsKeyId")
    key = kms_key(region, name) if name else None
    return Facts(
        subnets,
        lookups.security_group_vpcs(region, network.get("SecurityGroupIds", [])),
        key.arn if key else "",
        key.trouble if key else "",
        _log_groups(region),
    )


def _log_groups(region: str) -> dict[str, bool]:
    logs = logs_backends[ACCOUNT][region]
    granted = [one for policy in logs.resource_policies.values() for one in _granted(policy.policy_document)]
    return {group.arn: any(_covers(resource, group.arn) for resource in granted) for group in logs.groups.values()}


def _granted(document: str) -> list[str]:
    """Resources on which a document lets OpenSearch Service make streams."""
    found: list[str] = []
    for statement in json.loads(document).get("Statement", []):
        principals = _listed(statement.get("Principal", {}).get("Service", []))
        actions = _listed(statement.get("Action", []))
        if _PRINCIPAL in principals and {"logs:CreateLogStream", "logs:*"} & set(actions):
            found += _listed(statement.get("Resource", []))
    return found


def _covers(pattern: str, group: str) -> bool:
    """Whether a pattern of a policy has the streams of a log group (ARN)."""
    return fnmatchcase(f"{group}:log-stream:any", pattern)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
