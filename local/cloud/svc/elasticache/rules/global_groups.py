"""What ElastiCache refuses of global datastores.

Source: the operations on global replication groups in the API reference; "Global datastores, prerequisites and
limitations" in the user guide; messages as the issues of hashicorp/terraform-provider-aws quote them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.elasticache.global_group import GlobalGroup, GlobalMember
from local.cloud.svc.elasticache.model import Group
from local.cloud.svc.elasticache.rules.table import COMBINATION, VALUE

_NODE_TYPE = re.compile(r"cache\.(m5|m6g|m7g|r5|r6g|r6gd|r7g|c7gn)\.(\d*x?large)")
MOST_MEMBERS = 3
"""A primary, and secondaries in two other regions."""

OF_THE_PRIMARY = (
    *("CacheNodeType", "Engine", "EngineVersion", "CacheParameterGroupName", "AuthToken"),
    *("AtRestEncryptionEnabled", "TransitEncryptionEnabled", "TransitEncryptionMode", "NumNodeGroups"),
    *("SnapshotName", "SnapshotArns", "CacheSecurityGroupNames", "PrimaryClusterId", "UserGroupIds"),
)
"""Inputs that a secondary is not created with: it has the primary's, or its data comes from there."""
_INHERITED = (
    *("CacheNodeType", "Engine", "EngineVersion", "AutomaticFailoverEnabled", "AtRestEncryptionEnabled"),
    *("TransitEncryptionEnabled", "TransitEncryptionMode"),
)
_OF_ALL_MEMBERS = (
    *("CacheNodeType", "Engine", "EngineVersion", "CacheParameterGroupName", "AutomaticFailoverEnabled"),
    *("TransitEncryptionEnabled", "TransitEncryptionMode"),
)


def check_node_type(node_type: str) -> None:
    """M and R nodes from the fifth generation on, and C7gn, large and above."""
    if not _NODE_TYPE.fullmatch(node_type):
        raise AwsError(VALUE, "Global replication group is not supported for the node type.")


def check_primary(group: Group) -> None:
    """Of a group that is to become the primary of a new datastore."""
    if group.datastore:
        raise _rejected(group)
    check_node_type(group.node_type)
    if "CacheParameterGroupName" in group.inputs:
        raise unsupported("a global datastore of a group that has a parameter group of its own")


def check_secondary(datastore: GlobalGroup, primary: Group, region: str, inputs: Mapping[str, Any]) -> None:
    """Of a replication group that is created as a secondary."""
    failover = inputs.get("AutomaticFailoverEnabled") not in (None, primary.automatic_failover)
    if failover or any(inputs.get(name) is not None for name in OF_THE_PRIMARY):
        message = "Cannot use the given parameters when creating new replication group in an existing global"
        raise AwsError(COMBINATION, f"{message} replication group.")
    available(datastore)
    if any(member.region == region for member in datastore.members):
        raise AwsError(VALUE, f"{datastore.name} has a replication group in {region} already.")
    if len(datastore.members) == MOST_MEMBERS:
        raise AwsError(VALUE, f"{datastore.name} has {MOST_MEMBERS} replication groups, which is the most.")


def inherited(primary: Group) -> dict[str, Any]:
    """Inputs of a secondary that are the primary's."""
    return {name: primary.inputs[name] for name in _INHERITED if name in primary.inputs}


def available(datastore: GlobalGroup) -> GlobalGroup:
    """`datastore`, unless something is being done to it."""
    if datastore.status not in ("available", "primary-only"):
        message = f"Global replication group {datastore.name} is {datastore.status}."
        raise AwsError("InvalidGlobalReplicationGroupState", message)
    return datastore


def secondary(datastore: GlobalGroup, region: str, group: str) -> GlobalMember:
    """The secondary of a request. Raises AwsError for one that is no member, or is the primary."""
    found = datastore.member(region, group)
    if found is None:
        raise AwsError(VALUE, f"{group} in {region} is no member of {datastore.name}.")
    if found.primary:
        raise AwsError(VALUE, f"{group} in {region} is the primary of {datastore.name}.")
    return found


def check_deletion(datastore: GlobalGroup, inputs: Mapping[str, Any]) -> None:
    available(datastore)
    if datastore.secondaries:
        names = ", ".join(member.group for member in datastore.secondaries)
        message = f"{datastore.name} has secondaries: {names}. Disassociate them first."
        raise AwsError("InvalidGlobalReplicationGroupState", message)
    if not inputs["RetainPrimaryReplicationGroup"]:
        message = "The primary is never deleted with a global datastore: RetainPrimaryReplicationGroup must be true."
        raise AwsError(VALUE, message)


def check_member_modification(group: Group, inputs: Mapping[str, Any]) -> None:
    """A member keeps what all members have alike; the token is changed at the primary."""
    kept = (*_OF_ALL_MEMBERS, *(("AuthToken",) if group.upstream else ()))
    if group.datastore and any(name in inputs for name in kept):
        raise _rejected(group)


def check_member_deletion(group: Group) -> None:
    if group.datastore:
        message = f"Replication group {group.name} is a member of global replication group {group.datastore}."
        raise AwsError("InvalidReplicationGroupState", message)


def _rejected(group: Group) -> AwsError:
    return AwsError(VALUE, f"Cluster [{group.name}] is part of a global cluster [{group.datastore}]. Request rejected.")
