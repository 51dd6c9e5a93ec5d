"""Descriptions of replication groups, cache clusters and snapshots, as operations return them."""

from __future__ import annotations

from typing import Any

from local.cloud.svc.elasticache import windows
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.catalog.versions import DEFAULT_GROUP
from local.cloud.svc.elasticache.model import Endpoints, Group, Member, Snapshot

Output = dict[str, Any]


def replication_group(group: Group) -> Output:
    inputs = group.inputs
    snapshot_window, _ = windows.chosen(inputs.get("SnapshotWindow"), inputs.get("PreferredMaintenanceWindow"))
    return {
        "SnapshotRetentionLimit": 0,
        "AutoMinorVersionUpgrade": True,
        **inputs,
        "Engine": "redis",
        "CacheNodeType": group.node_type,
        "ReplicationGroupId": group.name,
        "Description": inputs["ReplicationGroupDescription"],
        "Status": group.status,
        "SnapshotWindow": snapshot_window,
        "PendingModifiedValues": _pending_of_group(group),
        "MemberClusters": [member.name for member in group.members],
        "NodeGroups": [] if group.status == "creating" else [_node_group(group)],
        "AutomaticFailover": _enabled(group.automatic_failover),
        "MultiAZ": _enabled(inputs.get("MultiAZEnabled")),
        "ClusterEnabled": False,
        "ClusterMode": "disabled",
        **_security(group),
        "ARN": group.arn,
        "ReplicationGroupCreateTime": group.created,
        "DataTiering": "disabled",
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
        "UserGroupIds": [],
        "LogDeliveryConfigurations": [],
        "GlobalReplicationGroupInfo": _datastore(group),
    }


def _datastore(group: Group) -> Output:
    if not group.datastore:
        return {}
    role = "SECONDARY" if group.upstream else "PRIMARY"
    return {"GlobalReplicationGroupId": group.datastore, "GlobalReplicationGroupMemberRole": role}


def cache_cluster(group: Group, member: Member, nodes: bool) -> Output:
    """`nodes`: whether to show the cluster's node, with its endpoint."""
    inputs = group.inputs
    snapshot_window, maintenance_window = windows.chosen(
        inputs.get("SnapshotWindow"), inputs.get("PreferredMaintenanceWindow")
    )
    rebooting = member.name in group.rebooting
    answer: Output = {
        "AutoMinorVersionUpgrade": True,
        **inputs,
        "CacheClusterId": member.name,
        "CacheClusterStatus": "rebooting cluster nodes" if rebooting else group.status,
        "CacheNodeType": group.node_type,
        "Engine": "redis",
        "EngineVersion": inputs.get("EngineVersion", versions.INSTALLED),
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member.zone,
        "PreferredMaintenanceWindow": maintenance_window,
        "SnapshotWindow": snapshot_window,
        "SnapshotRetentionLimit": inputs.get("SnapshotRetentionLimit", 0),
        "CacheClusterCreateTime": member.created or group.created,
        "PendingModifiedValues": {k: v for k, v in group.pending.items() if k in ("CacheNodeType", "EngineVersion")},
        "CacheParameterGroup": {
            "CacheParameterGroupName": inputs.get("CacheParameterGroupName", DEFAULT_GROUP),
            "ParameterApplyStatus": _apply_status(group, member),
            "CacheNodeIdsToReboot": ["0001"] if member.needs_reboot else [],
        },
        "SecurityGroups": [{"SecurityGroupId": id, "Status": "active"} for id in inputs.get("SecurityGroupIds", [])],
        **_security(group),
        "ARN": cluster_arn(group, member),
        "ReplicationGroupLogDeliveryEnabled": False,
        "LogDeliveryConfigurations": [],
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
    }
    if "NotificationTopicArn" in inputs:
        status = inputs.get("NotificationTopicStatus", "active")
        answer["NotificationConfiguration"] = {"TopicArn": inputs["NotificationTopicArn"], "TopicStatus": status}
    if not group.standalone:
        answer["ReplicationGroupId"] = group.name
    if nodes:
        answer["CacheNodes"] = [_node(group, member)]
    return answer


def snapshot(found: Snapshot) -> Output:
    answer = {
        **found.described,
        "SnapshotName": found.name,
        "SnapshotStatus": found.status,
        "SnapshotSource": "automated" if found.automatic else "manual",
        "ARN": found.arn,
    }
    if found.status != "creating":
        saved = {"CacheNodeId": "0001", "SnapshotCreateTime": found.created, "CacheSize": f"{found.size >> 20} MB"}
        source = {"CacheClusterId": found.described["CacheClusterId"]} if "CacheClusterId" in found.described else {}
        answer["NodeSnapshots"] = [{**saved, **source, "NodeGroupId": "0001"}]
    return answer


def cluster_arn(group: Group, member: Member) -> str:
    return f"{group.arn.rsplit(':', 2)[0]}:cluster:{member.name}"


def _node_group(group: Group) -> Output:
    endpoints = group.endpoints or Endpoints(group.primary.address, group.reader.address)
    return {
        "NodeGroupId": "0001",
        "Status": group.status,
        "PrimaryEndpoint": {"Address": endpoints.primary, "Port": group.port},
        "ReaderEndpoint": {"Address": endpoints.reader, "Port": group.port},
        "NodeGroupMembers": [
            {
                "CacheClusterId": member.name,
                "CacheNodeId": "0001",
                "ReadEndpoint": _endpoint(group, member),
                "PreferredAvailabilityZone": member.zone,
                "CurrentRole": "primary" if member is group.primary else "replica",
            }
            for member in group.members
        ],
    }


def _node(group: Group, member: Member) -> Output:
    node: Output = {
        "CacheNodeId": "0001",
        "CacheNodeStatus": "rebooting" if member.name in group.rebooting else group.status,
        "CacheNodeCreateTime": member.created or group.created,
        "ParameterGroupStatus": _apply_status(group, member),
        "CustomerAvailabilityZone": member.zone,
    }
    if group.status != "creating":
        node["Endpoint"] = _endpoint(group, member)
    if member is not group.primary:
        node["SourceCacheNodeId"] = "0001"
    return node


def _endpoint(group: Group, member: Member) -> Output:
    return {"Address": member.address, "Port": group.port}


def _security(group: Group) -> Output:
    """What a replication group and its nodes say of encryption and tokens."""
    answer: Output = {
        "AtRestEncryptionEnabled": bool(group.inputs.get("AtRestEncryptionEnabled")),
        "TransitEncryptionEnabled": group.encrypted_in_transit,
        "AuthTokenEnabled": group.auth.enabled,
    }
    if group.encrypted_in_transit:
        answer["TransitEncryptionMode"] = "required" if group.encryption_required else "preferred"
    if group.token_changed is not None:
        answer["AuthTokenLastModifiedDate"] = group.token_changed
    return answer


def _pending_of_group(group: Group) -> Output:
    pending: Output = {}
    if "AutomaticFailoverEnabled" in group.pending:
        pending["AutomaticFailoverStatus"] = _enabled(group.pending["AutomaticFailoverEnabled"])
    if "PrimaryClusterId" in group.pending:
        pending["PrimaryClusterId"] = group.pending["PrimaryClusterId"]
    pending |= {k: v for k, v in group.pending.items() if k in ("TransitEncryptionEnabled", "TransitEncryptionMode")}
    if "AuthToken" in group.pending:
        setting = group.pending.get("AuthTokenUpdateStrategy") == "SET"
        pending["AuthTokenStatus"] = "SETTING" if setting else "ROTATING"
    return pending


def _apply_status(group: Group, member: Member) -> str:
    if group.unapplied:
        return "applying"
    return "pending-reboot" if member.needs_reboot else "in-sync"


def _enabled(value: object) -> str:
    return "enabled" if value else "disabled"
