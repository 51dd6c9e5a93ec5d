"""Replication groups: create, describe, modify, delete, fail over."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.elasticache import describe, modification
from local.cloud.svc.elasticache.auth import NO_AUTH, set_token
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.catalog.parameters import PARAMETERS
from local.cloud.svc.elasticache.events import note
from local.cloud.svc.elasticache.global_group import GlobalMember, Upstream
from local.cloud.svc.elasticache.groups import PARAMETER_GROUPS, SUBNET_GROUPS
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member, Snapshot
from local.cloud.svc.elasticache.operations import finding
from local.cloud.svc.elasticache.operations.global_groups import GlobalGroupOperations
from local.cloud.svc.elasticache.operations.nodes import add_members
from local.cloud.svc.elasticache.rules import creation, encryption
from local.cloud.svc.elasticache.rules import modification as modification_rules
from local.cloud.svc.elasticache.rules.global_groups import (
    check_member_deletion,
    check_member_modification,
    check_secondary,
    inherited,
)
from local.cloud.svc.elasticache.rules.names import COMMON, is_identifier
from local.cloud.svc.elasticache.rules.table import Request, check, refuse
from local.cloud.svc.elasticache.snapshots import make

_NOT_CHANGES = frozenset({"ReplicationGroupId", "ApplyImmediately", "NodeGroupId", "Engine"})


class ReplicationGroupOperations(GlobalGroupOperations):
    def create_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        name, datastore = inputs["ReplicationGroupId"].lower(), inputs.pop("GlobalReplicationGroupId", "")
        if datastore:
            inputs |= self._inherited(state, datastore, inputs)
        request = Request(inputs, finding.facts(state, inputs, inputs.get("CacheSubnetGroupName")))
        check(creation.RULES, request)
        encryption.check_creation(inputs)
        if name in state.groups:
            raise AwsError("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
        seed = seed_of(state, inputs)
        _refuse_missing(request)
        if inputs.get("PrimaryClusterId"):
            return {"ReplicationGroup": describe.replication_group(self._of_cluster(state, name, inputs))}
        if "KmsKeyId" in inputs:
            inputs["KmsKeyId"] = finding.key(state.region, inputs["KmsKeyId"])
        if "CacheSubnetGroupName" in inputs:
            inputs["CacheSubnetGroupName"] = SUBNET_GROUPS.find(state, inputs["CacheSubnetGroupName"]).name
        _name_parameter_group(state, inputs)
        arn = self.context.arn("elasticache", state.region, f"replicationgroup:{name}")
        tags, token = from_list(inputs.pop("Tags", [])), inputs.pop("AuthToken", "")
        group = Group(state.region, name, arn, inputs, [], datetime.now(UTC), tags)
        group.administrator = secrets.token_urlsafe(32)
        group.auth = set_token(token) if token else NO_AUTH
        group.endpoints = Endpoints(*map(self.context.addresses(state.region).of, group.endpoint_names))
        if seed is not None:
            group.seed, seed.status = seed.name, "restoring"
        add_members(self.context, state, group, creation.node_count(inputs), creation.zones(inputs))
        state.groups[name] = group
        if datastore:
            self._join(group, datastore)
        return {"ReplicationGroup": describe.replication_group(group)}

    def describe_replication_groups(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("ReplicationGroupId")
        chosen = [finding.replication_group(state, name)] if name else state.groups.values()
        return {"ReplicationGroups": [describe.replication_group(group) for group in chosen]}

    def modify_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        group = finding.available(finding.replication_group(state, inputs["ReplicationGroupId"]))
        request = Request(inputs, finding.facts(state, inputs, group.inputs.get("CacheSubnetGroupName")))
        check(modification_rules.RULES, request)
        check(COMMON, Request({**_windows(group.inputs), **_windows(inputs)}))
        encryption.check_modification(group, inputs)
        check_member_modification(group, inputs)
        _check_shape(group, inputs)
        modification_rules.check_version(inputs.get("EngineVersion"), group.inputs.get("EngineVersion", "7.0"))
        refuse(modification_rules.MISSING, request)
        if inputs.get("ClusterMode", "disabled") != "disabled" or inputs.get("IpDiscovery", "ipv4") != "ipv4":
            raise unsupported("changing cluster mode or the network type of a replication group")
        changes = {key: value for key, value in inputs.items() if key not in _NOT_CHANGES}
        _name_parameter_group(state, changes)
        _note_reboots(state, group, changes)
        now, waiting = modification.split(changes, bool(inputs.get("ApplyImmediately")), dict(group.pending))
        modification.apply(group, now, datetime.now(UTC))
        group.pending = waiting
        return {"ReplicationGroup": describe.replication_group(group)}

    def delete_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        group = finding.deletable(finding.replication_group(state, inputs["ReplicationGroupId"]))
        check_member_deletion(group)
        if inputs.get("RetainPrimaryCluster"):
            raise unsupported("keeping the primary of a deleted replication group; take a FinalSnapshotIdentifier")
        final = inputs.get("FinalSnapshotIdentifier")
        if final:
            new_snapshot_name(state, final)
            make(state, final.lower(), group, None, {}, datetime.now(UTC))
            group.final_snapshot = final.lower()
        group.status = "deleting"
        return {"ReplicationGroup": describe.replication_group(group)}

    def test_failover(self, state: CacheState, inputs: Inputs) -> Output:
        group = finding.replication_group(state, inputs["ReplicationGroupId"])
        if inputs["NodeGroupId"] != "0001":
            message = f"{group.name} has no node group {inputs['NodeGroupId']}; it has 0001."
            raise AwsError("NodeGroupNotFoundFault", message)
        finding.available(group)
        if not group.automatic_failover:
            message = f"Automatic failover of {group.name} is disabled; a test of it needs it enabled."
            raise AwsError("InvalidParameterCombination", message)
        group.failover = "any"
        group.change("modifying")
        note(state, group.name, "replication-group", "Test Failover API called for node group 0001", datetime.now(UTC))
        return {"ReplicationGroup": describe.replication_group(group)}

    def _inherited(self, state: CacheState, datastore: str, inputs: Inputs) -> Inputs:
        """Inputs of a secondary that are those of the datastore's primary."""
        found = self.datastore(datastore)
        primary = self.primary_of(found)
        check_secondary(found, primary, state.region, inputs)
        return inherited(primary)

    def _join(self, group: Group, datastore: str) -> None:
        """Makes a new group a secondary: its servers are told whom to replicate once the datastore is reconciled."""
        found = self.datastore(datastore)
        primary = self.primary_of(found)
        group.datastore, group.administrator, group.auth = found.name, primary.administrator, primary.auth
        link, node = self.context.link(primary.region), primary.primary
        group.upstream = Upstream(*link.route(node.address, primary.port, group.region))
        group.token_changed = primary.token_changed
        found.members = [*found.members, GlobalMember(group.region, group.name, False)]
        found.status = "modifying"

    def _of_cluster(self, state: CacheState, name: str, inputs: Inputs) -> Group:
        """A replication group whose primary is a cache cluster that exists."""
        cluster, _ = finding.cache_cluster(state, inputs["PrimaryClusterId"])
        if not cluster.standalone:
            raise AwsError("InvalidParameterValue", f"{inputs['PrimaryClusterId']} belongs to a replication group.")
        finding.available(cluster)
        raise unsupported("making a replication group of a cache cluster; use CreateSnapshot and SnapshotName")


def new_snapshot_name(state: CacheState, name: str) -> str:
    """`name` in lower case. Raises AwsError when it is no name or is taken."""
    if not is_identifier(name, 255):
        message = f"The snapshot name {name} must have 1 to 255 letters, digits and single hyphens, a letter first."
        raise AwsError("InvalidParameterValue", message)
    if name.lower() in state.snapshots:
        raise AwsError("SnapshotAlreadyExistsFault", f"Snapshot {name} already exists.")
    return name.lower()


def _refuse_missing(request: Request) -> None:
    refuse(creation.MISSING, request)
    engine, version = request.engine(), request["EngineVersion"]
    if not versions.is_installed(engine, version):
        raise unsupported(versions.not_installed(engine, version))
    missing = creation.missing(request)
    if missing is not None:
        raise unsupported(missing)


def seed_of(state: CacheState, inputs: Inputs) -> Snapshot | None:
    """The snapshot that is to be restored; what it says of its source stands in for what is not given."""
    if not inputs.get("SnapshotName"):
        return None
    found = finding.snapshot(state, inputs.pop("SnapshotName"))
    if found.status != "available":
        raise AwsError("InvalidSnapshotState", f"Snapshot {found.name} is {found.status}.")
    inputs.setdefault("CacheNodeType", found.described["CacheNodeType"])
    return found


def _check_shape(group: Group, inputs: Inputs) -> None:
    """Of the group as it will be."""
    merged: dict[str, Any] = {**group.inputs, **group.pending, **inputs}
    automatic, multi_az = bool(merged.get("AutomaticFailoverEnabled")), bool(merged.get("MultiAZEnabled"))
    modification_rules.check_failover(automatic, multi_az, len(group.members))
    primary, names = inputs.get("PrimaryClusterId"), [member.name for member in group.members]
    if primary is not None:
        if primary not in names:
            raise AwsError("InvalidParameterValue", f"{primary} is no member of {group.name}.")
        if automatic:
            message = "A replica is promoted by hand only while automatic failover is disabled."
            raise AwsError("InvalidParameterCombination", message)
    source = inputs.get("SnapshottingClusterId")
    if source is not None and source not in names:
        raise AwsError("InvalidParameterValue", f"{source} is no member of {group.name}.")


def _windows(inputs: Inputs) -> Inputs:
    return {key: inputs[key] for key in ("SnapshotWindow", "PreferredMaintenanceWindow") if key in inputs}


def _name_parameter_group(state: CacheState, inputs: Inputs) -> None:
    if "CacheParameterGroupName" in inputs:
        inputs["CacheParameterGroupName"] = PARAMETER_GROUPS.find(state, inputs["CacheParameterGroupName"]).name


def _note_reboots(state: CacheState, group: Group, changes: Inputs) -> None:
    """Marks the members when the new parameter group differs in what takes effect at a reboot."""
    if "CacheParameterGroupName" not in changes:
        return
    before, after = (
        PARAMETER_GROUPS.find(state, name or versions.DEFAULT_GROUP).parameters
        for name in (group.inputs.get("CacheParameterGroupName"), changes["CacheParameterGroupName"])
    )
    waits = any(before.get(p.name, p.default) != after.get(p.name, p.default) for p in PARAMETERS.values() if p.reboot)
    members: list[Member] = group.members
    for member in members:
        member.needs_reboot = member.needs_reboot or waits
