"""Snapshots: create, describe, copy, delete."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import check_tags, from_list
from local.cloud.svc.elasticache import describe
from local.cloud.svc.elasticache.model import CacheState, Snapshot
from local.cloud.svc.elasticache.operations import finding
from local.cloud.svc.elasticache.operations.replication_groups import new_snapshot_name
from local.cloud.svc.elasticache.snapshots import make


class SnapshotOperations(Service[CacheState]):
    def create_snapshot(self, state: CacheState, inputs: Inputs) -> Output:
        name = new_snapshot_name(state, inputs["SnapshotName"])
        if not inputs.get("CacheClusterId") and not inputs.get("ReplicationGroupId"):
            raise AwsError("InvalidParameterCombination", "Give CacheClusterId or ReplicationGroupId.")
        check_tags(inputs.get("Tags", []))
        member = None
        if inputs.get("CacheClusterId"):
            group, member = finding.cache_cluster(state, inputs["CacheClusterId"])
            if inputs.get("ReplicationGroupId", group.name).lower() != group.name:
                message = f"{member.name} is no member of {inputs['ReplicationGroupId']}."
                raise AwsError("InvalidParameterCombination", message)
        else:
            group = finding.replication_group(state, inputs["ReplicationGroupId"])
        finding.available(group)
        made = make(state, name, group, member, from_list(inputs.get("Tags", [])), datetime.now(UTC))
        group.status = "snapshotting"
        return {"Snapshot": describe.snapshot(made)}

    def describe_snapshots(self, state: CacheState, inputs: Inputs) -> Output:
        source = inputs.get("SnapshotSource")
        if source not in (None, "system", "user"):
            raise AwsError("InvalidParameterValue", f"SnapshotSource is {source}; it must be system or user.")
        if inputs.get("SnapshotName"):
            finding.snapshot(state, inputs["SnapshotName"])
        chosen = [s for s in state.snapshots.values() if _matches(s, inputs) and source in (None, _source(s))]
        return {"Snapshots": [describe.snapshot(found) for found in chosen]}

    def copy_snapshot(self, state: CacheState, inputs: Inputs) -> Output:
        source = finding.snapshot(state, inputs["SourceSnapshotName"])
        name = new_snapshot_name(state, inputs["TargetSnapshotName"])
        if inputs.get("TargetBucket"):
            raise unsupported("exporting a snapshot to S3")
        _settled(source)
        tags = from_list(inputs.get("Tags", [])) or dict(source.tags)
        described = dict(source.described)
        if inputs.get("KmsKeyId"):
            described["KmsKeyId"] = finding.key(state.region, inputs["KmsKeyId"])
        arn = self.context.arn("elasticache", state.region, f"snapshot:{name}")
        made = Snapshot(state.region, name, arn, tags, described, datetime.now(UTC), size=source.size)
        made.status, made.copy_of = "copying", source.name
        state.snapshots[name] = made
        return {"Snapshot": describe.snapshot(made)}

    def delete_snapshot(self, state: CacheState, inputs: Inputs) -> Output:
        found = _settled(finding.snapshot(state, inputs["SnapshotName"]))
        if any(other.status == "copying" and other.copy_of == found.name for other in state.snapshots.values()):
            raise AwsError("InvalidSnapshotState", f"Snapshot {found.name} is being copied.")
        found.status = "deleting"
        return {"Snapshot": describe.snapshot(found)}


def _settled(found: Snapshot) -> Snapshot:
    if found.status != "available":
        raise AwsError("InvalidSnapshotState", f"Snapshot {found.name} is {found.status}.")
    return found


def _matches(found: Snapshot, inputs: Inputs) -> bool:
    if inputs.get("SnapshotName", found.name).lower() != found.name:
        return False
    names = ("ReplicationGroupId", "CacheClusterId")
    return all(name not in inputs or found.described.get(name) == inputs[name].lower() for name in names)


def _source(found: Snapshot) -> str:
    return "system" if found.automatic else "user"
