"""Descriptions of global datastores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.global_group import GlobalGroup
from local.cloud.svc.elasticache.model import Group


def global_group(datastore: GlobalGroup, groups: Mapping[str, Group], members: bool) -> dict[str, Any]:
    """`groups`: of the members, by region; `members`: whether to show them."""
    primary = groups[datastore.primary.region]
    answer = {
        "GlobalReplicationGroupId": datastore.name,
        "GlobalReplicationGroupDescription": datastore.description,
        "Status": datastore.status,
        "CacheNodeType": primary.node_type,
        "Engine": "redis",
        "EngineVersion": primary.inputs.get("EngineVersion", versions.INSTALLED),
        "ClusterEnabled": False,
        "AuthTokenEnabled": primary.auth.enabled,
        "TransitEncryptionEnabled": primary.encrypted_in_transit,
        "AtRestEncryptionEnabled": bool(primary.inputs.get("AtRestEncryptionEnabled")),
        "ARN": datastore.arn,
    }
    if members:
        answer["Members"] = [
            {
                "ReplicationGroupId": member.group,
                "ReplicationGroupRegion": member.region,
                "Role": "PRIMARY" if member.primary else "SECONDARY",
                "AutomaticFailover": "enabled" if groups[member.region].automatic_failover else "disabled",
                "Status": member.status,
            }
            for member in datastore.members
        ]
    return answer
