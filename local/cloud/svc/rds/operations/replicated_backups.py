"""Copies of automated backups in another region: the operations are those of the region of the copies."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.tags import from_list
from local.cloud.svc.rds import names
from local.cloud.svc.rds.model import Instance, RdsState
from local.cloud.svc.rds.operations.backups import describe_copies
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups
from local.cloud.svc.rds.rules import request

_DAYS = 7
"""RDS's own for BackupRetentionPeriod of a replication: USER_ReplicateBackups in the user guide."""


class ReplicatedBackupOperations(Service[RdsState]):
    def start_db_instance_automated_backups_replication(self, state: RdsState, inputs: Inputs) -> Output:
        request.check(state, inputs)
        source = self._source(state, inputs["SourceDBInstanceArn"])
        if self._copying(state, source.arn) is not None:
            message = f"The automated backups of {source.arn} are replicated to {state.region} already."
            raise AwsError("InvalidDBInstanceState", message)
        days = inputs.get("BackupRetentionPeriod", _DAYS)
        if days < 1:
            message = "The retention period of replicated backups is from 1 to 35 days."
            raise AwsError("InvalidParameterValue", message)
        made = _new(self, state, source, days, inputs)
        state.replicated_backups[made.identifier] = made
        return {"DBInstanceAutomatedBackup": describe_copies(made)}

    def stop_db_instance_automated_backups_replication(self, state: RdsState, inputs: Inputs) -> Output:
        """What was copied is retained as long as it would have been anyway."""
        copies = self._copying(state, inputs["SourceDBInstanceArn"])
        if copies is None:
            code = "InvalidDBInstanceState" if self._exists(inputs["SourceDBInstanceArn"]) else "DBInstanceNotFound"
            message = f"No automated backups of {inputs['SourceDBInstanceArn']} are replicated to {state.region}."
            raise AwsError(code, message)
        copies.status, copies.ended = "retained", datetime.now(UTC)
        return {"DBInstanceAutomatedBackup": describe_copies(copies)}

    def delete_db_instance_automated_backup(self, state: RdsState, inputs: Inputs) -> Output:
        """Those of an instance that is here end with its retention period or with it, and cannot be deleted apart."""
        if arn := inputs.get("DBInstanceAutomatedBackupsArn"):
            copies = names.replicated_backups(state, arn)
        else:
            wanted = str(inputs.get("DbiResourceId")).lower()
            here = [i.resource_id.lower() for i in state.instances.values()]
            if wanted in here:
                message = "Automated backups of an existing DB instance cannot be deleted."
                raise AwsError("InvalidDBInstanceAutomatedBackupState", message)
            found = [c for c in state.replicated_backups.values() if c.instance_resource_id.lower() == wanted]
            if not found:
                raise AwsError("DBInstanceAutomatedBackupNotFound", f"There are no automated backups of {wanted}.")
            copies = found[0]
        if copies.copying:
            message = f"{copies.arn} is being replicated; stop the replication first."
            raise AwsError("InvalidDBInstanceAutomatedBackupState", message)
        copies.status = "deleting"
        return {"DBInstanceAutomatedBackup": describe_copies(copies)}

    def _source(self, state: RdsState, text: str) -> Instance:
        """An instance of another region that has automated backups."""
        arn = names.parse(text)
        if arn is None or not self.context.has_region(arn.region):
            raise AwsError("DBInstanceNotFound", f"DBInstance {text} not found.")
        if arn.region == state.region:
            raise AwsError("InvalidParameterValue", "The source is in this region, where its backups are already.")
        source = names.instance(self.state(arn.region), text, "available", "backing-up", "modifying")
        if not source.retention or source.following:
            message = f"Automated backups of {source.identifier} are not enabled, so there are none to replicate."
            raise AwsError("InvalidDBInstanceState", message)
        return source

    def _copying(self, state: RdsState, source: str) -> ReplicatedBackups | None:
        found = (copies for copies in state.replicated_backups.values() if copies.source == source and copies.copying)
        return next(found, None)

    def _exists(self, text: str) -> bool:
        return any(instance.arn == text for state in self.states() for instance in state.instances.values())


def _new(
    service: ReplicatedBackupOperations, state: RdsState, source: Instance, days: int, inputs: Inputs
) -> ReplicatedBackups:
    """Raises AwsError unless what is encrypted gets a key of this region."""
    kept = {name: value for name, value in source.inputs.items() if name != "KmsKeyId"}
    if source.inputs.get("StorageEncrypted"):
        if "KmsKeyId" not in inputs:
            message = "Replicating backups of an encrypted DB instance needs a KmsKeyId of the region of the copies."
            raise AwsError("InvalidParameterCombination", message)
        kept["KmsKeyId"] = inputs["KmsKeyId"]
    elif "KmsKeyId" in inputs:
        raise AwsError("InvalidParameterCombination", "The source DB instance is not encrypted; omit KmsKeyId.")
    identifier = "ab-" + base64.b32encode(secrets.token_bytes(25)).decode().lower()
    return ReplicatedBackups(
        region=state.region,
        identifier=identifier,
        arn=service.context.arn("rds", state.region, f"auto-backup:{identifier}"),
        source=source.arn,
        source_region=source.region,
        instance=source.identifier,
        instance_resource_id=source.resource_id,
        instance_created=source.created,
        inputs={**kept, "BackupRetentionPeriod": days},
        password=source.password,
        tags=from_list(inputs.get("Tags", [])),
    )
