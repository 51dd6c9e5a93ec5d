"""The operations on instances."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output
from local.cloud.service.errors import AwsError
from local.cloud.service.tags import from_list
from local.cloud.svc.rds import events, modification, names, snapshot
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.groups import PARAMETER_GROUPS
from local.cloud.svc.rds.model import FAILED, INCOMPATIBLE, Instance, RdsState, endpoint_name
from local.cloud.svc.rds.operations.replicas import ReplicaOperations
from local.cloud.svc.rds.rules import references, request

_NOT_STORED = {
    *("DBInstanceIdentifier", "MasterUserPassword", "ApplyImmediately", "AllowMajorVersionUpgrade"),
    *("CloudwatchLogsExportConfiguration", "CertificateRotationRestart", "DBPortNumber"),
}
_FILTERS = {
    "db-cluster-id": lambda i: [],
    "db-instance-id": lambda i: [i.identifier, i.arn],
    "dbi-resource-id": lambda i: [i.resource_id],
    "domain": lambda i: [],
    "engine": lambda i: [i.inputs["Engine"]],
}


class InstanceOperations(ReplicaOperations):
    def create_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        tags, password = from_list(inputs.get("Tags", [])), inputs.pop("MasterUserPassword", None)
        request.creation(state, inputs, password)
        request.unique(state, inputs["DBInstanceIdentifier"])
        identifier = inputs["DBInstanceIdentifier"].lower()
        inputs.pop("Tags", None)
        inputs.setdefault("Port", 5432)
        inputs.setdefault("DBParameterGroupName", PARAMETER_GROUPS.default().name)
        resource_id = "db-" + secrets.token_hex(13).upper()
        instance = Instance(
            region=state.region,
            identifier=identifier,
            resource_id=resource_id,
            arn=self.context.arn("rds", state.region, f"db:{identifier}"),
            inputs=inputs,
            password=password or "",
            address=self.context.addresses(state.region).of(endpoint_name(identifier)),
            created=datetime.now(UTC),
            tags=tags,
        )
        state.instances[identifier] = instance
        return {"DBInstance": self.describe(state, instance)}

    def describe_db_instances(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs.get("DBInstanceIdentifier")
        chosen = [names.instance(state, name)] if name else list(state.instances.values())
        chosen = filtered(chosen, inputs.get("Filters", []), _FILTERS)
        return {"DBInstances": [self.describe(state, instance) for instance in chosen]}

    def modify_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"], "available")
        request.modification(state, instance, inputs)
        if inputs.get("BackupRetentionPeriod") == 0 and self.replicas(instance):
            message = "Automated backups of an instance with read replicas cannot be switched off."
            raise AwsError("InvalidDBInstanceState", message)
        password = inputs.get("MasterUserPassword")
        exports = inputs.get("CloudwatchLogsExportConfiguration", {})
        changes = {key: value for key, value in inputs.items() if key not in _NOT_STORED}
        if exports:
            kept = set(instance.inputs.get("EnableCloudwatchLogsExports", [])) - set(exports.get("DisableLogTypes", []))
            changes["EnableCloudwatchLogsExports"] = sorted(kept | set(exports.get("EnableLogTypes", [])))
        if "AllocatedStorage" in changes:
            current = instance.inputs.get("AllocatedStorage", 0)
            changes["AllocatedStorage"] = modification.larger(current, changes["AllocatedStorage"])
        modification.modify(instance, changes, bool(inputs.get("ApplyImmediately")))
        instance.password = password or instance.password
        instance.status = "resetting-master-credentials" if password else "modifying"
        if inputs.get("DBPortNumber", instance.port) != instance.port:
            self._move(instance, inputs["DBPortNumber"])
        return {"DBInstance": self.describe(state, instance)}

    def delete_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"])
        skip, final = bool(inputs.get("SkipFinalSnapshot")), inputs.get("FinalDBSnapshotIdentifier")
        if instance.status == "deleting":
            message = f"Instance {instance.identifier} is already being deleted."
            raise AwsError("InvalidDBInstanceState", message)
        if skip and final is not None:
            message = "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is true."
            raise AwsError("InvalidParameterCombination", message)
        if not skip and final is None and instance.following is None:
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            raise AwsError("InvalidParameterCombination", message)
        if final is not None and instance.following is not None:
            message = "FinalDBSnapshotIdentifier cannot be specified when deleting a read replica."
            raise AwsError("InvalidParameterCombination", message)
        if instance.inputs.get("DeletionProtection"):
            message = "Cannot delete protected DB Instance, please disable deletion protection and try again."
            raise AwsError("InvalidParameterCombination", message)
        if final is not None:
            if instance.status in ("creating", FAILED, INCOMPATIBLE):
                message = f"Instance {instance.identifier} is {instance.status}; no final snapshot of it can be taken."
                raise AwsError("InvalidDBInstanceState", message)
            self.take(state, instance, final, "FinalDBSnapshotIdentifier")
        instance.keeps_backups = inputs.get("DeleteAutomatedBackups") is False
        instance.status = "deleting"
        return {"DBInstance": self.describe(state, instance)}

    def reboot_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"], "available", INCOMPATIBLE)
        if inputs.get("ForceFailover") and not instance.inputs.get("MultiAZ"):
            message = "ForceFailover cannot be specified since the instance is not configured for MultiAZ."
            raise AwsError("InvalidParameterCombination", message)
        return self._transit(state, instance, "rebooting")

    def stop_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"], "available")
        if instance.following is not None or self.replicas(instance):
            message = "A DB instance that is a read replica or has read replicas cannot be stopped."
            raise AwsError("InvalidDBInstanceState", message)
        if inputs.get("DBSnapshotIdentifier"):
            self.take(state, instance, inputs["DBSnapshotIdentifier"], "DBSnapshotIdentifier")
        return self._transit(state, instance, "stopping")

    def start_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"], "stopped")
        references.storage(state.region, instance.inputs)
        return self._transit(state, instance, "starting")

    def take(self, state: RdsState, instance: Instance, identifier: str, parameter: str) -> None:
        """A snapshot before the instance stops or goes."""
        request.check(state, {parameter: identifier}, parameter)
        made = snapshot.manual(state, instance, self.context, identifier, datetime.now(UTC), {})
        events.of_snapshot(state, made, "creation", "Creating manual snapshot")

    def _move(self, instance: Instance, port: int) -> None:
        """To another port, at once as on RDS; its replicas follow it there."""
        instance.inputs["Port"] = port
        instance.status = "rebooting"
        for replica in self.replicas(instance):
            if replica.status == "available":
                replica.status = "modifying"

    def _transit(self, state: RdsState, instance: Instance, after: str) -> Output:
        instance.status = after
        return {"DBInstance": self.describe(state, instance)}
