"""The RDS operations on instances."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.rds import checks, version
from local.cloud.svc.rds.backing import InstanceBacking
from local.cloud.svc.rds.describe import described
from local.cloud.svc.rds.groups import PARAMETER_GROUPS, GroupOperations
from local.cloud.svc.rds.model import Instance, RdsState

_NOT_STORED = {"DBInstanceIdentifier", "MasterUserPassword", "ApplyImmediately", "AllowMajorVersionUpgrade"}


class Rds(GroupOperations):
    name = "rds"
    invalid = "InvalidParameterValue"

    def new_state(self, region: str) -> RdsState:
        return RdsState(region)

    def backings(self) -> list[Backing]:
        return [
            InstanceBacking(self.context, state, i) for state in self.states() for i in list(state.instances.values())
        ]

    def create_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        identifier = inputs["DBInstanceIdentifier"].lower()
        if identifier in state.instances:
            raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")
        tags, password = from_list(inputs.pop("Tags", [])), inputs.pop("MasterUserPassword", "")
        checks.creation(state, inputs, password)
        inputs.setdefault("Port", 5432)
        inputs.setdefault("DBParameterGroupName", PARAMETER_GROUPS.default().name)
        resource_id = "db-" + secrets.token_hex(13).upper()
        instance = Instance(
            region=state.region,
            identifier=identifier,
            resource_id=resource_id,
            arn=self.context.arn("rds", state.region, f"db:{identifier}"),
            inputs=inputs,
            password=password,
            address=self.context.addresses(state.region).of(resource_id),
            created=datetime.now(UTC),
            tags=tags,
        )
        state.instances[identifier] = instance
        return {"DBInstance": described(state, instance)}

    def describe_db_instances(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs.get("DBInstanceIdentifier")
        chosen = [_instance(state, name)] if name else list(state.instances.values())
        for criterion in inputs.get("Filters", []):
            if criterion["Name"] not in ("db-instance-id", "engine"):
                raise unsupported(f"filtering instances by {criterion['Name']}")
            of = {"db-instance-id": lambda i: i.identifier, "engine": lambda i: i.inputs["Engine"]}[criterion["Name"]]
            chosen = [instance for instance in chosen if of(instance) in criterion["Values"]]
        return {"DBInstances": [described(state, instance) for instance in chosen]}

    def modify_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        """Every change is applied immediately, as with ApplyImmediately."""
        instance = _instance(state, inputs["DBInstanceIdentifier"], "available")
        checks.modification(state, instance, inputs)
        password = inputs.get("MasterUserPassword")
        exports = inputs.pop("CloudwatchLogsExportConfiguration", {})
        kept = set(instance.inputs.get("EnableCloudwatchLogsExports", [])) - set(exports.get("DisableLogTypes", []))
        if exports:
            inputs["EnableCloudwatchLogsExports"] = sorted(kept | set(exports.get("EnableLogTypes", [])))
        instance.inputs |= {key: value for key, value in inputs.items() if key not in _NOT_STORED}
        instance.password = password or instance.password
        instance.status = "resetting-master-credentials" if password else "modifying"
        return {"DBInstance": described(state, instance)}

    def delete_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        instance = _instance(state, inputs["DBInstanceIdentifier"])
        if instance.status == "deleting":
            message = f"Instance {instance.identifier} is already being deleted."
            raise AwsError("InvalidDBInstanceState", message)
        if instance.inputs.get("DeletionProtection"):
            message = "Cannot delete protected DB Instance, please disable deletion protection and try again."
            raise AwsError("InvalidParameterCombination", message)
        if not inputs.get("SkipFinalSnapshot"):
            raise unsupported("a final snapshot of a deleted DB instance; set SkipFinalSnapshot")
        instance.status = "deleting"
        return {"DBInstance": described(state, instance)}

    def reboot_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        return self._transit(state, inputs, "available", "rebooting")

    def stop_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        if inputs.get("DBSnapshotIdentifier"):
            raise unsupported("a snapshot of a stopped DB instance")
        return self._transit(state, inputs, "available", "stopping")

    def start_db_instance(self, state: RdsState, inputs: Inputs) -> Output:
        return self._transit(state, inputs, "stopped", "starting")

    def describe_db_engine_versions(self, state: RdsState, inputs: Inputs) -> Output:
        here = inputs.get("Engine", "postgres") == "postgres" and version.resolve(inputs.get("EngineVersion"))
        known = {"Engine": "postgres", "EngineVersion": here, "DBParameterGroupFamily": version.family()}
        return {"DBEngineVersions": [{**known, "Status": "available"}] if here else []}

    def _transit(self, state: RdsState, inputs: Inputs, before: str, after: str) -> Output:
        instance = _instance(state, inputs["DBInstanceIdentifier"], before)
        instance.status = after
        return {"DBInstance": described(state, instance)}


def _instance(state: RdsState, name: str, status: str | None = None) -> Instance:
    """The instance by identifier or ARN; raises AwsError when there is none, or when it is not in `status`."""
    instance = state.instances.get(name.rsplit(":", 1)[-1].lower())
    if instance is None:
        raise AwsError("DBInstanceNotFound", f"DBInstance {name} not found.")
    if status not in (None, instance.status):
        raise AwsError("InvalidDBInstanceState", f"Instance {instance.identifier} is not in {status} state.")
    return instance
