"""Tags of groups, clusters, parameter groups, subnet groups and snapshots, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.context import ACCOUNT
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.tags import as_list, check_tags, from_list
from local.cloud.svc.elasticache.groups import PARAMETER_GROUPS
from local.cloud.svc.elasticache.model import CacheState
from local.cloud.svc.elasticache.rules.names import MOST_TAGS

_MISSING = {
    "replicationgroup": "ReplicationGroupNotFoundFault",
    "cluster": "CacheClusterNotFound",
    "parametergroup": "CacheParameterGroupNotFound",
    "subnetgroup": "CacheSubnetGroupNotFoundFault",
    "snapshot": "SnapshotNotFoundFault",
    "user": "UserNotFound",
    "usergroup": "UserGroupNotFound",
    "securitygroup": "CacheSecurityGroupNotFound",
    "reserved-instance": "ReservedCacheNodeNotFound",
    "serverlesscache": "ServerlessCacheNotFoundFault",
    "serverlesscachesnapshot": "ServerlessCacheSnapshotNotFoundFault",
}
"""Type of resource in an ARN -> error when there is none of that name."""


class TagOperations(Service[CacheState]):
    def add_tags_to_resource(self, state: CacheState, inputs: Inputs) -> Output:
        tags = _tags(state, inputs["ResourceName"])
        check_tags(inputs["Tags"])
        added = from_list(inputs["Tags"])
        if len(tags | added) > MOST_TAGS:
            raise AwsError("TagQuotaPerResourceExceeded", f"A resource has {MOST_TAGS} tags at most.")
        tags.update(added)
        for of_member in _of_members(state, inputs["ResourceName"]):
            of_member.update(added)
        return {"TagList": as_list(tags)}

    def remove_tags_from_resource(self, state: CacheState, inputs: Inputs) -> Output:
        tags = _tags(state, inputs["ResourceName"])
        unknown = [key for key in inputs["TagKeys"] if key not in tags]
        if unknown:
            raise AwsError("TagNotFound", f"The resource has no tag {', '.join(unknown)}.")
        for each in (tags, *_of_members(state, inputs["ResourceName"])):
            for key in inputs["TagKeys"]:
                each.pop(key, None)
        return {"TagList": as_list(tags)}

    def list_tags_for_resource(self, state: CacheState, inputs: Inputs) -> Output:
        return {"TagList": as_list(_tags(state, inputs["ResourceName"]))}


def _tags(state: CacheState, arn: str) -> dict[str, str]:
    kind, name = _parsed(state, arn)
    known: Mapping[str, Mapping[str, Any]] = {
        "replicationgroup": state.groups,
        "parametergroup": state.parameter_groups,
        "subnetgroup": state.subnet_groups,
        "snapshot": state.snapshots,
    }
    if kind == "cluster":
        found = state.member(name)
        if found is not None:
            group, member = found
            if group.standalone:
                return group.tags
            if member.tags is None:
                member.tags = dict(group.tags)
            return member.tags
    elif kind == "parametergroup" and name in PARAMETER_GROUPS.defaults(state):
        return {}
    elif name in known.get(kind, {}):
        return known[kind][name].tags
    raise AwsError(_MISSING[kind], f"{arn} does not exist.")


def _of_members(state: CacheState, arn: str) -> list[dict[str, str]]:
    """Tags of a replication group's members that have tags of their own: changes of the group's reach them too."""
    kind, name = _parsed(state, arn)
    if kind != "replicationgroup":
        return []
    return [member.tags for member in state.groups[name].members if member.tags is not None]


def _parsed(state: CacheState, arn: str) -> tuple[str, str]:
    """Type and name of the resource of an ARN of this account and region."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[:5] != ["arn", "aws", "elasticache", state.region, ACCOUNT] or parts[5] not in _MISSING:
        raise AwsError("InvalidARN", f"{arn} is not the ARN of a resource of ElastiCache in {state.region}.")
    return parts[5], parts[6]
