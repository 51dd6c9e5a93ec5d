"""The operations on snapshots."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.context import ACCOUNT
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, always_refused
from local.cloud.service.tags import from_list
from local.cloud.svc.rds import events, names, snapshot
from local.cloud.svc.rds.describe import described_snapshot
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.model import RdsState, Snapshot
from local.cloud.svc.rds.rules import references, request

_FILTERS = {
    "db-instance-id": lambda s: [s.instance, f"arn:aws:rds:{s.region}:{ACCOUNT}:db:{s.instance}"],
    "db-snapshot-id": lambda s: [s.identifier, s.arn],
    "dbi-resource-id": lambda s: [s.instance_resource_id],
    "engine": lambda s: [s.inputs["Engine"]],
    "snapshot-type": lambda s: [s.type],
}


class SnapshotOperations(Service[RdsState]):
    def create_db_snapshot(self, state: RdsState, inputs: Inputs) -> Output:
        request.check(state, inputs, "DBSnapshotIdentifier")
        instance = names.instance(state, inputs["DBInstanceIdentifier"], "available")
        made = snapshot.manual(
            state,
            instance,
            self.context,
            inputs["DBSnapshotIdentifier"],
            datetime.now(UTC),
            from_list(inputs.get("Tags", [])),
        )
        instance.status = "backing-up"
        events.of_snapshot(state, made, "creation", "Creating manual snapshot")
        return {"DBSnapshot": described_snapshot(made)}

    def describe_db_snapshots(self, state: RdsState, inputs: Inputs) -> Output:
        wanted, type = inputs.get("DBSnapshotIdentifier"), inputs.get("SnapshotType")
        request.check(state, {"SnapshotType": type} if type else {})
        chosen = [names.snapshot(state, wanted)] if wanted else list(state.snapshots.values())
        of = inputs.get("DBInstanceIdentifier")
        if of is not None:
            chosen = [s for s in chosen if s.instance == names.local_name(state, of, "db")]
        if "DbiResourceId" in inputs:
            chosen = [s for s in chosen if s.instance_resource_id == inputs["DbiResourceId"]]
        if type is not None:
            chosen = [s for s in chosen if s.type == type]
        chosen = filtered(chosen, inputs.get("Filters", []), _FILTERS)
        return {"DBSnapshots": [described_snapshot(found) for found in chosen]}

    def delete_db_snapshot(self, state: RdsState, inputs: Inputs) -> Output:
        found = names.snapshot(state, inputs["DBSnapshotIdentifier"], "available", "failed")
        if found.type == "automated":
            raise AwsError("InvalidDBSnapshotState", f"{found.identifier} is automated; RDS deletes it.")
        found.status = "deleting"
        return {"DBSnapshot": {**described_snapshot(found), "Status": "deleted"}}

    def copy_db_snapshot(self, state: RdsState, inputs: Inputs) -> Output:
        """From this region or from another one, which its ARN names."""
        request.check(state, inputs, "TargetDBSnapshotIdentifier")
        original = self._original(state, inputs["SourceDBSnapshotIdentifier"])
        encrypted = bool(original.inputs.get("StorageEncrypted"))
        key = inputs.get("KmsKeyId") or (original.inputs.get("KmsKeyId") if original.region == state.region else None)
        if encrypted and key is None:
            message = "A copy of an encrypted snapshot to another region needs a KmsKeyId of that region."
            raise AwsError("InvalidParameterCombination", message)
        references.storage(original.region, original.inputs)
        tags = (original.tags if inputs.get("CopyTags") else {}) | from_list(inputs.get("Tags", []))
        made = snapshot.copy(state, original, self.context, inputs["TargetDBSnapshotIdentifier"], tags, key)
        events.of_snapshot(state, made, "creation", "Creating manual snapshot")
        return {"DBSnapshot": described_snapshot(made)}

    @always_refused("upgrading the engine version of a snapshot: only one version is installed")
    def modify_db_snapshot(self, state: RdsState, inputs: Inputs) -> None:
        names.snapshot(state, inputs["DBSnapshotIdentifier"])

    def describe_db_snapshot_attributes(self, state: RdsState, inputs: Inputs) -> Output:
        found = names.snapshot(state, inputs["DBSnapshotIdentifier"])
        attributes = [{"AttributeName": "restore", "AttributeValues": []}]
        result = {"DBSnapshotIdentifier": found.identifier, "DBSnapshotAttributes": attributes}
        return {"DBSnapshotAttributesResult": result}

    @always_refused("sharing a snapshot with another account: there is only one")
    def modify_db_snapshot_attribute(self, state: RdsState, inputs: Inputs) -> None:
        names.snapshot(state, inputs["DBSnapshotIdentifier"])

    def _original(self, state: RdsState, text: str) -> Snapshot:
        arn = names.parse(text)
        region = arn.region if arn else state.region
        if not self.context.has_region(region):
            raise AwsError("DBSnapshotNotFound", f"DBSnapshot {text} not found.")
        return names.snapshot(self.state(region), text, "available")
