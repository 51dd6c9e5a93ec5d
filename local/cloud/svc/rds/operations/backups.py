"""Automated backups: from when to when an instance can be restored."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds import names
from local.cloud.svc.rds.describe import earliest_restorable, latest_restorable, zone
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.model import Instance, RdsState

_FILTERS = {
    "status": lambda i: ["active"],
    "db-instance-id": lambda i: [i.identifier, i.arn],
    "dbi-resource-id": lambda i: [i.resource_id],
}


class BackupOperations(Service[RdsState]):
    def describe_db_instance_automated_backups(self, state: RdsState, inputs: Inputs) -> Output:
        name, resource_id = inputs.get("DBInstanceIdentifier"), inputs.get("DbiResourceId")
        if inputs.get("DBInstanceAutomatedBackupsArn"):
            raise AwsError("DBInstanceAutomatedBackupNotFound", "There are no retained or replicated backups here.")
        chosen = [names.instance(state, name)] if name else list(state.instances.values())
        backed_up = [i for i in chosen if i.retention and not i.following and resource_id in (None, i.resource_id)]
        backed_up = filtered(backed_up, inputs.get("Filters", []), _FILTERS)
        return {"DBInstanceAutomatedBackups": [_described(state, instance) for instance in backed_up]}


def _described(state: RdsState, instance: Instance) -> Output:
    earliest, latest = earliest_restorable(state, instance), latest_restorable(state, instance)
    window = {"EarliestTime": earliest, "LatestTime": latest} if earliest and latest else {}
    return {
        **instance.inputs,
        "DBInstanceArn": instance.arn,
        "DbiResourceId": instance.resource_id,
        "Region": instance.region,
        "DBInstanceIdentifier": instance.identifier,
        "RestoreWindow": window,
        "Status": "active" if window else "creating",
        "AvailabilityZone": zone(state, instance),
        "InstanceCreateTime": instance.created,
        "Encrypted": bool(instance.inputs.get("StorageEncrypted")),
        "BackupTarget": "region",
    }
