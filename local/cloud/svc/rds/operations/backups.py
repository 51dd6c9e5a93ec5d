"""Automated backups: from when to when an instance can be restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.tags import as_list
from local.cloud.svc.rds import names
from local.cloud.svc.rds.describe import earliest_restorable, latest_restorable, zone
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.model import Instance, RdsState
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups

_FILTERS: Mapping[str, Callable[[Output], list[str]]] = {
    "status": lambda found: [found["Status"]],
    "db-instance-id": lambda found: [found["DBInstanceIdentifier"], found["DBInstanceArn"]],
    "dbi-resource-id": lambda found: [found["DbiResourceId"]],
}


class BackupOperations(Service[RdsState]):
    def describe_db_instance_automated_backups(self, state: RdsState, inputs: Inputs) -> Output:
        if arn := inputs.get("DBInstanceAutomatedBackupsArn"):
            return {"DBInstanceAutomatedBackups": [describe_copies(names.replicated_backups(state, arn))]}
        name, resource_id = inputs.get("DBInstanceIdentifier"), inputs.get("DbiResourceId")
        copied = [c for c in state.replicated_backups.values() if not name or c.instance == name.lower()]
        gone = bool(name and copied and name.lower() not in state.instances)
        chosen = list(state.instances.values())
        if name:
            chosen = [] if gone else [names.instance(state, name)]
        own = [i for i in chosen if i.retention and not i.following and resource_id in (None, i.resource_id)]
        found = [
            *(self._of_instance(state, instance) for instance in own),
            *(describe_copies(c) for c in copied if resource_id in (None, c.instance_resource_id)),
        ]
        return {"DBInstanceAutomatedBackups": filtered(found, inputs.get("Filters", []), _FILTERS)}

    def _of_instance(self, state: RdsState, instance: Instance) -> Output:
        """With the replications of its backups into other regions."""
        copies = [c for other in self.states() for c in other.replicated_backups.values()]
        mine = [c for c in copies if c.instance_resource_id == instance.resource_id and c.copying]
        arns = [{"DBInstanceAutomatedBackupsArn": c.arn} for c in mine]
        return {**_described(state, instance), "DBInstanceAutomatedBackupsReplications": arns}


def describe_copies(copies: ReplicatedBackups) -> Output:
    window = copies.window()
    return {
        **copies.inputs,
        "DBInstanceArn": copies.source,
        "DbiResourceId": copies.instance_resource_id,
        "Region": copies.source_region,
        "DBInstanceIdentifier": copies.instance,
        "RestoreWindow": {"EarliestTime": window[0], "LatestTime": window[1]} if window else {},
        "Status": copies.status,
        "InstanceCreateTime": copies.instance_created,
        "Encrypted": bool(copies.inputs.get("StorageEncrypted")),
        "BackupTarget": "region",
        "DBInstanceAutomatedBackupsArn": copies.arn,
        "TagList": as_list(copies.tags),
    }


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
