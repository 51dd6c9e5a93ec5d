"""New instances from what was backed up: a snapshot, or a moment in the past."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.rds import names
from local.cloud.svc.rds.describe import described, earliest_restorable, latest_restorable
from local.cloud.svc.rds.groups import PARAMETER_GROUPS
from local.cloud.svc.rds.model import Following, Instance, RdsState, Restoration, Snapshot, endpoint_name
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups
from local.cloud.svc.rds.rules import request

_KEPT = {
    *("AllocatedStorage", "AutoMinorVersionUpgrade", "BackupRetentionPeriod", "CopyTagsToSnapshot", "DBInstanceClass"),
    *("DBName", "Engine", "EngineVersion", "Iops", "KmsKeyId", "MasterUsername", "Port", "PreferredBackupWindow"),
    *("PreferredMaintenanceWindow", "StorageEncrypted", "StorageThroughput", "StorageType"),
}
"""What an instance has of the one whose data it begins with; the rest has the defaults of CreateDBInstance."""
_OF_THE_REQUEST = {
    *("DBInstanceIdentifier", "DBSnapshotIdentifier", "SourceDBInstanceIdentifier", "TargetDBInstanceIdentifier"),
    *("SourceDbiResourceId", "SourceDBInstanceAutomatedBackupsArn", "RestoreTime", "UseLatestRestorableTime"),
    *("PreSignedUrl", "SourceRegion", "Tags"),
}
"""Say what is to be done, and are no property of the new instance."""


class RestoreOperations(Service[RdsState]):
    def restore_db_instance_from_db_snapshot(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs["DBInstanceIdentifier"]
        if "DBSnapshotIdentifier" not in inputs:
            raise unsupported("restoring a DB instance from anything but a DB snapshot")
        request.check(state, inputs, "DBInstanceIdentifier")
        found = names.snapshot(state, inputs["DBSnapshotIdentifier"], "available")
        made = begin(self, state, name, inputs, found.inputs, found.password, Restoration(found.resource_id))
        return {"DBInstance": described(state, made)}

    def restore_db_instance_to_point_in_time(self, state: RdsState, inputs: Inputs) -> Output:
        request.check(state, inputs, "TargetDBInstanceIdentifier")
        name = inputs["TargetDBInstanceIdentifier"]
        if (copies := _copies(state, inputs)) is not None:
            tags = copies.tags if inputs.get("CopyTagsToSnapshot", copies.inputs.get("CopyTagsToSnapshot")) else {}
            origin = _copied_moment(copies, inputs)
            made = begin(self, state, name, inputs, copies.inputs, copies.password, origin, tags)
            return {"DBInstance": described(state, made)}
        source = _source(state, inputs)
        origin = _moment(state, source, inputs)
        tags = source.tags if inputs.get("CopyTagsToSnapshot", source.inputs.get("CopyTagsToSnapshot")) else {}
        made = begin(self, state, name, inputs, source.inputs, source.password, origin, tags)
        return {"DBInstance": described(state, made)}


def begin(
    service: Service[RdsState],
    state: RdsState,
    name: str,
    inputs: Inputs,
    original: dict[str, Any],
    password: str,
    origin: Restoration | Following,
    tags: dict[str, str] | None = None,
) -> Instance:
    """A new instance `name` with the properties of `original` unless `inputs` say otherwise."""
    request.unique(state, name)
    wanted = {key: value for key, value in original.items() if key in _KEPT}
    wanted |= {key: value for key, value in inputs.items() if key not in _OF_THE_REQUEST}
    wanted.setdefault("DBParameterGroupName", PARAMETER_GROUPS.default().name)
    request.copied(state, wanted, original)
    resource_id = "db-" + secrets.token_hex(13).upper()
    made = Instance(
        region=state.region,
        identifier=name.lower(),
        resource_id=resource_id,
        arn=service.context.arn("rds", state.region, f"db:{name.lower()}"),
        inputs=wanted,
        password=password,
        address=service.context.addresses(state.region).of(endpoint_name(name.lower())),
        created=datetime.now(UTC),
        tags=(tags or {}) | from_list(inputs.get("Tags", [])),
        origin=origin,
    )
    state.instances[made.identifier] = made
    return made


def _copies(state: RdsState, inputs: Inputs) -> ReplicatedBackups | None:
    """Backups apart from their instance, if the request names some."""
    if arn := inputs.get("SourceDBInstanceAutomatedBackupsArn"):
        return names.replicated_backups(state, arn)
    wanted = inputs.get("SourceDbiResourceId")
    gone = (c for c in state.replicated_backups.values() if c.source_region == state.region)
    return next((copies for copies in gone if copies.instance_resource_id == wanted), None)


def _source(state: RdsState, inputs: Inputs) -> Instance:
    if "SourceDBInstanceIdentifier" in inputs:
        return names.instance(state, inputs["SourceDBInstanceIdentifier"])
    wanted = inputs.get("SourceDbiResourceId")
    if wanted is None:
        message = "Give SourceDBInstanceIdentifier, SourceDbiResourceId or SourceDBInstanceAutomatedBackupsArn."
        raise AwsError("InvalidParameterCombination", message)
    found = next((instance for instance in state.instances.values() if instance.resource_id == wanted), None)
    if found is None:
        raise AwsError("DBInstanceNotFound", f"No DB instance has the resource id {wanted}.")
    return found


def _moment(state: RdsState, source: Instance, inputs: Inputs) -> Restoration:
    if not source.retention or source.following:
        message = f"Automated backups of {source.identifier} are not enabled, so no moment of it can be restored."
        raise AwsError("PointInTimeRestoreNotEnabled", message)
    at = _wanted(inputs)
    earliest, latest = earliest_restorable(state, source), latest_restorable(state, source)
    if earliest is None or latest is None:
        raise AwsError("InvalidDBInstanceState", f"{source.identifier} has no backup yet.")
    if at is None:
        return Restoration(_base(state, source, latest).resource_id, source.resource_id)
    _within(at, earliest, latest)
    return Restoration(_base(state, source, at).resource_id, source.resource_id, at)


def _copied_moment(copies: ReplicatedBackups, inputs: Inputs) -> Restoration:
    at, window = _wanted(inputs), copies.window()
    if window is None or copies.status == "deleting":
        message = f"The backups {copies.arn} have no moment yet that can be restored."
        raise AwsError("InvalidDBInstanceState", message)
    if at is None:
        return Restoration(copies.base(window[1]), copies=copies.identifier)
    _within(at, *window)
    return Restoration(copies.base(at), until=at, copies=copies.identifier)


def _wanted(inputs: Inputs) -> datetime | None:
    """The moment that the request names; None for the latest one."""
    at, newest = inputs.get("RestoreTime"), bool(inputs.get("UseLatestRestorableTime"))
    if (at is None) != newest:
        message = "Give either RestoreTime or UseLatestRestorableTime."
        raise AwsError("InvalidParameterCombination", message)
    return at


def _within(at: datetime, earliest: datetime, latest: datetime) -> None:
    if not earliest <= at <= latest:
        message = f"RestoreTime {at.isoformat()} is not between {earliest.isoformat()} and {latest.isoformat()}."
        raise AwsError("InvalidParameterValue" if at > latest else "InvalidRestoreFault", message)


def _base(state: RdsState, source: Instance, at: datetime) -> Snapshot:
    """The newest base backup that was complete at that moment."""
    taken = state.snapshots_of(source.resource_id, "automated")
    return [s for s in taken if s.status == "available" and s.completed and s.completed <= at][-1]
