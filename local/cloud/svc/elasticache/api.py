"""The ElastiCache operations on replication groups and their nodes."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.moto_backends.lookups import key_arn
from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.elasticache import transport
from local.cloud.svc.elasticache.auth import NO_AUTH, rotate, set_token
from local.cloud.svc.elasticache.backing import ReplicationGroupBacking
from local.cloud.svc.elasticache.groups import PARAMETER_GROUPS, SUBNET_GROUPS, GroupOperations
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member

_REFUSED = {
    "SnapshotName": "restoring a snapshot",
    "SnapshotArns": "restoring a snapshot",
    "GlobalReplicationGroupId": "global datastores",
    "PrimaryClusterId": "promoting a cache cluster to a replication group",
    "UserGroupIds": "Redis users",
}
_MODIFIABLE = {
    *("ReplicationGroupDescription", "CacheNodeType", "EngineVersion", "AutomaticFailoverEnabled", "MultiAZEnabled"),
    *("PreferredMaintenanceWindow", "SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade"),
    *("CacheParameterGroupName", "SecurityGroupIds", "NotificationTopicArn"),
}


class ElastiCache(GroupOperations):
    name = "elasticache"
    invalid = "InvalidParameterValue"

    def new_state(self, region: str) -> CacheState:
        return CacheState(region)

    def backings(self) -> list[Backing]:
        return [
            ReplicationGroupBacking(self.context, state, group)
            for state in self.states()
            for group in list(state.groups.values())
        ]

    def create_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs["ReplicationGroupId"].lower()
        if name in state.groups:
            raise AwsError("ReplicationGroupAlreadyExistsFault", f"Replication group {name} already exists.")
        nodes = _node_count(inputs)
        _check(state, inputs, nodes)
        arn = self.context.arn("elasticache", state.region, f"replicationgroup:{name}")
        tags, token = from_list(inputs.pop("Tags", [])), inputs.pop("AuthToken", "")
        group = Group(state.region, name, arn, inputs, [], datetime.now(UTC), tags)
        group.administrator = secrets.token_urlsafe(32)
        group.auth = set_token(token) if token else NO_AUTH
        group.endpoints = Endpoints(*map(self.context.addresses(state.region).of, group.endpoint_names))
        self._resize(state, group, nodes)
        state.groups[name] = group
        return {"ReplicationGroup": _described(group)}

    def describe_replication_groups(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("ReplicationGroupId")
        chosen = [_group(state, name)] if name else state.groups.values()
        return {"ReplicationGroups": [_described(group) for group in chosen]}

    def modify_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        group = _available(state, inputs)
        transport.check_modification(group, inputs)
        token, strategy = inputs.pop("AuthToken", ""), inputs.pop("AuthTokenUpdateStrategy", "ROTATE")
        changes = {key: value for key, value in inputs.items() if key not in ("ReplicationGroupId", "ApplyImmediately")}
        unmodifiable = set(changes) - _MODIFIABLE
        if unmodifiable:
            raise unsupported(f"changing {', '.join(sorted(unmodifiable))} of a replication group")
        if "CacheParameterGroupName" in changes:
            PARAMETER_GROUPS.find(state, changes["CacheParameterGroupName"])
        group.inputs.update(changes)
        if token:
            group.auth = set_token(token) if strategy == "SET" else rotate(group.auth, token)
            group.token_changed = datetime.now(UTC)
            group.status = "modifying"
        return {"ReplicationGroup": _described(group)}

    def increase_replica_count(self, state: CacheState, inputs: Inputs) -> Output:
        return self._change_replicas(state, inputs)

    def decrease_replica_count(self, state: CacheState, inputs: Inputs) -> Output:
        return self._change_replicas(state, inputs)

    def delete_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        group = _group(state, inputs["ReplicationGroupId"])
        if inputs.get("FinalSnapshotIdentifier") or inputs.get("RetainPrimaryCluster"):
            raise unsupported("keeping a snapshot or the primary of a deleted replication group")
        group.status = "deleting"
        return {"ReplicationGroup": _described(group)}

    def describe_cache_clusters(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("CacheClusterId")
        pairs = [(group, member) for group in state.groups.values() for member in group.members]
        found = [_cache_cluster(group, member) for group, member in pairs if name in (None, member.name)]
        if name and not found:
            raise AwsError("CacheClusterNotFound", f"CacheCluster {name} not found.")
        return {"CacheClusters": found}

    def _change_replicas(self, state: CacheState, inputs: Inputs) -> Output:
        group = _available(state, inputs)
        if "NewReplicaCount" not in inputs:
            raise unsupported("naming the replicas to add or remove; give NewReplicaCount")
        self._resize(state, group, inputs["NewReplicaCount"] + 1)
        group.status = "modifying"
        return {"ReplicationGroup": _described(group)}

    def _resize(self, state: CacheState, group: Group, nodes: int) -> None:
        zones = "abc"
        for number in range(len(group.members) + 1, nodes + 1):
            name = f"{group.name}-{number:03}"
            address = self.context.addresses(state.region).of(name)
            group.members.append(Member(name, address, state.region + zones[(number - 1) % len(zones)]))
        group.leaving += group.members[nodes:]
        del group.members[nodes:]


def _node_count(inputs: Inputs) -> int:
    if "ReplicasPerNodeGroup" in inputs:
        return int(inputs["ReplicasPerNodeGroup"]) + 1
    return int(inputs.get("NumCacheClusters", 1))


def _check(state: CacheState, inputs: Inputs, nodes: int) -> None:
    for key, what in _REFUSED.items():
        if inputs.get(key):
            raise unsupported(what)
    transport.check_creation(inputs)
    if inputs.get("NumNodeGroups", 1) > 1 or inputs.get("ClusterMode", "disabled") != "disabled":
        raise unsupported("Redis in cluster mode")
    version = str(inputs.get("EngineVersion", "7.0"))
    if inputs.get("Engine", "redis") != "redis" or version.split(".")[0] != "7":
        raise AwsError("InvalidParameterValue", f"{inputs.get('Engine', 'redis')} {version} is not here; Redis 7 is.")
    if not 1 <= nodes <= 6:
        raise AwsError("InvalidParameterValue", "A node group has 1 primary and at most 5 replicas.")
    if inputs.get("AutomaticFailoverEnabled") and nodes < 2:
        raise AwsError("InvalidParameterCombination", "Automatic failover needs at least one replica.")
    if "CacheSubnetGroupName" in inputs:
        inputs["CacheSubnetGroupName"] = SUBNET_GROUPS.find(state, inputs["CacheSubnetGroupName"]).name
    if "CacheParameterGroupName" in inputs:
        PARAMETER_GROUPS.find(state, inputs["CacheParameterGroupName"])
    if "KmsKeyId" in inputs:
        try:
            inputs["KmsKeyId"] = key_arn(state.region, inputs["KmsKeyId"])
        except KeyError as error:
            raise AwsError("InvalidKMSKeyFault", f"There is no KMS key {error} in {state.region}.") from error


def _group(state: CacheState, name: str) -> Group:
    if name.lower() not in state.groups:
        raise AwsError("ReplicationGroupNotFoundFault", f"Replication group {name} not found.")
    return state.groups[name.lower()]


def _available(state: CacheState, inputs: Inputs) -> Group:
    group = _group(state, inputs["ReplicationGroupId"])
    if group.status != "available":
        raise AwsError("InvalidReplicationGroupState", f"Replication group {group.name} is {group.status}.")
    return group


def _endpoint(group: Group, member: Member) -> Output:
    return {"Address": member.address, "Port": group.port}


def _described(group: Group) -> Output:
    inputs = group.inputs
    endpoints = group.endpoints or Endpoints(group.primary.address, group.members[-1].address)
    node_group = {
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
    return {
        "SnapshotRetentionLimit": 0,
        "SnapshotWindow": "05:00-06:00",
        "AutoMinorVersionUpgrade": True,
        "AtRestEncryptionEnabled": False,
        "Engine": "redis",
        **inputs,
        "ReplicationGroupId": group.name,
        "Description": inputs["ReplicationGroupDescription"],
        "Status": group.status,
        "PendingModifiedValues": {},
        "MemberClusters": [member.name for member in group.members],
        "NodeGroups": [] if group.status == "creating" else [node_group],
        "AutomaticFailover": "enabled" if inputs.get("AutomaticFailoverEnabled") else "disabled",
        "MultiAZ": "enabled" if inputs.get("MultiAZEnabled") else "disabled",
        "ClusterEnabled": False,
        "ClusterMode": "disabled",
        **_security(group),
        "ARN": group.arn,
        "ReplicationGroupCreateTime": group.created,
        "DataTiering": "disabled",
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
    }


def _security(group: Group) -> Output:
    """What a replication group and its nodes say of encryption and tokens."""
    answer: Output = {
        "AtRestEncryptionEnabled": bool(group.inputs.get("AtRestEncryptionEnabled")),
        "TransitEncryptionEnabled": group.encrypted_in_transit,
        "AuthTokenEnabled": group.auth.enabled,
    }
    if group.encrypted_in_transit:
        answer["TransitEncryptionMode"] = "required"
    if group.token_changed is not None:
        answer["AuthTokenLastModifiedDate"] = group.token_changed
    return answer


def _cache_cluster(group: Group, member: Member) -> Output:
    inputs = group.inputs
    return {
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "AutoMinorVersionUpgrade": True,
        "EngineVersion": "7.0",
        **inputs,
        "CacheClusterId": member.name,
        "CacheClusterStatus": group.status,
        "Engine": "redis",
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member.zone,
        "CacheClusterCreateTime": group.created,
        "CacheParameterGroup": {
            "CacheParameterGroupName": inputs.get("CacheParameterGroupName", PARAMETER_GROUPS.default().name),
            "ParameterApplyStatus": "in-sync",
        },
        "CacheNodes": [{"CacheNodeId": "0001", "CacheNodeStatus": group.status, "Endpoint": _endpoint(group, member)}],
        "SecurityGroups": [{"SecurityGroupId": id, "Status": "active"} for id in inputs.get("SecurityGroupIds", [])],
        "ReplicationGroupId": group.name,
        **_security(group),
        "ARN": group.arn.replace(":replicationgroup:", ":cluster:").replace(group.name, member.name),
    }
