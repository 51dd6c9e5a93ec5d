"""Read replicas: they follow their source, in its region or another one, until they are promoted."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.rds import names
from local.cloud.svc.rds.describe import BACKUP_WINDOW, described
from local.cloud.svc.rds.model import Following, Instance, RdsState
from local.cloud.svc.rds.operations.restores import begin
from local.cloud.svc.rds.rules import request

_MOST = 15
"""Read replicas of one instance, in all regions; from SourceDBInstanceIdentifier in the API reference."""
_DAYS = 1
"""Of a promoted replica, whatever it had: BackupRetentionPeriod of PromoteReadReplica in the API reference, which also
has another window unless it is told one."""


class ReplicaOperations(Service[RdsState]):
    def create_db_instance_read_replica(self, state: RdsState, inputs: Inputs) -> Output:
        if "SourceDBClusterIdentifier" in inputs:
            raise unsupported("read replicas of Multi-AZ DB clusters")
        request.check(state, inputs, "DBInstanceIdentifier")
        source = self._replicated(state, inputs.get("SourceDBInstanceIdentifier", ""))
        abroad = source.region != state.region
        if source.inputs.get("StorageEncrypted") and abroad and "KmsKeyId" not in inputs:
            message = "A read replica of an encrypted DB instance of another region needs a KmsKeyId of its own region."
            raise AwsError("InvalidParameterCombination", message)
        if not source.inputs.get("StorageEncrypted") and "KmsKeyId" in inputs:
            raise AwsError("InvalidParameterCombination", "The source DB instance is not encrypted; omit KmsKeyId.")
        if "DBParameterGroupName" in inputs:
            message = "A read replica of the engine postgres gets its DB parameter group by ModifyDBInstance."
            raise AwsError("InvalidParameterCombination", message)
        if "DBSubnetGroupName" in inputs and not abroad:
            group = state.subnet_groups.get(source.inputs.get("DBSubnetGroupName", ""))
            mine = state.subnet_groups.get(inputs["DBSubnetGroupName"].lower())
            if group and mine and group.vpc != mine.vpc:
                message = "A read replica in the region of its source is in the same VPC."
                raise AwsError("DBSubnetGroupNotAllowedFault", message)
        elif not abroad and "DBSubnetGroupName" in source.inputs:
            inputs["DBSubnetGroupName"] = source.inputs["DBSubnetGroupName"]
        if not abroad:
            inputs.setdefault("DBParameterGroupName", source.inputs["DBParameterGroupName"])
        name = inputs["DBInstanceIdentifier"]
        original = {**source.inputs, "BackupRetentionPeriod": 0}
        if "KmsKeyId" not in inputs and abroad:
            original.pop("KmsKeyId", None)
        following = Following(source.arn, source.region, source.resource_id)
        made = begin(self, state, name, inputs, original, source.password, following)
        source.slots = [*source.slots, made.slot]
        return {"DBInstance": self.describe(state, made)}

    def promote_read_replica(self, state: RdsState, inputs: Inputs) -> Output:
        request.check(state, inputs)
        replica = names.instance(state, inputs["DBInstanceIdentifier"], "available")
        if replica.following is None:
            message = f"{replica.identifier} is not a read replica."
            raise AwsError("InvalidDBInstanceState", message)
        replica.inputs["BackupRetentionPeriod"] = inputs.get("BackupRetentionPeriod", _DAYS)
        replica.inputs["PreferredBackupWindow"] = inputs.get("PreferredBackupWindow", BACKUP_WINDOW)
        replica.promoting, replica.status = True, "modifying"
        return {"DBInstance": self.describe(state, replica)}

    def switchover_read_replica(self, state: RdsState, inputs: Inputs) -> Output:
        found = names.instance(state, inputs["DBInstanceIdentifier"])
        message = f"{found.identifier} has the engine postgres; a switchover is for Oracle and Db2."
        raise AwsError("InvalidDBInstanceState", message)

    def describe(self, state: RdsState, instance: Instance) -> Output:
        """With the replicas of the instance, those of other regions by ARN."""
        replicas = [r.identifier if r.region == instance.region else r.arn for r in self.replicas(instance)]
        return {**described(state, instance), "ReadReplicaDBInstanceIdentifiers": replicas}

    def replicas(self, instance: Instance) -> list[Instance]:
        """In every region."""
        others = [other for state in self.states() for other in state.instances.values()]
        return [o for o in others if o.following is not None and o.following.resource_id == instance.resource_id]

    def _replicated(self, state: RdsState, text: str) -> Instance:
        """The source: by identifier in this region, by ARN in another one."""
        arn = names.parse(text)
        region = arn.region if arn else state.region
        if not self.context.has_region(region):
            raise AwsError("DBInstanceNotFound", f"DBInstance {text} not found.")
        source = names.instance(self.state(region), text, "available", "backing-up", "modifying")
        if not source.retention and source.following is None:
            message = (
                f"Automated backups are not enabled for {source.identifier}. Set its backup retention period to a"
                " value above 0 with ModifyDBInstance."
            )
            raise AwsError("InvalidDBInstanceState", message)
        if source.following is not None:
            raise unsupported("a read replica of a read replica")
        if len(self.replicas(source)) >= _MOST:
            raise AwsError("InstanceQuotaExceeded", f"{source.identifier} has {_MOST} read replicas, the most.")
        return source
